"""The right-hand side of the linear DEQ without softmax."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.kernels import Duel, Kernel, Sizes
from benchmarks.peers.linear import torch_quotient_gradient
from theorems.linear_deq import Setting, build
from theorems.linear_deq_flow import velocity

Array = NDArray[np.float64]


def duel(d: int, k: int, n: int) -> Duel:
    """The gradient in A (k, d) and M (k, k), with the error estimates that the suite's flow takes with it."""
    problem = build(Setting(width=d, outputs=k, samples=n))
    start = problem.S.ravel()

    def ours() -> tuple[Array, Array]:
        _, m, w, g, _, _ = problem.at(start)
        downhill = velocity(m, w, g)
        return -downhill[:, :d], -downhill[:, d:]

    a, m = problem.S[:, :d], problem.S[:, d:]
    return Duel(ours, {"torch autograd": torch_quotient_gradient(a, m, problem.X, problem.Y)}, allowed=1e-10)


def kernel(quick: bool) -> Kernel:
    """Right-hand sides up to the largest sizes that the theorem takes."""
    sizes: list[Sizes] = [
        {"d": d, "k": k, "n": n} for d, k, n in ((5, 3, 100), (20, 10, 200), (50, 25, 500), (100, 50, 1000))
    ]
    sweeps: dict[str, Sequence[int]] = {
        "d": (12, 25, 50, 100),
        "k": (10, 20, 30, 40),
        "n": (125, 250, 500, 1000),
    }
    if quick:
        sizes = [{"d": d, "k": 3, "n": 40} for d in (4, 8, 12, 16)]
        sweeps = {"d": (4, 8, 16), "k": (2, 4, 8), "n": (20, 40, 80)}
    base = {"d": 8, "k": 3, "n": 40} if quick else {"d": 50, "k": 25, "n": 500}
    return Kernel("linear-deq", "Linear DEQ without softmax: right-hand side", duel, sizes, base, sweeps)
