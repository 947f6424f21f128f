"""The distributions of Keras's initial weights, as quantiles of many draws."""
import os

import numpy as np

os.environ.setdefault("KERAS_BACKEND", "torch")
import keras  # noqa: E402

INITIALIZERS = {"glorotUniform": keras.initializers.GlorotUniform, "heNormal": keras.initializers.HeNormal}
SHAPES = [(300, 200), (3, 3, 40, 160)]
SEEDS = range(20)
PROBABILITIES = [0.001, 0.01, *(k / 20 for k in range(1, 20)), 0.99, 0.999]


def quantiles(initializer, shape):
    draws = [keras.ops.convert_to_numpy(initializer(seed=seed)(shape)).ravel() for seed in SEEDS]
    return np.quantile(np.concatenate(draws).astype(np.float64), PROBABILITIES).tolist()


def draw_all():
    return [
        {"initializer": name, "shape": shape, "probabilities": PROBABILITIES, "quantiles": quantiles(make, shape)}
        for name, make in INITIALIZERS.items()
        for shape in SHAPES
    ]
