// Makes this machine's prebuild and packs layerwise-<version>.tgz into the root.
import { rmSync } from 'node:fs'
import { run } from './run.mjs'

rmSync('prebuilds', { recursive: true, force: true })
run('node', ['scripts/prebuild.mjs'])
run('node', ['scripts/build.mjs', 'ts'])
run('npm', ['pack'])
