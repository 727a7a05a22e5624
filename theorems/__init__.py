"""The catalogue: name -> theorem. Modules load when asked for, so that listing them stays quick."""

from __future__ import annotations

import difflib
import importlib
import re
import sys
from collections.abc import Collection, Iterable, Mapping
from contextlib import redirect_stdout
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import MappingProxyType
from typing import cast

from verify.contract.calls import Fault, fault_line
from verify.contract.catalogue import Catalogue, Found
from verify.contract.module import module_faults
from verify.contract.place import ENTRY_POINT_GROUP, place_of_problem
from verify.theorem.errors import InputError, in_words
from verify.theorem.protocol import Theorem

BUILT_IN: Mapping[str, str] = MappingProxyType(
    {
        "linear-rate": "theorems.kawaguchi_2021.linear_rate",
        "trust-region-newton": "theorems.kawaguchi_2021.trust_region_newton",
        "relu-convergence": "theorems.gao_2022",
        "linear-deq": "theorems.linear_deq",
        "ling-convergence": "theorems.ling_2023",
    }
)

#: Records of accepted runs of the presets, which a run can be compared with.
REFERENCES = Path(__file__).with_name("reference")


def names() -> list[str]:
    """Names of all theorems, the built-in ones first."""
    others = {entry.name for entry in entry_points(group=ENTRY_POINT_GROUP)} - set(BUILT_IN)
    return [*BUILT_IN, *sorted(others)]


def find(name: str, reserved: Collection[str] = ()) -> Found:
    """What a name stands for; InputError when no theorem has it.

    `reserved` has the names that no setting field may have; see `module_faults`.
    """
    entries = list(entry_points(group=ENTRY_POINT_GROUP, name=name))
    if name in BUILT_IN:
        module = importlib.import_module(BUILT_IN[name])
        faults = [str(fault) for fault in module_faults(module, name, reserved)]
        return Found(cast(Theorem, module), [*faults, *clashes([name])])
    if len(entries) > 1:
        packages = " and ".join(map(_package, entries))
        return Found(None, [f"the packages {packages} both provide it: uninstall or rename one"])
    if entries:
        return _found(entries[0], reserved)
    if of_source := _of_source(name):
        raise InputError(
            f"{name!r} is no theorem but stands in the sources of {', '.join(of_source)}: `verify theorem "
            f"{' '.join(of_source)}` runs them"
        )
    near = difflib.get_close_matches(name, names(), n=1, cutoff=0.0)
    raise InputError(f"there is no theorem {name!r}: did you mean {near[0]!r}? `verify list` shows all")


def _of_source(word: str) -> list[str]:
    """Names of the theorems whose sources contain a word, such as an author's name or an arXiv number."""
    return [
        theorem.NAME
        for theorem in catalogue().theorems
        if any(word.lower() in re.findall(r"[\w.]+", source.lower()) for source in theorem.SOURCES)
    ]


def load(name: str, reserved: Collection[str] = ()) -> Theorem:
    """The theorem of that name; InputError when none has it, or with the first fault of its package."""
    if name in BUILT_IN:  # the tests find the faults of these
        return cast(Theorem, importlib.import_module(BUILT_IN[name]))
    found = find(name, reserved)
    if found.theorem is None or found.faults:
        more = f" and {len(found.faults) - 1} more" if len(found.faults) > 1 else ""
        raise InputError(
            f"theorem {name!r} does not load: {found.faults[0]} (`verify lint {name}` says this{more})"
        ) from found.cause
    return found.theorem


def catalogue(chosen: Iterable[str] = (), reserved: Collection[str] = ()) -> Catalogue:
    """Some theorems, all of which must load; by default every one that loads."""
    if wanted := dict.fromkeys(chosen):
        return Catalogue([load(name, reserved) for name in wanted], [])
    loaded: list[Theorem] = []
    broken: list[Exception] = [InputError(line) for line in clashes(BUILT_IN)]
    for name in names():
        try:
            loaded.append(load(name, reserved))
        except InputError as problem:
            broken.append(problem)
    return Catalogue(loaded, broken)


def clashes(built_in: Iterable[str]) -> list[str]:
    """A line for each package that provides a theorem under one of these names. It is not served."""
    return [
        f"theorem {name!r} of the package {_package(entry)} has the name of a built-in theorem and is not "
        f"served: rename it, or uninstall {_package(entry)}"
        for name in built_in
        for entry in entry_points(group=ENTRY_POINT_GROUP, name=name)
    ]


def _found(entry: EntryPoint, reserved: Collection[str]) -> Found:
    """A theorem of another package, which may be broken in any way."""
    package = _package(entry)
    try:
        with redirect_stdout(sys.stderr):
            module = entry.load()
    except (Exception, SystemExit) as problem:  # whatever its import does, the other theorems must be served
        place = place_of_problem(problem, entry.module)
        fault = Fault(place, entry.value, f"{in_words(problem)}: mend or uninstall the package")
        return Found(None, [fault_line(package, fault)], problem)
    faults = [fault_line(package, fault) for fault in module_faults(module, entry.name, reserved)]
    return Found(cast(Theorem, module), faults)


def _package(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist else entry.value
