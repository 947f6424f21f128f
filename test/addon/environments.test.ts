import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

function run(file: string, ...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const path = fileURLToPath(new URL(file, import.meta.url))
  return new Promise((resolve) => {
    execFile(process.execPath, [path, ...args], { timeout: 60_000 }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code ?? -1) : 0, stdout, stderr })
    })
  })
}

test('a pending run keeps the process alive, and nothing else does', async () => {
  expect(await run('pending-run.mjs')).toEqual({ code: 0, stdout: 'settled\n', stderr: '' })
})

test('the process can exit in the middle of a run', async () => {
  expect(await run('pending-run.mjs', 'exit')).toEqual({ code: 7, stdout: '', stderr: '' })
})

test('worker threads can be terminated in the middle of their runs', async () => {
  expect(await run('terminated-workers.mjs')).toEqual({ code: 0, stdout: 'all terminated\n', stderr: '' })
})

test('a panic in a kernel is an error, and prints nothing', async () => {
  const stdout = 'kernel.panic\nkernel.panic\n'
  expect(await run('panicking.mjs')).toEqual({ code: 0, stdout, stderr: '' })
})
