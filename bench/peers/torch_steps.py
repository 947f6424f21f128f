"""Times training steps of the MLP workloads on PyTorch's CPU: torch_steps.py [--threads N] [--seconds S] [WORKLOAD ...]

Prints the lines of `npm run -s bench -- steps`, with the same fields. A step is the forward pass, the loss, the backward pass and the update,
on one batch in memory.
"""

import torch

from workloads import arguments, data, kernels, time_workloads


def dense(kernel):
    linear = torch.nn.Linear(*kernel.shape)
    with torch.no_grad():
        linear.weight.copy_(torch.from_numpy(kernel.T))
        linear.bias.zero_()
    return linear


def training_step(units, batch, optimizer_name):
    stack = []
    for kernel in kernels(units):
        stack += [dense(kernel), torch.nn.ReLU()]
    model = torch.nn.Sequential(*stack[:-1])
    x, y = map(torch.from_numpy, data(units, batch))
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


if __name__ == "__main__":
    options = arguments(torch.get_num_threads())
    torch.set_num_threads(options.threads)
    time_workloads(f"torch-{torch.__version__.split('+')[0]}-eager", training_step, options)
