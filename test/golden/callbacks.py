"""What Keras's callbacks do in trainings whose logs are scripted: when they stop, what they restore, how they set the learning rate."""
from types import SimpleNamespace

from keras_float64 import float64, keras
from training import hashed

SEQUENCES = {
    "falling": [1.0, 0.8, 0.7, 0.65, 0.64, 0.639, 0.6389, 0.6388, 0.5],
    "rising": [0.1, 0.3, 0.2, 0.4, 0.5],
    "flat": [0.5] * 8,
    "late": [0.9, 0.95, 0.99, 0.97, 0.2, 0.3, 0.1, 0.4, 0.5, 0.6, 0.7],
    "random": [round(float(value), 3) for value in hashed(24, 1)],
}

EARLY_STOPPING = [
    {},
    {"patience": 1},
    {"patience": 3},
    {"patience": 2, "minDelta": 0.05},
    {"patience": 2, "minDelta": -0.05},
    {"patience": 1, "mode": "max"},
    {"patience": 2, "mode": "max", "minDelta": 0.1},
    {"patience": 2, "baseline": 0.6},
    {"patience": 1, "baseline": 0.35, "mode": "max"},
    {"patience": 1, "restoreBestWeights": True},
    {"patience": 2, "restoreBestWeights": True, "startFromEpoch": 3},
    {"startFromEpoch": 4},
    {"patience": 2, "restoreBestWeights": True, "baseline": 0.05},
]

REDUCE_LR = [
    {"patience": 1},
    {"patience": 2, "factor": 0.5},
    {"patience": 1, "factor": 0.5, "cooldown": 2},
    {"patience": 1, "factor": 0.5, "minLr": 0.02},
    {"patience": 1, "factor": 0.5, "minDelta": 0.1},
    {"patience": 1, "factor": 0.5, "mode": "max", "minDelta": 0},
    {"patience": 0, "factor": 0.9},
]


def snake(config):
    convert = lambda key: "".join("_" + c.lower() if c.isupper() else c for c in key)
    return {convert(key): value for key, value in config.items()}


def early_stopping(config, values):
    weights = {"now": None}
    model = SimpleNamespace(stop_training=False, get_weights=lambda: weights["now"], metrics=[])
    model.set_weights = lambda given: weights.update(now=given)
    callback = keras.callbacks.EarlyStopping(**snake(config))
    callback.set_model(model)
    callback.on_train_begin()
    epochs = 0
    for epoch, value in enumerate(values):
        weights["now"] = epoch
        callback.on_epoch_end(epoch, {"val_loss": value})
        epochs += 1
        if model.stop_training:
            break
    callback.on_train_end()
    return {"epochs": epochs, "stopped": callback.stopped_epoch, "best": callback.best_epoch, "weights": weights["now"]}


def reduce_lr(config, values):
    model = SimpleNamespace(optimizer=SimpleNamespace(learning_rate=0.1), metrics=[])
    callback = keras.callbacks.ReduceLROnPlateau(**snake(config))
    callback.set_model(model)
    callback.on_train_begin()
    rates = []
    for epoch, value in enumerate(values):
        callback.on_epoch_end(epoch, {"val_loss": value})
        rates.append(model.optimizer.learning_rate)
    return {"rates": rates}


def watch_all():
    runs = [("earlyStopping", early_stopping, EARLY_STOPPING), ("reduceLROnPlateau", reduce_lr, REDUCE_LR)]
    # Keras compares in its default precision; the logs here are float64.
    with float64():
        return [
            {"callback": name, "config": config, "values": values, **run(config, values)}
            for name, run, configs in runs
            for config in configs
            for values in SEQUENCES.values()
        ]
