import { expect, it } from 'vitest'
import * as lw from '../../ts/index.js'
import { describeOnEachBackend } from '../backends.js'
import { expectClose, expectError } from '../expect.js'

const { activityRegularization, alphaDropout, dropout, gaussianDropout, gaussianNoise } = lw.layers

/** Mean and standard deviation. */
function moments(elements: ArrayLike<number>): [number, number] {
  const list = Array.from(elements)
  const mean = list.reduce((sum, x) => sum + x, 0) / list.length
  return [mean, Math.sqrt(list.reduce((sum, x) => sum + (x - mean) ** 2, 0) / list.length)]
}

describeOnEachBackend('layers that change their input in training alone', () => {
  const training = { training: true }
  const twos = lw.ops.broadcastTo(2, [100, 100])

  it('gaussianNoise adds normal noise', () => {
    const [mean, deviation] = moments(
      gaussianNoise({ stddev: 0.5, seed: 1 }).apply(twos, training).dataSync(),
    )
    expect(Math.abs(mean - 2)).toBeLessThan(0.02)
    expect(Math.abs(deviation - 0.5)).toBeLessThan(0.02)
  })

  it('gaussianDropout multiplies by normal noise of the variance of dropout', () => {
    const [mean, deviation] = moments(
      gaussianDropout({ rate: 0.2, seed: 1 }).apply(twos, training).dataSync(),
    )
    expect(Math.abs(mean - 2)).toBeLessThan(0.04)
    expect(Math.abs(deviation - 2 * Math.sqrt(0.2 / 0.8))).toBeLessThan(0.04)
  })

  it('alphaDropout keeps mean 0 and variance 1', () => {
    const x = lw.random.normal([100, 100], { seed: 3 })
    const dropped = alphaDropout({ rate: 0.3, seed: 1 }).apply(x, training).dataSync()
    const [mean, deviation] = moments(dropped)
    expect(Math.abs(mean)).toBeLessThan(0.05)
    expect(Math.abs(deviation - 1)).toBeLessThan(0.05)
    // 0.7 is kept; what is dropped becomes one number, by the formula of Klambauer et al.
    const saturation = -1.7580993408473766
    const factor = (0.7 * (1 + 0.3 * saturation ** 2)) ** -0.5
    const number = factor * saturation - factor * saturation * 0.3
    const share = dropped.filter((value) => Math.abs(value - number) < 1e-5).length / dropped.length
    expect(Math.abs(share - 0.3)).toBeLessThan(0.02)
  })

  it('noiseShape makes one choice for all elements along an axis', () => {
    for (const make of [dropout, alphaDropout]) {
      const rows = make({ rate: 0.5, noiseShape: [null, 1], seed: 1 })
        .apply(twos, training)
        .arraySync()
      for (const row of rows as number[][]) expect(new Set(row).size).toBe(1)
      expect(new Set((rows as number[][]).flat()).size).toBe(2)
    }
  })

  it('a seed repeats, and each step of a program draws anew', () => {
    for (const make of [
      () => gaussianNoise({ stddev: 0.5, seed: 9 }),
      () => gaussianDropout({ rate: 0.5, seed: 9 }),
      () => alphaDropout({ rate: 0.5, seed: 9 }),
    ]) {
      const draw = () => {
        const layer = make()
        const step = lw.jit((x: lw.Tensor) => layer.apply(x, training))
        const x = lw.ops.broadcastTo(1, [1, 40])
        return [step(x).arraySync(), step(x).arraySync()]
      }
      const [first, second] = draw()
      expect(first).not.toEqual(second)
      expect(draw()).toEqual([first, second])
    }
  })

  it('activityRegularization adds a penalty to the loss', () => {
    const layer = activityRegularization({ l1: 0.5, l2: 0.25 })
    layer.apply(
      lw.tensor([
        [1, -2],
        [3, 0],
      ]),
      training,
    )
    expectClose(layer.losses[0] as lw.Tensor, [(0.5 * 6 + 0.25 * 14) / 2])
  })

  it('refuse what cannot be', async () => {
    await expectError('argument.range', () => gaussianNoise({ stddev: -1 }), { argument: 'stddev' })
    await expectError('argument.range', () => gaussianDropout({ rate: 1 }), { argument: 'rate' })
    await expectError('argument.range', () => alphaDropout({ rate: 1 }), { argument: 'rate' })
    await expectError('argument.range', () => dropout({ rate: 0.5, noiseShape: [0] }), {
      argument: 'noiseShape',
    })
    await expectError('layer.input', () => dropout({ rate: 0.5, noiseShape: [3, 1] }).apply(twos, training))
    await expectError('argument.range', () => activityRegularization({ l1: -1 }), { argument: 'l1' })
    await expectError('argument.unknown', () =>
      activityRegularization({ activityRegularizer: 'l2' } as never),
    )
    await expectError('argument.range', () => lw.layers.prelu({ sharedAxes: [0] }), {
      argument: 'sharedAxes',
    })
  })
})
