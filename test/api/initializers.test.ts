import { expect, it } from 'vitest'
import * as lw from '../../ts/index.js'
import { describeOnEachBackend } from '../backends.js'

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

  it('zeros and ones are constant', () => {
    expect(lw.initializers.zeros()([2]).arraySync()).toEqual([0, 0])
    expect(lw.initializers.ones()([1, 2]).arraySync()).toEqual([[1, 1]])
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
