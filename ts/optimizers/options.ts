import { fail } from '../errors.js'
import { checkBoolean, checkInteger, checkInterval } from '../options.js'
import { type ClippingConfig, checkClipping, clippingOptions } from './clipping.js'
import type { ScheduleIdentifier } from './schedules/registry.js'

/** What every optimizer can be given. */
export interface OptimizerConfig extends ClippingConfig {
  /** A number, or a schedule of `lw.optimizers.schedules`. The default is the optimizer's. */
  readonly learningRate?: number | ScheduleIdentifier
  /** How much of each weight, times the learning rate, is taken off in each step (default none). */
  readonly weightDecay?: number
  /** Whether a moving average of each weight is kept, which replaces it when `fit` ends (default false). */
  readonly useEma?: boolean
  /** The share of the former average that each step keeps (default 0.99). */
  readonly emaMomentum?: number
  /** After how many steps, again and again, the weights become their averages (default: only when `fit` ends). */
  readonly emaOverwriteFrequency?: number
  /** Over how many calls gradients are averaged before the weights move: 2 or more (default 1). */
  readonly gradientAccumulationSteps?: number
}

/** The keys of {@link OptimizerConfig}. */
export const optimizerOptions: readonly string[] = [
  'learningRate',
  'weightDecay',
  'useEma',
  'emaMomentum',
  'emaOverwriteFrequency',
  'gradientAccumulationSteps',
  ...clippingOptions,
]

/** What an optimizer does beside its rule. */
export interface StepOptions {
  readonly clipping: ClippingConfig
  readonly weightDecay: number | undefined
  readonly ema: { readonly momentum: number; readonly overwriteFrequency: number | undefined } | undefined
  readonly accumulation: number
}

/**
 * The options beside the rule, checked; other keys are ignored.
 *
 * @throws argument.range, argument.type
 */
export function checkStepOptions(op: string, config: OptimizerConfig): StepOptions {
  const { weightDecay, useEma = false, emaMomentum = 0.99, emaOverwriteFrequency } = config
  const { gradientAccumulationSteps: accumulation } = config
  if (weightDecay !== undefined) checkInterval(op, 'weightDecay', weightDecay, { minimum: 0 })
  checkBoolean(op, 'useEma', useEma)
  checkInterval(op, 'emaMomentum', emaMomentum, { minimum: 0, limit: 1 + Number.EPSILON })
  if (emaOverwriteFrequency !== undefined) {
    checkInteger(op, 'emaOverwriteFrequency', emaOverwriteFrequency, 1)
    if (!useEma) {
      const expected = 'left out unless useEma is true'
      fail('argument.range', { op, argument: 'emaOverwriteFrequency', expected, got: emaOverwriteFrequency })
    }
  }
  if (accumulation !== undefined) checkInteger(op, 'gradientAccumulationSteps', accumulation, 2)
  return {
    clipping: checkClipping(op, config),
    weightDecay,
    ema: useEma ? { momentum: emaMomentum, overwriteFrequency: emaOverwriteFrequency } : undefined,
    accumulation: accumulation ?? 1,
  }
}

/** The options as a configuration again. */
export function stepConfig({ clipping, weightDecay, ema, accumulation }: StepOptions): OptimizerConfig {
  return {
    ...clipping,
    ...(weightDecay !== undefined && { weightDecay }),
    ...(ema && { useEma: true, emaMomentum: ema.momentum }),
    ...(ema?.overwriteFrequency && { emaOverwriteFrequency: ema.overwriteFrequency }),
    ...(accumulation > 1 && { gradientAccumulationSteps: accumulation }),
  }
}
