"""Values and gradients of keras.activations in float64, at kinks too."""
import torch
from keras64 import array, camel, camel_keys, float64, keras, np, numpy

# Both sides of every kink, and the kinks.
POINTS = np.array([-7, -3.5, -3, -2.25, -1, -0.75, -0.5, -0.125, 0, 0.25, 0.5, 0.875, 1, 1.5, 3, 4.5, 7, 12])

CASES = [
    *[(name, {}) for name in sorted({f.__name__ for f in keras.src.activations.ALL_OBJECTS} - {"threshold"})],
    ("relu", {"negative_slope": 0.25}),
    ("relu", {"max_value": 4.5}),
    ("relu", {"threshold": 0.5}),
    ("relu", {"negative_slope": 0.25, "max_value": 3.0, "threshold": 1.0}),
    ("leaky_relu", {"negative_slope": 0.5}),
    ("elu", {"alpha": 0.5}),
    ("celu", {"alpha": 0.5}),
    ("gelu", {"approximate": True}),
    ("glu", {"axis": 0}),
    ("hard_shrink", {"threshold": 1.0}),
    ("soft_shrink", {"threshold": 1.0}),
    ("log_softmax", {"axis": 0}),
    ("softmax", {"axis": 0}),
    ("sparsemax", {"axis": 0}),
    ("squareplus", {"b": 0.5}),
    ("threshold", {"threshold": 0.5, "default_value": -2.0}),
]


def answer(name, options):
    x = torch.tensor(POINTS.reshape(2, 9) if options.get("axis") == 0 else POINTS, requires_grad=True)
    # PyTorch's gradient of the hard sigmoid has the 1/6 of float32.
    hard = name == "hard_sigmoid"
    y = torch.nn.functional.relu6(x + 3) / 6 if hard else getattr(keras.activations, name)(x, **options)
    assert y.dtype == torch.float64, name
    if y.requires_grad:
        (y * torch.arange(1, y.numel() + 1).reshape(y.shape)).sum().backward()
    return {
        "activation": camel(name),
        "config": camel_keys(options),
        "x": array(numpy(x)),
        "y": array(numpy(y)),
        "gradient": array(numpy(x.grad)),
    }


def answer_activations():
    with float64():
        return [answer(*case) for case in CASES]
