import { expect, test } from 'vitest'
import { grad, jit, ops, type Tensor, tensor } from '../../ts/index.js'
import { describeOnEachBackend } from '../backends.js'
import { expectClose, expectError } from '../expect.js'

const int = (values: number[], shape?: number[]) => tensor(Int32Array.from(values), shape)

describeOnEachBackend('ops by index', () => {
  test('take and takeAlongAxis', async () => {
    const x = tensor([
      [1, 2, 3],
      [4, 5, 6],
    ])
    expect(ops.take(x, [2, 0], { axis: 1 }).arraySync()).toEqual([
      [3, 1],
      [6, 4],
    ])
    expect(ops.takeAlongAxis(x, [[2], [0]], { axis: 1 }).arraySync()).toEqual([[3], [4]])
    expect(ops.takeAlongAxis(x, [[0, 1, 1]], { axis: 0 }).arraySync()).toEqual([[1, 5, 6]])
    expect(ops.takeAlongAxis(x, [[0]], { axis: 1 }).arraySync()).toEqual([[1], [4]])
    expect(ops.takeAlongAxis(x, [4, 0]).arraySync()).toEqual([5, 1])
    await expectError('index.range', () => ops.takeAlongAxis(x, [[3], [0]], { axis: 1 }), {
      op: 'takeAlongAxis',
      index: 3,
      size: 3,
    })
  })

  test('segments: their number by options, by position or from the ids', async () => {
    const [data, ids] = [tensor([1, 2, 3]), int([0, 2, 0])]
    for (const options of [4, { numSegments: 4 }, { numSegments: 4, sorted: false }]) {
      expect(ops.segmentSum(data, ids, options).arraySync()).toEqual([4, 0, 2, 0])
    }
    expect(ops.segmentSum(data, ids).arraySync()).toEqual([4, 0, 2])
    expect(ops.segmentMax(data, ids).arraySync()).toEqual([3, -Infinity, 2])
    expect(ops.segmentMax(int([1, 2, 3]), ids).arraySync()).toEqual([3, -(2 ** 31), 2])
    expect(
      grad((x: Tensor) => ops.sum(ops.segmentMax(x, [0, 0, 1], 3)))(tensor([2, 2, 1])).arraySync(),
    ).toEqual([0.5, 0.5, 1])
    await expectError('trace.shape', () => jit((i: Tensor) => ops.segmentSum(data, i))(ids), {
      op: 'segmentSum',
    })
  })

  test('scatter adds, scatterUpdate keeps the last update', async () => {
    expect(ops.scatter([[0], [2], [0]], [1, 2, 3], [3]).arraySync()).toEqual([4, 0, 2])
    const x = tensor([
      [1, 2],
      [3, 4],
    ])
    expect(ops.scatterUpdate(x, [[0, 1]], [9]).arraySync()).toEqual([
      [1, 9],
      [3, 4],
    ])
    const rows = [
      [5, 6],
      [7, 8],
    ]
    expect(ops.scatterUpdate(x, [[1], [1]], rows).arraySync()).toEqual([
      [1, 2],
      [7, 8],
    ])
    const reduced = (reduction: 'add' | 'max' | 'min') =>
      ops.scatterUpdate([1, 5, 3], [[0], [0], [1]], [4, -2, 2], { reduction }).arraySync()
    expect(reduced('add')).toEqual([3, 7, 3])
    expect(reduced('max')).toEqual([4, 5, 3])
    expect(reduced('min')).toEqual([-2, 2, 3])
    await expectError('index.range', () => ops.scatterUpdate(x, [[0, 2]], [9]), { index: 2, size: 2 })
    await expectError('index.range', () => ops.scatter([[-1, 0]], [9], [2, 2]), { index: -1, size: 2 })
  })

  test('of several updates of one place the last alone has a gradient', () => {
    const updated = (u: Tensor) =>
      ops.sum(ops.multiply(ops.scatterUpdate([0, 0], [[1], [1], [0]], u), [10, 20]))
    expect(grad(updated)(tensor([1, 2, 3])).arraySync()).toEqual([0, 20, 10])
  })

  test('bincount: as long as needed, or exactly minlength when traced', async () => {
    expect(ops.bincount([1, 1, 3]).arraySync()).toEqual([0, 2, 0, 1])
    expect(ops.bincount([1, 1, 3]).dtype).toBe('int32')
    expect(ops.bincount([1, 1], { minlength: 4 }).arraySync()).toEqual([0, 2, 0, 0])
    expectClose(ops.bincount([0, 1, 1], { weights: [0.5, 1, 2] }), [0.5, 3])
    const rows = [
      [0, 2],
      [1, 1],
    ]
    expect(ops.bincount(rows).arraySync()).toEqual([
      [1, 0, 1],
      [0, 2, 0],
    ])
    const traced = jit((x: Tensor) => ops.bincount(x, { minlength: 3 }))
    expect(traced(int([2, 0, 2])).arraySync()).toEqual([1, 0, 2])
    await expectError('index.range', () => traced(int([3, 0, 2])), { index: 3, size: 3 })
    await expectError('trace.shape', () => jit((x: Tensor) => ops.bincount(x))(int([1])), { op: 'bincount' })
    expect(
      ops
        .multiHot(
          [
            [0, 2],
            [1, -1],
          ],
          3,
        )
        .arraySync(),
    ).toEqual([
      [1, 0, 1],
      [0, 1, 0],
    ])
  })
})

