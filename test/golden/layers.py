"""What Keras's layers make of the inputs and weights of a formula, in float64: outputs, gradients, and weights that a step moves.

Layers, configurations and names are written here as layerwise spells them.
"""
import re
from unittest import mock

import numpy as np
import torch
from keras_float64 import float64, keras
from training import formula, hashed

CLASSES = {
    "elu": "ELU",
    "leakyReLU": "LeakyReLU",
    "prelu": "PReLU",
    "relu": "ReLU",
    "rmsNormalization": "RMSNormalization",
}

# Options of Keras's layers that layerwise does not have.
FOREIGN = {
    "name", "trainable", "dtype", "arguments", "lora_alpha", "lora_rank", "quantization_config", "renorm", "renorm_clipping",
    "renorm_momentum", "rms_scaling", "synchronized",
}  # fmt: skip

# Layers within others.
DENSE = {"className": "dense", "config": {"units": 3, "activation": "tanh"}}
CONV = {"className": "conv2d", "config": {"filters": 4, "kernelSize": [2, 3], "strides": [1, 2]}}

# (layer, configuration, shapes of the inputs, options). Axes differ in extent, so that none can be taken for another.
# Options: training; integers, the limit of the integers that the input holds.
CASES = [
    ("activation", {"activation": "tanh"}, [[2, 3, 4]], {}),
    ("activityRegularization", {"l1": 0.1, "l2": 0.2}, [[2, 3]], {}),
    ("adaptiveAveragePooling1d", {"outputSize": 3}, [[2, 7, 3]], {}),
    ("adaptiveAveragePooling1d", {"outputSize": 5, "dataFormat": "channelsFirst"}, [[2, 3, 8]], {}),
    ("adaptiveAveragePooling2d", {"outputSize": [3, 2]}, [[2, 7, 5, 3]], {}),
    ("adaptiveAveragePooling2d", {"outputSize": [2, 6], "dataFormat": "channelsFirst"}, [[1, 2, 5, 4]], {}),
    ("adaptiveAveragePooling3d", {"outputSize": [2, 3, 1]}, [[1, 3, 5, 4, 2]], {}),
    ("adaptiveMaxPooling1d", {"outputSize": 3}, [[2, 8, 3]], {}),
    ("adaptiveMaxPooling1d", {"outputSize": 5, "dataFormat": "channelsFirst"}, [[2, 3, 8]], {}),
    ("adaptiveMaxPooling2d", {"outputSize": [3, 2]}, [[2, 7, 5, 3]], {}),
    ("adaptiveMaxPooling2d", {"outputSize": [2, 6], "dataFormat": "channelsFirst"}, [[1, 2, 5, 4]], {}),
    ("adaptiveMaxPooling3d", {"outputSize": [2, 3, 1]}, [[1, 3, 5, 4, 2]], {}),
    ("add", {}, [[2, 3, 4], [2, 3, 4], [2, 3, 4]], {}),
    ("add", {}, [[2, 3, 4], [2, 4]], {}),
    ("add", {}, [[2, 3, 1], [2, 1, 4]], {}),
    ("alphaDropout", {"rate": 0.5}, [[2, 3]], {}),
    ("average", {}, [[2, 3], [2, 3], [2, 3]], {}),
    ("average", {}, [[2, 3, 4], [2, 1, 4]], {}),
    ("batchNormalization", {}, [[4, 3]], {}),
    ("batchNormalization", {}, [[4, 3]], {"training": True}),
    ("batchNormalization", {"axis": 1, "momentum": 0.7, "epsilon": 0.01}, [[4, 3, 2]], {}),
    ("batchNormalization", {"axis": 1, "momentum": 0.7, "epsilon": 0.01}, [[4, 3, 2]], {"training": True}),
    ("batchNormalization", {"center": False}, [[2, 3, 4]], {"training": True}),
    ("batchNormalization", {"scale": False, "momentum": 0.5}, [[2, 3, 4]], {"training": True}),
    ("batchNormalization", {"scale": False, "center": False}, [[5, 3]], {"training": True}),
    ("batchNormalization", {"trainable": False}, [[4, 3]], {"training": True}),
    ("centerCrop", {"height": 3, "width": 2}, [[2, 6, 5, 3]], {}),
    ("centerCrop", {"height": 2, "width": 5}, [[5, 7, 2]], {}),
    ("centerCrop", {"height": 4, "width": 6}, [[2, 3, 9, 2]], {}),
    ("centerCrop", {"height": 5, "width": 3, "dataFormat": "channelsFirst"}, [[1, 2, 4, 6]], {}),
    ("concatenate", {}, [[2, 3], [2, 5]], {}),
    ("concatenate", {"axis": 1}, [[2, 3, 4], [2, 1, 4], [2, 2, 4]], {}),
    ("dense", {"units": 5}, [[2, 3]], {}),
    ("dense", {"units": 5, "activation": "tanh", "useBias": False}, [[2, 3, 4]], {}),
    ("dot", {"axes": 1}, [[2, 3], [2, 3]], {}),
    ("dot", {"axes": [2, 1]}, [[2, 3, 4], [2, 4, 5]], {}),
    ("dot", {"axes": [1, 2]}, [[2, 3, 4], [2, 5, 3]], {}),
    ("dot", {"axes": -1, "normalize": True}, [[2, 3, 4], [2, 5, 4]], {}),
    ("dot", {"axes": [3, 1]}, [[2, 3, 2, 4], [2, 4]], {}),
    ("dot", {"axes": [1, 2], "normalize": True}, [[2, 4], [2, 3, 4, 2]], {}),
    ("dropout", {"rate": 0.5}, [[2, 3]], {}),
    ("einsumDense", {"equation": "ab,bc->ac", "outputShape": 4, "biasAxes": "c"}, [[2, 3]], {}),
    ("einsumDense", {"equation": "abc,cde->abde", "outputShape": [None, 2, 5], "biasAxes": "e", "activation": "tanh"},
     [[2, 3, 4]], {}),
    ("einsumDense", {"equation": "...x,xy->...y", "outputShape": 5, "biasAxes": "y"}, [[2, 3, 4]], {}),
    ("einsumDense", {"equation": "abc,dc->abd", "outputShape": [3, 2]}, [[2, 3, 4]], {}),
    ("einsumDense", {"equation": "ab...,bc->ac...", "outputShape": 5, "biasAxes": "c"}, [[2, 3, 4]], {}),
    ("einsumDense", {"equation": "abc,bd->adc", "outputShape": [5, 4], "biasAxes": "dc"}, [[2, 3, 4]], {}),
    ("elu", {}, [[2, 3, 4]], {}),
    ("elu", {"alpha": 0.3}, [[2, 3]], {}),
    ("embedding", {"inputDim": 5, "outputDim": 3}, [[2, 4]], {"integers": 5}),
    ("embedding", {"inputDim": 5, "outputDim": 3, "maskZero": True}, [[2, 4, 2]], {"integers": 5}),
    ("flatten", {}, [[2, 3, 4]], {}),
    ("flatten", {}, [[3]], {}),
    ("flatten", {"dataFormat": "channelsFirst"}, [[2, 3, 4, 5]], {}),
    ("gaussianDropout", {"rate": 0.5}, [[2, 3]], {}),
    ("gaussianNoise", {"stddev": 0.5}, [[2, 3]], {}),
    ("groupNormalization", {"groups": 2}, [[2, 3, 4]], {}),
    ("groupNormalization", {"groups": 3, "axis": 1, "epsilon": 0.01}, [[2, 6, 3]], {}),
    ("groupNormalization", {"groups": -1, "center": False}, [[2, 5, 3]], {}),
    ("identity", {}, [[2, 3, 4]], {}),
    ("layerNormalization", {}, [[2, 5]], {}),
    ("layerNormalization", {"epsilon": 0.01}, [[2, 3, 4]], {}),
    ("layerNormalization", {"axis": [1, 3]}, [[2, 3, 2, 4]], {}),
    ("layerNormalization", {"axis": [-2, -1], "center": False}, [[2, 3, 4]], {}),
    ("layerNormalization", {"scale": False}, [[2, 3, 4]], {}),
    ("leakyReLU", {}, [[2, 3, 4]], {}),
    ("leakyReLU", {"negativeSlope": 0.1}, [[2, 3]], {}),
    ("masking", {}, [[2, 3, 4]], {}),
    ("maximum", {}, [[2, 3, 4], [2, 3, 4], [2, 3, 4]], {}),
    ("maximum", {}, [[2, 3, 4], [2, 4]], {}),
    ("minimum", {}, [[2, 3, 4], [2, 3, 4], [2, 3, 4]], {}),
    ("minimum", {}, [[2, 4], [2, 3, 1]], {}),
    ("multiply", {}, [[2, 3, 4], [2, 3, 4], [2, 3, 4]], {}),
    ("multiply", {}, [[2, 3, 4], [2, 4]], {}),
    ("normalization", {}, [[2, 3, 4]], {}),
    ("normalization", {"axis": None, "invert": True}, [[2, 3]], {}),
    ("normalization", {"axis": [1, -1]}, [[2, 3, 2, 4]], {}),
    ("normalization", {"axis": 2, "mean": 0.5, "variance": 2.0}, [[2, 3, 4]], {}),
    ("normalization", {"axis": [1, 2], "mean": [[0.5], [-1.0], [2.0]], "variance": [[2.0], [0.5], [0.0]]}, [[2, 3, 4]], {}),
    ("normalization", {"axis": [1, 3], "mean": [0.5, -1.0], "variance": [2.0, 1.5], "invert": True}, [[1, 3, 4, 2]], {}),
    ("permute", {"dims": [2, 1]}, [[2, 3, 4]], {}),
    ("permute", {"dims": [3, 1, 2]}, [[2, 3, 4, 5]], {}),
    ("prelu", {}, [[2, 3, 4]], {}),
    ("prelu", {"sharedAxes": [1]}, [[2, 3, 4]], {}),
    ("prelu", {"sharedAxes": [1, 3]}, [[2, 3, 2, 4]], {}),
    ("relu", {}, [[2, 3, 4]], {}),
    ("relu", {"maxValue": 1.0}, [[2, 3, 4]], {}),
    ("relu", {"negativeSlope": 0.2}, [[2, 3, 4]], {}),
    ("relu", {"negativeSlope": 0.2, "threshold": 0.5, "maxValue": 1.5}, [[2, 3, 4]], {}),
    ("relu", {"threshold": 0.5}, [[2, 3, 4]], {}),
    ("repeatVector", {"n": 3}, [[2, 5]], {}),
    ("rescaling", {"scale": 0.25, "offset": -1.0}, [[2, 3, 4]], {}),
    ("rescaling", {"scale": 3.0}, [[2, 3]], {}),
    ("rescaling", {"scale": [0.5, 2.0, -1.0], "offset": [1.0, 0.0, 3.0]}, [[2, 4, 3]], {}),
    ("reshape", {"targetShape": [4, 3]}, [[2, 3, 4]], {}),
    ("reshape", {"targetShape": [3, -1, 2]}, [[2, 12]], {}),
    ("reshape", {"targetShape": [-1]}, [[2, 3, 4]], {}),
    ("resizing", {"height": 5, "width": 3}, [[2, 3, 4, 2]], {}),
    ("resizing", {"height": 4, "width": 3, "antialias": True}, [[9, 7, 2]], {}),
    ("resizing", {"height": 2, "width": 7, "interpolation": "nearest"}, [[2, 3, 4, 2]], {}),
    ("resizing", {"height": 5, "width": 7, "interpolation": "bicubic"}, [[2, 3, 4, 2]], {}),
    ("resizing", {"height": 2, "width": 3, "interpolation": "bicubic"}, [[2, 5, 7, 2]], {}),
    ("resizing", {"height": 3, "width": 5, "interpolation": "bicubic", "antialias": True, "dataFormat": "channelsFirst"},
     [[1, 2, 7, 4]], {}),
    ("resizing", {"height": 4, "width": 3, "cropToAspectRatio": True}, [[2, 5, 8, 1]], {}),
    ("resizing", {"height": 3, "width": 5, "padToAspectRatio": True, "fillValue": 0.5}, [[2, 6, 5, 1]], {}),
    ("rmsNormalization", {}, [[2, 5]], {}),
    ("rmsNormalization", {"epsilon": 0.1}, [[2, 3, 4]], {}),
    ("rmsNormalization", {"axis": [-2, -1]}, [[2, 3, 4]], {}),
    ("softmax", {}, [[2, 3, 4]], {}),
    ("softmax", {"axis": 1}, [[2, 3, 4]], {}),
    ("softmax", {"axis": [1, 2]}, [[2, 3, 4]], {}),
    ("subtract", {}, [[2, 3, 4], [2, 3, 4]], {}),
    ("subtract", {}, [[2, 3], [2, 4, 1]], {}),
    ("unitNormalization", {}, [[2, 3, 4]], {}),
    ("unitNormalization", {"axis": [1, 2]}, [[2, 3, 4]], {}),
    ("unitNormalization", {"axis": 1}, [[2, 3, 4]], {}),
    ("averagePooling1d", {"poolSize": 2}, [[2, 7, 3]], {}),
    ("averagePooling1d", {"poolSize": 3, "strides": 1, "padding": "same"}, [[2, 5, 3]], {}),
    ("averagePooling2d", {"poolSize": [2, 3], "strides": [2, 1]}, [[2, 5, 6, 3]], {}),
    ("averagePooling2d", {"poolSize": 3, "strides": 2, "padding": "same", "dataFormat": "channelsFirst"}, [[1, 2, 5, 7]], {}),
    ("averagePooling3d", {"poolSize": 2, "strides": 1}, [[1, 3, 4, 2, 3]], {}),
    ("conv1d", {"filters": 4, "kernelSize": 3, "padding": "causal", "dilationRate": 2}, [[2, 7, 3]], {}),
    ("conv1d", {"filters": 4, "kernelSize": 3, "strides": 2, "padding": "same", "useBias": False}, [[2, 6, 3]], {}),
    ("conv2d", {"filters": 5, "kernelSize": [3, 2], "activation": "tanh"}, [[2, 5, 4, 3]], {}),
    ("conv2d", {"filters": 4, "kernelSize": 3, "strides": [2, 3], "padding": "same"}, [[2, 5, 7, 3]], {}),
    ("conv2d", {"filters": 6, "kernelSize": 2, "groups": 3, "dilationRate": [1, 2]}, [[1, 4, 5, 6]], {}),
    ("conv2d", {"filters": 4, "kernelSize": 3, "padding": "same", "dataFormat": "channelsFirst"}, [[2, 3, 4, 5]], {}),
    ("conv3d", {"filters": 4, "kernelSize": [2, 3, 1], "padding": "same", "strides": [1, 2, 1]}, [[1, 3, 4, 5, 2]], {}),
    ("conv1dTranspose", {"filters": 4, "kernelSize": 3, "strides": 2, "padding": "same"}, [[2, 5, 3]], {}),
    ("conv1dTranspose", {"filters": 2, "kernelSize": 2, "strides": 3}, [[2, 4, 3]], {}),
    ("conv2dTranspose", {"filters": 4, "kernelSize": [3, 2], "strides": [2, 1]}, [[2, 3, 4, 5]], {}),
    ("conv2dTranspose", {"filters": 2, "kernelSize": 4, "strides": 2, "padding": "same"}, [[1, 3, 4, 3]], {}),
    ("conv2dTranspose", {"filters": 2, "kernelSize": 3, "strides": 2, "padding": "same", "outputPadding": 1}, [[1, 3, 4, 3]], {}),
    ("conv2dTranspose", {"filters": 2, "kernelSize": 3, "dilationRate": 2, "dataFormat": "channelsFirst"}, [[1, 3, 4, 5]], {}),
    ("conv3dTranspose", {"filters": 3, "kernelSize": 2, "strides": [2, 1, 2]}, [[1, 2, 3, 2, 4]], {}),
    ("depthwiseConv1d", {"kernelSize": 3, "depthMultiplier": 2, "padding": "same"}, [[2, 5, 3]], {}),
    ("depthwiseConv2d", {"kernelSize": [3, 2], "padding": "same"}, [[2, 5, 4, 3]], {}),
    ("depthwiseConv2d", {"kernelSize": 3, "strides": 2, "depthMultiplier": 2, "activation": "relu"}, [[1, 7, 6, 3]], {}),
    ("globalAveragePooling1d", {}, [[2, 5, 3]], {}),
    ("globalAveragePooling2d", {"keepdims": True}, [[2, 3, 4, 5]], {}),
    ("globalAveragePooling3d", {"dataFormat": "channelsFirst"}, [[2, 3, 2, 4, 5]], {}),
    ("globalMaxPooling1d", {"dataFormat": "channelsFirst"}, [[2, 5, 3]], {}),
    ("globalMaxPooling2d", {}, [[2, 3, 4, 5]], {}),
    ("globalMaxPooling3d", {"keepdims": True}, [[2, 3, 2, 4, 5]], {}),
    ("maxPooling1d", {"poolSize": 3, "strides": 2, "padding": "same"}, [[2, 6, 3]], {}),
    ("maxPooling2d", {}, [[2, 4, 5, 3]], {}),
    ("maxPooling2d", {"poolSize": [3, 2], "strides": 1, "padding": "same"}, [[2, 4, 5, 3]], {}),
    ("maxPooling2d", {"poolSize": 2, "dataFormat": "channelsFirst"}, [[2, 3, 4, 5]], {}),
    ("maxPooling3d", {"poolSize": [1, 2, 3]}, [[2, 3, 4, 6, 2]], {}),
    ("separableConv1d", {"filters": 4, "kernelSize": 3, "padding": "same"}, [[2, 5, 3]], {}),
    ("separableConv2d", {"filters": 4, "kernelSize": 3, "strides": 2, "depthMultiplier": 2}, [[2, 5, 7, 3]], {}),
    ("cutMix", {}, [[2, 3, 4, 2]], {}),
    ("mixUp", {}, [[2, 3, 4, 2]], {}),
    ("randomBrightness", {"factor": 0.25}, [[2, 3, 4, 2]], {}),
    ("randomContrast", {"factor": 0.25}, [[2, 3, 4, 2]], {}),
    ("randomCrop", {"height": 3, "width": 4, "seed": 1}, [[2, 3, 4, 2]], {}),
    ("randomErasing", {}, [[2, 3, 4, 2]], {}),
    ("randomRotation", {"factor": 0.25}, [[2, 3, 4, 2]], {}),
    ("randomTranslation", {"heightFactor": 0.25, "widthFactor": [-0.5, 0.5]}, [[2, 3, 4, 2]], {}),
    ("randomZoom", {"heightFactor": 0.25}, [[2, 3, 4, 2]], {}),
    ("randomFlip", {}, [[2, 3, 4, 2]], {}),
    ("randomFlip", {"mode": "vertical", "dataFormat": "channelsFirst"}, [[3, 4, 2]], {}),
    ("cropping1d", {"cropping": [1, 2]}, [[2, 6, 3]], {}),
    ("cropping2d", {"cropping": [[0, 1], [2, 1]]}, [[2, 4, 5, 3]], {}),
    ("cropping2d", {"cropping": [1, 2], "dataFormat": "channelsFirst"}, [[2, 3, 4, 5]], {}),
    ("cropping3d", {}, [[1, 3, 4, 5, 2]], {}),
    ("spatialDropout1d", {"rate": 0.5}, [[2, 4, 3]], {}),
    ("spatialDropout2d", {"rate": 0.5}, [[2, 2, 4, 3]], {}),
    ("spatialDropout3d", {"rate": 0.5}, [[1, 2, 3, 4, 3]], {}),
    ("spectralNormalization", {"layer": DENSE}, [[4, 5]], {}),
    ("spectralNormalization", {"layer": DENSE, "powerIterations": 3}, [[2, 4, 5]], {"training": True}),
    ("spectralNormalization", {"layer": CONV}, [[2, 4, 5, 3]], {"training": True}),
    ("spectralNormalization", {"layer": {**DENSE, "config": {"units": 3, "trainable": False}}}, [[4, 5]], {"training": True}),
    ("upSampling1d", {"size": 3}, [[2, 4, 3]], {}),
    ("upSampling2d", {"size": [2, 3]}, [[1, 2, 3, 4]], {}),
    ("upSampling2d", {"dataFormat": "channelsFirst"}, [[1, 2, 3, 4]], {}),
    ("upSampling2d", {"size": [2, 3], "interpolation": "bilinear"}, [[2, 3, 4, 2]], {}),
    ("upSampling2d", {"interpolation": "bicubic", "dataFormat": "channelsFirst"}, [[1, 2, 3, 4]], {}),
    ("upSampling3d", {"size": [1, 2, 3]}, [[1, 2, 2, 3, 2]], {}),
    ("zeroPadding1d", {}, [[2, 4, 3]], {}),
    ("zeroPadding1d", {"padding": [2, 0]}, [[2, 4, 3]], {}),
    ("zeroPadding2d", {"padding": [[0, 1], [2, 1]]}, [[2, 3, 4, 5]], {}),
    ("zeroPadding2d", {"padding": [1, 2], "dataFormat": "channelsFirst"}, [[2, 3, 4, 5]], {}),
    ("zeroPadding3d", {"padding": [1, 0, 2]}, [[1, 2, 3, 2, 3]], {}),
]


