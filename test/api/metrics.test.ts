import { expect, it } from 'vitest'
import * as lw from '../../ts/index.js'
import { describeOnEachBackend } from '../backends.js'
import { expectError } from '../expect.js'

describeOnEachBackend('metrics', () => {
  it('accuracy adds up over batches until it is reset', () => {
    const metric = lw.metrics.accuracy()
    metric.update(
      lw.tensor(new Int32Array([0, 1])),
      lw.tensor([
        [0.9, 0.1],
        [0.8, 0.2],
      ]),
    )
    metric.update(lw.tensor([1]), lw.tensor([[0.1, 0.9]]))
    expect(metric.result().item()).toBeCloseTo(2 / 3, 6)
    metric.reset()
    metric.update(lw.tensor([1]), lw.tensor([[0.9, 0.1]]))
    expect(metric.result().item()).toBe(0)
  })

  it('accuracy takes one-hot targets', () => {
    const metric = lw.metrics.accuracy()
    metric.update(
      lw.tensor([
        [0, 1],
        [1, 0],
      ]),
      lw.tensor([
        [0.2, 0.8],
        [0.3, 0.7],
      ]),
    )
    expect(metric.result().item()).toBe(0.5)
  })

  it('clones share nothing', () => {
    const metric = lw.metrics.accuracy()
    const twin = metric.clone()
    metric.update(lw.tensor([0]), lw.tensor([[1, 0]]))
    twin.update(lw.tensor([1]), lw.tensor([[1, 0]]))
    expect([metric.result().item(), twin.result().item()]).toEqual([1, 0])
  })

  it('keeps its state through a traced function', () => {
    const metric = lw.metrics.accuracy()
    const update = lw.jit((y: lw.Tensor, p: lw.Tensor) => metric.update(y, p))
    update(lw.tensor([0]), lw.tensor([[1, 0]]))
    update(lw.tensor([0]), lw.tensor([[0, 1]]))
    expect(metric.result().item()).toBe(0.5)
  })

  it('refuses outputs without classes', async () => {
    const metric = lw.metrics.accuracy()
    await expectError('shape.mismatch', () => metric.update(lw.tensor([1]), lw.tensor([[1]])))
    await expectError('shape.mismatch', () => metric.update(lw.tensor([1, 0]), lw.tensor([[1, 0]])))
  })
})
