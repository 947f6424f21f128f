import { expect, it } from 'vitest'
import * as lw from '../../ts/index.js'
import { describeOnEachBackend } from '../backends.js'
import { expectError } from '../expect.js'

describeOnEachBackend('losses', () => {
  const labels = lw.tensor(new Int32Array([1, 2]))
  const logits = lw.tensor([
    [0.5, 1.5, -1],
    [2, 0, 1],
  ])
  const expected =
    [
      [0.5, 1.5, -1],
      [2, 0, 1],
    ]
      .map((row, i) => Math.log(row.reduce((a, x) => a + Math.exp(x), 0)) - (row[i + 1] as number))
      .reduce((a, b) => a + b) / 2

  it('sparseCategoricalCrossentropy of logits, probabilities and a softmax in the trace agree', () => {
    const { sparseCategoricalCrossentropy } = lw.losses
    const fromLogits = sparseCategoricalCrossentropy({ fromLogits: true })
    const fromProbabilities = sparseCategoricalCrossentropy()
    expect(fromLogits(labels, logits).item()).toBeCloseTo(expected, 5)
    expect(fromProbabilities(labels, lw.ops.softmax(logits)).item()).toBeCloseTo(expected, 5)
    const traced = lw.jit((x: lw.Tensor, y: lw.Tensor) => fromProbabilities(y, lw.ops.softmax(x)))
    expect(traced(logits, labels).item()).toBeCloseTo(expected, 5)
    expect(
      traced
        .plan(logits, labels)
        .info()
        .instructions.map(({ name }) => name),
    ).not.toContain('softmax')
  })

  it('stays finite, and keeps its gradient, where the softmax saturates', () => {
    const loss = lw.losses.sparseCategoricalCrossentropy()
    const f = (x: lw.Tensor) => loss(lw.tensor(new Int32Array([0])), lw.ops.softmax(x))
    const [value, gradient] = lw.valueAndGrad(f)(lw.tensor([[-500, 500]]))
    expect(value.item()).toBeCloseTo(1000, 3)
    expect(gradient.arraySync()).toEqual([[-1, 1]])
  })

  it('clips probabilities as Keras does', () => {
    const loss = lw.losses.sparseCategoricalCrossentropy()
    expect(loss(lw.tensor([0]), lw.tensor([[0, 1]])).item()).toBeCloseTo(-Math.log(1e-7), 4)
  })

  it('takes labels of any dtype, as [batch] or [batch, 1]', () => {
    const loss = lw.losses.sparseCategoricalCrossentropy({ fromLogits: true })
    for (const given of [lw.tensor([1, 2]), lw.tensor(new Uint8Array([1, 2])), lw.tensor([[1], [2]])]) {
      expect(loss(given, logits).item()).toBeCloseTo(expected, 5)
    }
  })

  it('meanSquaredError is the mean over everything', () => {
    const loss = lw.losses.meanSquaredError()
    expect(loss(lw.tensor([[1, 2]]), lw.tensor([[3, 5]])).item()).toBe(6.5)
  })

  it('refuses shapes that do not belong together', async () => {
    const { meanSquaredError, sparseCategoricalCrossentropy } = lw.losses
    await expectError('shape.mismatch', () => meanSquaredError()(lw.tensor([1, 2]), lw.tensor([[1], [2]])))
    await expectError('shape.mismatch', () => sparseCategoricalCrossentropy()(lw.tensor([1, 2, 3]), logits))
    await expectError(
      'argument.unknown',
      () => sparseCategoricalCrossentropy({ fromLogit: true } as object),
      {
        nearest: 'fromLogits',
      },
    )
  })
})
