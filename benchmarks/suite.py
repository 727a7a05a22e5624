"""All benchmarks by name, and a run of some of them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

from benchmarks import kernels, races
from benchmarks.cases import (
    descent,
    eigenvalue,
    linear,
    linear_deq,
    linear_flow,
    plain,
    relu,
    relu_flow,
    verdicts,
)
from benchmarks.timing import QUICK_ROUNDS, ROUNDS, pinned
from verify.runs.environment import environment

#: What is compared with, beside torch itself.
PEERS = ("torchdeq", "torchdiffeq", "jax")

#: Rounds of flows and whole runs, which take seconds each.
LONG_ROUNDS = 3

#: A benchmark, run quickly or in full: its results, JSON-ready.
Benchmark = Callable[[bool], dict[str, Any]]


def _kernel(make: Callable[[bool], kernels.Kernel]) -> Benchmark:
    return lambda quick: kernels.measured(make(quick), QUICK_ROUNDS if quick else ROUNDS)


def _race(make: Callable[[bool], races.Race]) -> Benchmark:
    return lambda quick: races.raced(make(quick), 1 if quick else LONG_ROUNDS)


def _trial(make: Callable[[bool], verdicts.Trial]) -> Benchmark:
    return lambda quick: verdicts.tried(make(quick), 1 if quick else LONG_ROUNDS)


#: The long ones last: what is interrupted has the others.
BENCHMARKS: Mapping[str, Benchmark] = {
    "linear": _kernel(linear.kernel),
    "linear-deq": _kernel(linear_deq.kernel),
    "eigenvalue": _kernel(eigenvalue.kernel),
    "linear-flow": _race(linear_flow.race),
    "stiff-flow": _race(linear_flow.stiff_race),
    "descent": descent.counted,
    "linear-verdict": _trial(verdicts.linear),
    "relu-verdict": _trial(verdicts.relu),
    "relu": _kernel(relu.kernel),
    "plain": _kernel(plain.kernel),
    "relu-flow": _race(relu_flow.race),
}


def run(names: Iterable[str], *, quick: bool, threads: int) -> Iterator[dict[str, Any]]:
    """Run benchmarks in turn; after each, what has been found so far and where, JSON-ready.

    DisagreementError where two ways to compute the same thing differ.
    """
    found: dict[str, Any] = {
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "quick": quick,
        "threads": threads,
        "load": {"before": os.getloadavg()},
        "environment": environment(),
        "peers": {name: version(name) if find_spec(name) else None for name in PEERS},
        "seconds": {},
        "results": [],
    }
    with pinned(threads):
        for name in names:
            begun = time.perf_counter()
            found["results"].append(BENCHMARKS[name](quick))
            found["seconds"][name] = time.perf_counter() - begun
            found["load"]["after"] = os.getloadavg()
            yield found
