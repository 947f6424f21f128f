"""The public names of Keras, by module; the aliases of one thing together."""
import importlib
import inspect
import os

os.environ.setdefault("KERAS_BACKEND", "torch")

MODULES = [
    "ops",
    "ops.image",
    "layers",
    "activations",
    "initializers",
    "regularizers",
    "constraints",
    "losses",
    "metrics",
    "optimizers",
    "optimizers.schedules",
    "callbacks",
    "random",
]


def names_of(module):
    aliases = {}
    for name, value in vars(importlib.import_module(f"keras.{module}")).items():
        if not name.startswith("_") and not inspect.ismodule(value):
            aliases.setdefault(id(value), []).append(name)
    return sorted(sorted(names) for names in aliases.values())


def list_all():
    return [{"module": module, "names": names_of(module)} for module in MODULES]
