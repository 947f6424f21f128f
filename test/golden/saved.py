"""A file that Python's safetensors wrote, and what is in it."""
import base64

import torch
from safetensors.torch import save

TENSORS = {
    "kernel": torch.arange(6, dtype=torch.float32).reshape(2, 3) / 7 - 0.25,
    "labels": torch.tensor([[3], [-1]], dtype=torch.int32),
    "mask": torch.tensor([True, False, True]),
    "pixels": torch.tensor([0, 255, 7, 9, 1], dtype=torch.uint8),
    "half": torch.tensor([1.5, -0.1, 65504.0, 6e-8], dtype=torch.float16),
    "brain": torch.tensor([1.5, -0.1, 3e38], dtype=torch.bfloat16),
    "scalar": torch.tensor(0.1, dtype=torch.float32),
    "empty": torch.zeros((0, 4), dtype=torch.float32),
}
METADATA = {"made by": "Python", "π": "ü"}


def save_all():
    contents = [
        {"name": name, "shape": list(t.shape), "values": t.to(torch.float64).flatten().tolist()}
        for name, t in TENSORS.items()
    ]
    file = base64.b64encode(save(TENSORS, METADATA)).decode()
    return [{"file": file, "metadata": METADATA, "tensors": contents}]
