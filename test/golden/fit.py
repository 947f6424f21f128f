"""The History of Keras's fit in float64, on models of several outputs, of weighted samples and classes, and of masks.

fit.test.ts builds the same models. Names are as layerwise spells them.
"""
import numpy as np
from keras_float64 import float64, keras
from training import formula

ops = keras.ops


def data(shape, stream, low=-1.0, high=1.0):
    return formula(tuple(shape), low, high, stream).numpy()


def weights(*model):
    """The initializers of a kernel and a bias."""
    return {
        "kernel_initializer": lambda shape, dtype=None: ops.convert_to_tensor(data(shape, model[0], -0.6, 0.6)),
        "bias_initializer": lambda shape, dtype=None: ops.convert_to_tensor(data(shape, model[0] + 1, -0.3, 0.3)),
    }


def absoluteError(y_true, y_pred):
    return ops.mean(ops.abs(y_true - y_pred), axis=-1)


def two_outputs():
    a, b = keras.Input((5,), name="a"), keras.Input((3,), name="b")
    shared = keras.layers.Dense(4, activation="tanh", **weights(10))
    left = shared(keras.layers.Dense(5, **weights(12))(a))
    right = shared(keras.layers.Dense(5, kernel_regularizer=keras.regularizers.L2(0.01), **weights(14))(b))
    both = keras.layers.Add()([left, right])
    kind = keras.layers.Dense(3, activation="softmax", name="kind", **weights(16))(both)
    size = keras.layers.Dense(2, name="size", **weights(18))(both)
    return keras.Model([a, b], [kind, size])


X = {"a": lambda: data((13, 5), 1), "b": lambda: data((13, 3), 2)}
KIND, SIZE = lambda: np.arange(13) * 7 % 3, lambda: data((13, 2), 3)
LOSSES = {"kind": "sparse_categorical_crossentropy", "size": "mean_squared_error"}
METRICS = {"kind": ["accuracy"], "size": [absoluteError]}


def optimizer():
    return keras.optimizers.SGD(learning_rate=0.1, momentum=0.9)


def lossWeights():
    model = two_outputs()
    model.compile(optimizer(), loss=LOSSES, loss_weights={"kind": 0.5, "size": 2.0}, metrics=METRICS)
    x = [make() for make in X.values()]
    return model.fit(x, [KIND(), SIZE()], epochs=3, batch_size=5, shuffle=False, validation_split=0.3, verbose=0)


def sampleWeights():
    model = two_outputs()
    model.compile(optimizer(), loss=LOSSES, metrics=METRICS, weighted_metrics=METRICS)
    x = [make() for make in X.values()]
    weight = [data((13,), 4, 0, 2), data((13,), 5, 0, 2)]
    return model.fit(x, [KIND(), SIZE()], sample_weight=weight, epochs=3, batch_size=4, shuffle=False, verbose=0)


def classifier():
    model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(3, activation="softmax", **weights(20))])
    model.compile(
        optimizer(), loss="sparse_categorical_crossentropy", metrics=["accuracy"], weighted_metrics=[sparse]
    )
    return model


def sparse(y_true, y_pred):
    return keras.losses.sparse_categorical_crossentropy(y_true, y_pred)


def classWeights():
    return classifier().fit(
        X["a"](), KIND(), class_weight={0: 1.0, 1: 3.0}, epochs=3, batch_size=5, shuffle=False, verbose=0,
        validation_split=0.3,
    )  # fmt: skip


def masks():
    """Steps of zeros are masked; steps are weighted too."""
    x, y = data((9, 4, 3), 6), data((9, 4, 2), 7)
    x[np.arange(9), np.arange(9) % 4] = 0
    x[3, 2:] = 0
    model = keras.Sequential(
        [
            keras.Input((4, 3)),
            keras.layers.Masking(),
            keras.layers.Dense(4, activation="tanh", **weights(22)),
            keras.layers.Dense(2, **weights(24)),
        ]
    )
    # Weighted metrics would see weights that the loss has changed in place: a defect of Keras's PyTorch back end.
    model.compile(optimizer(), loss="mean_squared_error", metrics=[absoluteError])
    weight = data((9, 4), 8, 0, 2)
    return model.fit(x, y, sample_weight=weight, epochs=3, batch_size=4, shuffle=False, verbose=0)


def fit_all():
    with float64():
        runs = {run.__name__: run().history for run in (lossWeights, sampleWeights, classWeights, masks)}
    # Keras calls metrics that are functions by their names in snake case.
    named = lambda key: key.replace("absolute_error", absoluteError.__name__)
    return [
        {"name": name, "history": {named(key): values for key, values in history.items()}}
        for name, history in runs.items()
    ]
