import { describe, expect, test } from 'vitest'
import * as lw from '../../ts/index.js'
import { primitiveTable, type Sample, type SampleArray } from '../../ts/ops/record.js'
import { uniform } from '../../ts/ops/samples.js'
import { storageOf } from '../../ts/tensor.js'
import { describeOnEachBackend } from '../backends.js'
import { expectClose, expectError } from '../expect.js'
import { checkGradient } from '../gradients/finite-differences.js'
import { applyRecord, sampleSize, tensorOf, weightedSum } from '../parity/program.js'

type T = lw.Tensor
const { ops, tensor } = lw

describeOnEachBackend('vectorizedMap', () => {
  test('is map without a loop', () => {
    const w = lw.variable([
      [1, 2],
      [3, 4],
    ])
    const f = (x: T) => {
      const y = ops.tanh(ops.add(ops.matmul(x, w), 0.5))
      return { all: ops.softmax(y), most: ops.argmax(y, { axis: -1 }), same: ops.sum(w), x }
    }
    const xs = lw.random.uniform([5, 3, 2], { seed: 1 })
    const expected = ops.map(f, xs)
    const got = ops.vectorizedMap(f, xs)
    for (const key of ['all', 'most', 'same', 'x'] as const) {
      expect(got[key].shape).toEqual(expected[key].shape)
      expectClose(got[key], expected[key].dataSync())
    }
    const plan = lw.jit((x: T) => ops.vectorizedMap(f, x)).plan(xs)
    expect(plan.info().instructions.some(({ name }) => name === 'scan')).toBe(false)
  })

  test('runs branches, loops and gradients inside', () => {
    const steps = (x: T) =>
      ops.whileLoop(
        (v: T) => ops.less(v, 10),
        (v: T) => ops.multiply(v, 2),
        x,
      )
    expect(ops.vectorizedMap(steps, tensor([1, 3, 20])).arraySync()).toEqual([16, 12, 20])
    const slope = (x: T) => lw.grad((y: T) => ops.multiply(y, ops.square(y)))(x)
    expect(ops.vectorizedMap(slope, tensor([1, 2])).arraySync()).toEqual([3, 12])
    const double = lw.customGradient((x: T) => [x, (upstream) => ops.multiply(upstream, 2)])
    const total = (xs: T) => ops.sum(ops.vectorizedMap((x: T) => double(x), xs))
    expect(
      lw
        .grad(total)(tensor([1, 2]))
        .arraySync(),
    ).toEqual([2, 2])
  })

  test('refuses unequal lengths and effects', async () => {
    await expectError('shape.mismatch', () => ops.vectorizedMap((x) => x, [tensor([1]), tensor([1, 2])]))
    await expectError('shape.mismatch', () => ops.vectorizedMap((x) => x, tensor(1)))
    const w = lw.variable(0)
    await expectError('vectorize.effect', () => ops.vectorizedMap((x: T) => w.assign(x), tensor([1])))
    await expectError('vectorize.effect', () =>
      ops.vectorizedMap((x: T) => ops.add(x, lw.random.uniform([])), tensor([1])),
    )
  })
})

/** The same elements, the other way round where that is allowed. */
function variant(array: SampleArray, reversed: boolean): SampleArray {
  return reversed && array.dtype === 'float32' ? { ...array, values: [...array.values].reverse() } : array
}

describe('ops over a further axis give what they give one by one', () => {
  const small = (sample: Sample) => sampleSize(sample) <= 60
  test.each([...primitiveTable()])('%s', (_, op) => {
    lw.setBackend('reference')
    for (const { label, inputs, attributes } of op.samples().filter(small).slice(0, 2)) {
      const slices = [false, true, false].map((reversed) =>
        inputs.map((array) => tensorOf(variant(array, reversed))),
      )
      const masks = inputs.length === 1 ? [[true]] : inputs.map((_, k) => inputs.map((_, i) => i === k))
      for (const varies of [...masks, inputs.map(() => true)]) {
        const given = (slice: readonly T[]) => slice.map((x, i) => (varies[i] ? x : (slices[0]![i] as T)))
        const stacks = inputs.flatMap((_, i) =>
          varies[i] ? [ops.stack(slices.map((slice) => slice[i] as T))] : [],
        )
        const mapped = ops.vectorizedMap((entries: readonly T[]) => {
          const rest = [...entries]
          const x = inputs.map((_, i) => (varies[i] ? (rest.shift() as T) : (slices[0]![i] as T)))
          return applyRecord(op, x, attributes)
        }, stacks)
        const expected = slices.map((slice) => applyRecord(op, given(slice), attributes))
        expect(mapped.shape, label).toEqual([3, ...expected[0]!.shape])
        const elements = expected.flatMap((result) => Array.from(storageOf(result)))
        expect(Array.from(storageOf(mapped)), `${label}, varying ${varies}`).toEqual(elements)
      }
    }
  })
})

test('its gradients are what central differences find', () => {
  lw.setBackend('reference')
  const f = ([xs, w]: readonly T[]) =>
    ops.vectorizedMap(
      (x: T) => ops.multiply(ops.matmul(x, w!), ops.take(w!, tensor(new Int32Array([1, 0])))),
      xs!,
    )
  const inputs = [uniform([3, 2, 2], -1, 1, 1), uniform([2, 2], -1, 1, 2), uniform([3, 2, 2], -1, 1, 3)]
  expect(checkGradient(weightedSum(f), inputs)).toEqual([])
})
