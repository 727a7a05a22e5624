"""What `verify` does in Python: run a theorem, sweep it over a grid, list the theorems."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from joblib import cpu_count

from verify.api.finished import Run
from verify.api.listing import Theorems, listed
from verify.api.places import folder_of
from verify.api.swept import Sweep
from verify.api.wording import meant, pythonic
from verify.app import cli
from verify.library import Theorems as Catalogue
from verify.runs.cost import Plan, announcement
from verify.runs.judged import follows_path, laws_of
from verify.runs.run import run_theorem
from verify.runs.seeds import run_seeds
from verify.runs.workers import LocalWorkers
from verify.sweeps.asked import Sweep as Asked
from verify.sweeps.grid import Axis, parse_axis
from verify.sweeps.sweep import run_sweep
from verify.theorem.claims import Statement
from verify.theorem.errors import InputError
from verify.theorem.judgement import Laws
from verify.theorem.protocol import Progress, Theorem, silent
from verify.theorem.selection import select
from verify.theorem.settings import make_setting

#: The most draws of a setting.
MOST_SEEDS = 100_000

#: What an axis may be, for messages.
AXES = 'over={"width": "64:1024:log5"} or over={"width": [64, 128]}'


@cache
def _laws(theorem: str, claims: Sequence[Statement[Any]]) -> Laws:
    """The laws of a theorem with these claims, which no setting changes: judged once a process."""
    return laws_of(_load(theorem))


def theorems() -> Theorems:
    """The theorems that can be run: ``verify.theorems()["linear-rate"].claims`` are the claims of one."""
    found = _catalogue().catalogue(reserved=_reserved())
    return Theorems([listed(module) for module in found.theorems], list(map(str, found.broken)))


def run(
    theorem: str,
    /,
    *,
    seeds: int = 1,
    claims: Sequence[str] = (),
    skip: Sequence[str] = (),
    progress: Progress = silent,
    **options: Any,
) -> Run:
    """Run a theorem in the setting that the options describe, as `verify theorem` does.

    Parameters
    ----------
    theorem: its name; `verify.theorems()` has all.
    seeds: so many independent draws, with seeds from `seed` upwards, in parallel processes.
    claims, skip: ids of claims: judge these and what they rest on, or all but those. The verdict is then that
        of the claims that are judged, not the theorem's.
    progress: told the phase, how much of it is done, and of how much: a share of 1, or a count, or 0 for what
        nobody knows.
    options: those of the command line, with underscores for dashes: ``width=64, gamma=0.9``. An option left
        out keeps its default.

    InputError for a bad name or option, for data that do not fit, and where memory does not suffice. A
    hypothesis that does not hold makes the verdict NOT_APPLICABLE; a run that breaks has the verdict ERROR.
    """
    module = _load(theorem)
    _require_count("seeds", seeds, MOST_SEEDS)
    given = _given(module, options)
    named = [_ids(name, ids) for name, ids in (("claims", claims), ("skip", skip))]
    with pythonic(module.Setting):
        (selection,) = select([module], *named)
        setting = make_setting(module, given)
        if follows_path(module, selection.judged if selection else None):
            announcement([[Plan(module, setting, seeds)]])  # refuses what memory does not hold
        if seeds > 1:
            made = run_seeds(module, setting, seeds, progress, selection=selection)
        else:
            laws = None if selection else _laws(theorem, module.CLAIMS)  # a few claims may need none of them
            made = run_theorem(module, setting, progress, laws=laws, selection=selection)
        return Run(made, module.Setting)


def sweep(
    theorem: str,
    /,
    *,
    over: Mapping[str, str | Iterable[object]],
    seeds: int = 1,
    claims: Sequence[str] = (),
    out: str | os.PathLike[str] = Path("results") / "sweeps",
    jobs: int | None = None,
    minutes: float | None = None,
    retry: bool = False,
    progress: Progress = silent,
    **options: Any,
) -> Sweep:
    """Run a theorem over a grid of settings, as `verify sweep` does; every finished cell is on disk at once.

    The same call goes on where it was stopped; with other values or more seeds it takes what is there.

    Parameters
    ----------
    theorem: its name.
    over: the values of each swept option: a list of them, or a text as on the command line, "0.1:0.9:9" for
        nine, evenly spaced, "64:1024:log5" for five, geometrically.
    seeds: draws of each setting.
    claims: ids of the claims to judge; by default all that a setting changes. Where they need no path none is
        followed.
    out: folder in which the sweep has its own.
    jobs: local processes, by default as many as cores.
    minutes: stop after so long.
    retry: run cells that came out ERROR again.
    progress, options: as of `verify.run`.

    InputError as of `verify.run`, and where another process sweeps there.
    """
    module = _load(theorem)
    _require_count("seeds", seeds, MOST_SEEDS)
    _require_count("jobs", 1 if jobs is None else jobs, 1000)
    if minutes is not None and not minutes > 0:
        raise InputError(f"`minutes={minutes!r}`: it is a number above 0")
    given = {name: str(value) for name, value in _given(module, options).items() if value is not None}
    if not isinstance(over, Mapping) or not over:
        raise InputError(f"over={over!r}: it says what to vary, for example {AXES}")
    with pythonic(module.Setting):
        axes = [_axis(module, option, values) for option, values in over.items()]
        asked = Asked.of(module, given, axes, seeds, tuple(_ids("claims", claims)))
        if asked.plans:
            announcement([asked.plans], jobs)  # refuses what memory does not hold
        found = run_sweep(
            asked,
            folder_of(out),
            LocalWorkers(jobs or cpu_count()),
            retry,
            None if minutes is None else 60 * minutes,
            progress,
        )
    return Sweep(asked, found)


def _catalogue() -> Catalogue:
    return cli.library.theorems


def _reserved() -> frozenset[str]:
    """What no setting field may be called: options of the command line, and arguments here."""
    return cli.reserved_names() | {"claims", "progress"}


def _load(name: str) -> Theorem:
    if not isinstance(name, str):
        raise InputError(f"{name!r} is no theorem's name: {meant('', _catalogue().names())}")
    with pythonic():
        return _catalogue().load(name, _reserved())


def _given(module: Theorem, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options as plain values; InputError for one that the theorem does not have."""
    fields = module.Setting.model_fields
    for name in options:
        if name not in fields:
            owners = [
                one.NAME for one in _catalogue().catalogue().theorems if name in one.Setting.model_fields
            ]
            belongs = f"leave it out; it belongs to {', '.join(owners)}" if owners else meant(name, fields)
            raise InputError(f"`{name}` is no option of {module.NAME}: {belongs}")
    return {name: _plain(value) for name, value in options.items()}


