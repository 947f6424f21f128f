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


class Residual(nn.Module):
    """What layers make of their input, added to the input, or to its projection where the shape changes."""

    def __init__(self, inner, projection):
        super().__init__()
        self.inner = inner
        self.skip = projection or nn.Identity()

    def forward(self, x):
        return relu(self.inner(x) + self.skip(x))


class Residuals:
    """Makes the blocks of a ResNet one after the other."""

    def __init__(self, kernels, channels, epsilon):
        self.kernels = kernels
        self.channels = channels
        self.epsilon = epsilon

    def conv(self, channels, filters, size, stride=1):
        return [self.kernels.conv(channels, filters, size, stride, size // 2), nn.BatchNorm2d(filters, self.epsilon)]

    def block(self, layers, stride):
        """`layers` are pairs (filters, size), the first of which has the stride."""
        stack, channels = [], self.channels
        for i, (filters, size) in enumerate(layers):
            stack += [*self.conv(channels, filters, size, stride if i == 0 else 1), nn.ReLU()]
            channels = filters
        same = stride == 1 and self.channels == channels
        projection = None if same else nn.Sequential(*self.conv(self.channels, channels, 1, stride))
        self.channels = channels
        return Residual(nn.Sequential(*stack[:-1]), projection)


def resnet20():
    kernels = FormulaKernels()
    residuals = Residuals(kernels, 16, 1e-5)
    stack = [*residuals.conv(3, 16, 3), nn.ReLU()]
    for filters, first in ((16, 1), (32, 2), (64, 2)):
        stack += [residuals.block([(filters, 3), (filters, 3)], stride) for stride in (first, 1, 1)]
    return nn.Sequential(*stack, nn.AdaptiveAvgPool2d(1), nn.Flatten(), kernels.dense(64, 10))


def resnet50():
    kernels = FormulaKernels()
    residuals = Residuals(kernels, 64, 1.001e-5)
    stack = [*residuals.conv(3, 64, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    for filters, blocks, first in ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)):
        layers = [(filters, 1), (filters, 3), (4 * filters, 1)]
        stack += [residuals.block(layers, first if i == 0 else 1) for i in range(blocks)]
    return nn.Sequential(*stack, nn.AdaptiveAvgPool2d(1), nn.Flatten(), kernels.dense(2048, 1000))
