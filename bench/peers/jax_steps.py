"""Times training steps of the MLP workloads on JAX's CPU, jitted: jax_steps.py [--threads N] [--seconds S] [WORKLOAD ...]

Prints the lines of `npm run -s bench -- steps`, with the same fields. XLA takes every core that it may: `--threads` says how many these are,
and taskset or the like sees to it. A step writes the new weights and moments where the old ones were.
"""

import os

import jax
import jax.numpy as jnp

from workloads import DENSE, arguments, data, kernels, time_workloads


def adam(weight, gradient, m, v, step):
    m = 0.9 * m + 0.1 * gradient
    v = 0.999 * v + 0.001 * gradient**2
    change = 1e-3 * (m / (1 - 0.9**step)) / (jnp.sqrt(v / (1 - 0.999**step)) + 1e-8)
    return weight - change, m, v


def momentum(weight, gradient, velocity, step):
    velocity = 0.9 * velocity + gradient
    return weight - 0.1 * velocity, velocity


def training_step(units, batch, optimizer_name):
    update, moments = (adam, 2) if optimizer_name == "adam" else (momentum, 1)
    weights = [(jnp.array(kernel), jnp.zeros(kernel.shape[1])) for kernel in kernels(units)]
    leaves, structure = jax.tree_util.tree_flatten(weights)
    # Each weight with its moments: buffers of their own, since the step gives them up.
    state = [(leaf, *(jnp.zeros_like(leaf) for _ in range(moments))) for leaf in leaves]
    x, y = map(jnp.array, data(units[:1], units[-1], batch))

    def loss_of(leaves):
        output = x
        *hidden, last = jax.tree_util.tree_unflatten(structure, leaves)
        for kernel, bias in hidden:
            output = jax.nn.relu(output @ kernel + bias)
        logits = output @ last[0] + last[1]
        return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(logits), y[:, None], 1))

    def one_step(state, count):
        loss, gradients = jax.value_and_grad(loss_of)([weight for weight, *_ in state])
        pairs = zip(state, gradients)
        return [update(weight, gradient, *slots, count) for (weight, *slots), gradient in pairs], count + 1, loss

    jitted = jax.jit(one_step, donate_argnums=(0, 1))
    count = jnp.float32(1)

    def step():
        nonlocal state, count
        state, count, loss = jax.block_until_ready(jitted(state, count))
        return float(loss)

    return step


if __name__ == "__main__":
    steps = {name: lambda workload=workload: training_step(*workload) for name, workload in DENSE.items()}
    time_workloads(f"jax-{jax.__version__}-jit", steps, arguments(os.cpu_count()))
