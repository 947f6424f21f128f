import type { Described } from '../../described.js'
import type { Tensor } from '../../tensor.js'

/**
 * The learning rate as a function of the number of steps made before, a float32 scalar: made of ops, so that it runs within the program of a
 * step. What `lw.optimizers.schedules` gives, or any function.
 */
export interface Schedule extends Partial<Described> {
  (step: Tensor): Tensor
}
