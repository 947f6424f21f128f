"""What Keras's layers make of images in training, in float64, when they draw layerwise's random numbers."""
from contextlib import ExitStack
from unittest.mock import patch

import torch
from keras_float64 import float64
from keras.src.backend.torch import cast
from layers import keras_layer, numbers
from philox import Numbers
from training import formula

STEPS = 2

# (layer, configuration, shapes by name). Axes differ in extent, so that none can be taken for another.
CASES = [
    ("randomFlip", {"seed": 1}, {"images": [4, 3, 5, 2]}),
    ("randomFlip", {"mode": "horizontal", "seed": 2}, {"images": [4, 3, 5, 2], "labels": [4, 3]}),
    ("randomFlip", {"mode": "vertical", "dataFormat": "channelsFirst", "seed": 3},
     {"images": [4, 2, 3, 5], "segmentationMasks": [4, 1, 3, 5]}),
    ("randomFlip", {"seed": 4}, {"images": [3, 5, 2], "labels": [3], "segmentationMasks": [3, 5, 1]}),
    ("randomContrast", {"factor": 0.5, "seed": 1}, {"images": [4, 3, 5, 2]}),
    ("randomContrast", {"factor": [0.3, 0.9], "valueRange": [60.0, 200.0], "seed": 2}, {"images": [4, 3, 5, 2]}),
    ("randomContrast", {"factor": [0.8, 0.1], "dataFormat": "channelsFirst", "seed": 2}, {"images": [3, 2, 5, 4]}),
    ("randomContrast", {"factor": 0.7, "seed": 5}, {"images": [3, 5, 2], "segmentationMasks": [3, 5, 1]}),
    ("randomBrightness", {"factor": 0.4, "seed": 1}, {"images": [4, 3, 5, 2]}),
    ("randomBrightness", {"factor": [0.2, -0.6], "valueRange": [200.0, 30.0], "seed": 2}, {"images": [4, 3, 5, 2]}),
    ("randomBrightness", {"factor": 1.0, "seed": 3}, {"images": [3, 5, 2]}),
    ("randomErasing", {"seed": 1, "fillValue": 77.0}, {"images": [6, 5, 7, 2]}),
    ("randomErasing", {"seed": 2, "factor": [0.6, 0.9], "scale": [0.2, 0.7], "fillValue": [10.0, 300.0, 30.0]}, {"images": [6, 5, 7, 3]}),
    ("randomErasing", {"seed": 3, "factor": [1.0, 1.0], "scale": 0.9, "valueRange": [-20.0, 100.0]}, {"images": [4, 5, 7, 2]}),
    ("randomErasing", {"seed": 4, "factor": [1.0, 1.0], "dataFormat": "channelsFirst"}, {"images": [4, 2, 5, 7]}),
    ("randomErasing", {"seed": 6, "factor": [1.0, 1.0]}, {"images": [5, 7, 2], "labels": [3]}),
    ("mixUp", {"seed": 1}, {"images": [5, 3, 4, 2], "labels": [5, 3]}),
    ("mixUp", {"seed": 2, "alpha": 1.5, "dataFormat": "channelsFirst"}, {"images": [5, 2, 3, 4]}),
    ("cutMix", {"seed": 1}, {"images": [5, 6, 7, 2], "labels": [5, 3], "segmentationMasks": [5, 6, 7, 2]}),
    ("cutMix", {"seed": 2, "factor": [0.5, 0.9], "dataFormat": "channelsFirst"}, {"images": [5, 2, 6, 7], "labels": [5, 3]}),
    ("randomTranslation", {"heightFactor": 0.3, "widthFactor": 0.4, "seed": 1}, {"images": [3, 4, 6, 2]}),
    ("randomTranslation", {"heightFactor": [-0.5, 0.1], "widthFactor": [0.9, 0.3], "fillMode": "constant", "fillValue": 9.0, "seed": 2},
     {"images": [3, 4, 6, 2], "segmentationMasks": [3, 4, 6, 1]}),
    ("randomTranslation", {"heightFactor": 0.7, "widthFactor": 0.2, "fillMode": "wrap", "dataFormat": "channelsFirst", "seed": 3},
     {"images": [3, 2, 4, 6], "labels": [3, 2]}),
    ("randomTranslation", {"heightFactor": 1.0, "widthFactor": 1.0, "fillMode": "nearest", "interpolation": "nearest", "seed": 4},
     {"images": [4, 6, 2]}),
    ("randomRotation", {"factor": 0.2, "seed": 1}, {"images": [3, 4, 6, 2]}),
    ("randomRotation", {"factor": [0.1, 0.4], "fillMode": "constant", "fillValue": -3.0, "seed": 2}, {"images": [3, 4, 6, 2]}),
    ("randomRotation", {"factor": 1.0, "fillMode": "wrap", "dataFormat": "channelsFirst", "seed": 3}, {"images": [3, 2, 4, 6]}),
    ("randomRotation", {"factor": 0.5, "fillMode": "nearest", "interpolation": "nearest", "seed": 4}, {"images": [4, 6, 2], "labels": [3]}),
    ("randomZoom", {"heightFactor": 0.5, "seed": 1}, {"images": [3, 4, 6, 2]}),
    ("randomZoom", {"heightFactor": [-0.6, -0.2], "widthFactor": [0.3, 1.0], "fillMode": "constant", "fillValue": 9.0, "seed": 2},
     {"images": [3, 4, 6, 2], "segmentationMasks": [3, 4, 6, 1]}),
    ("randomZoom", {"heightFactor": 0.9, "widthFactor": 0.2, "fillMode": "wrap", "dataFormat": "channelsFirst", "seed": 3},
     {"images": [3, 2, 4, 6]}),
    ("randomZoom", {"heightFactor": [0.8, 0.8], "widthFactor": 1.0, "fillMode": "nearest", "interpolation": "nearest", "seed": 4},
     {"images": [4, 6, 2]}),
    ("randomCrop", {"height": 2, "width": 4, "seed": 1}, {"images": [3, 5, 9, 2]}),
    ("randomCrop", {"height": 4, "width": 3, "seed": 2}, {"images": [3, 5, 9, 2], "labels": [3, 2], "segmentationMasks": [3, 5, 9, 1]}),
    ("randomCrop", {"height": 2, "width": 3, "dataFormat": "channelsFirst", "seed": 3}, {"images": [3, 2, 5, 9]}),
    ("randomCrop", {"height": 2, "width": 3, "seed": 4}, {"images": [5, 9, 2]}),
]  # fmt: skip

