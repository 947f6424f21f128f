"""The random numbers of ts/random.ts in float64: Philox 4x32-10 and what is made of its words."""
import math

import numpy as np
import torch

MASK = 0xFFFFFFFF
TRIALS = 64


def philox(counter, key):
    """Four words from four words of a counter and two of a key; the first of the counter may be an array."""
    c = [np.asarray(word, dtype=np.uint64) for word in counter]
    k = list(key)
    for _ in range(10):
        first, second = c[0] * np.uint64(0xD2511F53), c[2] * np.uint64(0xCD9E8D57)
        high, low = lambda product: product >> np.uint64(32), lambda product: product & np.uint64(MASK)
        c = [high(second) ^ c[1] ^ np.uint64(k[0]), low(second), high(first) ^ c[3] ^ np.uint64(k[1]), low(first)]
        k = [(k[0] + 0x9E3779B9) & MASK, (k[1] + 0xBB67AE85) & MASK]
    return [word.tolist() for word in np.broadcast_arrays(*c)]


class Numbers:
    """What one step of a traced function draws from a generator: each sample has streams of its own."""

    def __init__(self, seed, step):
        self.key, self.step, self.stream = (seed & MASK, seed >> 32), step, 0

    def next_stream(self):
        self.stream += 1
        return self.stream - 1

    def words(self, n):
        blocks = philox([np.arange(-(-n // 4)), 0, self.step, self.next_stream()], self.key)
        return [int(word) for word in np.array(blocks).T.flatten()[:n]]

    def uniform(self, shape=(), minval=0.0, maxval=1.0, **_):
        unit = torch.tensor([(word >> 8) * 2**-24 for word in self.words(math.prod(shape))]).reshape(tuple(shape))
        return unit * (maxval - minval) + minval

    def normal(self, shape, mean=0.0, stddev=1.0, **_):
        return torch.erfinv(self.uniform(shape) * 2 - (1 - 2**-24)) * math.sqrt(2) * stddev + mean

    def shuffle(self, x, **_):
        words, order = self.words(len(x)), list(range(len(x)))
        for i in range(len(x) - 1, 0, -1):
            j = words[i] * (i + 1) >> 32
            order[i], order[j] = order[j], order[i]
        return x[order]

    def beta(self, shape, alpha, beta, **_):
        first, second = (self.log_gamma(math.prod(shape), float(shape_parameter)) for shape_parameter in (alpha, beta))
        return torch.sigmoid(first - second).reshape(tuple(shape))

    def log_gamma(self, n, alpha):
        stream = self.next_stream()
        block = lambda i, trial: philox([i, trial, self.step, stream], self.key)
        return torch.tensor([log_gamma_variate(alpha, lambda trial: block(i, trial)) for i in range(n)])


def log_gamma_variate(alpha, block):
    """Marsaglia and Tsang, "A simple method for generating gamma variables" (2000)."""
    unit = lambda word: (word + 0.5) * 2**-32
    d = (alpha + 1 if alpha < 1 else alpha) - 1 / 3
    for trial in range(TRIALS):
        words = block(trial)
        x = math.sqrt(-2 * math.log(unit(words[0]))) * math.cos(2 * math.pi * unit(words[1]))
        v = 1 + x / math.sqrt(9 * d)
        if v > 0 and math.log(unit(words[2])) < 0.5 * x * x + d * (1 - v**3 + 3 * math.log(v)):
            return math.log(d) + 3 * math.log(v) + (math.log(unit(words[3])) / alpha if alpha < 1 else 0)
    raise ValueError("no trial was accepted")
