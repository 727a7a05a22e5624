"""Gradient descent of the implicit ReLU network of Ling et al. 2023 with a fixed step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from verify.data.images import Images, two_classes
from verify.figures.training.curve import LossCurve, recorded_epochs
from verify.figures.training.relu import ACCURACY, NOISE, POINTS, recorded
from verify.numerics.arrays import Placement
from verify.numerics.spectral_norm import spectral_norm
from verify.relu_deq.descent import stable_step, trajectory
from verify.relu_deq.model import ImplicitReLU, ReluState
from verify.relu_deq.parameters import Parameters

Array = NDArray[np.float64]


def plain_curve(
    images: Images | None,
    *,
    data: str,
    classes: tuple[int, int],
    samples: int | None,
    dimension: int,
    width: int,
    widest: int,
    sigma_w: float,
    step: float | None,
    epochs: int,
    seed: int,
    device: Literal["cpu", "cuda"],
    progress: Callable[[float], None],
) -> LossCurve:
    """Losses ``||r||^2 / 2`` and norms ``||W||`` (in the code ``||A||``) along descent, in float32.

    `data` is the fingerprint of `images`; without these they are synthetic, of that `dimension`. Data follow
    from `seed`, the parameters from the width, too. Unless given, the step is that of `stable_step` for the
    network that is as wide as `widest`. Raises NoEquilibriumError where nothing contracts.
    """
    inputs, targets = training_set(images, classes, samples, dimension, seed)
    placed = Placement("float32", device).put(inputs)

    def start(width: int) -> ReluState:
        # In a function of its own, so that nothing holds the first parameters once training has left them.
        theta = Parameters.gaussian(width, len(inputs), np.random.default_rng((seed, width)), sigma_w)
        place = Placement("float32", device)
        return ImplicitReLU.plain(placed, width).at(theta.mapped(place.put), accuracy=ACCURACY)

    step = step or stable_step(start(widest))
    rows: list[tuple[float, float, float]] = []
    direction = np.ones(width)
    for state in recorded(trajectory(start(width), targets, step), epochs, progress):
        norm, error, direction = spectral_norm(state.theta.a, direction)
        rows.append((0.5 * float(np.sum((state.output - targets) ** 2)), norm, error))
    losses, norms, errors = np.array(rows).T
    return LossCurve(recorded_epochs(epochs, POINTS), losses, np.empty(0), step, norms, errors)


def training_set(
    images: Images | None, classes: tuple[int, int], samples: int | None, dimension: int, seed: int
) -> tuple[Array, Array]:
    """Inputs (d, n) of norm sqrt(d) and labels (n,): of two classes -1 and +1, synthetic ones of N(0, 1).

    Source: Ling et al. 2023, section 5; synthetic inputs are uniform on the sphere.
    """
    if images is not None:
        split = two_classes(images, classes, samples, seed, NOISE)
        return len(split.train) ** 0.5 * split.train, split.train_targets[0]
    assert samples is not None  # only of images it may mean all there are
    rng = np.random.default_rng(seed)
    inputs = rng.standard_normal((dimension, samples))
    inputs *= dimension**0.5 / np.linalg.norm(inputs, axis=0)
    return inputs, rng.standard_normal(samples)
