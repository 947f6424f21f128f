"""Times training steps on PyTorch's CPU: torch_steps.py [--threads N] [--seconds S] [WORKLOAD ...]

Prints the lines of `npm run -s bench -- steps`, with the same fields. A step is the forward pass, the loss, the backward pass and the update,
on one batch in memory. Images and convolutions have the channels last in memory, which is PyTorch's fastest.
"""

import torch

from torch_models import convnet, perceptron, resnet20, resnet50
from workloads import DENSE, IMAGES, arguments, data, time_workloads


def training_step(model, x, y, optimizer_name, learning_rate):
    if optimizer_name == "adam":
        optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate, eps=1e-8)
    else:
        optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate, momentum=0.9)

    def step():
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def dense(units, batch, optimizer_name):
    x, y = map(torch.from_numpy, data(units[:1], units[-1], batch))
    learning_rate = 1e-3 if optimizer_name == "adam" else 0.1
    return training_step(perceptron(units), x, y, optimizer_name, learning_rate)


def images(model, shape, classes, batch, *optimizer):
    x, y = map(torch.from_numpy, data(shape, classes, batch))
    model = model().to(memory_format=torch.channels_last)
    return training_step(model, x.permute(0, 3, 1, 2), y, *optimizer)


MODELS = {"mnist-convnet": convnet, "cifar-resnet20": resnet20, "imagenet-resnet50": resnet50}
STEPS = {
    **{name: lambda workload=workload: dense(*workload) for name, workload in DENSE.items()},
    **{name: lambda name=name: images(MODELS[name], *IMAGES[name]) for name in IMAGES},
}

if __name__ == "__main__":
    options = arguments(torch.get_num_threads())
    torch.set_num_threads(options.threads)
    time_workloads(f"torch-{torch.__version__.split('+')[0]}-eager", STEPS, options)
