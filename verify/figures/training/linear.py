"""Gradient descent of the deep equilibrium linear model with a fixed step, by its closed-form gradient."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from verify.data.images import Images, Split
from verify.figures.training.curve import LossCurve, recorded_epochs
from verify.figures.training.teacher import taught
from verify.linear_deq.model import DeepEquilibriumLinear
from verify.losses.square import SquareObjective

Array = NDArray[np.float64]

#: Epochs recorded.
POINTS = 200

#: Default step in units of 1/(largest curvature of the linear model), of which 2 is its limit of stability.
STEP_SHARE = 0.25


def start(width: int, outputs: int, seed: int) -> Array:
    """Initial parameters, A of N(0, 1) and B of N(0, 1/m)."""
    rng = np.random.default_rng((seed, width))
    a, b = rng.standard_normal((width, width)), rng.standard_normal((outputs, width)) / np.sqrt(width)
    return np.concatenate([a.ravel(), b.ravel()])


def default_step(split: Split) -> float:
    """One step for all models: a quarter of the inverse of the linear model's largest curvature."""
    return STEP_SHARE / (2 * float(np.linalg.norm(split.train, 2)) ** 2)


def delm_curve(
    images: Images,
    *,
    data: str,
    width: int,
    outputs: int,
    samples: int,
    gamma: float,
    step: float | None,
    epochs: int,
    seed: int,
    progress: Callable[[float], None],
) -> LossCurve:
    """Mean square losses along descent on the sum of squares; `data` is the fingerprint of `images`."""
    split = taught(images, width, outputs, samples, gamma, seed)
    objective = SquareObjective(split.train, split.train_targets)
    model = DeepEquilibriumLinear(width, outputs, gamma)
    theta = start(width, outputs, seed)
    step = step or default_step(split)
    recorded = recorded_epochs(epochs, POINTS)
    losses: list[tuple[float, float]] = []
    for epoch in range(epochs + 1):
        state = model.at(theta)
        excess, g = objective.excess_and_gradient(state.q)
        if epoch == recorded[len(losses)]:
            train = (objective.optimal_value + excess) / split.train_targets.size
            losses.append((train, float(np.mean((state.q @ split.test - split.test_targets) ** 2))))
            progress(epoch / epochs)
        theta = theta - step * model.pack(*state.gradients(g))
    train_losses, test_losses = np.array(losses).T
    return LossCurve(recorded, train_losses, test_losses, step)
