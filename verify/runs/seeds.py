"""Many draws of one setting: a statement that holds with some probability is tested on many seeds."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from joblib import cpu_count

from verify import plots
from verify.numerics.statistics import proportion_interval
from verify.records.record import CheckRecord, ClaimRecord, Draw, Record, Seeds
from verify.runs.judged import laws_of
from verify.runs.run import Run, lost_run, run_theorem, write_arrays_and_figures
from verify.runs.workers import LocalWorkers, Lost, Workers, side_by_side
from verify.theorem.judgement import Laws
from verify.theorem.protocol import Progress, Theorem, silent
from verify.theorem.selection import Selection
from verify.theorem.settings import BaseSetting, draws
from verify.theorem.verdicts import Verdict, worst


@dataclass(frozen=True)
class Task:
    """A run for a process.

    theorem    what to run
    setting    where
    cores      BLAS threads at most
    laws       its laws, judged before
    variant    name of the run in its suite
    folder     below which its arrays and pictures go; without one none are made
    selection  the claims that are judged; without one all of them
    """

    theorem: Theorem
    setting: BaseSetting
    cores: int
    laws: Laws
    variant: str = ""
    folder: Path | None = None
    selection: Selection | None = None


def run_seeds(
    theorem: Theorem,
    setting: BaseSetting,
    count: int,
    progress: Progress = silent,
    processes: int | None = None,
    selection: Selection | None = None,
    prints: plots.Prints = plots.SCREEN,
) -> Run:
    """`count` independent draws as one run, with seeds from the setting's own upwards.

    Draws run in parallel processes. Each check shows the draw that decided it most narrowly, each claim in
    how many draws it was verified. Pictures and arrays are made for the worst draw only. Of a
    `selection` only those claims are judged.
    """
    settings = draws(setting, count)
    processes = min(count, processes or cpu_count())
    shared, cores = (
        laws_of(theorem, selection.judged if selection else None),
        max(1, cpu_count() // processes),
    )
    tasks = [Task(theorem, one, cores, shared, selection=selection) for one in settings]
    progress("draws", 0, count)
    records = run_tasks(tasks, LocalWorkers(processes), lambda done: progress("draws", done, count))
    shown = worst_draw(records)
    claims = records[shown].claims  # none where it broke, or killed its process: not run here
    if claims:
        run = run_theorem(theorem, settings[shown], laws=shared, selection=selection, prints=prints)
    else:
        run = Run(records[shown])
    return replace(run, record=merged(records, run.record), prints=prints)


def run_tasks(tasks: Sequence[Task], workers: Workers, done: Callable[[int], None]) -> list[Record]:
    """The record of every task, in their order; `done` is told how many there are so far."""
    found: dict[int, Record] = {}
    with closing(side_by_side(_record, [(task,) for task in tasks], workers)) as outcomes:
        for number, outcome in outcomes:
            found[number] = _of_lost(tasks[number], outcome) if isinstance(outcome, Lost) else outcome
            done(len(found))
    return [found[number] for number in range(len(tasks))]


def worst_draw(records: Sequence[Record]) -> int:
    """Index of the first draw with the worst verdict."""
    return max(range(len(records)), key=lambda i: records[i].verdict.severity)


def merged(records: Sequence[Record], shown: Record) -> Record:
    """One record of all draws, with the notes, rates and pictures of the draw `shown`."""
    count, first = len(records), records[0]
    broken = next((record for record in records if record.error), shown)
    return shown.model_copy(
        update={
            "verdict": worst(record.verdict for record in (*records, shown)),
            "setting": {**shown.setting, "seed": first.setting["seed"], "seeds": count},
            "claims": [_merged(claims) for claims in zip(*(record.claims for record in records), strict=True)]
            if all(record.claims for record in records)
            else [],
            "notes": [
                f"{count} draws; notes, rates and pictures are those of seed {shown.setting['seed']}",
                *shown.notes,
            ],
            "draws": [_draw(record) for record in records],
            "error": broken.error,
            "traceback": broken.traceback,
            "command": f"{first.command} --seeds {count}",
        }
    )


def _draw(record: Record) -> Draw:
    """What a draw leaves in the record of all."""
    return Draw(
        seed=record.setting["seed"],
        verdict=record.verdict,
        rates=record.rates,
        slack={
            claim.id: min(
                (slack for check in claim.checks if (slack := check.slack_in_budgets) is not None),
                default=None,
            )
            for claim in record.claims
        },
        command=record.command,
    )


def _record(task: Task) -> Record:
    """One run, in a process of its own; its arrays and pictures go below the task's folder, if it has one."""
    pictured = task.folder is not None
    run = run_theorem(
        task.theorem,
        task.setting,
        cores=task.cores,
        laws=task.laws,
        pictured=pictured,
        selection=task.selection,
    )
    run = _named(run, task)
    if task.folder is None:
        return run.record
    own = task.folder / run.record.label
    shutil.rmtree(own, ignore_errors=True)  # of a process that died
    own.mkdir()
    return write_arrays_and_figures(run, own)


def _of_lost(task: Task, lost: Lost) -> Record:
    return _named(lost_run(task.theorem, task.setting, lost.reason, task.selection), task).record


def _named(run: Run, task: Task) -> Run:
    return replace(run, record=run.record.model_copy(update={"variant": task.variant or None}))


def _merged(claims: Sequence[ClaimRecord]) -> ClaimRecord:
    """One claim over all draws."""
    verified = sum(claim.verdict is Verdict.VERIFIED for claim in claims)
    by_quantity: dict[str, list[CheckRecord]] = {}
    for claim in claims:
        for check in claim.checks:
            by_quantity.setdefault(check.quantity, []).append(check)
    return claims[0].model_copy(
        update={
            "verdict": worst(claim.verdict for claim in claims),
            "checks": [max(checks, key=lambda check: check.narrowness) for checks in by_quantity.values()],
            "seeds": Seeds(
                verified=verified, drawn=len(claims), interval=proportion_interval(verified, len(claims))
            ),
        }
    )
