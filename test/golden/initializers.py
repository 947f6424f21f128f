"""The distributions of Keras's initial weights, as quantiles of many draws."""
from keras64 import camel, camel_keys, keras, np

CASES = [
    ("GlorotUniform", {}),
    ("GlorotNormal", {}),
    ("HeUniform", {}),
    ("HeNormal", {}),
    ("LecunUniform", {}),
    ("LecunNormal", {}),
    ("RandomUniform", {"minval": -0.5, "maxval": 1.5}),
    ("RandomNormal", {"mean": 0.5, "stddev": 2.0}),
    ("TruncatedNormal", {}),
    ("VarianceScaling", {"scale": 3.0, "mode": "fan_out", "distribution": "untruncated_normal"}),
    ("VarianceScaling", {"mode": "fan_avg", "distribution": "uniform"}),
    ("Orthogonal", {"gain": 2.0}),
]
SHAPES = [(300, 200), (3, 3, 40, 160)]
SEEDS = range(8)
PROBABILITIES = [0.001, 0.01, *(k / 20 for k in range(1, 20)), 0.99, 0.999]


def quantiles(initializer, options, shape):
    make = getattr(keras.initializers, initializer)
    draws = [keras.ops.convert_to_numpy(make(**options, seed=seed)(shape)).ravel() for seed in SEEDS]
    return np.quantile(np.concatenate(draws).astype(np.float64), PROBABILITIES).tolist()


def camel_values(options):
    return camel_keys({key: camel(value) if isinstance(value, str) else value for key, value in options.items()})


def draw_all():
    return [
        {
            "initializer": camel(name),
            "config": camel_values(options),
            "shape": shape,
            "probabilities": PROBABILITIES,
            "quantiles": quantiles(name, options, shape),
        }
        for name, options in CASES
        for shape in SHAPES
    ]
