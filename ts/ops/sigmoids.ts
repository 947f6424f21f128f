import { fail } from '../errors.js'
import { checkBoolean, checkOptions } from '../options.js'
import { normalizeAxis } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { applyComposition, type TensorInput, toTensor } from './apply.js'
import { add, divide, multiply } from './binary.js'
import { greaterEqual, less, lessEqual, where } from './compare.js'
import { erf } from './error-function.js'
import { tanh } from './hyperbolic.js'
import { applyPointwise, pointwise } from './pointwise.js'
import { composition } from './record.js'
import { relu6 } from './rectifiers.js'
import { sample, uniform } from './samples.js'
import { softplus } from './softplus.js'
import { split } from './split.js'
import { absolute, negative, sigmoid, sign } from './unary.js'

pointwise('silu', { compose: ([x]) => silu(x as Tensor), torch: 'torch.nn.functional.silu(a)' })

/** x · sigmoid(x), also called swish. */
export function silu(x: TensorInput): Tensor {
  return applyPointwise('silu', x, (value) => multiply(value, sigmoid(value)))
}

pointwise('logSigmoid', {
  compose: ([x]) => logSigmoid(x as Tensor),
  torch: 'torch.nn.functional.logsigmoid(a)',
})

/** log(sigmoid(x)), without overflow. */
export function logSigmoid(x: TensorInput): Tensor {
  return applyPointwise('logSigmoid', x, (value) => negative(softplus(negative(value))))
}

pointwise('mish', { compose: ([x]) => mish(x as Tensor), torch: 'torch.nn.functional.mish(a)' })

/** x · tanh(softplus(x)) (Misra, 2019). */
export function mish(x: TensorInput): Tensor {
  return applyPointwise('mish', x, (value) => multiply(value, tanh(softplus(value))))
}

pointwise<{ approximate: boolean }>('gelu', {
  compose: ([x], options) => gelu(x as Tensor, options),
  attributes: { approximate: 'boolean' },
  with: [{ approximate: true }, { approximate: false }],
  torch: "torch.nn.functional.gelu(a, approximate='tanh' if approximate else 'none')",
})

/**
 * The Gaussian error linear unit: x times the probability that a standard normal number is below x.
 *
 * @param options approximate: by a tanh (the default, as in keras.ops), or exactly by {@link erf}
 */
export function gelu(x: TensorInput, options: { readonly approximate?: boolean } = {}): Tensor {
  checkOptions('gelu', options, ['approximate'])
  checkBoolean('gelu', 'approximate', options.approximate)
  const { approximate = true } = options
  const exact = (value: Tensor) => erf(multiply(value, Math.SQRT1_2))
  const byTanh = (value: Tensor) => {
    const cubed = multiply(multiply(value, value), value)
    return tanh(multiply(add(value, multiply(cubed, 0.044715)), Math.sqrt(2 / Math.PI)))
  }
  const f = (value: Tensor) => multiply(multiply(value, 0.5), add((approximate ? byTanh : exact)(value), 1))
  return applyPointwise('gelu', x, f, `gelu${approximate}`)
}

composition<{ axis: number }>({
  name: 'glu',
  compose: ([x], options) => glu(x as Tensor, options),
  attributes: { axis: 'integer' },
  samples: () => [
    sample('[3, 8]', [uniform([3, 8], -4, 4)], { axis: -1 }),
    sample('the middle', [uniform([2, 6, 3], -4, 4)], { axis: 1 }),
  ],
  errors: [{ label: 'an odd extent', run: ({ glu }) => glu([1, 2, 3]), code: 'shape.mismatch' }],
  tolerance: { relative: 5e-7 },
  torch: 'torch.nn.functional.glu(a, axis)',
})

/** The gated linear unit: the first half along `axis` (default: the last) times the sigmoid of the second half. */
export function glu(x: TensorInput, options: { readonly axis?: number } = {}): Tensor {
  checkOptions('glu', options, ['axis'])
  const { axis = -1 } = options
  const value = toTensor('glu', x)
  const along = normalizeAxis('glu', axis, value.rank)
  if ((value.shape[along] as number) % 2 !== 0) {
    fail('shape.mismatch', { op: 'glu', expected: `an even extent along axis ${axis}`, got: [value.shape] })
  }
  return applyComposition(`glu${along}`, [value], ([input]) => {
    const [first, second] = split(input as Tensor, 2, { axis: along }) as [Tensor, Tensor]
    return multiply(first, sigmoid(second))
  })
}

pointwise('hardSigmoid', {
  compose: ([x]) => hardSigmoid(x as Tensor),
  // In place of hardsigmoid, whose gradient in float64 has the 1/6 of float32.
  torch: 'torch.nn.functional.relu6(a + 3) / 6',
})

/** A sigmoid of straight lines: x / 6 + 1/2, limited to [0, 1]. */
export function hardSigmoid(x: TensorInput): Tensor {
  return applyPointwise('hardSigmoid', x, (value) => divide(relu6(add(value, 3)), 6))
}

pointwise('hardSilu', { compose: ([x]) => hardSilu(x as Tensor), torch: 'torch.nn.functional.hardswish(a)' })

/** x · hardSigmoid(x), also called hard swish. */
export function hardSilu(x: TensorInput): Tensor {
  return applyPointwise('hardSilu', x, (value) => multiply(value, hardSigmoid(value)))
}

pointwise('hardTanh', { compose: ([x]) => hardTanh(x as Tensor), torch: 'torch.nn.functional.hardtanh(a)' })

/** x limited to [-1, 1]. */
export function hardTanh(x: TensorInput): Tensor {
  return applyPointwise('hardTanh', x, (value) => where(less(absolute(value), 1), value, sign(value)))
}

pointwise('sparseSigmoid', {
  compose: ([x]) => sparseSigmoid(x as Tensor),
  torch: 'torch.where(a <= -1, 0.0, torch.where(a >= 1, 1.0, 0.5 * (a + 1)))',
})

/** 0 up to -1, 1 from 1 on, and (x + 1) / 2 between. */
export function sparseSigmoid(x: TensorInput): Tensor {
  const f = (value: Tensor) =>
    where(lessEqual(value, -1), 0, where(greaterEqual(value, 1), 1, multiply(add(value, 1), 0.5)))
  return applyPointwise('sparseSigmoid', x, f)
}
