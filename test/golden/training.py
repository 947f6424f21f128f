"""Three small networks trained in float64, from the weights and data of a formula."""
import math

import numpy as np
import torch
import torch.nn.functional as F

STEPS = 20


def hashed(n, stream):
    """n numbers in [0, 1) from their positions and a stream: the same as in ts/ops/samples.ts."""
    mask = 0xFFFFFFFF
    h = (np.arange(n, dtype=np.uint64) + 1 + stream * 0x9E3779B1) & mask
    h = h * 2654435761 & mask
    h = (h ^ (h >> 15)) * 2246822519 & mask
    h = (h ^ (h >> 13)) * 3266489917 & mask
    return (h ^ (h >> 16)).astype(np.float64) / 2**32


def formula(shape, low, high, stream):
    values = (low + (high - low) * hashed(math.prod(shape), stream)).astype(np.float32)
    return torch.from_numpy(values.astype(np.float64).reshape(shape))


def parameters(units):
    """Kernels [in, out] and biases, as leaves."""
    made = []
    for layer, shape in enumerate(zip(units, units[1:])):
        limit = math.sqrt(6 / shape[0])
        made.append(formula(shape, -limit, limit, layer).requires_grad_())
        made.append(torch.zeros(shape[1]).requires_grad_())
    return made


def forward(x, weights, activations):
    for kernel, bias, activation in zip(weights[::2], weights[1::2], activations):
        x = activation(x @ kernel + bias)
    return x


class KerasAdam:
    """Adam as Keras 3 computes it: epsilon is added to the root of the uncorrected second moment."""

    def __init__(self, weights, rate, beta1=0.9, beta2=0.999, epsilon=1e-7):
        self.weights, self.rate, self.betas, self.epsilon, self.steps = weights, rate, (beta1, beta2), epsilon, 0
        self.moments = [(torch.zeros_like(w), torch.zeros_like(w)) for w in weights]

    def step(self):
        self.steps += 1
        beta1, beta2 = self.betas
        alpha = self.rate * math.sqrt(1 - beta2**self.steps) / (1 - beta1**self.steps)
        with torch.no_grad():
            for w, (m, v) in zip(self.weights, self.moments):
                m += (w.grad - m) * (1 - beta1)
                v += (w.grad**2 - v) * (1 - beta2)
                w -= m * alpha / (v.sqrt() + self.epsilon)


identity = lambda x: x
classes = lambda n, k: torch.arange(n) % k

NETWORKS = {
    "relu, crossentropy, Adam": lambda: {
        "units": [16, 24, 12, 5],
        "activations": [torch.relu, torch.relu, identity],
        "x": formula((20, 16), 0, 1, 1000),
        "loss": lambda output: F.cross_entropy(output, classes(20, 5)),
        "optimizer": lambda weights: KerasAdam(weights, 3e-3),
    },
    "tanh and sigmoid, squared error, Nesterov": lambda: {
        "units": [8, 12, 10, 3],
        "activations": [torch.tanh, torch.sigmoid, identity],
        "x": formula((16, 8), -1, 1, 1000),
        "loss": lambda output: F.mse_loss(output, formula((16, 3), -1, 1, 1001)),
        "optimizer": lambda weights: torch.optim.SGD(weights, lr=0.05, momentum=0.9, nesterov=True),
    },
    "deeper, crossentropy, gradient descent": lambda: {
        "units": [10, 16, 16, 16, 16, 4],
        "activations": [torch.tanh, torch.relu, torch.tanh, torch.relu, identity],
        "x": formula((24, 10), -1, 1, 1000),
        "loss": lambda output: F.cross_entropy(output, classes(24, 4)),
        "optimizer": lambda weights: torch.optim.SGD(weights, lr=0.1),
    },
}


def train(network):
    weights = parameters(network["units"])
    optimizer = network["optimizer"](weights)
    losses = []
    for _ in range(STEPS):
        for w in weights:
            w.grad = None
        loss = network["loss"](forward(network["x"], weights, network["activations"]))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def train_all():
    return [{"name": name, "losses": train(make())} for name, make in NETWORKS.items()]
