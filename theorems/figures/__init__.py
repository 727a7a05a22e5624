"""The catalogue of figures: name -> module. Modules load when asked for."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import cast

from verify.figures.protocol import FigureModule
from verify.theorem.errors import InputError

FIGURES: Mapping[str, str] = MappingProxyType(
    {
        "kawaguchi-1": "theorems.figures.kawaguchi_1",
        "gao-1": "theorems.figures.gao_1",
        "ling-1": "theorems.figures.ling_1",
        "linear-rate": "theorems.figures.linear_rate",
        "trust-region-newton": "theorems.figures.trust_region_newton",
        "relu-convergence": "theorems.figures.relu_convergence",
    }
)


def load(name: str) -> FigureModule:
    """The figure of that name; InputError with the nearest name when no figure has it."""
    if name in FIGURES:
        return cast(FigureModule, importlib.import_module(FIGURES[name]))
    near = difflib.get_close_matches(name, FIGURES, n=1, cutoff=0.0)
    raise InputError(f"there is no figure {name!r}: did you mean {near[0]!r}? There are {', '.join(FIGURES)}")
