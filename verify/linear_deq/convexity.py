"""Witnesses that the loss of the linear model is not convex in its parameters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from verify.linear_deq.model import DeepEquilibriumLinear, softmax
from verify.losses import EPS, ShallowObjective

Array = NDArray[np.float64]

CANDIDATES = 16


@dataclass(frozen=True)
class Witness:
    """Two parameter points (size,), the rise of L at their midpoint over its chord, its rounding."""

    ends: tuple[Array, Array]
    rise: float
    rounding: float


def nonconvexity_witness(
    model: DeepEquilibriumLinear, objective: ShallowObjective, rng: np.random.Generator
) -> Witness:
    """The best of some pairs ``(A_i, Q* U_i)``: L is least at both ends, and not in the middle.

    Q at the midpoint is ``Q* (U_1 + U_2)/2 U_mid^{-1}``, which is Q* only by accident, since U is not
    affine in A for m >= 2.
    """

    def end() -> Array:
        a = 3 * rng.standard_normal((model.width, model.width))
        u = np.eye(model.width) - model.gamma * softmax(a)
        return model.pack(a, objective.minimiser @ u)

    def loss(theta: Array) -> float:
        return objective.loss(model.at(theta).q)

    def rise(ends: tuple[Array, Array]) -> float:
        return loss((ends[0] + ends[1]) / 2) - (loss(ends[0]) + loss(ends[1])) / 2

    best = max(((end(), end()) for _ in range(CANDIDATES)), key=rise)
    middle = loss((best[0] + best[1]) / 2)
    conditioning = ((1 + model.gamma) / (1 - model.gamma)) ** 2
    return Witness(best, rise(best), 100 * EPS * model.width * conditioning * (1 + abs(middle)))
