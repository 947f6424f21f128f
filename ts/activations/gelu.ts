import { gelu as applyGelu } from '../ops/index.js'
import type { Tensor } from '../tensor.js'

/**
 * The Gaussian error linear unit, as {@link applyGelu lw.ops.gelu}, but exact by default, as in keras.activations.
 *
 * @throws argument.unknown, argument.type
 */
export function gelu(x: Tensor, options: { readonly approximate?: boolean } = {}): Tensor {
  return applyGelu(x, { approximate: false, ...options })
}
