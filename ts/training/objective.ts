import { isSerialized } from '../described.js'
import { fail } from '../errors.js'
import type { LossFunction } from '../losses/loss.js'
import { getLoss, type LossIdentifier } from '../losses/registry.js'
import type { Metric } from '../metrics/metric.js'
import { getMetric, type MetricIdentifier } from '../metrics/registry.js'
import { arrange, isByName } from '../models/arrange.js'
import { checkInterval } from '../options.js'

/** One for each output of a model: alone for a single output or for all, in an array, or by name; null for outputs that have none. */
export type PerOutput<T> = T | readonly (T | null)[] | { readonly [output: string]: T | null }

/** Metrics for each output: of a single output an array, of several an array of arrays or by name. */
export type Metrics =
  | readonly (MetricIdentifier | readonly MetricIdentifier[] | null)[]
  | { readonly [output: string]: MetricIdentifier | readonly MetricIdentifier[] | null }

/** What is asked of the outputs, as `compile` takes it. */
export interface ObjectiveConfig {
  /** A name, what a factory of `lw.losses` gave, or any function of targets and outputs; default: what layers add alone. */
  readonly loss?: PerOutput<LossIdentifier>
  /** What the losses are multiplied by in their sum (default 1 each). */
  readonly lossWeights?: PerOutput<number>
  /** Names, objects, or functions whose values are averaged (default none). They leave out what masks mark, and weight nothing. */
  readonly metrics?: Metrics
  /** Metrics that weight samples as the loss does. */
  readonly weightedMetrics?: Metrics
}

/** A metric of an output, under the name that logs give it. */
export interface Measured {
  readonly name: string
  readonly output: number
  readonly weighted: boolean
  readonly metric: Metric
}

/** What is asked of one output. */
export interface OutputObjective {
  readonly name: string
  readonly loss: LossFunction | undefined
  readonly lossWeight: number
}

/** What is asked of a model's outputs, in their order. */
export interface Objective {
  readonly outputs: readonly OutputObjective[]
  readonly measured: readonly Measured[]
}

/** Raises where a configuration cannot be one, whatever the outputs are called. */
export function checkObjective({ loss, metrics, weightedMetrics, lossWeights }: ObjectiveConfig): void {
  for (const [argument, given] of Object.entries({ metrics, weightedMetrics })) {
    if (given === undefined || Array.isArray(given) || isByName(given)) continue
    const expected = 'an array of names, metrics or functions, or an object of them by output'
    fail('argument.type', { op: 'compile', argument, expected, got: given })
  }
  const weights: unknown[] = isByName(lossWeights) ? Object.values(lossWeights) : [lossWeights ?? 1].flat()
  for (const weight of weights) checkInterval('compile', 'lossWeights', weight ?? 1, { minimum: -Infinity })
  for (const each of several(loss) ? Object.values(loss as object) : [loss]) if (each) getLoss(each)
}

/** The configuration for outputs of these names. */
export function resolveObjective(config: ObjectiveConfig, names: readonly string[]): Objective {
  const { loss, lossWeights } = config
  const losses = forEach<LossIdentifier>('loss', several(loss) ? loss : names.map(() => loss), names)
  const weights = forEach<number>(
    'lossWeights',
    typeof lossWeights === 'object' ? lossWeights : names.map(() => lossWeights ?? 1),
    names,
  )
  const outputs = names.map((name, i) => {
    const given = losses[i]
    return { name, loss: given == null ? undefined : getLoss(given), lossWeight: weights[i] ?? 1 }
  })
  return { outputs, measured: measuredOf(config, names) }
}

function measuredOf({ metrics, weightedMetrics }: ObjectiveConfig, names: readonly string[]): Measured[] {
  const measured: Measured[] = []
  const taken = new Set(['loss', ...names.map((name) => `${name}_loss`)])
  const add = (argument: string, given: Metrics | undefined, weighted: boolean): void => {
    for (const [output, identifiers] of metricsOf(argument, given, names).entries()) {
      for (const identifier of identifiers) {
        const metric = getMetric(identifier)
        if (measured.some((other) => other.metric === metric)) {
          const expected = 'objects that stand once each, since a metric has one state'
          fail('argument.range', { op: 'compile', argument, expected, got: metric })
        }
        const prefix = names.length > 1 ? `${names[output]}_` : ''
        const plain = prefix + metric.name
        const name = weighted && taken.has(plain) ? `${prefix}weighted_${metric.name}` : plain
        if (taken.has(name)) {
          const expected = "metrics of different names, none of them 'loss'"
          fail('argument.range', { op: 'compile', argument, expected, got: [...taken, name].slice(1) })
        }
        taken.add(name)
        measured.push({ name, output, weighted, metric })
      }
    }
  }
  add('metrics', metrics, false)
  add('weightedMetrics', weightedMetrics, true)
  return measured
}

/** The metrics of each output. Those of a single one may be given in any form. */
function metricsOf(
  argument: string,
  given: Metrics | undefined,
  names: readonly string[],
): MetricIdentifier[][] {
  if (given === undefined) return names.map(() => [])
  if (names.length === 1) {
    const all = isByName(given) ? forEach(argument, given, names) : given
    return [all.flat().filter((metric) => metric != null) as MetricIdentifier[]]
  }
  if (Array.isArray(given) && given.length === 0) return names.map(() => [])
  return forEach<MetricIdentifier | readonly MetricIdentifier[]>(argument, given, names).map((metrics) =>
    [metrics ?? []].flat(),
  ) as MetricIdentifier[][]
}

/** Whether losses are given one by one. */
function several(loss: ObjectiveConfig['loss']): boolean {
  return Array.isArray(loss) || (isByName(loss) && !isSerialized(loss))
}

function forEach<T>(argument: string, given: unknown, names: readonly string[]): (T | null | undefined)[] {
  const single = names.length === 1 && Array.isArray(given) && given.length === 1
  return arrange<T>('compile', argument, single ? { [names[0] as string]: given[0] } : given, names, {
    partial: true,
  })
}
