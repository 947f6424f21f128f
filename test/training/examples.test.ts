import { readdirSync, readFileSync } from 'node:fs'
import { afterEach, describe, expect, it, vi } from 'vitest'
import * as lw from '../../ts/index.js'

const examples = new URL('../../examples/', import.meta.url)
const { argv } = process

/** Runs an example in this process and gives what it prints. */
async function run(name: string, ...args: string[]): Promise<string[]> {
  const lines: string[] = []
  vi.spyOn(console, 'log').mockImplementation((text) => lines.push(...String(text).split('\n')))
  vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  process.argv = ['node', name, ...args]
  vi.resetModules()
  await import(new URL(name, examples).pathname)
  return lines
}

afterEach(() => {
  vi.restoreAllMocks()
  process.argv = argv
})

describe('examples', () => {
  it('a training loop of one’s own takes less than 20 lines and learns', async () => {
    const [loss] = await run('custom-loop.js')
    expect(Number(loss)).toBeLessThan(0.3)
    expect(
      readFileSync(new URL('custom-loop.js', examples), 'utf8').trimEnd().split('\n').length,
    ).toBeLessThan(20)
  })

  it('digits learns, shows what it does and ends in a line of JSON', async () => {
    const lines = await run('digits.js', 'digits', '--seed', '2', '--epochs', '8', '--json')
    const result = JSON.parse(lines.at(-1) as string)
    expect(Object.keys(result)).toEqual([
      'testAccuracy',
      'otherWriters',
      'seconds',
      'backend',
      'isa',
      'threads',
    ])
    expect(result.testAccuracy).toBeGreaterThan(0.93)
    expect(result.otherWriters).toBeGreaterThan(0.8)
    expect(result.backend).toBe(lw.backend())
    expect(lines.join('\n')).toContain('Weights: 10,730')
  })

  it('images learns with convolutions and draws what filters find', async () => {
    const lines = await run('images.js', 'images', '--seed', '2', '--epochs', '6', '--json')
    const result = JSON.parse(lines.at(-1) as string)
    expect(result.testAccuracy).toBeGreaterThan(0.93)
    expect(result.otherWriters).toBeGreaterThan(0.85)
    expect(lines.join('\n')).toMatch(/pixels +filter \d+/)
  })

  it('regression finds the rule in the noise', async () => {
    const lines = await run('regression.js')
    expect(Number(/typical error: (\S+) MPa/.exec(lines.at(-1) as string)?.[1])).toBeLessThan(4)
  })

  it('a layer of one’s own learns, and comes back from a file', async () => {
    const lines = await run('custom-layer.js')
    const [, before, after] = /accuracy (\S+), after loading (\S+)/.exec(lines.at(-1) as string) ?? []
    expect(Number(before)).toBeGreaterThan(0.9)
    expect(after).toBe(before)
  })

  it('two inputs: a shared encoder tells pairs apart', async () => {
    const lines = await run('two-inputs.js')
    expect(Number.parseFloat(lines.at(-1) as string)).toBeGreaterThan(90)
  })

  it('class weights find most of the frauds', async () => {
    const [plain, weighted] = (await run('class-imbalance.js')).map((line) =>
      Number(/finds (\d+) %/.exec(line)?.[1]),
    )
    expect(plain).toBeLessThan(50)
    expect(weighted).toBeGreaterThan(75)
  })

  it.each(readdirSync(examples))('%s is short', (name) => {
    const isTutorial = ['digits.js', 'images.js'].includes(name)
    expect(readFileSync(new URL(name, examples), 'utf8').split('\n').length).toBeLessThan(
      isTutorial ? 100 : 60,
    )
  })
})
