"""Implicit layers, right and wrong."""

from __future__ import annotations

import torch
from torch import nn


class Hand(nn.Module):
    """z* = tanh(W z + U x), iterated in both passes; `fault` names what is wrong with it."""

    def __init__(self, fault="", width=12, size=0.8, tolerance=1e-6, iterations=200, seed=1):
        super().__init__()
        random = torch.Generator().manual_seed(seed)
        w = torch.randn(width, width, generator=random)
        self.W = nn.Parameter(size * w / torch.linalg.matrix_norm(w, 2))
        self.U = nn.Parameter(torch.randn(width, 4, generator=random) / 2)
        self.fault, self.tolerance, self.iterations = fault, tolerance, iterations

    def f(self, z, x):
        return torch.tanh(z @ self.W.T + x @ self.U.T)

    def iterate(self, step, z):
        for _ in range(self.iterations):
            z, before = step(z), z
            if (z - before).flatten(1).norm(dim=1).max() < self.tolerance:
                break
        return z

    def forward(self, x):
        with torch.no_grad():
            z = self.iterate(lambda z: self.f(z, x), torch.zeros(len(x), len(self.W), dtype=x.dtype))
        z = self.f(z, x)
        if self.fault == "detached":
            return z.detach()
        if z.requires_grad and self.fault != "one step":
            self.attach(z, x)
        return z

    def attach(self, z, x):
        at = z.detach().requires_grad_()
        value = self.f(at, x)

        def transposed(y):
            return torch.autograd.grad(value, at, y, retain_graph=True)[0]

        def plain(y):
            return (1 - value.detach() ** 2) * (y @ self.W.detach().T)

        def hook(g):
            product = plain if self.fault == "transpose" else transposed
            solved = self.iterate(lambda y: product(y) + g, g)
            wrong = {"sign": -solved, "twice": transposed(solved), "nan": solved * torch.nan}
            return wrong.get(self.fault, solved)

        z.register_hook(hook)


class Linear(nn.Module):
    """z* = (I - W)^-1 x by a direct solve, through which torch differentiates: nothing implicit."""

    def __init__(self, w):
        super().__init__()
        self.W = nn.Parameter(torch.as_tensor(w))

    def f(self, z, x):
        return z @ self.W.T + x

    def forward(self, x):
        return torch.linalg.solve(torch.eye(len(self.W), dtype=x.dtype) - self.W, x.T).T


class Detached(Linear):
    """f has a term that torch does not differentiate: its derivatives are not what torch says."""

    def f(self, z, x):
        return 0.7 * z @ self.W.T + 0.3 * z.detach() @ self.W.T + x


class Convolution(Hand):
    """Images, with a kink in every entry: z* = relu(c * z + x), iterated in both passes."""

    def __init__(self):
        super().__init__()
        random = torch.Generator().manual_seed(0)
        self.W = nn.Parameter(torch.randn(4, 4, 3, 3, generator=random) / 18)
        del self.U

    def f(self, z, x):
        return torch.relu(nn.functional.conv2d(z, self.W, padding=1) + x)

    def forward(self, x):
        with torch.no_grad():
            z = self.iterate(lambda z: self.f(z, x), torch.zeros_like(x))
        z = self.f(z, x)
        if z.requires_grad:
            self.attach(z, x)
        return z


class Kinked(nn.Module):
    """Almost no slope where its solver stops and where its equilibrium is, a slope of 0.999 between them."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(1.0, dtype=torch.float64))

    def f(self, z, x):
        return self.scale * torch.clamp(1.001 + 0.999 * torch.relu(z - 1), max=1.9) + 0 * x

    def forward(self, x):
        return 0 * x + 0.99999 * self.scale


def set_tolerance(layer, tolerance):
    layer.tolerance = tolerance


def inputs(dtype=torch.float64, samples=3):
    return torch.randn(samples, 4, generator=torch.Generator().manual_seed(0)).to(dtype)
