import { expect, it, vi } from 'vitest'
import * as lw from '../../ts/index.js'
import { type Mask, maskOf, withMask } from '../../ts/layers/mask.js'
import type { Tree } from '../../ts/tree.js'
import { describeOnEachBackend } from '../backends.js'

const { dense, flatten, Layer } = lw.layers

/** Masks steps whose features are all zero. */
class Masks extends Layer {
  override call(x: lw.Tensor): lw.Tensor {
    return lw.ops.add(x, 0)
  }

  override computeMask(x: lw.Tensor): lw.Tensor {
    return lw.ops.greater(lw.ops.max(lw.ops.absolute(x), { axis: -1 }), 0)
  }
}

/** Sums the steps that the mask leaves, so that none is left to pass on. */
class MaskedSum extends Layer {
  override computeMask(): Mask {
    return undefined
  }

  readonly seen: Tree<Mask>[] = []

  override call(x: lw.Tensor, { mask }: lw.layers.CallOptions): lw.Tensor {
    this.seen.push(mask)
    if (!mask) return lw.ops.sum(x, { axis: 1 })
    const weights = lw.ops.expandDims(lw.ops.cast(mask as lw.Tensor, 'float32'), -1)
    return lw.ops.sum(lw.ops.multiply(x, weights), { axis: 1 })
  }
}

const x = lw.tensor([
  [
    [1, 2],
    [0, 0],
    [3, 4],
  ],
])

describeOnEachBackend('masks', () => {
  it('go with tensors through layers that support masking', () => {
    const masked = new Masks().apply(x)
    expect(maskOf(x)).toBeUndefined()
    expect(maskOf(masked)?.arraySync()).toEqual([[true, false, true]])
    const next = dense({ units: 4, kernelInitializer: 'ones', biasInitializer: 'ones' }).apply(masked)
    expect(maskOf(next)).toBe(maskOf(masked))
    expect(new MaskedSum().apply(next).arraySync()).toEqual([[12, 12, 12, 12]])
  })

  it('reach layers within a model, in programs too', async () => {
    const input = lw.input({ shape: [3, 2] })
    const inner = lw.sequential({
      layers: [dense({ units: 2, kernelInitializer: 'ones', inputShape: [3, 2] })],
    })
    class Both extends Layer {
      override call(x: lw.Tensor): [lw.Tensor, lw.Tensor] {
        return [lw.ops.multiply(x, 2), lw.ops.negative(x)]
      }
      override computeMask(_: lw.Tensor, mask: Mask): Mask[] {
        return [mask, mask]
      }
    }
    const [twice, negative] = new Both().apply<[lw.Placeholder, lw.Placeholder]>(
      inner.apply(new Masks().apply(input)),
    )
    const outputs = [new MaskedSum().apply(twice), new MaskedSum().apply(negative)]
    const model = lw.model({ inputs: input, outputs })
    const far = lw.tensor([
      [
        [1, 2],
        [0, 0],
        [3, 4],
      ],
    ])
    const results = lw.jit((x: lw.Tensor) => model.apply<lw.Tensor[]>(x))(far)
    expect(results.map((result) => result.arraySync())).toEqual([[[20, 20]], [[-10, -10]]])
    inner.setWeights([inner.getWeights()[0] as lw.Tensor, [1, 1]])
    expect(model.apply<lw.Tensor[]>(x)[0]?.arraySync()).toEqual([[24, 24]])
    const [masked] = model.apply<lw.Tensor[]>(x, { mask: lw.tensor([[true, true, true]]) })
    expect(masked?.arraySync()).toEqual([[24, 24]])
  })

  it('can be given, and are not handed on by the options of a call', () => {
    const sum = new MaskedSum()
    const mask = lw.tensor([[false, true, true]])
    expect(sum.apply(x, { mask }).arraySync()).toEqual([[3, 4]])
    expect(maskOf(x)).toBeUndefined()
    class Outer extends Layer {
      readonly within = new MaskedSum()
      override computeMask(): Mask {
        return undefined
      }

      override call(x: lw.Tensor, options: lw.layers.CallOptions): lw.Tensor {
        return this.within.apply(withMask(lw.ops.negative(x), lw.tensor([[true, false, false]])), options)
      }
    }
    expect(new Outer().apply(x, { mask }).arraySync()).toEqual([[-1, -2]])
    sum.apply(withMask(lw.ops.negative(x), mask))
    expect(sum.seen).toEqual([mask, mask])
  })

  it('leave steps out of losses and metrics, which weight the others', async () => {
    const model = lw.sequential({
      layers: [lw.input({ shape: [3, 2] }), new Masks(), dense({ units: 1, kernelInitializer: 'ones' })],
    })
    const size = (_: lw.Tensor, yPred: lw.Tensor) => lw.ops.mean(yPred, { axis: -1 })
    const measured = { metrics: [size], weightedMetrics: [size] }
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError', ...measured })
    const y = lw.tensor([[[0], [100], [0]]])
    const logs = await model.evaluate(x, y, { sampleWeight: [[1, 5, 3]], verbose: 0 })
    expect(logs.loss).toBeCloseTo((3 * 3 + 3 * 7 * 7) / 2, 4)
    expect(logs.size).toBeCloseTo((3 + 7) / 2, 5)
    expect(logs.weighted_size).toBeCloseTo((3 + 3 * 7) / 4, 5)
    const whole = await model.evaluate(x, y, { sampleWeight: [2], verbose: 0 })
    expect(whole.loss).toBeCloseTo((2 * (3 * 3 + 7 * 7)) / 2, 4)
  })

  it('end at a layer that does not support them, which warns once', () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    const layer = flatten({ name: 'flat' })
    const output = layer.apply(new Masks().apply(x))
    layer.apply(new Masks().apply(x))
    expect(maskOf(output)).toBeUndefined()
    expect(warn).toHaveBeenCalledTimes(1)
    expect(warn.mock.calls[0]?.[0]).toContain("'flat'")
    layer.apply(x)
    warn.mockRestore()
  })
})
