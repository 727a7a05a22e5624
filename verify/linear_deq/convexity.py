"""Witnesses that the loss of the linear model is not convex in its parameters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from verify.linear_deq.model import DeepEquilibriumLinear, softmax
from verify.losses import EPS, ShallowObjective

Array = NDArray[np.float64]

CANDIDATES = 16

#: Two parameter points (size,), drawn at random.
Ends = Callable[[DeepEquilibriumLinear, ShallowObjective, np.random.Generator], tuple[Array, Array]]


@dataclass(frozen=True)
class Witness:
    """That a function is not convex: L at the midpoint of two parameter points lies above its chord.

    ends      the two points, (size,) each
    rise      L at the midpoint minus the mean of L at the ends
    rounding  error of the rise
    """

    ends: tuple[Array, Array]
    rise: float
    rounding: float


def ends_of_one_map(
    model: DeepEquilibriumLinear, objective: ShallowObjective, rng: np.random.Generator
) -> tuple[Array, Array]:
    """``(A_i, Q* U_i)``: L is least at both ends, but not in the middle.

    Q at the midpoint is ``Q* (U_1 + U_2)/2 U_mid^{-1}``. It equals Q* only by accident, since U is not affine
    in A for m >= 2.
    """
    return _minimum(model, objective, rng), _minimum(model, objective, rng)


def ends_of_one_equilibrium(
    model: DeepEquilibriumLinear, objective: ShallowObjective, rng: np.random.Generator
) -> tuple[Array, Array]:
    """``(A, Q* U -+ X)``: L is convex in B alone, and least in the middle."""
    middle = _minimum(model, objective, rng)
    a, b = model.unpack(middle)
    away = model.pack(np.zeros_like(a), rng.standard_normal(b.shape))
    return middle - away, middle + away


def nonconvexity_witness(
    model: DeepEquilibriumLinear,
    objective: ShallowObjective,
    rng: np.random.Generator,
    ends: Ends = ends_of_one_map,
) -> Witness:
    """The pair of ends, of several, over whose chord L rises most."""

    def loss(theta: Array) -> float:
        return objective.loss(model.at(theta).q)

    def rise(pair: tuple[Array, Array]) -> float:
        return loss((pair[0] + pair[1]) / 2) - (loss(pair[0]) + loss(pair[1])) / 2

    best = max((ends(model, objective, rng) for _ in range(CANDIDATES)), key=rise)
    middle = loss((best[0] + best[1]) / 2)
    conditioning = ((1 + model.gamma) / (1 - model.gamma)) ** 2
    return Witness(best, rise(best), 100 * EPS * model.width * conditioning * (1 + abs(middle)))


def _minimum(model: DeepEquilibriumLinear, objective: ShallowObjective, rng: np.random.Generator) -> Array:
    """Parameters of Q*, with an A drawn at random."""
    a = 3 * rng.standard_normal((model.width, model.width))
    u = np.eye(model.width) - model.gamma * softmax(a)
    return model.pack(a, objective.minimiser @ u)
