import { checkOptions } from '../options.js'
import type { Tensor } from '../tensor.js'
import type { TensorInput } from './apply.js'
import { divide, multiply, subtract } from './binary.js'
import { greater, greaterEqual, lessEqual, where } from './compare.js'
import { expm1 } from './exponential.js'
import { tanh } from './hyperbolic.js'
import { applyPointwise, checkNumber, pointwise } from './pointwise.js'
import { absolute, relu, sign } from './unary.js'

pointwise('relu6', { compose: ([x]) => relu6(x as Tensor), torch: 'torch.nn.functional.relu6(a)' })

/** {@link relu} limited to 6. */
export function relu6(x: TensorInput): Tensor {
  return applyPointwise('relu6', x, (value) => where(greaterEqual(value, 6), 6, relu(value)))
}

pointwise<{ negativeSlope: number }>('leakyRelu', {
  compose: ([x], options) => leakyRelu(x as Tensor, options),
  attributes: { negativeSlope: 'number' },
  with: [{ negativeSlope: 0.2 }],
  torch: 'torch.nn.functional.leaky_relu(a, negativeSlope)',
})

/** x where it is positive, else x times `negativeSlope` (default 0.2). */
export function leakyRelu(x: TensorInput, options: { readonly negativeSlope?: number } = {}): Tensor {
  checkOptions('leakyRelu', options, ['negativeSlope'])
  const { negativeSlope = 0.2 } = options
  checkNumber('leakyRelu', 'negativeSlope', negativeSlope)
  const f = (value: Tensor) => where(greater(value, 0), value, multiply(value, negativeSlope))
  return applyPointwise('leakyRelu', x, f, `leakyRelu${negativeSlope}`)
}

/** x where it is positive, else scale · (exp(x / width) - 1). */
function exponentialUnit(x: Tensor, scale: number, width = 1): Tensor {
  const positive = greater(x, 0)
  // Where x is positive, the exponential might overflow, and its gradient would be NaN.
  const negative = where(positive, 0, x)
  return where(positive, x, multiply(expm1(width === 1 ? negative : divide(negative, width)), scale))
}

pointwise<{ alpha: number }>('elu', {
  compose: ([x], options) => elu(x as Tensor, options),
  attributes: { alpha: 'number' },
  with: [{ alpha: 1 }, { alpha: 0.5 }],
  torch: 'torch.nn.functional.elu(a, alpha)',
})

/** The exponential linear unit: x where it is positive, else alpha · (exp(x) - 1); alpha is 1 by default. */
export function elu(x: TensorInput, options: { readonly alpha?: number } = {}): Tensor {
  checkOptions('elu', options, ['alpha'])
  const { alpha = 1 } = options
  checkNumber('elu', 'alpha', alpha)
  return applyPointwise('elu', x, (value) => exponentialUnit(value, alpha), `elu${alpha}`)
}

pointwise('selu', { compose: ([x]) => selu(x as Tensor), torch: 'torch.nn.functional.selu(a)' })

/** The scaled exponential linear unit: elu whose constants keep means and variances from layer to layer (Klambauer et al., 2017). */
export function selu(x: TensorInput): Tensor {
  const [alpha, scale] = [1.6732632423543772, 1.0507009873554805]
  return applyPointwise('selu', x, (value) => multiply(exponentialUnit(value, alpha), scale))
}

pointwise<{ alpha: number }>('celu', {
  compose: ([x], options) => celu(x as Tensor, options),
  attributes: { alpha: 'number' },
  with: [{ alpha: 1 }, { alpha: 0.5 }],
  torch: 'torch.nn.functional.celu(a, alpha)',
})

/** The continuously differentiable elu: x where it is positive, else alpha · (exp(x / alpha) - 1); alpha is 1 by default. */
export function celu(x: TensorInput, options: { readonly alpha?: number } = {}): Tensor {
  checkOptions('celu', options, ['alpha'])
  const { alpha = 1 } = options
  checkNumber('celu', 'alpha', alpha)
  return applyPointwise('celu', x, (value) => exponentialUnit(value, alpha, alpha), `celu${alpha}`)
}

pointwise<{ threshold: number; defaultValue: number }>('threshold', {
  compose: ([x], options) => threshold(x as Tensor, options.threshold, options.defaultValue),
  attributes: { threshold: 'number', defaultValue: 'number' },
  with: [{ threshold: 1, defaultValue: -2 }],
  torch: 'torch.nn.functional.threshold(a, threshold, defaultValue)',
})

/** x where it is above the threshold, else a default value. */
export function threshold(x: TensorInput, threshold: number, defaultValue: number): Tensor {
  checkNumber('threshold', 'threshold', threshold)
  checkNumber('threshold', 'defaultValue', defaultValue)
  const f = (value: Tensor) => where(lessEqual(value, threshold), defaultValue, value)
  return applyPointwise('threshold', x, f, `threshold${threshold}/${defaultValue}`)
}

pointwise<{ threshold: number }>('hardShrink', {
  compose: ([x], options) => hardShrink(x as Tensor, options),
  attributes: { threshold: 'number' },
  with: [{ threshold: 0.5 }, { threshold: 2 }],
  torch: 'torch.nn.functional.hardshrink(a, threshold)',
})

/** 0 where |x| is at most a threshold (default 0.5), else x. */
export function hardShrink(x: TensorInput, options: { readonly threshold?: number } = {}): Tensor {
  checkOptions('hardShrink', options, ['threshold'])
  const { threshold = 0.5 } = options
  checkNumber('hardShrink', 'threshold', threshold)
  const f = (value: Tensor) => where(lessEqual(absolute(value), threshold), 0, value)
  return applyPointwise('hardShrink', x, f, `hardShrink${threshold}`)
}

pointwise<{ threshold: number }>('softShrink', {
  compose: ([x], options) => softShrink(x as Tensor, options),
  attributes: { threshold: 'number' },
  with: [{ threshold: 0.5 }, { threshold: 2 }],
  torch: 'torch.nn.functional.softshrink(a, threshold)',
})

/** 0 where |x| is at most a threshold (default 0.5), else x moved towards 0 by the threshold. */
export function softShrink(x: TensorInput, options: { readonly threshold?: number } = {}): Tensor {
  checkOptions('softShrink', options, ['threshold'])
  const { threshold = 0.5 } = options
  checkNumber('softShrink', 'threshold', threshold)
  const f = (value: Tensor) =>
    where(lessEqual(absolute(value), threshold), 0, subtract(value, multiply(sign(value), threshold)))
  return applyPointwise('softShrink', x, f, `softShrink${threshold}`)
}

pointwise('tanhShrink', {
  compose: ([x]) => tanhShrink(x as Tensor),
  torch: 'torch.nn.functional.tanhshrink(a)',
})

/** x - tanh(x). */
export function tanhShrink(x: TensorInput): Tensor {
  return applyPointwise('tanhShrink', x, (value) => subtract(value, tanh(value)))
}
