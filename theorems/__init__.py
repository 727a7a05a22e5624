"""The catalogue: name -> theorem. Modules load when asked for, so that listing them stays quick."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import cast

from verify.errors import InputError
from verify.theorem import Theorem, missing_attributes

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
    """The theorem of that name; InputError when there is none, or when its package does not provide one."""
    if name in BUILT_IN:
        return cast(Theorem, importlib.import_module(BUILT_IN[name]))
    for entry in entry_points(group=ENTRY_POINT_GROUP, name=name):
        return _load_from(entry)
    near = difflib.get_close_matches(name, names(), n=1, cutoff=0.0)
    raise InputError(f"there is no theorem {name!r}: did you mean {near[0]!r}? `verify list` shows all")


@dataclass(frozen=True)
class Catalogue:
    """The theorems that load, and a line for each that does not."""

    theorems: Sequence[Theorem]
    broken: Sequence[str]


def catalogue(chosen: Iterable[str] = ()) -> Catalogue:
    """Some theorems, all of which must load; by default every one that loads."""
    if wanted := dict.fromkeys(chosen):
        return Catalogue([load(name) for name in wanted], [])
    loaded, broken = [], []
    for name in names():
        try:
            loaded.append(load(name))
        except InputError as problem:
            broken.append(str(problem))
    return Catalogue(loaded, broken)


def _load_from(entry: EntryPoint) -> Theorem:
    """A theorem of another package, which may be broken in any way."""
    package = entry.dist.name if entry.dist else entry.value
    remedy = f"mend or uninstall {package}"
    try:
        found = entry.load()
    except Exception as problem:  # whatever its import raises, the other theorems must be served
        reason = " ".join(f"{type(problem).__name__}: {problem}".split())
        message = f"theorem {entry.name!r} of the package {package} does not load ({reason}): {remedy}"
        raise InputError(message) from problem
    if missing := missing_attributes(found):
        raise InputError(
            f"theorem {entry.name!r} of the package {package} lacks {', '.join(missing)}: {remedy}; "
            "docs/adding-a-theorem.md says what a theorem has"
        )
    if entry.name != found.NAME:
        raise InputError(
            f"theorem {entry.name!r} of the package {package} calls itself {found.NAME!r}: {remedy}; "
            "its NAME and the name of its entry point must be one"
        )
    return cast(Theorem, found)
