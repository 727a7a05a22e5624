"""Times of calls that take turns: A B A B, so that a busy moment hits all alike."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.linalg  # noqa: F401  (its BLAS must be loaded to be limited)
import threadpoolctl
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: What is timed.
Call = Callable[[], Any]

#: A call that is shorter is repeated until this is filled, in seconds: clock and scheduler then blur it less.
BATCH = 0.02

#: Rounds of a whole run and of a quick one. There are fewer, but no fewer than `FEWEST`, where they take
#: longer than `LONGEST` seconds together.
ROUNDS, QUICK_ROUNDS, FEWEST, LONGEST = 9, 3, 3, 15.0


@dataclass(frozen=True)
class Missing:
    """A contender that cannot run, since its package is not installed."""

    package: str

    def __str__(self) -> str:
        return f"{self.package} is not installed: pip install '.[bench]'"


@dataclass(frozen=True)
class Ratio:
    """One time over another, round by round: the median, and the quartiles."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, times: Array, others: Array) -> Ratio:
        """Of times (rounds,) over those of neighbours in the same rounds."""
        low, median, high = np.quantile(times / others, (0.25, 0.5, 0.75))
        return cls(float(median), float(low), float(high))


def interleaved(calls: Mapping[str, Call], rounds: int, batch: float = BATCH) -> dict[str, Array]:
    """Seconds of each call (rounds,), taken in turns after a warm-up.

    In each round every call runs as often as fills `batch` seconds, and its time is the mean. With a batch of
    0, for calls of many seconds, it runs once and is not warmed up.
    """
    repeats = dict.fromkeys(calls, 1)
    for name, call in calls.items() if batch else ():
        repeats[name] = max(1, int(np.ceil(batch / _seconds(call, 1))))
    found: dict[str, list[float]] = {name: [] for name in calls}
    begun = time.perf_counter()
    for done in range(rounds):
        if done >= FEWEST and time.perf_counter() - begun > LONGEST:
            break
        for name, call in calls.items():
            found[name].append(_seconds(call, repeats[name]))
    return {name: np.array(times) for name, times in found.items()}


def _seconds(call: Call, repeats: int) -> float:
    begun = time.perf_counter()
    for _ in range(repeats):
        call()
    return max(time.perf_counter() - begun, 1e-9) / repeats


@contextmanager
def pinned(threads: int) -> Iterator[None]:
    """At most that many threads of BLAS, torch and XLA, and as many processors where the system can."""
    import torch

    before, allowed = torch.get_num_threads(), None
    if hasattr(os, "sched_setaffinity"):  # XLA has no limit of its own: it counts the processors
        allowed = os.sched_getaffinity(0)
        os.sched_setaffinity(0, sorted(allowed)[:threads])
    torch.set_num_threads(threads)
    try:
        with threadpoolctl.threadpool_limits(limits=threads):
            yield
    finally:
        torch.set_num_threads(before)
        if allowed is not None:
            os.sched_setaffinity(0, allowed)
