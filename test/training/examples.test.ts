import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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

/** What the example that ran last wrote to the terminal past console.log. */
function drawn(): string {
  return vi
    .mocked(process.stdout.write)
    .mock.calls.map(([text]) => text)
    .join('')
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

  it('images: a convolutional network learns and draws what its filters find', async () => {
    const lines = await run(
      'images.js',
      'images',
      '--only',
      'convnet',
      '--seed',
      '2',
      '--epochs',
      '6',
      '--json',
    )
    const result = JSON.parse(lines.at(-1) as string)
    expect(result.testAccuracy).toBeGreaterThan(0.93)
    expect(result.otherWriters).toBeGreaterThan(0.85)
    expect(drawn()).toMatch(/pixels +filter \d+/)
  })

  it('images: a residual network learns synthetic shapes, and says that they are', async () => {
    const reduced = ['--only', 'resnet', '--samples', '1280', '--epochs', '5']
    const lines = await run('images.js', 'images', ...reduced, '--json')
    const { resnet } = JSON.parse(lines.at(-1) as string)
    expect(resnet.data).toBe('synthetic shapes')
    expect(resnet.testAccuracy).toBeGreaterThan(0.3)
    expect(lines.join('\n')).toMatch(/It names .* of 1000 other images correctly\. Data: synthetic shapes\./)
  })

  it('images: a residual network takes CIFAR where its folder is given', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'layerwise-examples-'))
    const record = (label: number) => Buffer.alloc(1 + 3 * 32 * 32, 20 * label).fill(label, 0, 1)
    const batch = Buffer.concat(Array.from({ length: 10 }, (_, label) => record(label)))
    const names = [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`)
    for (const name of [...names, 'test_batch.bin']) writeFileSync(join(folder, name), batch)
    const given = ['--cifar', folder, '--samples', '30', '--epochs', '1']
    const lines = await run('images.js', 'images', '--only', 'resnet', ...given, '--json')
    expect(JSON.parse(lines.at(-1) as string).resnet.data).toBe(`CIFAR in ${folder}`)
    expect(lines).toContain('Training on 30 images.')
    expect(drawn()).toMatch(/class \d/)
    rmSync(folder, { recursive: true })
  })

  it('images: an autoencoder takes noise off, in the terminal and as PNG', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'layerwise-examples-'))
    const reduced = ['--only', 'autoencoder', '--epochs', '8', '--png', folder]
    const lines = await run('images.js', 'images', ...reduced, '--json')
    const { autoencoder } = JSON.parse(lines.at(-1) as string)
    expect(autoencoder.remaining).toBeLessThan(0.3 * autoencoder.noise)
    expect(drawn()).toMatch(/original.*noisy.*cleaned/s)
    expect(readdirSync(folder)).toEqual(['denoised.png'])
    rmSync(folder, { recursive: true })
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

  const files = readdirSync(examples, { recursive: true, encoding: 'utf8' })
  it.each(files.filter((name) => name.endsWith('.js')))('%s is short', (name) => {
    const isTutorial = /^(digits|images)\b/.test(name)
    expect(readFileSync(new URL(name, examples), 'utf8').split('\n').length).toBeLessThan(
      isTutorial ? 100 : 60,
    )
  })
})
