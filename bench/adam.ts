import * as lw from '../ts/index.js'

const { add, divide, multiply, power, sqrt, square, subtract } = lw.ops

const [learningRate, beta1, beta2, epsilon] = [1e-3, 0.9, 0.999, 1e-8]

/**
 * Adam with epsilon where Algorithm 1 of its paper, PyTorch and optax have it: added after the bias correction of the second moment. Keras, and
 * so `lw.optimizers.adam`, adds it before, which is the same work but moves weights with tiny gradients by less.
 */
export class AlgorithmOneAdam extends lw.optimizers.Optimizer {
  constructor() {
    super('adam', learningRate, ['momentum', 'velocity'])
  }

  protected override scalars(rate: lw.Tensor, step: lw.Tensor) {
    const correction1 = subtract(1, power(beta1, step))
    const correction2 = sqrt(subtract(1, power(beta2, step)))
    return {
      stepSize: divide(multiply(rate, correction2), correction1),
      epsilon: multiply(correction2, epsilon),
    }
  }

  protected override update(
    weight: lw.Tensor,
    gradient: lw.Tensor,
    slots: readonly lw.Tensor[],
    scalars: lw.optimizers.StepScalars,
  ): lw.optimizers.Update {
    const [momentum, velocity] = slots as [lw.Tensor, lw.Tensor]
    const { stepSize, epsilon } = scalars as Record<'stepSize' | 'epsilon', lw.Tensor>
    const m = add(momentum, multiply(subtract(gradient, momentum), 1 - beta1))
    const v = add(velocity, multiply(subtract(square(gradient), velocity), 1 - beta2))
    const change = divide(multiply(m, stepSize), add(sqrt(v), epsilon))
    return { weight: subtract(weight, change), slots: [m, v] }
  }
}
