// Makes the prebuild of this machine, or of PREBUILD_PLATFORM, PREBUILD_ARCH and PREBUILD_LIBC. Beside it lies a checksum:
// loading a binary that was cut short would end the process, so the loader compares first.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from './run.mjs'

const platform = process.env.PREBUILD_PLATFORM ?? process.platform
const rebuild = process.platform === 'win32' ? 'prebuild-rebuild.cmd' : 'prebuild-rebuild.mjs'
const tag = platform === 'linux' ? ['--tag-libc'] : []

run('prebuildify', ['--napi', '--name', 'addon', '--strip=false', ...tag], {
  PREBUILD_NODE_GYP: fileURLToPath(new URL(rebuild, import.meta.url)),
})

for (const name of readdirSync('prebuilds', { recursive: true }).filter((name) => name.endsWith('.node'))) {
  const file = join('prebuilds', name)
  writeFileSync(`${file}.sha256`, createHash('sha256').update(readFileSync(file)).digest('hex'))
}
