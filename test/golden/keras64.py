"""What the fixtures from Keras have in common: float64, names in camelCase, and data of a formula."""
import contextlib
import math
import os
import re

import numpy as np

os.environ.setdefault("KERAS_BACKEND", "torch")
import keras  # noqa: E402
from keras.src.backend.common import dtypes  # noqa: E402

from training import hashed  # noqa: E402


def result_type(*types):
    """Keras's rule of dtypes, but for float64 beside float32, of which it makes float32."""
    wide = any("float64" in str(kind) for kind in types)
    return "float64" if wide else keras_result_type(*types)


keras_result_type = dtypes.result_type


@contextlib.contextmanager
def float64():
    floatx = keras.config.floatx()
    keras.config.set_floatx("float64")
    dtypes.result_type = result_type
    try:
        yield
    finally:
        keras.config.set_floatx(floatx)
        dtypes.result_type = keras_result_type


def camel(name):
    """snake_case and PascalCase as the public names are spelled: KLDivergence is klDivergence."""
    spelt = re.sub(r"_+(\w)", lambda match: match[1].upper(), name)
    return re.sub(r"^[A-Z]+(?=[A-Z][a-z]|$)|^[A-Z]", lambda match: match[0].lower(), spelt)


def camel_keys(options):
    return {camel(key): value for key, value in options.items()}


def formula(shape, low, high, stream):
    """Numbers that float32 holds exactly, in [low, high)."""
    values = low + (high - low) * hashed(math.prod(shape), stream)
    return values.astype(np.float32).astype(np.float64).reshape(shape)


def array(values):
    """A numpy array as the tests read it."""
    return {"shape": list(values.shape), "values": values.ravel().tolist()}


def numpy(tensor):
    return np.asarray(keras.ops.convert_to_numpy(tensor), dtype=np.float64)
