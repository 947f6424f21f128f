import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

/** The threads of a process that is started with these variables and by this command. */
function threads(environment: Record<string, string>, ...command: string[]): number {
  const script = `
    const addon = require('node-gyp-build')(${JSON.stringify(fileURLToPath(new URL('../..', import.meta.url)))})
    console.log(addon.info().threads)`
  const [program = '', ...args] = [...command, process.execPath, '-e', script]
  const env = { ...process.env, LAYERWISE_THREADS: '', ...environment }
  return Number(execFileSync(program, args, { env, encoding: 'utf8' }))
}

test('LAYERWISE_THREADS says how many, where it is a positive number', () => {
  const standard = threads({})
  expect(standard).toBeGreaterThan(0)
  expect(threads({ LAYERWISE_THREADS: '3' })).toBe(3)
  for (const text of ['0', '-1', 'many']) expect(threads({ LAYERWISE_THREADS: text })).toBe(standard)
})

test.runIf(process.platform === 'linux')('there are as many as the processors that a process may use', () => {
  const allowed = /^Cpus_allowed_list:\s*(\d+)/m.exec(
    readFileSync('/proc/self/status', 'utf8'),
  )?.[1] as string
  expect(threads({}, 'taskset', '-c', allowed)).toBe(1)
})
