"""The workloads of bench/workloads.ts for Python frameworks: the same weights and data by formula, the same lines of output."""

import argparse
import json
import resource
import statistics
import time

import numpy

# units of the layers, size of the batch, optimizer
DENSE = {
    "digits-mlp": ([64, 64, 32, 10], 32, "adam"),
    "mnist-mlp": ([784, 512, 256, 10], 128, "adam"),
    "wide-mlp": ([1024, 4096, 4096, 1000], 256, "sgd"),
}
# shape of an image [height, width, channels], classes, size of the batch, optimizer, learning rate
IMAGES = {
    "mnist-convnet": ([28, 28, 1], 10, 128, "adam", 1e-3),
    "cifar-resnet20": ([32, 32, 3], 10, 64, "sgd", 0.1),
    "imagenet-resnet50": ([224, 224, 3], 1000, 8, "sgd", 1e-3),
}
LEAST_SAMPLES = 5


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


def kernel(layer, shape):
    """The initial kernel of a layer, [inputs, outputs] or [height, width, channels, filters]."""
    size = int(numpy.prod(shape))
    values = (2 * hashed(size, layer) - 1) * (6 * shape[-1] / size) ** 0.5
    return values.astype(numpy.float32).reshape(shape)


def kernels(units):
    """The initial kernels of dense layers."""
    return [kernel(layer, shape) for layer, shape in enumerate(zip(units, units[1:]))]


def data(shape, classes, batch):
    """The batch: samples of a shape, and labels."""
    x = hashed(batch * int(numpy.prod(shape)), 1000).astype(numpy.float32).reshape(batch, *shape)
    return x, numpy.arange(batch) % classes


def milliseconds(step, seconds):
    times = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < LEAST_SAMPLES:
        start = time.perf_counter()
        step()
        times.append((time.perf_counter() - start) * 1e3)
    return times


def arguments(threads):
    """The command line: [--threads N] [--seconds S] [WORKLOAD ...]"""
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=threads)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD")
    return parser.parse_args()


def time_workloads(peer, training_steps, options):
    """Prints a line for each workload that the framework has. `training_steps` has a function for each name that makes a model at its
    initial weights, as a function that makes one step and returns the loss before it."""
    for name in options.workloads or training_steps:
        if name not in training_steps:
            continue
        step = training_steps[name]()
        # The first ten steps show that the work is the same, and warm up.
        loss10 = [step() for _ in range(10)][-1]
        times = milliseconds(step, options.seconds)
        line = {
            "peer": peer,
            "workload": name,
            "threads": options.threads,
            "stepsPerCall": 1,
            "ms": round(statistics.median(times), 4),
            "min_ms": round(min(times), 4),
            "mean_ms": round(statistics.fmean(times), 4),
            "steps": len(times),
            "loss10": round(loss10, 6),
            "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10,
        }
        print(json.dumps(line), flush=True)
