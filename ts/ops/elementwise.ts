import type { Dtype, Storage } from '../dtype.js'
import { fail } from '../errors.js'
import { sameShape } from '../shape.js'
import { batchAlike } from './batch.js'
import {
  type NotDifferentiable,
  type Primitive,
  primitive,
  type Sample,
  type Spec,
  type Tolerance,
  type Vjp,
} from './record.js'
import { booleans, edgeLengths, integers, sample, specialSample, uniform } from './samples.js'

/** What an elementwise op adds to what all of them have in common. */
interface Elementwise {
  /** Fills `z` with the op's value at each element of its inputs. Its own loop, because a call for each element takes longer than the op. */
  readonly kernel: (z: Storage, x: Storage, y: Storage) => void
  /** Whether the op takes int32 inputs as well as float32; its results wrap when they are stored. Default: no. */
  readonly int32?: boolean
  /** Whether it takes bool inputs too. Default: no. */
  readonly bool?: boolean
  readonly vjp: Vjp<Record<string, never>> | NotDifferentiable
  /** The interval, one for each input or one for all, that samples are drawn from. */
  readonly domain?: readonly (readonly [number, number])[]
  readonly torch: string | null
  readonly tolerance?: Tolerance
  /** The dtype of the result; default: the inputs'. */
  readonly result?: Dtype
  /** Samples beside the common ones. */
  readonly samples?: () => readonly Sample[]
}

/** An elementwise primitive of any arity: shapes and dtypes of all inputs are equal. */
export function elementwise(name: string, arity: number, op: Elementwise): Primitive {
  const { kernel, int32 = false, bool = false, vjp, torch, result, domain = [[-2, 2]] } = op
  const dtypes: readonly Dtype[] = [
    'float32',
    ...(int32 ? ['int32' as const] : []),
    ...(bool ? ['bool' as const] : []),
  ]
  const draw = (shape: readonly number[]) =>
    Array.from({ length: arity }, (_, k) => {
      const [low, high] = (domain[k] ?? domain[0]) as readonly [number, number]
      return uniform(shape, low, high, k + 1)
    })
  return primitive({
    name,
    arity,
    attributes: {},
    infer: (inputs) => inferElementwise(name, inputs, dtypes, result),
    kernel: ({ inputs, output }) => {
      const [x, y] = inputs as [Storage, Storage]
      kernel(output, x, y)
    },
    vjp,
    batch: batchAlike,
    samples: () => [
      ...edgeLengths.map((length) => sample(`length ${length}`, draw([length]))),
      sample('shape [3, 5, 7]', draw([3, 5, 7])),
      sample('large', draw([70_001])),
      specialSample(arity),
      ...(int32
        ? [
            sample(
              'int32',
              Array.from({ length: arity }, (_, k) => integers([1001], -(2 ** 31), 2 ** 31, k)),
            ),
          ]
        : []),
      ...(bool
        ? [
            sample(
              'bool',
              Array.from({ length: arity }, (_, k) => booleans([101], k)),
            ),
          ]
        : []),
      ...(op.samples?.() ?? []),
    ],
    errors: [],
    tolerance: op.tolerance ?? { ulp: 4 },
    torch,
  })
}

function inferElementwise(
  op: string,
  inputs: readonly Spec[],
  dtypes: readonly Dtype[],
  result?: Dtype,
): Spec {
  const [first, ...others] = inputs as [Spec, ...Spec[]]
  if (!others.every((spec) => sameShape(spec.shape, first.shape))) {
    fail('shape.mismatch', { op, expected: 'equal shapes', got: inputs.map(({ shape }) => shape) })
  }
  if (!dtypes.includes(first.dtype) || !others.every((spec) => spec.dtype === first.dtype)) {
    const expected = inputs.length > 1 ? `equal dtypes, ${dtypes.join(' or ')}` : dtypes.join(' or ')
    fail('dtype.mismatch', { op, expected, got: inputs.map(({ dtype }) => dtype) })
  }
  return { shape: first.shape, dtype: result ?? first.dtype }
}
