import { execFile } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
const folder = mkdtempSync(join(tmpdir(), 'layerwise-package-'))
const app = join(folder, 'app')
const path = join(folder, 'bin')
const prebuilds = join(app, 'node_modules/layerwise/prebuilds')

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program of the folder `bin` in the app; nothing else is on its PATH, so there is no compiler. */
function run(command: string, ...args: string[]): Promise<Ended> {
  const { HOME, npm_config_cache, npm_config_registry } = process.env
  const env = { PATH: path, HOME, npm_config_cache, npm_config_registry }
  return new Promise((resolve) => {
    execFile(join(path, command), args, { cwd: app, env }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code ?? -1) : 0, stdout, stderr })
    })
  })
}

/** The program of that name on this machine's PATH. */
function find(command: string): string {
  const folders = (process.env.PATH ?? '').split(':').filter((folder) => !folder.includes('node_modules'))
  const found = folders.find((folder) => {
    try {
      return readdirSync(folder).includes(command)
    } catch {
      return false
    }
  })
  if (!found) throw new Error(`there is no ${command} here`)
  return realpathSync(join(found, command))
}

/** Trains for a few epochs with the installed command, and takes the line of JSON. */
async function digits(...args: string[]) {
  const ended = await run('npx', 'layerwise', 'digits', '--json', ...args)
  expect(ended).toMatchObject({ code: 0 })
  const result = JSON.parse(ended.stdout.trim().split('\n').at(-1) as string) as Record<string, unknown>
  return { ...result, warnings: ended.stderr.split('LayerwiseWarning').length - 1 }
}

function binaries(): string[] {
  return readdirSync(prebuilds, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.node'))
    .map((name) => join(prebuilds, name))
}

beforeAll(async () => {
  mkdirSync(path)
  for (const command of ['node', 'npm', 'npx', 'sh', 'env']) symlinkSync(find(command), join(path, command))
  cpSync(fileURLToPath(new URL('app', import.meta.url)), app, { recursive: true })
  writeFileSync(join(app, 'package.json'), '{ "private": true }')
  const tarball = join(root, `layerwise-${version}.tgz`)
  const installed = await run('npm', 'install', '--ignore-scripts', '--no-audit', '--no-fund', tarball)
  expect(installed).toMatchObject({ code: 0 })
  cpSync(prebuilds, join(folder, 'prebuilds'), { recursive: true })
})

beforeEach(() => {
  rmSync(prebuilds, { recursive: true })
  cpSync(join(folder, 'prebuilds'), prebuilds, { recursive: true })
})

afterAll(() => rmSync(folder, { recursive: true }))

test.each(['import.mjs', 'require.cjs'])('%s gets the native executor', async (file) => {
  expect(await run('node', file)).toMatchObject({ code: 0, stdout: 'native 2\n', stderr: '' })
})

test('the command trains digits on the native executor', async () => {
  expect(await digits('--epochs', '3')).toMatchObject({ backend: 'native', warnings: 0 })
})

test('without the binary the reference takes over, with one warning', async () => {
  binaries().forEach((file) => rmSync(file))
  expect(await digits('--epochs', '1')).toMatchObject({ backend: 'reference', warnings: 1 })
})

test.each([
  ['is not a library', (file: string) => writeFileSync(file, 'this is not a library')],
  ['was cut short', (file: string) => truncateSync(file, 100_000)],
])('with a binary that %s the reference takes over, with one warning', async (_, damage) => {
  binaries().forEach(damage)
  expect(await digits('--epochs', '1')).toMatchObject({ backend: 'reference', warnings: 1 })
})

test('two worker threads train at once, and one is terminated in the middle', async () => {
  const ended = await run('node', 'workers.mjs')
  expect(ended).toMatchObject({ code: 0, stderr: '' })
  expect(JSON.parse(ended.stdout)).toEqual({ backend: 'native', epoch: 4, code: 0 })
})

test.each([
  ['nodenext', 'nodenext'],
  ['esnext', 'bundler'],
])('types resolve with module %s and resolution %s', async (module, moduleResolution) => {
  const compilerOptions = { module, moduleResolution, target: 'es2022', strict: true, noEmit: true }
  const typeRoots = [join(root, 'node_modules/@types')]
  const config = { compilerOptions: { ...compilerOptions, types: ['node'], typeRoots }, files: ['types.ts'] }
  writeFileSync(join(app, 'package.json'), '{ "private": true, "type": "module" }')
  writeFileSync(join(app, 'tsconfig.json'), JSON.stringify(config))
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  expect(await run('node', tsc, '-p', app)).toMatchObject({ code: 0, stdout: '' })
})
