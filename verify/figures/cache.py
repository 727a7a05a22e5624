"""Long work, kept on disk under its exact setting and the code that did it.

A killed run resumes: every finished curve is a file of its own that appears whole or not at all
(joblib.Memory writes it aside and renames it). An exception is raised, never kept.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import threadpoolctl
from joblib import Memory
from joblib.memory import MemorizedFunc

from verify.figures.footprint import Footprint
from verify.runs.code import code_version
from verify.runs.workers import LocalWorkers, side_by_side

#: Work, in multiplications, from which a curve gets all cores to itself instead of one of them.
LARGE_WORK = 1e13

#: Takes the finished fraction of one curve.
Fraction = Callable[[float], None]

#: Takes the name of a curve, the work done and the work to do; cached curves do not count.
Watch = Callable[[str, float, float], None]


@dataclass(frozen=True)
class Curve:
    """One piece of long work: ``function(source, **arguments, progress=...)``.

    label      its name for people
    function   a function of a module, so that its code can be found
    arguments  its exact setting, plain values: part of the cache key
    work       about how many multiplications it takes
    source     what the arguments describe, such as a loaded data set; no part of the cache key
    footprint  the memory it takes, where that grows large
    """

    label: str
    function: Callable[..., Any]
    arguments: Mapping[str, Any]
    work: float
    source: Any = field(default=None, repr=False)
    footprint: Footprint | None = None

    @property
    def alone(self) -> bool:
        """Whether it gets all cores, and hence all memory, to itself."""
        return self.work >= LARGE_WORK


class CurveCache:
    """The finished curves below a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._memory = Memory(folder, verbose=0)
        self._kept: MemorizedFunc = self._memory.cache(
            _evaluate, ignore=["function", "source", "progress"], verbose=0
        )

    def has(self, curve: Curve) -> bool:
        """Whether the curve is there."""
        return bool(self._kept.check_call_in_cache(*_call(curve)))

    def seconds(self, curve: Curve) -> float | None:
        """How long the curve took; None when it is missing or was cut off before it could say."""
        return self._kept.call_and_shelve(*_call(curve)).duration if self.has(curve) else None

    def result(self, curve: Curve, progress: Fraction) -> Any:
        """The curve, computed unless it is there."""
        return self._kept(*_call(curve, progress))

    def results(self, curves: Sequence[Curve], watch: Watch) -> list[Any]:
        """All curves in order. Those missing are computed, large ones first and one at a time.

        The others run side by side, each on one core. Whether a curve is large depends on the curve alone, so
        that its rounding does not depend on which others are missing.
        """
        missing = [curve for curve in curves if not self.has(curve)]
        total, done = sum(curve.work for curve in missing), 0.0
        for curve in [curve for curve in missing if curve.alone]:
            before = done

            def fraction(part: float, curve: Curve = curve, before: float = before) -> None:
                watch(curve.label, before + part * curve.work, total)

            fraction(0.0)
            self.result(curve, fraction)
            done += curve.work
        small = sorted((c for c in missing if not c.alone), key=lambda curve: -curve.work)
        for curve in self._side_by_side(small):
            done += curve.work
            watch(curve.label, done, total)
        return [self.result(curve, _unwatched) for curve in curves]

    def _side_by_side(self, curves: Sequence[Curve]) -> Iterator[Curve]:
        workers = workers_for(len(curves))
        if workers < 2:
            for curve in curves:
                _finish(self.folder, curve)
                yield curve
            return
        tasks = [(self.folder, curve) for curve in curves]
        for position, lost in side_by_side(_finish, tasks, LocalWorkers(workers)):
            if lost is not None:
                raise ChildProcessError(f"{curves[position].label}: {lost.reason}")
            yield curves[position]


def workers_for(curves: int) -> int:
    """How many of so many small curves are computed at a time."""
    return min(os.cpu_count() or 1, curves)


def _finish(folder: Path, curve: Curve) -> None:
    with threadpoolctl.threadpool_limits(limits=1):
        CurveCache(folder).result(curve, _unwatched)


def _unwatched(fraction: float) -> None:
    """Progress that nobody watches."""


def _call(curve: Curve, progress: Fraction = _unwatched) -> tuple[Any, ...]:
    name = f"{curve.function.__module__}.{curve.function.__qualname__}"
    code = code_version(curve.function.__module__)
    return name, code, dict(curve.arguments), curve.function, curve.source, progress


def _evaluate(
    name: str,
    code: str,
    arguments: dict[str, Any],
    function: Callable[..., Any],
    source: Any,
    progress: Fraction,
) -> Any:
    return function(source, **arguments, progress=progress)
