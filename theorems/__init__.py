"""The catalogue: name -> theorem. Modules load when asked for, so that listing them stays quick."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Mapping
from importlib.metadata import entry_points
from types import MappingProxyType
from typing import cast

from verify.errors import InputError
from verify.theorem import Theorem

#: Entry-point group through which other packages add theorem modules.
ENTRY_POINT_GROUP = "verify.theorems"

BUILT_IN: Mapping[str, str] = MappingProxyType(
    {
        "linear-rate": "theorems.linear_rate",
        "trust-region-newton": "theorems.trust_region_newton",
        "relu-convergence": "theorems.relu_convergence",
    }
)


def names() -> list[str]:
    """Names of all theorems, the built-in ones first."""
    others = {entry.name for entry in entry_points(group=ENTRY_POINT_GROUP)} - set(BUILT_IN)
    return [*BUILT_IN, *sorted(others)]


def load(name: str) -> Theorem:
    """The theorem of that name; InputError with the nearest name when there is none."""
    if name in BUILT_IN:
        return cast(Theorem, importlib.import_module(BUILT_IN[name]))
    for entry in entry_points(group=ENTRY_POINT_GROUP, name=name):
        return cast(Theorem, entry.load())
    near = difflib.get_close_matches(name, names(), n=1, cutoff=0.0)
    raise InputError(f"there is no theorem {name!r}: did you mean {near[0]!r}? `verify list` shows all")
