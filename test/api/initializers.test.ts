import { expect, it } from 'vitest'
import * as lw from '../../ts/index.js'
import { describeOnEachBackend } from '../backends.js'
import { expectClose, expectError } from '../expect.js'

const moments = (values: ArrayLike<number>) => {
  const list = Array.from(values)
  const mean = list.reduce((a, b) => a + b, 0) / list.length
  return { mean, variance: list.reduce((a, b) => a + (b - mean) ** 2, 0) / list.length }
}

describeOnEachBackend('initializers', () => {
  it('glorotUniform fills ±√(6 / (in + out)) evenly', () => {
    const values = lw.initializers.glorotUniform({ seed: 3 })([300, 100]).dataSync()
    const limit = Math.sqrt(6 / 400)
    expect(Math.max(...values)).toBeLessThanOrEqual(limit)
    expect(Math.min(...values)).toBeGreaterThanOrEqual(-limit)
    const { mean, variance } = moments(values)
    expect(Math.abs(mean)).toBeLessThan(0.001)
    expect(variance / (limit ** 2 / 3)).toBeCloseTo(1, 1)
  })

  it('heNormal has variance 2 / in and is truncated at two standard deviations', () => {
    const values = lw.initializers.heNormal({ seed: 4 })([200, 150]).dataSync()
    const { mean, variance } = moments(values)
    expect(Math.abs(mean)).toBeLessThan(0.002)
    expect(variance / (2 / 200)).toBeCloseTo(1, 1)
    const bound = (2 * Math.sqrt(2 / 200)) / 0.8796256610342398
    expect(Math.max(...values)).toBeLessThanOrEqual(bound * (1 + 1e-6))
  })

  it('counts the window of a kernel with more than two axes among its inputs', () => {
    const values = lw.initializers.glorotUniform({ seed: 1 })([3, 3, 8, 16]).dataSync()
    const limit = Math.sqrt(6 / (9 * 8 + 9 * 16))
    expect(Math.max(...values)).toBeLessThanOrEqual(limit)
    expect(Math.max(...values)).toBeGreaterThan(0.95 * limit)
  })

  it('zeros, ones and constant are constant, and identity is a diagonal', async () => {
    const { constant, identity, ones, zeros } = lw.initializers
    expect(zeros()([2]).arraySync()).toEqual([0, 0])
    expect(ones()([1, 2]).arraySync()).toEqual([[1, 1]])
    expect(constant({ value: 2.5 })([2]).arraySync()).toEqual([2.5, 2.5])
    expect(identity({ gain: 2 })([2, 3]).arraySync()).toEqual([
      [2, 0, 0],
      [0, 2, 0],
    ])
    await expectError('shape.mismatch', () => identity()([3]))
    await expectError('argument.range', () => constant({ value: Infinity }))
  })

  it('orthogonal has orthonormal columns, or rows where there are fewer', async () => {
    const product = (shape: number[], rows: number) => {
      const matrix = lw.ops.reshape(lw.initializers.orthogonal({ gain: 3, seed: 1 })(shape), [rows, -1])
      const transposed = lw.ops.transpose(matrix)
      const short = (matrix.shape[0] as number) <= (matrix.shape[1] as number)
      return short ? lw.ops.matmul(matrix, transposed) : lw.ops.matmul(transposed, matrix)
    }
    const nine = (n: number) => Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 9 : 0))
    for (const [shape, rows] of [
      [[40, 7], 40],
      [[5, 12], 5],
      [[3, 2, 4], 6],
    ] as const) {
      const gram = product([...shape], rows)
      expectClose(gram, nine(gram.shape[0] as number), 1e-5)
    }
    await expectError('shape.mismatch', () => lw.initializers.orthogonal()([4]))
  })

  it('are refused where they cannot be', async () => {
    const { heUniform, randomNormal, varianceScaling } = lw.initializers
    await expectError('argument.range', () => varianceScaling({ scale: 0 }))
    await expectError('name.unknown', () => varianceScaling({ mode: 'fanin' as never }), { nearest: 'fanIn' })
    await expectError('name.unknown', () => varianceScaling({ distribution: 'normal' as never }))
    await expectError('argument.range', () => randomNormal({ stddev: -1 }))
    await expectError('argument.unknown', () => heUniform({ scale: 2 } as never))
  })

  it('repeats with a seed of its own, and after lw.seed', () => {
    const { glorotUniform } = lw.initializers
    expect(glorotUniform({ seed: 7 })([9]).dataSync()).toEqual(glorotUniform({ seed: 7 })([9]).dataSync())
    const draw = () => {
      lw.seed(5)
      const initializer = glorotUniform()
      return [initializer([9]).arraySync(), initializer([9]).arraySync()]
    }
    const [first, second] = draw()
    expect(draw()).toEqual([first, second])
    expect(first).not.toEqual(second)
  })
})
