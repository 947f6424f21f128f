import { type Described, describe } from '../../described.js'
import { fail } from '../../errors.js'
import { toTensor } from '../../ops/apply.js'
import {
  add,
  ceil,
  divide,
  floor,
  lessEqual,
  maximum,
  minimum,
  multiply,
  power,
  subtract,
  where,
} from '../../ops/index.js'
import { checkBoolean, checkInterval, checkOptions, checkPositive } from '../../options.js'
import type { Tensor } from '../../tensor.js'
import type { Schedule } from './schedule.js'

export interface ExponentialDecayConfig {
  readonly initialLearningRate: number
  /** After how many steps the learning rate is multiplied by `decayRate`. */
  readonly decaySteps: number
  readonly decayRate: number
  /** Whether it changes at multiples of `decaySteps` alone (default false). */
  readonly staircase?: boolean
}

const decayOptions = ['initialLearningRate', 'decaySteps', 'decayRate', 'staircase']

function checkDecay(op: string, config: ExponentialDecayConfig): void {
  checkOptions(op, config, decayOptions)
  checkInterval(op, 'initialLearningRate', config.initialLearningRate, { minimum: 0 })
  checkPositive(op, 'decaySteps', config.decaySteps)
  checkInterval(op, 'decayRate', config.decayRate, { minimum: 0 })
  checkBoolean(op, 'staircase', config.staircase)
}

/** How many times `decaySteps` have passed. */
function passed(step: Tensor, { decaySteps, staircase = false }: ExponentialDecayConfig): Tensor {
  const times = divide(step, decaySteps)
  return staircase ? floor(times) : times
}

/**
 * initialLearningRate · decayRate^(step / decaySteps).
 *
 * @throws argument.range, argument.type, argument.unknown
 *
 * @example
 * const learningRate = lw.optimizers.schedules.exponentialDecay({ initialLearningRate: 0.1, decaySteps: 1000, decayRate: 0.9 })
 * lw.optimizers.sgd({ learningRate })
 */
export function exponentialDecay(config: ExponentialDecayConfig): Schedule & Described {
  checkDecay('exponentialDecay', config)
  const schedule = (step: Tensor) =>
    multiply(power(config.decayRate, passed(step, config)), config.initialLearningRate)
  return describe(schedule, 'exponentialDecay', config)
}

/**
 * initialLearningRate / (1 + decayRate · step / decaySteps).
 *
 * @throws argument.range, argument.type, argument.unknown
 */
export function inverseTimeDecay(config: ExponentialDecayConfig): Schedule & Described {
  checkDecay('inverseTimeDecay', config)
  const schedule = (step: Tensor) =>
    divide(config.initialLearningRate, add(multiply(passed(step, config), config.decayRate), 1))
  return describe(schedule, 'inverseTimeDecay', config)
}

export interface PiecewiseConstantDecayConfig {
  /** The last steps, counted from 0, of all values but the last one: ascending. */
  readonly boundaries: readonly number[]
  /** The learning rates, one more than boundaries. */
  readonly values: readonly number[]
}

/**
 * values[0] up to and including step boundaries[0], then values[1] up to boundaries[1], and so on.
 *
 * @throws argument.range, argument.type, argument.unknown
 */
export function piecewiseConstantDecay(config: PiecewiseConstantDecayConfig): Schedule & Described {
  const op = 'piecewiseConstantDecay'
  checkOptions(op, config, ['boundaries', 'values'])
  const { boundaries, values } = config
  for (const [argument, list] of Object.entries({ boundaries, values })) {
    if (Array.isArray(list)) continue
    fail('argument.type', { op, argument, expected: 'an array of numbers', got: list })
  }
  for (const value of values) checkInterval(op, 'values', value, { minimum: 0 })
  boundaries.forEach((boundary, i) => {
    if (typeof boundary === 'number' && boundary > (boundaries[i - 1] ?? -Infinity)) return
    const expected = 'ascending numbers of steps'
    fail('argument.range', { op, argument: 'boundaries', expected, got: boundaries })
  })
  if (values.length !== boundaries.length + 1) {
    const expected = `${boundaries.length + 1} learning rates, one more than boundaries`
    fail('argument.range', { op, argument: 'values', expected, got: values })
  }
  const schedule = (step: Tensor) =>
    boundaries.reduceRight(
      (later, boundary, i) => where(lessEqual(step, boundary), values[i] as number, later),
      toTensor(op, values.at(-1) as number),
    )
  return describe(schedule, op, config)
}

export interface PolynomialDecayConfig {
  readonly initialLearningRate: number
  /** After how many steps `endLearningRate` is reached. */
  readonly decaySteps: number
  /** Default 0.0001. */
  readonly endLearningRate?: number
  /** Default 1, a straight line. */
  readonly power?: number
  /** Whether it starts anew, over twice, three times … the steps, once the end is reached (default false: it stays there). */
  readonly cycle?: boolean
}

/**
 * From initialLearningRate to endLearningRate, by (1 - step / decaySteps)^power.
 *
 * @throws argument.range, argument.type, argument.unknown
 */
export function polynomialDecay(config: PolynomialDecayConfig): Schedule & Described {
  const op = 'polynomialDecay'
  checkOptions(op, config, ['initialLearningRate', 'decaySteps', 'endLearningRate', 'power', 'cycle'])
  const {
    initialLearningRate,
    decaySteps,
    endLearningRate = 1e-4,
    power: exponent = 1,
    cycle = false,
  } = config
  checkInterval(op, 'initialLearningRate', initialLearningRate, { minimum: 0 })
  checkPositive(op, 'decaySteps', decaySteps)
  checkInterval(op, 'endLearningRate', endLearningRate, { minimum: 0 })
  checkInterval(op, 'power', exponent, { minimum: 0 })
  checkBoolean(op, 'cycle', cycle)
  const schedule = (step: Tensor) => {
    const share = cycle
      ? divide(step, multiply(maximum(ceil(divide(step, decaySteps)), 1), decaySteps))
      : divide(minimum(step, decaySteps), decaySteps)
    const left = power(subtract(1, share), exponent)
    return add(multiply(left, initialLearningRate - endLearningRate), endLearningRate)
  }
  return describe(schedule, op, config)
}
