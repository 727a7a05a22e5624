"""What a search may vary of Ling et al.'s networks: inputs on a small sphere, labels, step, size of W."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from verify.theorem.space import Entries, Real, Space, Whole

#: Entries of an input.
DIMENSION = 3


def inputs(options: Mapping[str, Any]) -> Mapping[str, Entries]:
    """Inputs, which the theorem scales to one norm, of two classes in turn."""
    n = options["samples"]
    return {"x": Entries((n, DIMENSION)), "y": Entries((n,), lambda normal: np.arange(n) % 2)}


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
    files={"data": inputs},
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

SEARCH = (LABELS, STEPS)
