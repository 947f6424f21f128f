"""Makes the fixtures of the golden tests: what PyTorch gives in float64, and Keras.

    python3 test/golden/make.py [ops …]        all or some of them; needs torch, numpy, keras and safetensors

ops.json holds the value and the gradient of every op whose record has an expression of PyTorch, or of Keras on it, training.json the losses
of three small networks over twenty steps, initializers.json the distributions of Keras's initial weights, clipping.json
weights after steps of clipped gradients, saved.json a file of Python's safetensors, layers.json what Keras's layers
give, layer-configs.json their complete configurations, augmentation.json what those for images give in training, fit.json the History of its fit,
callbacks.json what its callbacks do, control.json loops and branches. losses.json, metrics.json, optimizers.json, schedules.json,
regularizers.json and constraints.json hold what those of Keras give in float64.
"""
import json
import math
import subprocess
import sys
from pathlib import Path

import torch

sys.dont_write_bytecode = True
from callbacks import watch_all  # noqa: E402
from activations import answer_activations  # noqa: E402
from augmentation import augment_all  # noqa: E402
from clipping import clip_all  # noqa: E402
from control import answer_control  # noqa: E402
from fit import fit_all  # noqa: E402
from initializers import draw_all  # noqa: E402
from keras_float64 import float64, keras  # noqa: E402
from layers import configurations, run_all  # noqa: E402
from losses import answer_losses  # noqa: E402
from metrics import answer_metrics  # noqa: E402
from optimizers import answer_optimizers, answer_schedules  # noqa: E402
from penalties import answer_constraints, answer_regularizers  # noqa: E402
from saved import save_all  # noqa: E402
from training import train_all  # noqa: E402
from vocabulary import list_all  # noqa: E402

HERE = Path(__file__).parent
DTYPES = {"float32": torch.float64, "int32": torch.int32, "bool": torch.bool, "uint8": torch.uint8}


def tensor(array):
    values = [float(value) for value in array["values"]]
    return torch.tensor(values, dtype=torch.float64).to(DTYPES[array["dtype"]]).reshape(array["shape"])


def plain(result):
    numbers = result.detach().to(torch.float64).flatten().tolist()
    special = {math.inf: "Infinity", -math.inf: "-Infinity"}
    return ["NaN" if math.isnan(number) else special.get(number, number) for number in numbers]


def answer(question):
    inputs = [tensor(array) for array in question["inputs"]]
    floats = [x for x in inputs if x.dtype == torch.float64]
    weights = question.get("weights")
    for x in floats:
        x.requires_grad_(weights is not None)
    names = {"torch": torch, "keras": keras, "inputs": inputs, **question["attributes"], **dict(zip("abc", inputs))}
    output = eval(question["expression"], names).to(DTYPES[question["output"]["dtype"]])
    assert list(output.shape) == question["output"]["shape"], question["key"]
    gradients = []
    if weights is not None:
        gradients = torch.autograd.grad((output * tensor(weights)).sum(), floats, materialize_grads=True)
    return {"key": question["key"], "output": plain(output), "gradients": [plain(g) for g in gradients]}


def write(name, fixture):
    entries = ",\n".join(json.dumps(entry, separators=(",", ":"), allow_nan=False) for entry in fixture)
    version = torch.__version__.split("+")[0]
    (HERE / name).write_text(f'{{"torch":"{version}","entries":[\n{entries}\n]}}\n')


def answer_all():
    questions = subprocess.run(
        ["npx", "tsx", str(HERE / "questions.ts")], check=True, capture_output=True, text=True
    ).stdout
    with float64():
        return [answer(question) for question in json.loads(questions)]


FIXTURES = {
    "ops": answer_all,
    "activations": answer_activations,
    "training": train_all,
    "initializers": draw_all,
    "clipping": clip_all,
    "control": answer_control,
    "losses": answer_losses,
    "metrics": answer_metrics,
    "optimizers": answer_optimizers,
    "schedules": answer_schedules,
    "regularizers": answer_regularizers,
    "constraints": answer_constraints,
    "saved": save_all,
    "vocabulary": list_all,
    "layers": run_all,
    "layer-configs": configurations,
    "augmentation": augment_all,
    "fit": fit_all,
    "callbacks": watch_all,
}


def main(names):
    torch.set_default_dtype(torch.float64)
    for name in names or FIXTURES:
        write(f"{name}.json", FIXTURES[name]())


if __name__ == "__main__":
    main(sys.argv[1:])
