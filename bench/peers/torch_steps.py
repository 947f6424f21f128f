"""Times training steps of the MLP workloads on PyTorch's CPU: torch_steps.py [--threads N] [--seconds S] [WORKLOAD ...]

Prints the lines of `npm run -s bench -- steps`, with the same fields. The weights and the data follow from the formula of bench/workloads.ts,
and so does the loss of the tenth step. A step is the forward pass, the loss, the backward pass and the update, on one batch in memory.
"""

import argparse
import json
import statistics
import time

import numpy
import torch

# units of the layers, size of the batch, optimizer
WORKLOADS = {
    "digits-mlp": ([64, 64, 32, 10], 32, "adam"),
    "mnist-mlp": ([784, 512, 256, 10], 128, "adam"),
    "wide-mlp": ([1024, 4096, 4096, 1000], 256, "sgd"),
}
WARM_UP_STEPS = 5


def hashed(count, stream):
    """`count` numbers in [0, 1), from their positions and the number of the stream."""
    word = numpy.arange(1, count + 1, dtype=numpy.uint32) + numpy.uint32(stream * 0x9E3779B1 & 0xFFFFFFFF)
    word *= numpy.uint32(2654435761)
    word ^= word >> numpy.uint32(15)
    word *= numpy.uint32(2246822519)
    word ^= word >> numpy.uint32(13)
    word *= numpy.uint32(3266489917)
    word ^= word >> numpy.uint32(16)
    return word / 2.0**32


def dense(layer, inputs, outputs):
    linear = torch.nn.Linear(inputs, outputs)
    kernel = (2 * hashed(inputs * outputs, layer) - 1) * (6 / inputs) ** 0.5
    with torch.no_grad():
        linear.weight.copy_(torch.from_numpy(kernel.astype(numpy.float32).reshape(inputs, outputs).T))
        linear.bias.zero_()
    return linear


def training_step(name):
    """A model at its initial weights, as a function that makes one step and returns the loss before it."""
    units, batch, optimizer_name = WORKLOADS[name]
    stack = []
    for layer, (inputs, outputs) in enumerate(zip(units, units[1:])):
        stack += [dense(layer, inputs, outputs), torch.nn.ReLU()]
    model = torch.nn.Sequential(*stack[:-1])
    x = torch.from_numpy(hashed(batch * units[0], 1000).astype(numpy.float32).reshape(batch, units[0]))
    y = torch.arange(batch) % units[-1]
    if optimizer_name == "adam":
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-8)
    else:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)

    def step():
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def milliseconds(step, seconds):
    for _ in range(WARM_UP_STEPS):
        step()
    times = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < WARM_UP_STEPS:
        start = time.perf_counter()
        step()
        times.append((time.perf_counter() - start) * 1e3)
    return times


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    for name in options.workloads or WORKLOADS:
        times = milliseconds(training_step(name), options.seconds)
        ten = training_step(name)
        loss10 = [ten() for _ in range(10)][-1]
        line = {
            "peer": f"torch-{torch.__version__.split('+')[0]}-eager",
            "workload": name,
            "threads": options.threads,
            "stepsPerCall": 1,
            "ms": round(statistics.median(times), 4),
            "min_ms": round(min(times), 4),
            "mean_ms": round(statistics.fmean(times), 4),
            "steps": len(times),
            "loss10": round(loss10, 6),
        }
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
