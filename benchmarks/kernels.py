"""Kernels beside what a user would write instead, and how their cost grows with each size."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.timing import Call, Missing, Ratio, interleaved
from verify.numerics.statistics import power_law

Array = NDArray[np.float64]

#: Sizes of a problem by letter, such as m, n and m_y; a precision other than float64 is one of them, too.
Sizes = Mapping[str, Any]

#: The times of a sweep are fitted as this many samples, each a median over some of its rounds.
FIT_SAMPLES = 3


class DisagreementError(Exception):
    """Two ways to compute the same thing gave different results, so that their times compare nothing."""


@dataclass(frozen=True)
class Duel:
    """One thing to compute at one size, in our way and in others.

    ours     gives the results, arrays of any shape
    others   by name: give as many arrays of the same shapes, or None where they only do the bare work
    allowed  relative distance up to which results agree
    """

    ours: Call
    others: Mapping[str, Call | Missing]
    allowed: float

    def distances(self) -> dict[str, float | None]:
        """The largest relative distance of each way's results to ours; None where there are none.

        DisagreementError where one exceeds `allowed`.
        """
        mine, found = [np.array(part) for part in self.ours()], dict[str, float | None]()
        for name, call in self.others.items():
            results = None if isinstance(call, Missing) else call()
            found[name] = None
            if results is None:
                continue
            pairs = zip(mine, results, strict=True)
            apart = float(np.max([_distance(own, theirs) for own, theirs in pairs]))  # nan where one is
            if not apart <= self.allowed:
                raise DisagreementError(
                    f"{name} is {apart:.1e} away from our result, and at most {self.allowed:.0e} is allowed: "
                    "one of the two is wrong"
                )
            found[name] = apart
        return found


@dataclass(frozen=True)
class Kernel:
    """A computation that the suite repeats most often in a model.

    name    as `--only` has it
    title   what is computed
    duel    sets one up, of keyword arguments that are its sizes
    sizes   where it meets the others
    base    sizes that stay while one is swept
    sweeps  values of each size, from which its exponent is fitted
    """

    name: str
    title: str
    duel: Callable[..., Duel]
    sizes: Sequence[Sizes]
    base: Sizes
    sweeps: Mapping[str, Sequence[int]]


def measured(kernel: Kernel, rounds: int) -> dict[str, Any]:
    """Times, ratios, distances and exponents of a kernel, JSON-ready. DisagreementError as in `Duel`."""
    return {
        "kind": "kernel",
        "name": kernel.name,
        "title": kernel.title,
        "duels": [met(kernel, size, rounds) for size in kernel.sizes],
        "exponents": [swept(kernel, letter, rounds) for letter in kernel.sweeps],
    }


def met(kernel: Kernel, size: Sizes, rounds: int) -> dict[str, Any]:
    """One duel: first that results agree, then times in turns."""
    duel = kernel.duel(**size)
    apart = duel.distances()
    running = {name: call for name, call in duel.others.items() if not isinstance(call, Missing)}
    times = interleaved({"ours": duel.ours, **running}, rounds)
    others = {
        name: {
            **_times(times[name]),
            "ratio": vars(Ratio.of(times[name], times["ours"])),
            "distance": apart[name],
        }
        for name in running
    }
    missing = {name: str(call) for name, call in duel.others.items() if isinstance(call, Missing)}
    return {"size": dict(size), "ours": _times(times["ours"]), "others": others, "missing": missing}


def swept(kernel: Kernel, letter: str, rounds: int) -> dict[str, Any]:
    """Our time against one size while the others stay, and the exponent that fits it."""
    values = kernel.sweeps[letter]
    calls = {str(value): kernel.duel(**{**kernel.base, letter: value}).ours for value in values}
    times = np.array(list(interleaved(calls, rounds).values()))
    fixed = {name: value for name, value in kernel.base.items() if name != letter}
    return {"size": letter, "fixed": fixed, "values": list(values), **exponent(values, times)}


def exponent(values: Sequence[int], times: Array) -> dict[str, Any]:
    """The exponent with which `times` (k, rounds) grow with `values` (k,), and its interval.

    It is a fit to medians over parts of the rounds, which a busy moment does not move. The interval is that
    of `power_law`, of the scatter between the parts; `departure` says how far medians lie off the line, as a
    ratio, which tells whether there is a power law at all.
    """
    parts = np.array_split(times, FIT_SAMPLES, axis=1)
    law = power_law(values, np.array([np.median(part, axis=1) for part in parts]).T)
    medians = np.median(times, axis=1)
    off = np.log(medians) - law.slope * np.log(values)
    return {
        "exponent": law.slope,
        "half_width": law.half_width,
        "departure": float(np.exp(np.max(np.abs(off - off.mean())))),
        "medians": medians.tolist(),
    }


def _distance(own: Array, theirs: Any) -> float:
    """Relative."""
    return float(np.linalg.norm(np.asarray(theirs) - own) / np.linalg.norm(own))


def _times(times: Array) -> dict[str, Any]:
    return {"median": float(np.median(times)), "seconds": times.tolist()}
