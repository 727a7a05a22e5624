"""The gradient of the ReLU network of Gao et al."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from benchmarks.cases.implicit import ACCURACY, gradient_duel, gradient_kernel
from benchmarks.kernels import Duel, Kernel, Sizes
from verify.numerics.arrays import Placement
from verify.relu_deq.model import ImplicitReLU, ReluState
from verify.relu_deq.parameters import Parameters

GAMMA = 0.25


def network(
    m: int, n: int, d: int, precision: Literal["float64", "float32"] = "float64", accuracy: float = ACCURACY
) -> tuple[ReluState, NDArray[np.float64]]:
    """Gaussian unit inputs, random parameters and random signs for labels (n,)."""
    rng = np.random.default_rng(0)
    inputs = rng.standard_normal((d, n))
    inputs /= np.linalg.norm(inputs, axis=0)
    theta = Parameters.random(m, d, rng)
    place = Placement(precision).put
    model = ImplicitReLU.scaled(place(inputs), m, GAMMA)
    return model.at(theta.mapped(place), accuracy=accuracy), rng.choice([-1.0, 1.0], size=n)


def duel(m: int, n: int, d: int, precision: Literal["float64", "float32"] = "float64") -> Duel:
    """Its gradient."""
    return gradient_duel(*network(m, n, d, precision))


def kernel(quick: bool) -> Kernel:
    """Gradients up to the width and data of the paper's figure."""
    sizes: list[Sizes] = [
        {"m": m, "n": m, "d": d} for m, d in ((125, 64), (250, 100), (500, 392), (1000, 784))
    ]
    return gradient_kernel("relu", "ReLU network of Gao et al.: gradient from cold", duel, sizes, quick)
