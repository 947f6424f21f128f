import type { Dtype, Storage } from '../dtype.js'
import { fail } from '../errors.js'
import { sameShape } from '../shape.js'
import {
  type NotDifferentiable,
  type Primitive,
  primitive,
  type Sample,
  type Spec,
  type Tolerance,
  type Vjp,
} from './record.js'
import { edgeLengths, integers, sample, specialSample, uniform } from './samples.js'

/** What an elementwise op adds to what all of them have in common. */
interface Elementwise {
  /** The value of one element, in float64. */
  readonly f: (...x: number[]) => number
  /** The same for int32 inputs, where the op takes them; results wrap. */
  readonly int32?: (...x: number[]) => number
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
  const { f, int32, vjp, torch, result, domain = [[-2, 2]] } = op
  const dtypes: readonly Dtype[] = int32 ? ['float32', 'int32'] : ['float32']
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
    kernel: ({ inputs, output, specs }) => {
      const dtype = specs[0]?.dtype
      map(dtype === 'int32' && int32 ? int32 : f, inputs, output)
    },
    vjp,
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

function map(f: (...x: number[]) => number, inputs: readonly Storage[], output: Storage): void {
  const [a, b] = inputs as [Storage, Storage]
  const n = output.length
  if (inputs.length === 1) for (let i = 0; i < n; i++) output[i] = f(a[i] as number)
  else for (let i = 0; i < n; i++) output[i] = f(a[i] as number, b[i] as number)
}
