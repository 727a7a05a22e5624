"""What a search may vary of Ling et al.'s networks: inputs on a small sphere, labels, step, size of W."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from theorems.two_classes import DIMENSION, searched_inputs
from verify.theorem.space import Entries, Real, Space, Whole


def parameters(options: Mapping[str, Any]) -> Mapping[str, Entries]:
    """The initial parameters, neutral near those of a draw, W at half the norm that an equilibrium allows."""
    m = options["width"]
    return {
        "W": Entries((m, m), lambda normal: normal / (4 * np.sqrt(m))),
        "U": Entries((m, DIMENSION), lambda normal: normal / np.sqrt(DIMENSION)),
        "a": Entries((m,)),
    }


#: Labels at any distance, where the theorem speaks and where not, by a step that it allows ...
LABELS = Space(
    "labels",
    fixed={"points": 9, "epochs": 60},
    options={
        "width": Whole(10, 100),
        "samples": Whole(2, 4),
        "init": ("small", "paper"),
        "sigma_w": Real(0.05, 0.35),
        "distance": Real(1e-8, 1e2, log=True),
    },
    files={"data": searched_inputs},
    tight={"tolerance": 1e-5},
)

#: ... and near ones, by any step.
STEPS = replace(
    LABELS,
    name="steps",
    options={
        **{name: what for name, what in LABELS.options.items() if name != "distance"},
        "step": Real(1e-9, 1.0, log=True),
    },
)

#: Small networks from any start.
START = Space(
    "start",
    fixed={"points": 9, "epochs": 60},
    options={"width": Whole(4, 14), "samples": Whole(2, 3), "distance": Real(1e-8, 1e2, log=True)},
    files={"data": searched_inputs, "start": parameters},
    tight={"tolerance": 1e-5},
)

SEARCH = (LABELS, STEPS, START)
