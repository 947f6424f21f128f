import { type Described, describe } from '../described.js'
import { checkOptions, checkPositive, lookUp } from '../options.js'
import { normal, truncatedNormal, uniform } from '../random.js'
import { type Shape, sizeOf } from '../shape.js'
import type { Initializer } from './initializer.js'
import type { RandomInitializerConfig } from './random.js'

export interface VarianceScalingConfig extends RandomInitializerConfig {
  /** Default 1. */
  readonly scale?: number
  /** What `scale` is divided by: the kernel's inputs (default), its outputs, or their average. */
  readonly mode?: keyof typeof modes
  /** Default 'truncatedNormal'. */
  readonly distribution?: keyof typeof distributions
}

const modes = {
  fanIn: (inputs: number, _outputs: number) => inputs,
  fanOut: (_inputs: number, outputs: number) => outputs,
  fanAvg: (inputs: number, outputs: number) => (inputs + outputs) / 2,
} as const

/** The standard deviation of a standard normal distribution that is truncated at ±2. */
const truncatedDeviation = 0.8796256610342398

/** Numbers of a variance. */
const distributions = {
  truncatedNormal: (shape: Shape, variance: number, source: RandomInitializerConfig) =>
    truncatedNormal(shape, { ...source, stddev: Math.sqrt(variance) / truncatedDeviation }),
  untruncatedNormal: (shape: Shape, variance: number, source: RandomInitializerConfig) =>
    normal(shape, { ...source, stddev: Math.sqrt(variance) }),
  uniform: (shape: Shape, variance: number, source: RandomInitializerConfig) => {
    const limit = Math.sqrt(3 * variance)
    return uniform(shape, { ...source, minval: -limit, maxval: limit })
  },
} as const

/**
 * Random numbers whose variance is scale / (inputs or outputs of the kernel), so that activations keep their size from layer to layer. Of a
 * kernel [...window, in, out] the window counts on both sides.
 *
 * @throws argument.range, argument.unknown, name.unknown
 *
 * @example
 * lw.initializers.varianceScaling({ scale: 2, mode: 'fanOut', distribution: 'untruncatedNormal' })
 */
export function varianceScaling(config: VarianceScalingConfig = {}): Initializer & Described {
  checkOptions('varianceScaling', config, ['scale', 'mode', 'distribution', 'seed'])
  return describe(scaled('varianceScaling', config), 'varianceScaling', config)
}

/**
 * Glorot and Bengio's uniform distribution (2010): up to √(6 / (inputs + outputs)) either side of zero. The default of kernels.
 *
 * @throws argument.unknown
 */
export function glorotUniform(config: RandomInitializerConfig = {}): Initializer & Described {
  return preset('glorotUniform', config, { mode: 'fanAvg', distribution: 'uniform' })
}

/**
 * Glorot and Bengio's normal distribution (2010), truncated at two standard deviations, with variance 2 / (inputs + outputs).
 *
 * @throws argument.unknown
 */
export function glorotNormal(config: RandomInitializerConfig = {}): Initializer & Described {
  return preset('glorotNormal', config, { mode: 'fanAvg' })
}

/**
 * He et al.'s uniform distribution (2015): up to √(6 / inputs) either side of zero. For relu layers.
 *
 * @throws argument.unknown
 */
export function heUniform(config: RandomInitializerConfig = {}): Initializer & Described {
  return preset('heUniform', config, { scale: 2, distribution: 'uniform' })
}

/**
 * He et al.'s normal distribution (2015), truncated at two standard deviations, with variance 2 / inputs. For relu layers.
 *
 * @throws argument.unknown
 */
export function heNormal(config: RandomInitializerConfig = {}): Initializer & Described {
  return preset('heNormal', config, { scale: 2 })
}

/**
 * LeCun et al.'s uniform distribution (1998): up to √(3 / inputs) either side of zero. For selu layers.
 *
 * @throws argument.unknown
 */
export function lecunUniform(config: RandomInitializerConfig = {}): Initializer & Described {
  return preset('lecunUniform', config, { distribution: 'uniform' })
}

/**
 * LeCun et al.'s normal distribution (1998), truncated at two standard deviations, with variance 1 / inputs. For selu layers.
 *
 * @throws argument.unknown
 */
export function lecunNormal(config: RandomInitializerConfig = {}): Initializer & Described {
  return preset('lecunNormal', config, {})
}

function preset(
  className: string,
  config: RandomInitializerConfig,
  scaling: VarianceScalingConfig,
): Initializer & Described {
  checkOptions(className, config, ['seed'])
  return describe(scaled(className, { ...scaling, ...config }), className, config)
}

function scaled(op: string, config: VarianceScalingConfig): (shape: Shape) => ReturnType<Initializer> {
  const { scale = 1, mode = 'fanIn', distribution = 'truncatedNormal', ...source } = config
  checkPositive(op, 'scale', scale)
  const fan = lookUp(`mode of ${op}`, mode, modes)
  const draw = lookUp(`distribution of ${op}`, distribution, distributions)
  return (shape) => draw(shape, scale / Math.max(1, fan(...fans(shape))), source)
}

/** How many inputs and outputs a kernel connects: [in, out], or [...window, in, out]. */
function fans(shape: Shape): [inputs: number, outputs: number] {
  if (shape.length < 2) return [shape[0] ?? 1, shape[0] ?? 1]
  const window = sizeOf(shape.slice(0, -2))
  return [window * (shape.at(-2) as number), window * (shape.at(-1) as number)]
}
