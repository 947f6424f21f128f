// Builds the addon into build/Release, and dist from TypeScript: `node scripts/build.mjs native ts`.
import { rmSync } from 'node:fs'
import { buildAddon, exists, run } from './run.mjs'

const parts = process.argv.slice(2)

if (parts.includes('native')) {
  if (exists('cargo')) {
    buildAddon()
  } else {
    console.error(
      'There is no cargo here to build the native executor with: the reference executor will be used.',
    )
  }
}

if (parts.includes('ts')) {
  rmSync('dist', { recursive: true, force: true })
  run('tsc', ['-p', 'tsconfig.build.json'])
}
