/** The metrics, as `lw.metrics`. */
export { accuracy } from './accuracy.js'
export { MeanMetric, Metric } from './metric.js'
export type { MetricFunction, MetricName } from './registry.js'
