"""What a search may vary of the implicit ReLU networks: inputs, gamma, labels, the draw, a start."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from verify.theorem.space import Entries, Real, Space, Whole

#: Entries of an input.
DIMENSION = 3


def inputs(options: Mapping[str, Any]) -> Mapping[str, Entries]:
    """Inputs, which the theorem scales to norm 1, of two classes in turn."""
    n = options["samples"]
    return {"x": Entries((n, DIMENSION)), "y": Entries((n,), lambda normal: np.arange(n) % 2)}


def parameters(options: Mapping[str, Any]) -> Mapping[str, Entries]:
    """The initial parameters, neutral near those of a draw."""
    m = options["width"]
    return {"A": Entries((m, m)), "W": Entries((m, DIMENSION)), "u": Entries((m,)), "v": Entries((m,))}


#: Wide networks as they are drawn, and small ones from any start.
SEARCH = (
    Space(
        "inputs",
        fixed={"points": 9, "tolerance": 1e-2},
        options={
            "width": Whole(20, 120),
            "samples": Whole(2, 4),
            "gamma": Real(0.01, 0.5, log=True),
            "labels": ("data", "aligned"),
            "alignment": Real(1e-5, 1.0, log=True),
        },
        files={"data": inputs},
        tight={"tolerance": 1e-4},
    ),
    Space(
        "start",
        fixed={"points": 9, "tolerance": 1e-2},
        options={
            "width": Whole(4, 14),
            "samples": Whole(2, 3),
            "gamma": Real(0.01, 0.5, log=True),
            "labels": ("data", "aligned"),
            "alignment": Real(1e-5, 1.0, log=True),
        },
        files={"data": inputs, "start": parameters},
        tight={"tolerance": 1e-4},
    ),
)