def snake(name):
    return re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", name)


def camel(name):
    return re.sub("_([a-z0-9])", lambda match: match[1].upper(), name)


def keras_class(name):
    return getattr(keras.layers, CLASSES.get(name, re.sub("([123])d", r"\1D", name[0].upper() + name[1:])))


def keras_layer(name, config, **options):
    def value(v):
        if isinstance(v, dict) and "className" in v:
            return keras_layer(v["className"], v["config"])
        # Keras's names of values are in snake case too.
        return snake(v) if isinstance(v, str) else v

    return keras_class(name)(**{snake(key): value(v) for key, v in config.items()}, **options)


def numbers(tensor):
    return tensor.detach().to(torch.float64).flatten().tolist()


def input_tensor(shape, stream, limit):
    if limit is None:
        return formula(shape, -2, 2, stream)
    return torch.from_numpy(np.floor(limit * hashed(int(np.prod(shape)), stream)).astype(np.int32).reshape(shape))


def weight_value(variable, stream):
    low, high = (0.5, 1.5) if "variance" in variable.name else (-1, 1)
    return formula(tuple(variable.shape), low, high, stream)


def run(name, config, shapes, options):
    layer = keras_layer(name, config)
    inputs = [input_tensor(shape, stream, options.get("integers")) for stream, shape in enumerate(shapes)]
    layer.build(shapes if len(shapes) > 1 else shapes[0])
    for stream, variable in enumerate(layer.weights):
        if variable.dtype == "float64":
            variable.assign(weight_value(variable, 10 + stream))
    if hasattr(layer, "finalize_state"):
        layer.finalize_state()
    floats = [x for x in inputs if x.dtype == torch.float64]
    for x in floats:
        x.requires_grad_(True)
    given = inputs if len(inputs) > 1 else inputs[0]
    output = layer(given, training=options.get("training", False))
    entry = {
        "layer": name,
        "config": config,
        "inputs": shapes,
        **options,
        "weights": [[camel(w.name), list(w.shape), w.trainable] for w in layer.weights],
        "output": {"shape": list(output.shape), "values": numbers(output)},
    }
    trained = [w.value for w in layer.trainable_weights]
    weights = formula(tuple(output.shape), -1, 1, 20)
    gradients = torch.autograd.grad((output * weights).sum(), [*floats, *trained]) if floats or trained else []
    moved = [numbers(w.value) for w in layer.non_trainable_weights if "seed" not in w.name]
    return {**entry, "gradients": [numbers(gradient) for gradient in gradients], "moved": moved}


