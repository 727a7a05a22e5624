"""One run of one theorem: build, integrate, check, record, write."""

from __future__ import annotations

import hashlib
import os
import shlex
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import threadpoolctl

from verify.claim import Check, Verdict, not_applicable
from verify.environment import environment
from verify.errors import HypothesisError, InputError
from verify.report import figures as pictures
from verify.report.directory import write_whole
from verify.report.record import Record, claim_records, overall_verdict
from verify.report.views import write_views
from verify.theorem import BaseSetting, Progress, Theorem, formulas, option_words, silent

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Run:
    """A finished run: its record, and the arrays and pictures that go beside it."""

    record: Record
    arrays: Mapping[str, Any]
    figures: Mapping[str, Figure]


def run_theorem(
    theorem: Theorem, setting: BaseSetting, progress: Progress = silent, cores: int | None = None
) -> Run:
    """Run a theorem in a setting, on no more BLAS threads than `cores` when other runs share the machine.

    A hypothesis found broken makes it NOT_APPLICABLE; a run that breaks has the verdict ERROR and says
    why in its record; only InputError, the user's to mend, is raised.
    """
    timings: dict[str, float] = {}
    begun = datetime.now(UTC)
    record: dict[str, Any] = {
        "theorem": theorem.NAME,
        "title": theorem.TITLE,
        "statement": theorem.STATEMENT,
        "formulas": [{"label": label, "latex": latex} for label, latex in formulas(theorem)],
        "sources": theorem.SOURCES,
        "setting": setting.model_dump(mode="json"),
        "rates": {},
        "counts": {},
        "notes": [],
        "figures": [],
        "command": command_line(theorem, setting),
        "started": begun.isoformat(timespec="seconds"),
    }
    arrays: Mapping[str, Any] = {}
    drawn: Mapping[str, Figure] = {}
    claims = []
    try:
        with _timed(timings, "build"):
            progress("build", 0, 0)
            problem = theorem.build(setting)
        threads = min(problem.threads, cores or problem.threads)
        with threadpoolctl.threadpool_limits(limits=threads):
            with _timed(timings, "integrate"):
                trajectory = theorem.integrate(problem, progress)
            with _timed(timings, "check"):
                checks = _counted(theorem.check(problem, trajectory), len(theorem.CLAIMS), progress)
                claims = claim_records(theorem.CLAIMS, checks)
            with _timed(timings, "draw"), pictures.style():
                progress("pictures", 0, 0)
                drawn = theorem.figures(problem, trajectory)
        arrays = trajectory.arrays
        record |= {
            "verdict": overall_verdict(theorem.CLAIMS, claims),
            "rates": trajectory.rates,
            "counts": {**trajectory.counts, "blas_threads": threads},
            "notes": list(trajectory.notes),
            "figures": [f"{name}.png" for name in drawn],
            "captions": {f"{name}.png": pictures.caption(figure) for name, figure in drawn.items()},
        }
    except InputError:
        raise
    except HypothesisError as broken:
        silent_checks = [not_applicable(claim.id, "hypothesis", str(broken)) for claim in theorem.CLAIMS]
        claims = claim_records(theorem.CLAIMS, silent_checks)
        record |= {"verdict": Verdict.NOT_APPLICABLE, "notes": [str(broken)]}
    except Exception as problem_met:  # whatever broke, the record must say so
        record |= {"verdict": Verdict.ERROR, "error": f"{type(problem_met).__name__}: {problem_met}"}
    return Run(Record(**record, claims=claims, timings=timings, environment=environment()), arrays, drawn)


def write_run(run: Run, parent: Path) -> Path:
    """Write the run's directory into `parent`, whole or not at all; its path."""

    def fill(folder: Path) -> None:
        (folder / "record.json").write_text(run.record.model_dump_json(indent=1), encoding="utf-8")
        write_arrays_and_figures(run, folder)
        write_views(folder, run.record)

    return write_whole(
        parent, directory_name(run.record.theorem, run.record.started, run.record.command), fill
    )


def write_arrays_and_figures(run: Run, folder: Path) -> None:
    """What lies beside a record: `trajectory.npz` and `figures/`, in `folder`."""
    if run.arrays:
        np.savez_compressed(folder / "trajectory.npz", **run.arrays)
    if run.figures:
        with pictures.style():
            pictures.save(run.figures, folder / "figures")


def directory_name(of: str, started: str, command: str) -> str:
    """A name that no other run takes: what was run, when, and a short hash."""
    stamp = datetime.fromisoformat(started).strftime("%Y%m%dT%H%M%S")
    unique = f"{command} {time.time_ns()} {os.getpid()}".encode()
    return f"{of}-{stamp}-{hashlib.sha256(unique).hexdigest()[:8]}"


def command_line(theorem: Theorem, setting: BaseSetting) -> str:
    """The command that reproduces a run."""
    return shlex.join(["verify", "theorem", theorem.NAME, *option_words(setting, {})])


def _counted(checks: Iterable[Check], claims: int, progress: Progress) -> Iterator[Check]:
    """The checks as they come, telling for how many of the claims there are some."""
    seen: set[str] = set()
    progress("checks", 0, claims)
    for check in checks:
        seen.add(check.claim)
        yield check
        progress("checks", len(seen), claims)


@contextmanager
def _timed(timings: dict[str, float], phase: str) -> Iterator[None]:
    begun = time.perf_counter()
    try:
        yield
    finally:
        timings[phase] = time.perf_counter() - begun
