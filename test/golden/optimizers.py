"""Weights after six steps of Keras's optimizers, and its schedules at twelve steps, in float64."""
import torch
from keras64 import array, camel, camel_keys, float64, formula, keras, np, numpy

# The weights and gradients of optimizers.test.ts.
STEPS = 6
SHAPES = [(3, 2), (4,), (2, 1, 3)]
SCHEDULE = ("CosineDecay", {"initial_learning_rate": 0.0, "decay_steps": 4, "warmup_target": 0.1, "warmup_steps": 2})

OPTIMIZERS = [
    ("SGD", {}),
    ("SGD", {"learning_rate": 0.1, "momentum": 0.9}),
    ("SGD", {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True}),
    ("SGD", {"learning_rate": SCHEDULE}),
    ("SGD", {"learning_rate": 0.1, "weight_decay": 0.05}),
    ("SGD", {"learning_rate": 0.1, "use_ema": True, "ema_momentum": 0.7}),
    ("SGD", {"learning_rate": 0.1, "use_ema": True, "ema_momentum": 0.7, "ema_overwrite_frequency": 3}),
    ("SGD", {"learning_rate": 0.1, "momentum": 0.9, "gradient_accumulation_steps": 2}),
    ("SGD", {"learning_rate": SCHEDULE, "clipnorm": 0.5, "gradient_accumulation_steps": 4}),
    ("RMSprop", {}),
    ("RMSprop", {"learning_rate": 0.01, "rho": 0.8, "momentum": 0.5, "epsilon": 1e-3}),
    ("RMSprop", {"learning_rate": 0.01, "centered": True}),
    ("RMSprop", {"learning_rate": 0.01, "momentum": 0.5, "centered": True, "weight_decay": 0.01}),
    ("Adam", {}),
    ("Adam", {"learning_rate": 0.01, "beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-4}),
    ("Adam", {"learning_rate": 0.01, "amsgrad": True, "beta_2": 0.5}),
    ("Adam", {"learning_rate": 0.01, "weight_decay": 0.1, "global_clipnorm": 1.0}),
    ("Adam", {"learning_rate": 0.01, "gradient_accumulation_steps": 3, "use_ema": True}),
    ("AdamW", {"learning_rate": 0.01}),
    ("AdamW", {"learning_rate": 0.01, "weight_decay": 0.1, "clipvalue": 0.5}),
    ("Adagrad", {}),
    ("Adagrad", {"learning_rate": 0.1, "initial_accumulator_value": 0.5, "epsilon": 1e-3}),
    ("Adadelta", {}),
    ("Adadelta", {"learning_rate": 1.0, "rho": 0.8, "epsilon": 1e-3}),
    ("Adamax", {}),
    ("Adamax", {"learning_rate": 0.01, "beta_1": 0.8, "beta_2": 0.9}),
    ("Nadam", {}),
    ("Nadam", {"learning_rate": 0.01, "beta_1": 0.8, "beta_2": 0.9, "epsilon": 1e-3}),
    ("Ftrl", {}),
    (
        "Ftrl",
        {
            "learning_rate": 0.1,
            "learning_rate_power": -0.7,
            "initial_accumulator_value": 0.2,
            "l1_regularization_strength": 0.3,
            "l2_regularization_strength": 0.1,
            "l2_shrinkage_regularization_strength": 0.05,
            "beta": 0.2,
        },
    ),
    ("Lion", {}),
    ("Lion", {"learning_rate": 0.01, "beta_1": 0.7, "beta_2": 0.8, "weight_decay": 0.1}),
    ("Lamb", {}),
    ("Lamb", {"learning_rate": 0.01, "beta_1": 0.8, "beta_2": 0.9}),
]

SCHEDULES = [
    ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 5, "decay_rate": 0.7}),
    ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 5, "decay_rate": 0.7, "staircase": True}),
    ("InverseTimeDecay", {"initial_learning_rate": 0.1, "decay_steps": 4, "decay_rate": 0.5}),
    ("InverseTimeDecay", {"initial_learning_rate": 0.1, "decay_steps": 4, "decay_rate": 0.5, "staircase": True}),
    ("PiecewiseConstantDecay", {"boundaries": [2, 5, 30], "values": [1.0, 0.5, 0.1, 0.05]}),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 6}),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 6, "end_learning_rate": 0.01, "power": 2.0}),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 6, "power": 0.5, "cycle": True}),
    ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 9}),
    ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 20, "alpha": 0.1}),
    SCHEDULE,
    (
        "CosineDecay",
        {"initial_learning_rate": 0.01, "decay_steps": 7, "warmup_target": 0.1, "warmup_steps": 3, "alpha": 0.2},
    ),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 3}),
    (
        "CosineDecayRestarts",
        {"initial_learning_rate": 0.1, "first_decay_steps": 3, "t_mul": 1.5, "m_mul": 0.8, "alpha": 0.1},
    ),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 4, "t_mul": 1.0, "m_mul": 0.5}),
]
AT = [0, 1, 2, 3, 4, 5, 6, 8, 10, 13, 24, 40]


def schedule(name, options):
    return getattr(keras.optimizers.schedules, name)(**options)


def described(name, options):
    return {"className": camel(name), "config": camel_keys(options)}


def optimize(name, options):
    rate = options.get("learning_rate")
    scheduled = isinstance(rate, tuple)
    weights = [keras.Variable(formula(shape, -1, 1, i), dtype="float64") for i, shape in enumerate(SHAPES)]
    optimizer = getattr(keras.optimizers, name)(**{**options, "learning_rate": schedule(*rate)} if scheduled else options)
    gradients = [
        [formula(shape, -1, 1, 10 + STEPS * i + step) for i, shape in enumerate(SHAPES)] for step in range(STEPS)
    ]
    for step in gradients:
        optimizer.apply([torch.tensor(gradient) for gradient in step], weights)
    results = [array(numpy(weight.value)) for weight in weights]
    optimizer.finalize_variable_values(weights)
    return {
        "optimizer": camel(name) if name.isupper() is False and name not in ("RMSprop", "AdamW") else name.lower(),
        "config": {**camel_keys(options), **({"learningRate": described(*rate)} if scheduled else {})},
        "results": results,
        "final": [array(numpy(weight.value)) for weight in weights],
    }


def answer_optimizers():
    with float64():
        return [optimize(*case) for case in OPTIMIZERS]


def answer_schedules():
    with float64():
        return [
            {**described(*case), "at": AT, "rates": [float(schedule(*case)(np.float64(step))) for step in AT]}
            for case in SCHEDULES
        ]