SNAKE = {"segmentationMasks": "segmentation_masks"}


def run(name, config, shapes):
    layer = keras_layer(name, config)
    data = {part: formula(shape, 0, 255 if part == "images" else 1, i) for i, (part, shape) in enumerate(shapes.items())}
    data["images"].requires_grad_(True)
    steps = []
    for step in range(STEPS):
        random = Numbers(config["seed"], step)
        replaced = {f"random.{kind}": getattr(random, kind) for kind in ("uniform", "normal", "shuffle", "beta")}
        # Some layers narrow what they draw to float32.
        replaced["cast"] = lambda x, dtype: cast(x, "float64" if dtype == "float32" else dtype)
        with ExitStack() as stack:
            for path, function in replaced.items():
                stack.enter_context(patch(f"keras.src.backend.torch.{path}", function))
            outputs = layer({SNAKE.get(part, part): x.clone() for part, x in data.items()}, training=True)
        results = {part: outputs[SNAKE.get(part, part)] for part in shapes}
        weighted = sum((x * formula(tuple(x.shape), -1, 1, 20)).sum() for x in results.values())
        gradient = torch.autograd.grad(weighted, data["images"])[0]
        steps.append({"outputs": {part: numbers(x) for part, x in results.items()}, "gradient": numbers(gradient)})
    return {"layer": name, "config": config, "shapes": shapes, "steps": steps}


def augment_all():
    with float64():
        return [run(*case) for case in CASES]
