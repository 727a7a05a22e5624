"""One run of one theorem: judged, recorded, written."""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import threadpoolctl

from verify import plots
from verify.contract import results
from verify.contract.calls import calling, refuse
from verify.records.directory import write_whole
from verify.records.record import CHOSEN_SCHEMA_VERSION, Record
from verify.runs.environment import environment
from verify.runs.judged import Judged, broken, judge, left_by, prepare, timed
from verify.theorem.compare import Check
from verify.theorem.errors import InputError, TheoremError
from verify.theorem.judgement import Laws
from verify.theorem.protocol import Progress, Theorem, formulas, pictures, silent, statement
from verify.theorem.selection import Selection
from verify.theorem.settings import BaseSetting, option_words
from verify.views.files import write_views

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Run:
    """A finished run: its record, and the arrays and pictures that go beside it.

    record    what the reports are made from
    arrays    for `trajectory.npz`
    compared  every point of every comparison, by claim, number of its check, and name
    figures   pictures by name
    prints    how they are written
    silence   the hypothesis that ended the run before there was a path; "" where there is one
    """

    record: Record
    arrays: Mapping[str, Any] = field(default_factory=dict)
    compared: Mapping[str, Any] = field(default_factory=dict)
    figures: Mapping[str, Figure] = field(default_factory=dict)
    prints: plots.Prints = plots.SCREEN
    silence: str = ""


def run_theorem(
    theorem: Theorem,
    setting: BaseSetting,
    progress: Progress = silent,
    cores: int | None = None,
    laws: Laws | None = None,
    pictured: bool = True,
    selection: Selection | None = None,
    prints: plots.Prints = plots.SCREEN,
) -> Run:
    """Run a theorem in a setting, on at most `cores` BLAS threads when other runs share the machine.

    A hypothesis found broken makes the run NOT_APPLICABLE. A run that breaks has the verdict ERROR, and its
    record says why. Only InputError, which is the user's to mend, is raised. `laws` that are already judged
    are not judged again. A run that nobody looks at is not `pictured`. Of a `selection` only those claims are
    judged, the verdict is theirs, and the path is followed only where one of them needs it.
    """
    record = _head(theorem, setting, selection)
    chosen, asked = (selection.judged, selection.asked) if selection else (None, ())
    prepared = prepare(theorem, setting, progress, cores, chosen)
    record["effective"] = prepared.effective
    timings = dict(prepared.timings)
    judged, left = Judged(), dict[str, Any]()
    drawn: Mapping[str, Figure] = {}
    error = prepared.error
    with threadpoolctl.threadpool_limits(limits=prepared.threads):
        try:
            if error is None:
                with timed(timings, "check"):
                    judged = judge(prepared, laws, progress=progress, chosen=chosen, asked=asked)
                record["verdict"] = judged.verdict
            if error is None and not prepared.silence:
                left = left_by(prepared)
                if pictured and "path" in prepared.known:
                    with timed(timings, "draw"), plots.style(prints.rc), calling(theorem, "pictures"):
                        progress("pictures", 0, 0)
                        found = pictures(theorem, prepared.known["problem"], prepared.known["path"])
                        refuse(theorem, results.figure_faults(theorem, found))
                        drawn = found
        except InputError:
            raise
        except Exception as problem:  # whatever broke, the record must say so
            error = problem
    record |= {
        "rates": {name: float(rate) for name, rate in left.get("rates", {}).items()},
        "counts": {name: int(count) for name, count in left.get("counts", {}).items()},
        "notes": [prepared.silence] if prepared.silence else list(left.get("notes", ())),
        "figures": [f"{name}.png" for name in drawn],
        "captions": {f"{name}.png": plots.panel_titles(figure) for name, figure in drawn.items()},
    }
    if left:
        record["counts"]["blas_threads"] = prepared.threads
    if error is not None:
        record |= broken(error)
    made = Record(**record, claims=judged.claims, timings=timings, environment=environment())
    arrays = left.get("arrays", {})
    return Run(made, arrays, _compared(judged.checks), drawn, prints, prepared.silence)


def lost_run(theorem: Theorem, setting: BaseSetting, reason: str, selection: Selection | None = None) -> Run:
    """What there is of a run whose process died."""
    nothing: dict[str, Any] = {"rates": {}, "counts": {}, "timings": {}}
    made = Record(
        **_head(theorem, setting, selection),
        **nothing,
        **broken(TheoremError(reason)),
        claims=[],
        notes=[],
        figures=[],
        environment=environment(),
    )
    return Run(made)


def _head(theorem: Theorem, setting: BaseSetting, selection: Selection | None) -> dict[str, Any]:
    """What a record says of a run before it is made."""
    words = selection.words if selection else []
    found: dict[str, Any] = {
        "theorem": theorem.NAME,
        "title": theorem.TITLE,
        "statement": statement(theorem),
        "formulas": [{"label": label, "latex": latex} for label, latex in formulas(theorem)],
        "sources": theorem.SOURCES,
        "setting": setting.model_dump(mode="json"),
        "command": theorem_command(theorem, setting)
        + "".join(f" {word}" for word in map(shlex.quote, words)),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    if selection:
        chosen = {"asked": selection.asked, "skipped": selection.skipped, "left_out": selection.left_out}
        found |= {"schema_version": CHOSEN_SCHEMA_VERSION, "chosen": chosen}
    return found


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
    """Write what lies beside a record into `folder`: `trajectory.npz`, `comparisons.npz` and `figures/`.

    Gives the record, which is ERROR when a picture cannot be drawn: that shows only now.
    """
    if run.arrays:
        np.savez_compressed(folder / "trajectory.npz", **run.arrays)
    if run.compared:
        np.savez(folder / "comparisons.npz", **run.compared)
    if run.figures:
        try:
            with plots.style(run.prints.rc):
                plots.save(run.figures, folder / "figures", run.prints)
        except TheoremError as problem:
            shutil.rmtree(folder / "figures")
            return run.record.model_copy(update={**broken(problem), "figures": [], "captions": {}})
    return run.record


def directory_name(of: str, started: str, command: str) -> str:
    """A name that no other run takes: what was run, when, and a short hash."""
    stamp = datetime.fromisoformat(started).strftime("%Y%m%dT%H%M%S")
    unique = f"{command} {time.time_ns()} {os.getpid()}".encode()
    return f"{of}-{stamp}-{hashlib.sha256(unique).hexdigest()[:8]}"


def theorem_command(
    theorem: Theorem, setting: BaseSetting, defaults: Mapping[str, Any] = MappingProxyType({})
) -> str:
    """The command that reproduces a run, without the options that are `defaults`."""
    return shlex.join(["verify", "theorem", theorem.NAME, *option_words(setting, defaults)])


def _compared(checks: Iterable[Check]) -> dict[str, Any]:
    """Every number that a verdict rests on, under names such as ``K-T1/0/measured``."""
    numbers: dict[str, int] = {}
    found: dict[str, Any] = {}
    for check in checks:
        number = numbers[check.claim] = numbers.get(check.claim, -1) + 1
        found |= {f"{check.claim}/{number}/{name}": array for name, array in check.arrays.items()}
    return found
