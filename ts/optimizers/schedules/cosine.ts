import { type Described, describe } from '../../described.js'
import { fail } from '../../errors.js'
import {
  add,
  cos,
  divide,
  floor,
  less,
  log,
  minimum,
  multiply,
  power,
  subtract,
  where,
} from '../../ops/index.js'
import { checkInterval, checkOptions, checkPositive } from '../../options.js'
import type { Tensor } from '../../tensor.js'
import type { Schedule } from './schedule.js'

export interface CosineDecayConfig {
  /** Where the warm-up starts; without one, where the decay starts. */
  readonly initialLearningRate: number
  /** How many steps the decay takes, after the warm-up. */
  readonly decaySteps: number
  /** The share of the learning rate that is left in the end (default 0). */
  readonly alpha?: number
  /** Where a linear warm-up ends and the decay starts (default: no warm-up). */
  readonly warmupTarget?: number
  /** How many steps the warm-up takes (default 0). */
  readonly warmupSteps?: number
}

/**
 * Loshchilov and Hutter's decay (2016) by half a period of the cosine, after a linear warm-up if there is one.
 *
 * @throws argument.range, argument.unknown
 *
 * @example
 * lw.optimizers.schedules.cosineDecay({ initialLearningRate: 0, warmupTarget: 1e-3, warmupSteps: 100, decaySteps: 1000 })
 */
export function cosineDecay(config: CosineDecayConfig): Schedule & Described {
  const op = 'cosineDecay'
  checkOptions(op, config, ['initialLearningRate', 'decaySteps', 'alpha', 'warmupTarget', 'warmupSteps'])
  const { initialLearningRate, decaySteps, alpha = 0, warmupTarget, warmupSteps = 0 } = config
  checkInterval(op, 'initialLearningRate', initialLearningRate, { minimum: 0 })
  checkPositive(op, 'decaySteps', decaySteps)
  checkInterval(op, 'alpha', alpha, { minimum: 0 })
  checkInterval(op, 'warmupSteps', warmupSteps, { minimum: 0 })
  if (warmupTarget !== undefined) checkInterval(op, 'warmupTarget', warmupTarget, { minimum: 0 })
  if (warmupTarget === undefined && warmupSteps > 0) {
    const expected = 'left out, or given together with warmupTarget'
    fail('argument.range', { op, argument: 'warmupSteps', expected, got: warmupSteps })
  }
  const decayed = (step: Tensor, from: number) =>
    multiply(lowered(divide(minimum(step, decaySteps), decaySteps), 1, alpha), from)
  const schedule = (step: Tensor) => {
    if (warmupTarget === undefined) return decayed(step, initialLearningRate)
    const later = decayed(subtract(step, warmupSteps), warmupTarget)
    if (warmupSteps === 0) return later
    const slope = (warmupTarget - initialLearningRate) / warmupSteps
    return where(less(step, warmupSteps), add(multiply(step, slope), initialLearningRate), later)
  }
  return describe(schedule, op, config)
}

export interface CosineDecayRestartsConfig {
  readonly initialLearningRate: number
  /** How many steps the first period takes. */
  readonly firstDecaySteps: number
  /** How many times longer each period is than the one before (default 2). */
  readonly tMul?: number
  /** What the learning rate is multiplied by at each restart (default 1). */
  readonly mMul?: number
  /** The share of the learning rate that is left at the end of a period (default 0). */
  readonly alpha?: number
}

/**
 * Loshchilov and Hutter's decay (2016) by half a period of the cosine, again and again.
 *
 * @throws argument.range, argument.unknown
 */
export function cosineDecayRestarts(config: CosineDecayRestartsConfig): Schedule & Described {
  const op = 'cosineDecayRestarts'
  checkOptions(op, config, ['initialLearningRate', 'firstDecaySteps', 'tMul', 'mMul', 'alpha'])
  const { initialLearningRate, firstDecaySteps, tMul = 2, mMul = 1, alpha = 0 } = config
  checkInterval(op, 'initialLearningRate', initialLearningRate, { minimum: 0 })
  checkPositive(op, 'firstDecaySteps', firstDecaySteps)
  checkInterval(op, 'tMul', tMul, { minimum: 1 })
  checkPositive(op, 'mMul', mMul)
  checkInterval(op, 'alpha', alpha, { minimum: 0 })
  const schedule = (step: Tensor) => {
    const periods = divide(step, firstDecaySteps)
    if (tMul === 1) {
      const restarts = floor(periods)
      return multiply(lowered(subtract(periods, restarts), power(mMul, restarts), alpha), initialLearningRate)
    }
    // The periods before restart n take (tMul^n - 1) / (tMul - 1) times the first one.
    const restarts = floor(divide(log(add(multiply(periods, tMul - 1), 1)), Math.log(tMul)))
    const length = power(tMul, restarts)
    const share = divide(subtract(periods, divide(subtract(length, 1), tMul - 1)), length)
    return multiply(lowered(share, power(mMul, restarts), alpha), initialLearningRate)
  }
  return describe(schedule, op, config)
}

/** From `factor` down to alpha, by half a period of the cosine. */
function lowered(share: Tensor, factor: Tensor | number, alpha: number): Tensor {
  const cosine = multiply(add(cos(multiply(share, Math.PI)), 1), 0.5)
  return add(multiply(multiply(cosine, factor), 1 - alpha), alpha)
}
