"""The models of bench/models.ts in PyTorch, at the same initial weights."""

import torch
from torch import nn
from torch.nn.functional import relu

from workloads import kernel


class FormulaKernels:
    """Gives layers their initial kernels by the number of the layer, in the order in which they are made."""

    def __init__(self):
        self.layer = 0

    def next(self, shape):
        weights = torch.from_numpy(kernel(self.layer, shape))
        self.layer += 1
        return weights

    def dense(self, inputs, outputs, pixels=None):
        """`pixels` is the shape [height, width, channels] of inputs that PyTorch flattens with the channels first."""
        layer = nn.Linear(inputs, outputs)
        weights = self.next([inputs, outputs])
        if pixels:
            weights = weights.reshape(*pixels, outputs).permute(2, 0, 1, 3).reshape(inputs, outputs)
        with torch.no_grad():
            layer.weight.copy_(weights.T)
            layer.bias.zero_()
        return layer

    def conv(self, channels, filters, size, stride=1, padding=0, bias=False):
        layer = nn.Conv2d(channels, filters, size, stride, padding, bias=bias)
        with torch.no_grad():
            layer.weight.copy_(self.next([size, size, channels, filters]).permute(3, 2, 0, 1))
            if bias:
                layer.bias.zero_()
        return layer


def perceptron(widths):
    kernels = FormulaKernels()
    stack = []
    for inputs, outputs in zip(widths, widths[1:]):
        stack += [kernels.dense(inputs, outputs), nn.ReLU()]
    return nn.Sequential(*stack[:-1])


def convnet():
    kernels = FormulaKernels()
    return nn.Sequential(
        *[kernels.conv(1, 32, 3, bias=True), nn.ReLU(), nn.MaxPool2d(2)],
        *[kernels.conv(32, 64, 3, bias=True), nn.ReLU(), nn.MaxPool2d(2)],
        *[nn.Flatten(), kernels.dense(1600, 10, pixels=(5, 5, 64))],
    )


class Block(nn.Module):
    def __init__(self, kernels, channels, filters, stride):
        super().__init__()
        normalized = lambda conv: nn.Sequential(conv, nn.BatchNorm2d(filters))
        self.first = normalized(kernels.conv(channels, filters, 3, stride, 1))
        self.second = normalized(kernels.conv(filters, filters, 3, 1, 1))
        same = stride == 1 and channels == filters
        self.skip = nn.Identity() if same else normalized(kernels.conv(channels, filters, 1, stride))

    def forward(self, x):
        return relu(self.second(relu(self.first(x))) + self.skip(x))


def resnet20():
    kernels = FormulaKernels()
    stack = [kernels.conv(3, 16, 3, 1, 1), nn.BatchNorm2d(16), nn.ReLU()]
    channels = 16
    for filters, first in ((16, 1), (32, 2), (64, 2)):
        for i in range(3):
            stack.append(Block(kernels, channels, filters, first if i == 0 else 1))
            channels = filters
    return nn.Sequential(*stack, nn.AdaptiveAvgPool2d(1), nn.Flatten(), kernels.dense(64, 10))
