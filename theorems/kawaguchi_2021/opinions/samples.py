"""Small problems on which the engine's objectives are compared with the printed losses."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from theorems.kawaguchi_2021.opinions.printed import Printed
from verify.losses import Array, ShallowObjective
from verify.losses.cross_entropy import CrossEntropyObjective
from verify.losses.hinge import HingeObjective
from verify.losses.logistic import LogisticObjective
from verify.losses.square import SquareObjective


def objective(printed: Printed) -> ShallowObjective:
    """The engine's objective for a printed loss."""
    features, targets = printed.features, printed.targets
    if printed.name == "square":
        return SquareObjective(features, targets)
    if printed.name == "hinge":
        return HingeObjective(features, targets)
    if printed.name == "cross-entropy":
        return CrossEntropyObjective(features, targets, printed.tau)
    return LogisticObjective(features, targets, printed.tau, printed.radius)


@cache
def generic() -> Sequence[Printed]:
    """A problem for each loss, with full and with deficient rank, inside the radius and on it."""
    rng = np.random.default_rng(0)

    def drawn(rows: int, columns: int) -> Array:
        return rng.standard_normal((rows, columns))

    signs = np.sign(drawn(1, 7))
    return (
        Printed("square", drawn(3, 7), drawn(2, 7)),
        Printed("square", drawn(4, 2) @ drawn(2, 7), drawn(2, 7)),
        Printed("logistic", drawn(3, 7), signs, 0.1, 20.0),
        Printed("logistic", drawn(3, 7), signs, 0.0, 0.3),
        Printed("cross-entropy", drawn(2, 7), np.eye(3)[:, [0, 1, 2, 2, 0, 1, 0]], 0.05),
        Printed("hinge", drawn(4, 3), signs[:, :3]),
    )


@cache
def attaining() -> Sequence[Printed]:
    """Problems whose PL constant is attained, or approached to less than a percent.

    Square: along the last singular direction. Hinge: there, too, where its sign pattern is that of the
    labels. Cross-entropy: along a shift of all outputs, which softmax does not see. Logistic: at an optimum
    next to the corner of the box at which the output of the one sample is largest.
    """
    rng = np.random.default_rng(1)
    square, labelled = rng.standard_normal((2, 2, 5))
    pair = rng.standard_normal((2, 2))
    signs = np.sign(np.linalg.svd(pair)[2][-1:])
    column, radius = np.array([[1.0], [-0.5]]), 1.5
    output = 0.999 * radius * float(np.abs(column).sum())
    tau = 1 / (2 * output * (1 + np.exp(output)))
    return (
        Printed("square", square, rng.standard_normal((1, 5))),
        Printed(
            "square", rng.standard_normal((3, 1)) @ rng.standard_normal((1, 5)), rng.standard_normal((1, 5))
        ),
        Printed("hinge", pair, signs),
        Printed("cross-entropy", labelled, np.eye(2)[:, [0, 1, 1, 0, 1]], 0.05),
        Printed("logistic", column, np.ones((1, 1)), tau, radius),
    )
