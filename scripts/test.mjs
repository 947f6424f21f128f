// Everything that `npm test` runs: the builds, then the tests of Rust, of the thread team under loom, and of TypeScript.
import { run } from './run.mjs'

run('node', ['scripts/build.mjs', 'native', 'ts'])
run('cargo', ['test'])
run('cargo', ['test', '-p', 'layerwise-plan', '--lib', '--target-dir', 'target/loom', 'team::model'], {
  RUSTFLAGS: '--cfg loom',
})
run('vitest', ['run', ...process.argv.slice(2)])
