"""What a search may vary of the linear model: its start and its data, in small sizes that run quickly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from verify.data.start import FEATURES, TARGETS
from verify.theorem.space import Array, Entries, Real, Space, Whole

#: Options of every run: few points, and a tolerance at which a run takes a second or less ...
QUICK: Mapping[str, Any] = {"points": 9, "rtol": 1e-6}

#: ... and that with which a violation is run again.
TIGHT: Mapping[str, Any] = {"rtol": 1e-10}

GAMMA, HORIZON = Real(0.05, 0.95), Real(1e-2, 3.0, log=True)
TAU = Real(1e-3, 1.0, log=True)

#: m, m_y and n.
SIZES = {"width": Whole(1, 5), "outputs": Whole(1, 2), "samples": Whole(2, 5)}


def parameters(sizes: Mapping[str, Any]) -> Mapping[str, Entries]:
    """A and B, neutral as the theorem draws them."""
    m, outputs = sizes["width"], sizes["outputs"]
    return {"A": Entries((m, m)), "B": Entries((outputs, m), lambda normal: normal / np.sqrt(m))}


def free(sizes: Mapping[str, Any]) -> Mapping[str, Entries]:
    """Parameters, features and targets."""
    return {**parameters(sizes), **data(sizes, lambda normal: normal)}


def signs(sizes: Mapping[str, Any]) -> Mapping[str, Entries]:
    """The same, with labels +1 and -1."""
    return {**parameters(sizes), **data(sizes, lambda normal: np.where(normal < 0, -1.0, 1.0))}


def classes(sizes: Mapping[str, Any]) -> Mapping[str, Entries]:
    """The same, with one-hot labels."""
    return {**parameters(sizes), **data(sizes, one_hot)}


def data(sizes: Mapping[str, Any], made: Any) -> Mapping[str, Entries]:
    """Features, and targets that are made of normal numbers."""
    m, outputs, n = sizes["width"], sizes["outputs"], sizes["samples"]
    return {FEATURES: Entries((m, n)), TARGETS: Entries((outputs, n), made)}


def one_hot(normal: Array) -> Array:
    """1 at the largest entry of each column, 0 elsewhere."""
    return np.eye(len(normal))[:, normal.argmax(axis=0)]


SQUARE = Space(
    "square",
    fixed=QUICK,
    options={**SIZES, "gamma": GAMMA, "horizon": HORIZON},
    files={"start": free},
    tight=TIGHT,
)

#: Only the start is moved: fewer coordinates, where the data make no difference.
START = Space(
    "start",
    fixed={**QUICK, "data": "synthetic", "samples": 8},
    options={"width": Whole(1, 8), "outputs": Whole(1, 2), "gamma": GAMMA, "horizon": HORIZON},
    files={"start": parameters},
    tight=TIGHT,
)

#: Losses of one output: the logistic one, in the smallest radius that covers the path or in a given one, on
#: which its optimum lies without tau; and the hinge, whose n is at most m.
LOGISTIC = Space(
    "logistic",
    fixed={**QUICK, "loss": "logistic"},
    options={**SIZES, "outputs": Whole(1, 1), "tau": TAU, "gamma": GAMMA, "horizon": HORIZON},
    files={"start": signs},
    tight=TIGHT,
)
RADIUS = Space(
    "radius",
    fixed={**QUICK, "loss": "logistic"},
    options={
        "width": Whole(1, 4),
        "outputs": Whole(1, 1),
        "samples": Whole(4, 12),
        "tau": (0.0, 0.01, 0.1),
        "radius": Real(0.5, 5.0, log=True),
        "gamma": GAMMA,
        "horizon": HORIZON,
    },
    files={"start": signs},
    tight=TIGHT,
)
HINGE = Space(
    "hinge",
    fixed={**QUICK, "loss": "hinge"},
    options={
        "width": Whole(3, 6),
        "outputs": Whole(1, 1),
        "samples": Whole(2, 3),
        "gamma": GAMMA,
        "horizon": HORIZON,
    },
    files={"start": signs},
    tight=TIGHT,
)
CROSS_ENTROPY = Space(
    "cross-entropy",
    fixed={**QUICK, "loss": "cross-entropy"},
    options={
        **SIZES,
        "width": Whole(1, 3),
        "outputs": Whole(2, 3),
        "tau": TAU,
        "gamma": GAMMA,
        "horizon": HORIZON,
    },
    files={"start": classes},
    tight=TIGHT,
)

#: Where the bound of Theorem 1 is tight: orthogonal features, targets next to the outputs.
ALIGNED = Space(
    "aligned",
    fixed={**QUICK, "labels": "aligned"},
    options={
        "width": Whole(1, 6),
        "outputs": Whole(1, 2),
        "gamma": GAMMA,
        "alignment": Real(1e-3, 1.0, log=True),
    },
    files={"start": parameters},
    tight=TIGHT,
)

#: Theorem 2, of one output.
ONE_OUTPUT = replace(SQUARE, name="one output", options={**SQUARE.options, "outputs": Whole(1, 1)})
