"""Gradient descent of the implicit ReLU network with a fixed step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from verify.data.images import Images, two_classes
from verify.figures.training.curve import LossCurve, recorded_epochs
from verify.numerics.arrays import Placement
from verify.numerics.spectral_norm import spectral_norm
from verify.relu_deq.descent import trajectory
from verify.relu_deq.model import ImplicitReLU, ReluState
from verify.relu_deq.parameters import Parameters

Array = NDArray[np.float64]

#: Residual of the equilibria relative to what drives them: invisible in a picture, within float32.
ACCURACY = 1e-4

#: Epochs recorded.
POINTS = 60

#: Share of the training inputs' norm that separates parallel ones.
NOISE = 0.01


def descent_curve(
    images: Images,
    *,
    data: str,
    classes: tuple[int, int],
    samples: int | None,
    width: int,
    gamma: float,
    step: float | None,
    epochs: int,
    seed: int,
    device: Literal["cpu", "cuda"],
    progress: Callable[[float], None],
) -> LossCurve:
    """Losses ``sum r^2 / 2n`` and ``gamma ||A|| / sqrt(m)`` along descent on ``sum r^2 / 2``, in float32.

    `data` is the fingerprint of `images`. Split and parameters follow from `seed`, the latter from the
    width, too. The step is 0.5/n unless given. Raises NoEquilibriumError where nothing contracts.
    """
    split = two_classes(images, classes, samples, seed, NOISE)
    place = Placement("float32", device)
    model, unseen = (ImplicitReLU.scaled(place.put(x), width, gamma) for x in (split.train, split.test))
    theta = Parameters.random(width, len(split.train), np.random.default_rng((seed, width))).mapped(place.put)
    targets, test_targets = split.train_targets[0], split.test_targets[0]
    step = step or 0.5 / len(targets)
    rows: list[tuple[float, float, float, float]] = []
    start = model.at(theta, accuracy=ACCURACY)
    seen, direction = unseen.at(theta, accuracy=ACCURACY), np.ones(width)
    for state in recorded(trajectory(start, targets, step), epochs, progress):
        seen = unseen.at(state.theta, (seen.z, seen.p), ACCURACY)
        norm, error, direction = spectral_norm(state.theta.a, direction)
        train_loss, test_loss = (
            0.5 * float(np.mean(r**2)) for r in (state.output - targets, seen.output - test_targets)
        )
        rows.append((train_loss, test_loss, model.coupling * norm, model.coupling * error))
    train, test, norms, errors = np.array(rows).T
    return LossCurve(recorded_epochs(epochs, POINTS), train, test, step, norms, errors)


def recorded(
    path: Iterator[ReluState], epochs: int, progress: Callable[[float], None]
) -> Iterator[ReluState]:
    """The states of a path at its recorded epochs."""
    wanted = set(recorded_epochs(epochs, POINTS).tolist())
    for epoch, state in enumerate(islice(path, epochs + 1)):
        if epoch in wanted:
            yield state
            progress(epoch / epochs)
