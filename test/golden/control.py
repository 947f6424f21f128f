"""Loops and branches of PyTorch in float64, and their gradients by its tape."""
import torch


def numbers(shape, stream, scale=1.0):
    generator = torch.Generator().manual_seed(stream)
    values = torch.rand(shape, generator=generator, dtype=torch.float64) * 2 - 1
    # What float32 holds exactly.
    return (values * scale).to(torch.float32).to(torch.float64)


def recurrent(xs, state, kernel, bias):
    states = []
    for x in xs:
        state = torch.tanh(x @ kernel + state @ kernel.T + bias)
        states.append(state)
    return [state, torch.stack(states)]


def gated(xs, cell, decay, _):
    outputs = []
    for x in reversed(xs):
        gate = torch.sigmoid(x * decay)
        cell = gate * cell + (1 - gate) * x
        outputs.append(torch.where(cell.sum() > 0, torch.exp(cell), cell * decay))
    return [cell, torch.stack(outputs[::-1])]


def newton(xs, start, target, _):
    # A loop of so many iterations as the values ask for has no gradient, but one of a fixed number has.
    x = start
    for _ in range(6):
        x = (x + target**2 / x) / 2
    return [x + xs.sum()]


CASES = {
    "recurrent": (recurrent, [(7, 3, 4), (3, 4), (4, 4), (4,)]),
    "gated": (gated, [(6, 5), (5,), (5,), (1,)]),
    "newton": (newton, [(2,), (3,), (3,), (1,)]),
}


def answer_control():
    entries = []
    for stream, (name, (f, shapes)) in enumerate(CASES.items()):
        inputs = [numbers(shape, 10 * stream + i, 0.5) + (2 if name == "newton" else 0) for i, shape in enumerate(shapes)]
        for x in inputs:
            x.requires_grad_()
        outputs = f(*inputs)
        loss = sum((output**2).sum() for output in outputs)
        gradients = torch.autograd.grad(loss, inputs, materialize_grads=True, allow_unused=True)
        flat = lambda tensors: [t.detach().flatten().tolist() for t in tensors]
        entries.append(
            {
                "name": name,
                "shapes": shapes,
                "inputs": flat(inputs),
                "outputs": flat(outputs),
                "gradients": flat(gradients),
            }
        )
    return entries
