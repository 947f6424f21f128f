"""Values and gradients of Keras's regularizers, and what its constraints make of weights, in float64."""
import torch
from keras64 import array, camel, camel_keys, float64, formula, keras, numpy

REGULARIZERS = [
    ("L1", {}),
    ("L1", {"l1": 0.3}),
    ("L2", {}),
    ("L2", {"l2": 0.3}),
    ("L1L2", {"l1": 0.2, "l2": 0.1}),
    ("OrthogonalRegularizer", {}),
    ("OrthogonalRegularizer", {"factor": 0.5, "mode": "columns"}),
]
CONSTRAINTS = [
    ("MaxNorm", {}),
    ("MaxNorm", {"max_value": 1.5, "axis": 1}),
    ("MaxNorm", {"max_value": 1, "axis": [0, 1]}),
    ("MinMaxNorm", {}),
    ("MinMaxNorm", {"min_value": 1.5, "max_value": 2, "rate": 0.7, "axis": 1}),
    ("NonNeg", {}),
    ("UnitNorm", {}),
    ("UnitNorm", {"axis": [0, 1]}),
]
NAMES = {"L1": "l1", "L2": "l2", "L1L2": "l1l2"}


def data(name):
    # Orthogonality is one of matrices.
    return formula((5, 3) if "Orthogonal" in name else (5, 3, 2), -1.5, 1.5, 3)


def penalize(name, options):
    weight = torch.tensor(data(name), requires_grad=True)
    regularizer = getattr(keras.regularizers, name)(**options)
    for key in ("l1", "factor"):  # Tensors, which are float32.
        if hasattr(regularizer, key):
            setattr(regularizer, key, float(options.get(key, 0.01)))
    penalty = regularizer(weight)
    penalty.backward()
    return {
        "className": NAMES.get(name, camel(name)),
        "config": camel_keys(options),
        "weight": array(data(name)),
        "value": array(numpy(penalty.detach())),
        "gradient": array(numpy(weight.grad)),
    }


def constrain(name, options):
    given = {key: tuple(value) if isinstance(value, list) else value for key, value in options.items()}
    weight = data(name)
    return {
        "className": camel(name),
        "config": camel_keys(options),
        "weight": array(weight),
        "value": array(numpy(getattr(keras.constraints, name)(**given)(torch.tensor(weight)))),
    }


def answer_regularizers():
    with float64():
        return [penalize(*case) for case in REGULARIZERS]


def answer_constraints():
    with float64():
        return [constrain(*case) for case in CONSTRAINTS]
