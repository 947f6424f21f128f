import { describe } from '../described.js'
import { executor } from '../executors/choice.js'
import { checkOptions } from '../options.js'
import { type Seed, truncatedNormal, uniform } from '../random.js'
import { type Shape, sizeOf } from '../shape.js'
import { filled, type Tensor } from '../tensor.js'

/** Makes a weight's first value: float32 of the given shape. */
export type Initializer = (shape: Shape) => Tensor

/** `seed`: an integer gives the same values at each call; default: the generator that `lw.seed` starts. */
export interface RandomInitializerConfig {
  readonly seed?: Seed
}

/**
 * Glorot and Bengio's uniform distribution (2010): up to √(6 / (inputs + outputs)) either side of zero. The default of kernels.
 *
 * @throws argument.unknown
 */
export function glorotUniform(config: RandomInitializerConfig = {}): Initializer {
  checkOptions('glorotUniform', config, ['seed'])
  const initializer: Initializer = (shape) => {
    const { inputs, outputs } = fans(shape)
    const limit = Math.sqrt(6 / Math.max(1, inputs + outputs))
    return uniform(shape, { ...config, minval: -limit, maxval: limit })
  }
  return describe(initializer, 'glorotUniform', config)
}

/**
 * He et al.'s normal distribution (2015), truncated at two standard deviations, with variance 2 / inputs. For relu layers.
 *
 * @throws argument.unknown
 */
export function heNormal(config: RandomInitializerConfig = {}): Initializer {
  checkOptions('heNormal', config, ['seed'])
  // The standard deviation of a standard normal distribution that is truncated at ±2.
  const truncated = 0.8796256610342398
  const initializer: Initializer = (shape) => {
    const stddev = Math.sqrt(2 / Math.max(1, fans(shape).inputs)) / truncated
    return truncatedNormal(shape, { ...config, stddev })
  }
  return describe(initializer, 'heNormal', config)
}

/** All zeros. The default of biases. */
export function zeros(): Initializer {
  return describe((shape: Shape) => constant(shape, 0), 'zeros', {})
}

/** All ones. */
export function ones(): Initializer {
  return describe((shape: Shape) => constant(shape, 1), 'ones', {})
}

function constant(shape: Shape, value: number): Tensor {
  return filled(shape, value, executor().float64)
}

/** How many inputs and outputs a kernel connects: [in, out], or [...window, in, out]. */
function fans(shape: Shape): { inputs: number; outputs: number } {
  if (shape.length < 2) return { inputs: shape[0] ?? 1, outputs: shape[0] ?? 1 }
  const window = sizeOf(shape.slice(0, -2))
  return { inputs: window * (shape.at(-2) as number), outputs: window * (shape.at(-1) as number) }
}
