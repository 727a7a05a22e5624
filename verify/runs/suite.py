"""Many theorems, and many runs of each, side by side: what `verify all` runs."""

from __future__ import annotations

import itertools
import shlex
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from joblib import cpu_count

from verify.records.directory import write_whole
from verify.records.record import CertificateRecord, Record, Suite
from verify.records.regression import compare_records
from verify.runs.environment import environment
from verify.runs.judged import laws_of
from verify.runs.run import directory_name
from verify.runs.seeds import Task, merged, run_tasks, worst_draw
from verify.runs.workers import LocalWorkers, Lost, Workers, side_by_side
from verify.theorem.compare import Check
from verify.theorem.judgement import Laws, is_law
from verify.theorem.presets import Preset
from verify.theorem.protocol import Progress, Theorem, silent
from verify.theorem.settings import BaseSetting, draws, option_name
from verify.theorem.verdicts import worst
from verify.views.files import write_views


@dataclass(frozen=True)
class Job:
    """One run of one theorem; with several seeds, that many draws of it."""

    theorem: Theorem
    variant: str
    setting: BaseSetting
    seeds: int = 1


@dataclass(frozen=True)
class Certified:
    """Certificates for a suite to show, and the texts of their files by name."""

    records: Sequence[CertificateRecord]
    files: Mapping[str, str]


def run_suite(
    jobs: Sequence[Job],
    preset: Preset,
    command: str,
    parent: Path,
    processes: int | None = None,
    progress: Progress = silent,
    reference: tuple[str, Record | Suite] | None = None,
    certified: Certified | None = None,
) -> tuple[Suite, Path]:
    """Run all jobs in parallel processes and write one directory into `parent`, whole or not at all.

    A `reference`, with the name that the user gave it, is compared with, and the outcome recorded. What is
    `certified` is written beside the runs.

    The directory holds `record.json` and, for every run, a folder with its arrays and pictures. Each
    process has its share of the cores for BLAS. `command` reproduces the suite.
    """
    begun, clock = datetime.now(UTC), time.perf_counter()
    started = begun.isoformat(timespec="seconds")
    suite: Suite

    def fill(folder: Path) -> None:
        nonlocal suite
        # Workers outlive a change of the working directory.
        records = _run(jobs, folder.resolve(), processes or cpu_count(), progress)
        suite = Suite(
            preset=preset,
            verdict=worst(record.verdict for record in records),
            theorems=records,
            timings={"wall": time.perf_counter() - clock},
            environment=environment(),
            command=command,
            started=started,
            certificates=certified.records if certified else (),
        )
        if reference is not None:
            name, stored = reference
            suite = suite.model_copy(update={"compared": compare_records(stored, suite, name)})
        (folder / "record.json").write_text(suite.model_dump_json(indent=1), encoding="utf-8")
        for name, text in certified.files.items() if certified else ():
            (folder / name).write_text(text, encoding="utf-8")
        write_views(folder, suite)

    written = write_whole(parent, directory_name("all", started, command), fill)
    return suite, written


def suite_command(
    preset: Preset, config: Path | None, options: Mapping[str, str], *, certify: bool = False
) -> str:
    """The command that reproduces a suite."""
    words = ["verify", "all", "--preset", preset, *(["--certify"] if certify else [])]
    if config is not None:
        words += ["--config", str(config)]
    return shlex.join([*words, *(word for name in options for word in (option_name(name), options[name]))])


def _run(jobs: Sequence[Job], folder: Path, processes: int, progress: Progress) -> list[Record]:
    """The record of every job; of several draws the worst is run again, to be shown.

    Laws are judged once for all runs of a theorem.
    """
    settings = [draws(job.setting, job.seeds) for job in jobs]
    total = sum(map(len, settings)) + sum(job.seeds > 1 for job in jobs)
    workers = LocalWorkers(min(processes, total))
    cores = max(1, cpu_count() // processes)
    progress("runs", 0, total)
    shared = _laws({job.theorem.NAME: job.theorem for job in jobs}, workers)

    def task(job: Job, setting: BaseSetting, shown: bool) -> Task:
        laws = shared[job.theorem.NAME]
        return Task(job.theorem, setting, cores, laws, job.variant, folder if shown else None)

    tasks = [
        task(job, setting, job.seeds == 1)
        for job, drawn in zip(jobs, settings, strict=True)
        for setting in drawn
    ]
    each = iter(run_tasks(tasks, workers, lambda done: progress("runs", done, total)))
    found = [list(itertools.islice(each, job.seeds)) for job in jobs]
    several = [number for number, job in enumerate(jobs) if job.seeds > 1]
    worst_of = {number: worst_draw(found[number]) for number in several}
    again = run_tasks(
        [task(jobs[number], settings[number][draw], True) for number, draw in worst_of.items()],
        workers,
        lambda done: progress("runs", len(tasks) + done, total),
    )
    shown = dict(zip(several, again, strict=True))
    return [
        merged(records, shown[number]) if number in shown else records[0]
        for number, records in enumerate(found)
    ]


def _laws(theorems: Mapping[str, Theorem], workers: Workers) -> Mapping[str, Laws]:
    """The laws of every theorem, judged side by side; those of a process that died are left to the runs."""
    tasks = [
        (theorem, [one.claim.id]) for theorem in theorems.values() for one in theorem.CLAIMS if is_law(one)
    ]
    found: dict[str, dict[str, Sequence[Check]]] = {name: {} for name in theorems}
    with closing(side_by_side(laws_of, tasks, workers)) as outcomes:
        for number, judged in outcomes:
            if not isinstance(judged, Lost):
                found[tasks[number][0].NAME].update(judged)
    return found
