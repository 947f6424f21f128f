import { checkInterval, checkOptions } from '../options.js'
import { l1l2 } from '../regularizers/regularizers.js'
import type { Tensor } from '../tensor.js'
import { Layer, type LayerConfig, layerOptions } from './layer.js'

export interface ActivityRegularizationConfig extends Omit<LayerConfig, 'activityRegularizer'> {
  /** The factor of the sum of magnitudes (default 0). */
  readonly l1?: number
  /** The factor of the sum of squares (default 0). */
  readonly l2?: number
}

/** Gives its input, and adds a penalty on it to the loss. */
export class ActivityRegularization extends Layer {
  static readonly className = 'activityRegularization'
  override supportsMasking = true
  readonly l1: number
  readonly l2: number

  constructor(config: ActivityRegularizationConfig = {}) {
    const known = layerOptions.filter((option) => option !== 'activityRegularizer')
    checkOptions('activityRegularization', config, [...known, 'l1', 'l2'])
    const { l1 = 0, l2 = 0, ...rest } = config
    checkInterval('activityRegularization', 'l1', l1, { minimum: 0 })
    checkInterval('activityRegularization', 'l2', l2, { minimum: 0 })
    super({ ...rest, activityRegularizer: l1l2({ l1, l2 }) })
    this.l1 = l1
    this.l2 = l2
  }

  override call(x: Tensor): Tensor {
    return x
  }

  override getConfig(): Record<string, unknown> {
    const { activityRegularizer: _, ...config } = super.getConfig()
    return { ...config, l1: this.l1, l2: this.l2 }
  }
}

/**
 * Gives its input, and adds l1 · Σ|x| + l2 · Σx² to the loss of training, divided by the batch size.
 *
 * @throws argument.range, argument.unknown
 */
export function activityRegularization(config: ActivityRegularizationConfig = {}): ActivityRegularization {
  return new ActivityRegularization(config)
}
