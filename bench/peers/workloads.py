"""The workloads of bench/workloads.ts for Python frameworks: the same weights and data by formula, the same lines of output."""

import argparse
import json
import statistics
import time

import numpy

# units of the layers, size of the batch, optimizer
WORKLOADS = {
    "digits-mlp": ([64, 64, 32, 10], 32, "adam"),
    "mnist-mlp": ([784, 512, 256, 10], 128, "adam"),
    "wide-mlp": ([1024, 4096, 4096, 1000], 256, "sgd"),
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


def kernels(units):
    """The initial kernel of each layer, [inputs, outputs]."""
    for layer, (inputs, outputs) in enumerate(zip(units, units[1:])):
        kernel = (2 * hashed(inputs * outputs, layer) - 1) * (6 / inputs) ** 0.5
        yield kernel.astype(numpy.float32).reshape(inputs, outputs)


def data(units, batch):
    """The batch: features and labels."""
    x = hashed(batch * units[0], 1000).astype(numpy.float32).reshape(batch, units[0])
    return x, numpy.arange(batch) % units[-1]


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


def time_workloads(peer, training_step, options):
    """Prints a line for each workload. `training_step(units, batch, optimizer)` makes a model at its initial weights, as a function that
    makes one step and returns the loss before it."""
    for name in options.workloads or WORKLOADS:
        step = training_step(*WORKLOADS[name])
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
        }
        print(json.dumps(line), flush=True)
