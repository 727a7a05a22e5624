"""One run of one theorem: build, integrate, check, record, write."""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import time
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import threadpoolctl

from verify import plots
from verify.contract import results
from verify.contract.calls import calling, refuse
from verify.records.directory import write_whole
from verify.records.record import ClaimRecord, Record, claim_records, overall_verdict
from verify.runs.environment import environment
from verify.theorem.compare import Check, not_applicable
from verify.theorem.errors import HypothesisError, InputError, TheoremError, in_words
from verify.theorem.protocol import Progress, Theorem, formulas, silent, unconditional
from verify.theorem.settings import BaseSetting, option_words
from verify.theorem.verdicts import Verdict
from verify.views.files import write_views

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Run:
    """A finished run: its record, and the arrays and pictures that go beside it.

    `compared` has every point of every comparison, by claim, number of its check, and name.
    """

    record: Record
    arrays: Mapping[str, Any]
    compared: Mapping[str, Any]
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
        "effective": {"seed": setting.seed},
        "rates": {},
        "counts": {},
        "notes": [],
        "figures": [],
        "command": command_line(theorem, setting),
        "started": begun.isoformat(timespec="seconds"),
    }
    arrays: Mapping[str, Any] = {}
    drawn: Mapping[str, Figure] = {}
    claims: Sequence[ClaimRecord] = ()
    compared: Mapping[str, Any] = {}
    problem = None
    try:
        with _timed(timings, "build"), calling(theorem, "build"):
            progress("build", 0, 0)
            problem = theorem.build(setting)
            record["effective"] = {**getattr(problem, "effective", {}), "seed": setting.seed}
            wanted = int(_member(theorem, problem, "threads"))
        threads = min(wanted, cores or wanted)
        with threadpoolctl.threadpool_limits(limits=threads):
            with _timed(timings, "integrate"), calling(theorem, "integrate"):
                trajectory = theorem.integrate(problem, progress)
            with _timed(timings, "check"), calling(theorem, "check"):
                checks = list(_counted(theorem, theorem.check(problem, trajectory), progress))
                claims, compared = claim_records(theorem.CLAIMS, checks), _compared(checks)
            with _timed(timings, "draw"), plots.style(), calling(theorem, "figures"):
                progress("pictures", 0, 0)
                pictured = theorem.figures(problem, trajectory)
                refuse(theorem, results.figure_faults(theorem, pictured))
        with calling(theorem, "integrate"):
            left = {name: _member(theorem, trajectory, name) for name in results.LEFT}
        arrays, drawn = left["arrays"], pictured
        record |= {
            "verdict": overall_verdict(theorem.CLAIMS, claims),
            "rates": {name: float(rate) for name, rate in left["rates"].items()},
            "counts": {
                **{name: int(count) for name, count in left["counts"].items()},
                "blas_threads": threads,
            },
            "notes": list(left["notes"]),
            "figures": [f"{name}.png" for name in drawn],
            "captions": {f"{name}.png": plots.caption(figure) for name, figure in drawn.items()},
        }
        refuse(theorem, results.compared_faults(theorem, {claim.id for claim in claims if claim.checks}))
    except InputError:
        raise
    except HypothesisError as broken:
        try:
            claims = _without_hypothesis(theorem, broken, problem)
            record |= {"verdict": overall_verdict(theorem.CLAIMS, claims), "notes": [str(broken)]}
        except Exception as problem_met:
            record |= _broken(problem_met)
    except Exception as problem_met:  # whatever broke, the record must say so
        record |= _broken(problem_met)
    made = Record(**record, claims=claims, timings=timings, environment=environment())
    return Run(made, arrays, compared, drawn)


def _without_hypothesis(theorem: Theorem, broken: HypothesisError, problem: object) -> list[ClaimRecord]:
    """Every claim where a hypothesis does not hold: judged if it does without, else NOT_APPLICABLE."""
    with calling(theorem, "unconditional"):
        judged = list(unconditional(theorem, broken.start if problem is None else problem))
    known = {check.claim for check in judged}
    rest = [claim.id for claim in theorem.CLAIMS if claim.id not in known]
    return claim_records(
        theorem.CLAIMS, [*judged, *(not_applicable(claim, "hypothesis", str(broken)) for claim in rest)]
    )


def write_run(run: Run, parent: Path) -> tuple[Record, Path]:
    """Write the run's directory into `parent`, whole or not at all; the record as written, and the path."""
    record = run.record

    def fill(folder: Path) -> None:
        nonlocal record
        record = write_arrays_and_figures(run, folder)
        (folder / "record.json").write_text(record.model_dump_json(indent=1), encoding="utf-8")
        write_views(folder, record)

    written = write_whole(parent, directory_name(record.theorem, record.started, record.command), fill)
    return record, written


def write_arrays_and_figures(run: Run, folder: Path) -> Record:
    """What lies beside a record: `trajectory.npz`, `comparisons.npz` and `figures/`, in `folder`.

    The record, which is ERROR when one of the pictures cannot be drawn: only now does that show.
    """
    if run.arrays:
        np.savez_compressed(folder / "trajectory.npz", **run.arrays)
    if run.compared:
        np.savez(folder / "comparisons.npz", **run.compared)
    if run.figures:
        try:
            with plots.style():
                plots.save(run.figures, folder / "figures")
        except TheoremError as problem:
            shutil.rmtree(folder / "figures")
            return run.record.model_copy(update={**_broken(problem), "figures": [], "captions": {}})
    return run.record


def directory_name(of: str, started: str, command: str) -> str:
    """A name that no other run takes: what was run, when, and a short hash."""
    stamp = datetime.fromisoformat(started).strftime("%Y%m%dT%H%M%S")
    unique = f"{command} {time.time_ns()} {os.getpid()}".encode()
    return f"{of}-{stamp}-{hashlib.sha256(unique).hexdigest()[:8]}"


def command_line(theorem: Theorem, setting: BaseSetting) -> str:
    """The command that reproduces a run."""
    return shlex.join(["verify", "theorem", theorem.NAME, *option_words(setting, {})])


def _member(theorem: Theorem, owner: object, name: str) -> Any:
    """What a problem or a trajectory has under that name; TheoremError when the record cannot hold it."""
    value = getattr(owner, name)
    refuse(theorem, results.member_faults(owner, name, value))
    return value


def _compared(checks: Iterable[Check]) -> dict[str, Any]:
    """Every number that a verdict rests on, under names such as ``K-T1/0/measured``."""
    numbers: dict[str, int] = {}
    found: dict[str, Any] = {}
    for check in checks:
        number = numbers[check.claim] = numbers.get(check.claim, -1) + 1
        found |= {f"{check.claim}/{number}/{name}": array for name, array in check.arrays.items()}
    return found


def _broken(problem: Exception) -> dict[str, Any]:
    """What the record says of whatever broke the run."""
    shown = problem.__cause__ if isinstance(problem, TheoremError) else problem
    return {
        "verdict": Verdict.ERROR,
        "error": str(problem) if isinstance(problem, TheoremError) else in_words(problem),
        "traceback": "".join(traceback.format_exception(shown)) if shown else None,
    }


def _counted(theorem: Theorem, checks: Iterable[Check], progress: Progress) -> Iterator[Check]:
    """The checks as they come, telling for how many of the claims there are some."""
    seen: set[str] = set()
    claims = len(theorem.CLAIMS)
    progress("checks", 0, claims)
    for check in checks:
        refuse(theorem, results.check_faults(theorem, check))
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
