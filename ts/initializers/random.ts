import { type Described, describe } from '../described.js'
import { checkInterval, checkOptions } from '../options.js'
import { normal, type Seed, truncatedNormal as truncatedNormalNumbers, uniform } from '../random.js'
import type { Shape } from '../shape.js'
import { checkFinite, type Initializer } from './initializer.js'

/** `seed`: an integer gives the same values at each call; default: the generator that `lw.seed` starts. */
export interface RandomInitializerConfig {
  readonly seed?: Seed
}

export interface RandomUniformConfig extends RandomInitializerConfig {
  /** Default -0.05. */
  readonly minval?: number
  /** Default 0.05. */
  readonly maxval?: number
}

/**
 * Evenly distributed between two bounds.
 *
 * @throws argument.range, argument.unknown
 */
export function randomUniform(config: RandomUniformConfig = {}): Initializer & Described {
  checkOptions('randomUniform', config, ['minval', 'maxval', 'seed'])
  const { minval = -0.05, maxval = 0.05 } = config
  checkFinite('randomUniform', 'minval', minval)
  checkFinite('randomUniform', 'maxval', maxval)
  return describe((shape: Shape) => uniform(shape, { ...config, minval, maxval }), 'randomUniform', config)
}

export interface RandomNormalConfig extends RandomInitializerConfig {
  /** Default 0. */
  readonly mean?: number
  /** Default 0.05. */
  readonly stddev?: number
}

/**
 * Normally distributed.
 *
 * @throws argument.range, argument.unknown
 */
export function randomNormal(config: RandomNormalConfig = {}): Initializer & Described {
  const options = normalOptions('randomNormal', config)
  return describe((shape: Shape) => normal(shape, options), 'randomNormal', config)
}

/**
 * Normally distributed, within two standard deviations of the mean.
 *
 * @throws argument.range, argument.unknown
 */
export function truncatedNormal(config: RandomNormalConfig = {}): Initializer & Described {
  const options = normalOptions('truncatedNormal', config)
  return describe((shape: Shape) => truncatedNormalNumbers(shape, options), 'truncatedNormal', config)
}

function normalOptions(op: string, config: RandomNormalConfig) {
  checkOptions(op, config, ['mean', 'stddev', 'seed'])
  const { mean = 0, stddev = 0.05 } = config
  checkFinite(op, 'mean', mean)
  checkInterval(op, 'stddev', stddev, { minimum: 0 })
  return { ...config, mean, stddev }
}
