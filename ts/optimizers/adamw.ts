import { Adam, type AdamConfig } from './adam.js'

/** Adam with decoupled weight decay (Loshchilov and Hutter, 2019). */
export class AdamW extends Adam {
  static override readonly className = 'adamw'

  constructor(config: AdamConfig = {}) {
    super({ weightDecay: 0.004, ...config }, 'adamw')
  }
}

/**
 * Adam, where each step also takes learningRate · weightDecay of each weight off it.
 *
 * @param config weightDecay (0.004), and what `adam` takes
 * @throws argument.range, argument.type, argument.unknown
 *
 * @example
 * const optimizer = lw.optimizers.adamw({ learningRate: 1e-3, weightDecay: 0.01 })
 * optimizer.excludeFromWeightDecay({ varNames: ['bias'] })
 */
export function adamw(config: AdamConfig = {}): AdamW {
  return new AdamW(config)
}
