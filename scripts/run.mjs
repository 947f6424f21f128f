import { spawnSync } from 'node:child_process'

/**
 * Runs a command line tool to its end and stops this script with its exit code if it fails. What the tool prints goes to
 * standard error, so that scripts leave standard output to the program that they prepare for.
 */
export function run(command, args, env = {}) {
  const { status, error } = spawnSync(command, args, {
    stdio: ['ignore', process.stderr, process.stderr],
    env: { ...process.env, ...env },
    // npm's tools are .cmd files on Windows.
    shell: process.platform === 'win32',
  })
  if (error) console.error(`${command}: ${error.message}`)
  if (status !== 0) process.exit(status || 1)
}

/** Whether there is a command of that name. */
export function exists(command) {
  return spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0
}

/** Builds the addon into build/Release, where node-gyp-build looks first. */
export function buildAddon(...options) {
  run('napi', [
    'build',
    '--release',
    '--no-js',
    '--dts',
    'addon.d.ts',
    '--output-dir',
    'build/Release',
    ...options,
  ])
}
