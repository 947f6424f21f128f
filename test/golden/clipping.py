"""Keras's gradient descent with clipped gradients."""
import os

import numpy as np

os.environ.setdefault("KERAS_BACKEND", "torch")
import keras  # noqa: E402

OPTIONS = [
    {"clipnorm": 0.5},
    {"clipnorm": 100.0},
    {"clipvalue": 0.25},
    {"global_clipnorm": 0.5},
    {"global_clipnorm": 100.0},
]
WEIGHTS = [[0.5, -1.0, 2.0], [[1.0, 2.0], [-3.0, 0.25]], [0.75]]
GRADIENTS = [
    [[0.3, -0.4, 1.2], [[0.1, 0.2], [-0.3, 0.05]], [-2.0]],
    [[0.0, 0.0, 0.0], [[0.5, -0.5], [0.5, 0.5]], [0.1]],
]


def descend(options):
    weights = [keras.Variable(np.array(w, dtype="float32")) for w in WEIGHTS]
    optimizer = keras.optimizers.SGD(learning_rate=1.0, **options)
    for gradients in GRADIENTS:
        optimizer.apply([keras.ops.convert_to_tensor(np.array(g, dtype="float32")) for g in gradients], weights)
    return [keras.ops.convert_to_numpy(w.value).astype(np.float64).tolist() for w in weights]


def clip_all():
    names = {"global_clipnorm": "globalClipnorm"}
    spelt = [{names.get(key, key): value for key, value in options.items()} for options in OPTIONS]
    return [
        {"options": options, "weights": WEIGHTS, "gradients": GRADIENTS, "results": descend(given)}
        for options, given in zip(spelt, OPTIONS)
    ]
