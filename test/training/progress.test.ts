import { expect, it, vi } from 'vitest'
import { PassProgress } from '../../ts/training/pass-progress.js'
import { Progress } from '../../ts/training/progress.js'

const params = { epochs: 12, steps: 45, batchSize: 32, samples: 1437, validation: false }
const logs = { loss: 0.12344, accuracy: 0.9712, val_loss: 0.00001234 }

class Terminal {
  text = ''
  constructor(
    readonly isTTY: boolean,
    readonly columns = 120,
  ) {}

  write(text: string): void {
    this.text += text
  }

  /** What remains on the screen. */
  get lines(): string[] {
    return this.text.split('\n').map((line) => line.split('\u001b[K').at(-1) as string)
  }
}

it('writes a plain line for each epoch where there is no terminal', () => {
  const stream = new Terminal(false)
  const progress = new Progress(params, 1, stream)
  progress.begin(2)
  progress.update(20, logs)
  progress.end(45, logs)
  progress.close()
  expect(stream.lines[0]).toMatch(
    /^Epoch {2}3\/12 · 45 steps · [\d.]+ ms\/step · [\d.]+ ms · loss 0\.1234 · accuracy 0\.9712 · val_loss 1\.23e-5$/,
  )
  expect(stream.lines.slice(1)).toEqual([''])
})

it('keeps one live line on a terminal, within its width', () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  try {
    const stream = new Terminal(true, 112)
    const progress = new Progress(params, 1, stream)
    progress.begin(0)
    for (let step = 1; step <= 45; step++) {
      vi.advanceTimersByTime(10)
      progress.update(step, logs)
    }
    const redrawn = stream.text.split('\u001b[K').length - 1
    expect(redrawn).toBeGreaterThanOrEqual(8)
    expect(redrawn).toBeLessThanOrEqual(10)
    expect(stream.lines).toHaveLength(1)
    expect(stream.lines[0]).toMatch(
      /^Epoch {2}1\/12 ━+╸?─* 4\d\/45 · 10\.0 ms\/step · [\d.]+ s left · loss 0\.1234/,
    )
    expect(stream.lines[0]?.length).toBeLessThan(112)
  } finally {
    vi.useRealTimers()
  }
})

it.each([
  [
    'leaves the line of every epoch if the first one is long',
    2000,
    ['Epoch 1/3', 'Epoch 2/3', 'Epoch 3/3', ''],
  ],
  ['leaves one line of a quick training', 10, ['Epoch 3/3', '']],
])('%s', (_, first, expected) => {
  vi.useFakeTimers({ toFake: ['performance'] })
  try {
    const stream = new Terminal(true)
    const progress = new Progress({ ...params, epochs: 3 }, 1, stream)
    for (const [epoch, milliseconds] of [first, 10, 1000].entries()) {
      progress.begin(epoch)
      vi.advanceTimersByTime(milliseconds)
      progress.end(45, logs)
    }
    progress.close()
    expect(stream.lines.map((line) => line.slice(0, 9))).toEqual(expected)
  } finally {
    vi.useRealTimers()
  }
})

it('makes room for what callbacks write', () => {
  const stream = new Terminal(true)
  const progress = new Progress(params, 1, stream, true)
  progress.begin(0)
  progress.update(45, logs)
  progress.end(45, logs)
  expect(stream.lines).toEqual([''])
  progress.close()
  expect(stream.lines).toEqual([''])
})

it.each([
  [
    130,
    /^Epoch {2}1\/12 ━+╸?─+ 9\/45 · [\d.]+ ms\/step · .* left · loss .* · accuracy .* · val_loss 1\.23e-5$/,
  ],
  [96, /^Epoch {2}1\/12 ━+╸?─+ 9\/45 · [\d.]+ m?s left · loss .* · val_loss 1\.23e-5$/],
  [40, /^Epoch {2}1\/12 9\/45 · loss 0\.1234$/],
  [10, /^Epoch {2}1\/12 9\/45$/],
  [0, /loss 0\.1234/], // unknown: 80
])('on a terminal of %i columns leaves out what matters least', (columns, expected) => {
  const stream = new Terminal(true, columns)
  const progress = new Progress(params, 1, stream)
  progress.begin(0)
  progress.update(9, logs)
  expect(stream.lines[0]).toMatch(expected)
  if (columns > 20) expect(stream.lines[0]?.length).toBeLessThan(columns)
})

it('counts steps where their number is not known', () => {
  const stream = new Terminal(true)
  const progress = new Progress(
    { epochs: 1, steps: null, batchSize: null, samples: null, validation: false },
    1,
    stream,
  )
  progress.begin(0)
  progress.update(7, logs)
  expect(stream.lines[0]).toMatch(/^Epoch 1\/1 step 7 · /)
})

it('is silent with verbose 0', () => {
  const stream = new Terminal(true)
  const progress = new Progress(params, 0, stream)
  progress.begin(0)
  progress.update(1, logs)
  progress.end(45, logs)
  progress.close()
  expect(stream.text).toBe('')
})

it('shows an evaluation that takes long, and takes the line away', () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  try {
    const stream = new Terminal(true)
    const progress = new PassProgress('Evaluate', 100, 1, stream)
    for (let step = 1; step <= 20; step++) {
      vi.advanceTimersByTime(10)
      progress.update(step, { loss: 0.5 })
    }
    expect(stream.text).toBe('')
    for (let step = 21; step <= 50; step++) {
      vi.advanceTimersByTime(10)
      progress.update(step, { loss: 0.5 })
    }
    expect(stream.lines).toEqual([
      expect.stringMatching(/^Evaluate ━+╸?─+ 50\/100 · 0\.5 s left · loss 0\.5000$/),
    ])
    progress.close()
    expect(stream.lines).toEqual([''])
  } finally {
    vi.useRealTimers()
  }
})
