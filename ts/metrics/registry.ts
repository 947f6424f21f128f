import { fromRegistry, type Serialized } from '../described.js'
import { refuseFactory } from '../options.js'
import type { Tensor } from '../tensor.js'
import { accuracy } from './accuracy.js'
import { MeanMetric, Metric } from './metric.js'

const metrics = { accuracy } as const

/** The metrics that `compile` knows by name. */
export type MetricName = keyof typeof metrics

/** A metric as a plain function: one value for each sample, or one for the batch. */
export type MetricFunction = (yTrue: Tensor, yPred: Tensor) => Tensor

/** What `compile` takes for a metric: a name, an object, a function whose values are averaged, or the serialized form. */
export type MetricIdentifier = MetricName | Metric | MetricFunction | Serialized

/** A metric by its name, as an object, in serialized form, or as a function whose values are averaged. */
export function getMetric(given: MetricIdentifier): Metric {
  if (given instanceof Metric) return given
  refuseFactory('metric', given, metrics)
  if (typeof given === 'function') return new MeanMetric(given.name || 'metric', given)
  const made = fromRegistry<Metric | MetricFunction>('metric', given, metrics)
  return made instanceof Metric ? made : getMetric(made)
}
