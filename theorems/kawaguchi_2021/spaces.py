"""What a search may vary of the linear model: its start and its data, in small sizes that run quickly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from verify.data.start import FEATURES, TARGETS
from verify.theorem.space import Array, Entries, Real, Space, Whole

#: Options of every run: few points, and a tolerance at which a run takes a second or less ...
QUICK: Mapping[str, Any] = {"points": 9, "rtol": 1e-6}

#: ... and that with which a violation is run again.
TIGHT: Mapping[str, Any] = {"rtol": 1e-10}

GAMMA, HORIZON = Real(0.05, 0.95), Real(1e-2, 3.0, log=True)

#: Sizes m, m_y and n.
SIZES = {"m": Whole(1, 6), "m_y": Whole(1, 2), "n": Whole(2, 6)}


def parameters(sizes: Mapping[str, Any]) -> Mapping[str, Entries]:
    """A and B, neutral as the theorem draws them."""
    m, outputs = sizes["m"], sizes["m_y"]
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
    m, outputs, n = sizes["m"], sizes["m_y"], sizes["n"]
    return {FEATURES: Entries((m, n)), TARGETS: Entries((outputs, n), made)}


def one_hot(normal: Array) -> Array:
    """1 at the largest entry of each column, 0 elsewhere."""
    return np.eye(len(normal))[:, normal.argmax(axis=0)]


SQUARE = Space(
    "square",
    fixed=QUICK,
    options={"gamma": GAMMA, "horizon": HORIZON},
    sizes=SIZES,
    files={"start": free},
    tight=TIGHT,
)

#: Only the start is moved: fewer coordinates, where the data make no difference.
START = Space(
    "start",
    fixed={**QUICK, "data": "synthetic", "samples": 8},
    options={"gamma": GAMMA, "horizon": HORIZON},
    sizes={"m": Whole(1, 8), "m_y": Whole(1, 2)},
    files={"start": parameters},
    tight=TIGHT,
)

#: Of one output: the logistic loss, its optimum inside or on the radius, and the hinge, whose n is at most m.
LOGISTIC = Space(
    "logistic",
    fixed={**QUICK, "loss": "logistic"},
    options={"gamma": GAMMA, "horizon": HORIZON, "tau": Real(1e-3, 1.0, log=True)},
    sizes={**SIZES, "m_y": Whole(1, 1)},
    files={"start": signs},
    tight=TIGHT,
)
HINGE = Space(
    "hinge",
    fixed={**QUICK, "loss": "hinge"},
    options={"gamma": GAMMA, "horizon": HORIZON},
    sizes={"m": Whole(3, 4), "m_y": Whole(1, 1), "n": Whole(2, 3)},
    files={"start": signs},
    tight=TIGHT,
)
CROSS_ENTROPY = Space(
    "cross-entropy",
    fixed={**QUICK, "loss": "cross-entropy"},
    options={"gamma": GAMMA, "horizon": HORIZON, "tau": Real(1e-3, 1.0, log=True)},
    sizes={**SIZES, "m_y": Whole(2, 3)},
    files={"start": classes},
    tight=TIGHT,
)

#: Where the bound of Theorem 1 is tight: orthogonal features, targets next to the outputs.
ALIGNED = Space(
    "aligned",
    fixed={**QUICK, "labels": "aligned"},
    options={"gamma": GAMMA, "alignment": Real(1e-3, 1.0, log=True)},
    sizes=SIZES,
    files={"start": parameters},
    tight=TIGHT,
)
