"""What a search may vary of the implicit ReLU networks: inputs, gamma, labels, the draw, a start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from theorems.two_classes import DIMENSION, searched_inputs
from verify.theorem.space import Entries, Real, Space, Whole


def parameters(options: Mapping[str, Any]) -> Mapping[str, Entries]:
    """The initial parameters, neutral near those of a draw."""
    m = options["width"]
    return {"A": Entries((m, m)), "W": Entries((m, DIMENSION)), "u": Entries((m,)), "v": Entries((m,))}


#: Wide networks as they are drawn ...
INPUTS = Space(
    "inputs",
    fixed={"points": 9, "tolerance": 1e-2},
    options={
        "width": Whole(20, 240),
        "samples": Whole(2, 4),
        "gamma": Real(0.01, 0.5, log=True),
        "labels": ("data", "aligned"),
        "alignment": Real(1e-5, 1.0, log=True),
    },
    files={"data": searched_inputs},
    tight={"tolerance": 1e-4},
)

#: ... and small ones from any start.
START = replace(
    INPUTS,
    name="start",
    options={**INPUTS.options, "width": Whole(4, 14), "samples": Whole(2, 3)},
    files={"data": searched_inputs, "start": parameters},
)

SEARCH = (INPUTS, START)
