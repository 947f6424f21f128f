import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))

function layerwise(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const command = ['--import', 'tsx', 'ts/cli/main.ts', ...args]
    execFile(process.execPath, command, { cwd: root }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr })
    })
  })
}

describe('the command line', () => {
  it('prints its version and its help', async () => {
    const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))
    expect(await layerwise('--version')).toMatchObject({ code: 0, stdout: `${version}\n` })
    const help = await layerwise('--help')
    expect([help.code, help.stdout]).toEqual([0, expect.stringContaining('layerwise digits [options]')])
    expect((await layerwise()).code).toBe(1)
  })

  it('refuses what it does not know', async () => {
    const { code, stderr } = await layerwise('digit')
    expect([code, stderr]).toEqual([1, expect.stringContaining("Did you mean 'digits'?")])
  })
})