describeOnEachBackend('ops of order', () => {
  test('sort and argsort along any axis, NaN last', () => {
    const x = tensor([
      [3, 1, 2],
      [0, NaN, -1],
    ])
    expect(ops.sort(x).arraySync()).toEqual([
      [1, 2, 3],
      [-1, 0, NaN],
    ])
    expect(ops.argsort(x, { axis: 0 }).arraySync()).toEqual([
      [1, 0, 1],
      [0, 1, 0],
    ])
    expect(ops.sort(x, { axis: null }).arraySync()).toEqual([-1, 0, 1, 2, 3, NaN])
    expect(ops.sort([true, false, true]).arraySync()).toEqual([false, true, true])
    expect(ops.argsort([2, 1, 2, 1]).arraySync()).toEqual([1, 3, 0, 2])
  })

  test('topK: the largest first, ties in order', () => {
    const { values, indices } = ops.topK(
      [
        [1, 7, 7, 3],
        [9, 0, 2, 9],
      ],
      3,
    )
    expect(values.arraySync()).toEqual([
      [7, 7, 3],
      [9, 9, 2],
    ])
    expect(indices.arraySync()).toEqual([
      [1, 2, 3],
      [0, 3, 2],
    ])
  })

  test('quantiles and medians', () => {
    const x = [1, 2, 3, 4]
    expectClose(ops.quantile(x, [0, 0.5, 1]), [1, 2.5, 4])
    const by = (method: 'linear' | 'lower' | 'higher' | 'nearest' | 'midpoint') =>
      ops.quantile(x, 0.4, { method }).item()
    expectClose(
      tensor([by('linear'), by('lower'), by('higher'), by('nearest'), by('midpoint')]),
      [2.2, 2, 3, 2, 2.5],
    )
    expect(ops.quantile([x, x], [0.5], { axis: 1, keepdims: true }).shape).toEqual([1, 2, 1])
    expect(ops.median([3, 1, 2]).item()).toBe(2)
    expect(ops.median([1, NaN]).item()).toBeNaN()
    expect(ops.median(int([1, 2])).item()).toBe(1.5)
    expectClose(grad((t: Tensor) => ops.median(t))(tensor([4, 1, 2, 9])), [0.5, 0, 0.5, 0])
  })

  test('searchsorted and digitize', () => {
    expect(ops.searchsorted([1, 2, 2, 5], [2, 0, 9]).arraySync()).toEqual([1, 0, 4])
    expect(ops.searchsorted([1, 2, 2, 5], 2, { side: 'right' }).item()).toBe(3)
    expect(ops.digitize([0.2, 6.4, 3], [0, 1, 2.5, 4, 10]).arraySync()).toEqual([1, 4, 3])
    expect(ops.diff([1, 4, 9, 16], 2).arraySync()).toEqual([2, 2])
    expect(ops.trapezoid([1, 2, 3], { dx: 2 }).item()).toBe(8)
    expect(ops.trapezoid([[1, 2, 3]], { x: [4, 6, 9] }).arraySync()).toEqual([10.5])
    expect(ops.argpartition([7, 1, 5], -1).arraySync()).toEqual([1, 2, 0])
  })

  test('histograms, membership and the best k', async () => {
    const { counts, binEdges } = ops.histogram([1, 2, 2, 5, NaN], { bins: 4, range: [1, 5] })
    expect(counts.arraySync()).toEqual([1, 2, 0, 1])
    expect(binEdges.arraySync()).toEqual([1, 2, 3, 4, 5])
    expect(ops.histogram(int([3, 3]), { bins: 2 }).binEdges.arraySync()).toEqual([2.5, 3, 3.5])
    expect(ops.isin([1, 2, 3], [3, 1], { invert: true }).arraySync()).toEqual([false, true, false])
    const rows = [
      [0.1, 0.7, 0.2],
      [0.1, 0.7, 0.2],
    ]
    expect(ops.inTopK([1, 0], rows, 2).arraySync()).toEqual([true, false])
    await expectError('index.range', () => ops.inTopK([1, 3], rows, 2), { index: 3, size: 3 })
    expect(ops.segmentMin([1, 2, 3], [0, 0, 2]).arraySync()).toEqual([1, Infinity, 3])
    expect(ops.percentile([1, 2, 3, 4], [0, 50]).arraySync()).toEqual([1, 2.5])
    expect(ops.ptp([4, -1, 2]).item()).toBe(5)
  })

  test('unique and nonzero run at once, and say what to do when they are traced', async () => {
    expect(ops.unique([3, 1, NaN, 3, NaN, -0, 0]).arraySync()).toEqual([-0, 1, 3, NaN])
    const { values, index, inverse, counts } = ops.unique(int([3, 1, 3, 2], [2, 2]), {
      returnIndex: true,
      returnInverse: true,
      returnCounts: true,
    })
    expect(values.dtype).toBe('int32')
    expect(values.arraySync()).toEqual([1, 2, 3])
    expect(index?.arraySync()).toEqual([1, 3, 0])
    expect(inverse?.arraySync()).toEqual([
      [2, 0],
      [2, 1],
    ])
    expect(counts?.arraySync()).toEqual([1, 1, 2])
    expect(ops.unique([]).shape).toEqual([0])
    expect(
      ops
        .nonzero([
          [0, 5],
          [7, 0],
        ])
        .map((axis) => axis.arraySync()),
    ).toEqual([
      [0, 1],
      [1, 0],
    ])
    await expectError('trace.shape', () => jit((x: Tensor) => ops.unique(x))(tensor([1])), { op: 'unique' })
    await expectError('trace.shape', () => jit((x: Tensor) => ops.nonzero(x)[0] as Tensor)(tensor([1])), {
      op: 'nonzero',
    })
  })
})