def _ids(name: str, ids: Sequence[str]) -> Sequence[str]:
    """The ids that an argument lists; InputError for a text, whose letters would be taken for ids."""
    if isinstance(ids, str):
        raise InputError(f"`{name}={ids!r}`: give a list of ids, `{name}=[{ids!r}]`")
    return list(ids)


def _plain(value: Any) -> Any:
    """A path as a text and a scalar of NumPy as a number, as a setting takes them."""
    if isinstance(value, np.generic):
        return value.item()
    return os.fspath(value) if isinstance(value, os.PathLike) else value


def _axis(module: Theorem, option: str, values: str | Iterable[object]) -> Axis:
    """A swept option with its values."""
    if isinstance(values, str):
        return parse_axis(module, f"{option}={values}")
    if not isinstance(values, Iterable):
        raise InputError(f"over={{{option!r}: {values!r}}}: give a list or a text, for example {AXES}")
    listed = [str(_plain(value)) for value in values]
    if not listed:
        raise InputError(f"over={{{option!r}: []}}: give at least one value, for example {AXES}")
    return parse_axis(module, f"{option}={','.join(listed)}", listed)


def _require_count(name: str, value: object, most: int) -> None:
    """InputError for what is no whole number from 1 to `most`."""
    if not (isinstance(value, int | np.integer) and not isinstance(value, bool) and 1 <= value <= most):
        raise InputError(
            f"`{name}={value!r}`: it is a whole number from 1 to {most}, for example `{name}=20`"
        )