def keys_cubic(extent, size):
    """Keys's cubic interpolation with a = -1/2 as a matrix, whose weights within the image add up to one."""
    middles = (torch.arange(size) + 0.5) * extent / size - 0.5
    x = (middles - torch.arange(extent)[:, None]).abs()
    near, far = ((1.5 * x - 2.5) * x) * x + 1, ((-0.5 * x + 2.5) * x - 4) * x + 2
    weights = torch.where(x < 1, near, torch.where(x < 2, far, 0.0))
    return weights / weights.sum(0)


def interpolate(images, size, mode, antialias=False, **options):
    """Bicubic without antialias as Keras has it on TensorFlow, JAX and NumPy: PyTorch takes a = -3/4 and repeats the edges."""
    if mode == "bicubic" and not antialias:
        rows, columns = (keys_cubic(extent, new) for extent, new in zip(images.shape[2:], size))
        return torch.einsum("bcij,iy,jx->bcyx", images, rows, columns)
    return torch_interpolate(images, size=size, mode=mode, antialias=antialias, **options)


torch_interpolate = torch.nn.functional.interpolate


def run_all():
    with float64(), mock.patch.object(torch.nn.functional, "interpolate", interpolate):
        return [run(*case) for case in CASES]


def plain(value):
    """A part of Keras's configuration in layerwise's spelling."""
    if isinstance(value, dict) and "class_name" in value:
        name = value["class_name"]
        name = re.sub(r"([123])D", r"\1d", name[0].lower() + name[1:])
        return {"className": name, "config": own(value["config"])} if "layers" in value["module"] else name
    if isinstance(value, str):
        return camel(value)
    return list(value) if isinstance(value, tuple) else value


def own(config):
    return {camel(key): plain(value) for key, value in config.items() if key not in FOREIGN}


def configurations():
    """The complete configuration of each layer, with its defaults."""
    first = {name: config for name, config, _, _ in reversed(CASES)}
    return [
        {
            "layer": name,
            "given": config,
            "config": own(keras_layer(name, config).get_config()),
        }
        for name, config in sorted(first.items())
    ]
