"""The gradient of the network of Ling et al."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from benchmarks.cases.implicit import ACCURACY, gradient_duel, gradient_kernel
from benchmarks.kernels import Duel, Kernel, Sizes
from verify.figures.training.plain import training_set
from verify.numerics.arrays import Placement
from verify.relu_deq.model import ImplicitReLU, ReluState
from verify.relu_deq.parameters import Parameters

#: The variance sigma_w^2 of the paper's figure 1.
VARIANCE = 0.08


def network(
    m: int, n: int, d: int, precision: Literal["float64", "float32"] = "float64"
) -> tuple[ReluState, NDArray[np.float64]]:
    """The synthetic data of the paper's figure 1 and its start, with labels (n,)."""
    inputs, targets = training_set(None, (0, 1), n, d, 0)
    theta = Parameters.gaussian(m, d, np.random.default_rng(0), VARIANCE**0.5)
    place = Placement(precision).put
    return ImplicitReLU.plain(place(inputs), m).at(theta.mapped(place), accuracy=ACCURACY), targets


def duel(m: int, n: int, d: int, precision: Literal["float64", "float32"] = "float64") -> Duel:
    """Its gradient."""
    return gradient_duel(*network(m, n, d, precision))


def kernel(quick: bool) -> Kernel:
    """Gradients up to the data of the paper's figure."""
    sizes: list[Sizes] = [{"m": m, "n": m, "d": m} for m in (125, 250, 500, 1000)]
    return gradient_kernel("plain", "Network of Ling et al.: gradient from cold", duel, sizes, quick)
