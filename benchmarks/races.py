"""Integrators of one flow, each at several tolerances: what each takes to be as accurate as another."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.timing import Missing

#: A run that takes longer, in seconds, is not repeated.
LONG = 3.0

#: An integrator's run at a tolerance: its error, and evaluations of the right-hand side.
Integrator = Callable[[float], tuple[float, int]]


@dataclass(frozen=True)
class Entrant:
    """An integrator in a race.

    run         the integrator, or that it is missing
    tolerances  those it is run at, the loosest first
    """

    run: Integrator | Missing
    tolerances: Sequence[float]


@dataclass(frozen=True)
class Race:
    """A flow, and who follows it; the suite's own integrator is the first of `entrants`.

    name      as `--only` has it
    title     which flow, and what its error is
    targets   errors at which the cheapest run of each is taken, the largest first
    entrants  by name
    """

    name: str
    title: str
    targets: Sequence[float]
    entrants: Mapping[str, Entrant]


def raced(race: Race, rounds: int) -> dict[str, Any]:
    """Errors, evaluations and times of every run, and the cheapest at equal error; JSON-ready."""
    missing = {name: str(one.run) for name, one in race.entrants.items() if isinstance(one.run, Missing)}
    entries = [
        (name, one.run, tolerance)
        for name, one in race.entrants.items()
        if not isinstance(one.run, Missing)
        for tolerance in one.tolerances
    ]
    seconds: list[list[float]] = [[] for _ in entries]
    found = [(np.inf, 0)] * len(entries)
    for _ in range(rounds):
        for i, (_, run, tolerance) in enumerate(entries):
            if max(seconds[i], default=0.0) > LONG:
                continue
            begun = time.perf_counter()
            found[i] = run(tolerance)
            seconds[i].append(time.perf_counter() - begun)
    runs = [
        {
            "integrator": name,
            "tolerance": tolerance,
            "error": error,
            "evaluations": evaluations,
            "median": float(np.median(times)),
            "seconds": times,
        }
        for (name, _, tolerance), (error, evaluations), times in zip(entries, found, seconds, strict=True)
    ]
    ours, *others = [name for name in race.entrants if name not in missing]
    return {
        "kind": "race",
        "name": race.name,
        "title": race.title,
        "runs": runs,
        "equal": [at_equal_error(runs, target, ours, others) for target in race.targets],
        "missing": missing,
    }


def at_equal_error(
    runs: Sequence[Mapping[str, Any]], target: float, ours: str, others: Sequence[str]
) -> dict[str, Any]:
    """The fastest run of each whose error is `target` at most; of one that has none, its most accurate.

    Ratios are of the others' seconds and evaluations to ours, None where either has no such run.
    """
    best = {
        name: _fastest([run for run in runs if run["integrator"] == name], target) for name in (ours, *others)
    }
    mine = best[ours]
    ratios: dict[str, Any] = {}
    for name in others:
        theirs = best[name]
        reached = max(mine["error"], theirs["error"]) <= target
        ratios[name] = {
            key: theirs[key] / mine[key] if reached else None for key in ("median", "evaluations")
        }
    return {"target": target, "runs": best, "ratios": ratios}


def _fastest(runs: Sequence[Mapping[str, Any]], target: float) -> Mapping[str, Any]:
    reached = [run for run in runs if run["error"] <= target]
    return min(reached, key=lambda run: run["median"]) if reached else min(runs, key=lambda run: run["error"])
