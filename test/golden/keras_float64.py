"""Keras in float64 throughout."""
import os
from contextlib import contextmanager

os.environ.setdefault("KERAS_BACKEND", "torch")
import keras  # noqa: E402
from keras.src.backend.common import dtypes  # noqa: E402


@contextmanager
def float64():
    """Makes float64 the default, and keeps Keras from computing with float32 what it is given in float64."""
    former, narrowed = keras.config.floatx(), dtypes.BIT64_TO_BIT32_DTYPE["float64"]
    keras.config.set_floatx("float64")
    dtypes.BIT64_TO_BIT32_DTYPE["float64"] = "float64"
    try:
        yield
    finally:
        keras.config.set_floatx(former)
        dtypes.BIT64_TO_BIT32_DTYPE["float64"] = narrowed
