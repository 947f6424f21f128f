import { type Described, describe } from '../described.js'
import { fail } from '../errors.js'
import { checkOptions } from '../options.js'
import type { Metric, MetricConfig } from './metric.js'

/**
 * A metric that a factory makes of a configuration with these options beside the name.
 *
 * @param direction which values are better, where that can be said: larger ones or smaller ones
 */
export function defineMetric<Config extends MetricConfig, M extends Metric>(
  className: string,
  config: Config,
  options: readonly string[],
  make: (name: string) => M,
  direction?: 'up' | 'down',
): M & Described {
  checkOptions(className, config, ['name', ...options])
  const { name = className } = config
  if (typeof name !== 'string' || name === '') {
    fail('argument.type', { op: className, argument: 'name', expected: 'a string', got: name })
  }
  const metric = make(name)
  return describe(direction ? Object.assign(metric, { direction }) : metric, className, config)
}
