"""Many theorems, and many runs of each, side by side: what `verify all` runs."""

from __future__ import annotations

import itertools
import shlex
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from joblib import cpu_count, delayed

from verify.records.directory import write_whole
from verify.records.record import Record, Suite
from verify.records.regression import compare_records
from verify.runs.environment import environment
from verify.runs.judged import laws_of
from verify.runs.run import directory_name, run_theorem, write_arrays_and_figures
from verify.runs.sweep import merged, worst_draw
from verify.runs.workers import pool
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


def run_suite(
    jobs: Sequence[Job],
    preset: Preset,
    command: str,
    parent: Path,
    processes: int | None = None,
    progress: Progress = silent,
    reference: tuple[str, Record | Suite] | None = None,
) -> tuple[Suite, Path]:
    """Run all jobs in parallel processes and write one directory into `parent`, whole or not at all.

    A `reference`, with the name that the user gave it, is compared with, and the outcome recorded.

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
        )
        if reference is not None:
            name, stored = reference
            suite = suite.model_copy(update={"compared": compare_records(stored, suite, name)})
        (folder / "record.json").write_text(suite.model_dump_json(indent=1), encoding="utf-8")
        write_views(folder, suite)

    written = write_whole(parent, directory_name("all", started, command), fill)
    return suite, written


def suite_command(preset: Preset, config: Path | None, options: Mapping[str, str]) -> str:
    """The command that reproduces a suite."""
    words = ["verify", "all", "--preset", preset]
    if config is not None:
        words += ["--config", str(config)]
    return shlex.join([*words, *(word for name in options for word in (option_name(name), options[name]))])


def _run(jobs: Sequence[Job], folder: Path, processes: int, progress: Progress) -> list[Record]:
    """The record of every job; of several draws the worst is run again, to be shown.

    Laws are judged once for all runs of a theorem.
    """
    settings = [draws(job.setting, job.seeds) for job in jobs]
    total = sum(map(len, settings)) + sum(job.seeds > 1 for job in jobs)
    workers = pool(min(processes, total))
    cores = max(1, cpu_count() // processes)
    done = itertools.count(1)
    progress("runs", 0, total)

    theorems = {job.theorem.NAME: job.theorem for job in jobs}
    found_laws = [
        (name, one.claim.id) for name, theorem in theorems.items() for one in theorem.CLAIMS if is_law(one)
    ]
    judged = workers(delayed(laws_of)(theorems[name], claim) for name, claim in found_laws)
    shared: dict[str, dict[str, Sequence[Check]]] = {name: {} for name in theorems}
    for (name, _), found_of in zip(found_laws, judged, strict=True):
        shared[name].update(found_of)

    def records(tasks: Iterable[tuple[Job, BaseSetting, Path | None]]) -> Iterator[Record]:
        for record in workers(delayed(_record)(*task, cores, shared[task[0].theorem.NAME]) for task in tasks):
            progress("runs", next(done), total)
            yield record

    each = records(
        (job, setting, folder if job.seeds == 1 else None)
        for job, drawn in zip(jobs, settings, strict=True)
        for setting in drawn
    )
    found = [list(itertools.islice(each, job.seeds)) for job in jobs]
    next(each, None)  # only at its end does the pool take new work
    again = records(
        (job, drawn[worst_draw(of_job)], folder)
        for job, drawn, of_job in zip(jobs, settings, found, strict=True)
        if job.seeds > 1
    )
    return [
        of_job[0] if job.seeds == 1 else merged(job.theorem, of_job, next(again))
        for job, of_job in zip(jobs, found, strict=True)
    ]


def _record(job: Job, setting: BaseSetting, folder: Path | None, cores: int, shared: Laws) -> Record:
    """One run, in a worker process; its arrays and pictures go below `folder`, if one is given."""
    run = run_theorem(job.theorem, setting, cores=cores, laws=shared, pictured=folder is not None)
    run = replace(run, record=run.record.model_copy(update={"variant": job.variant or None}))
    if folder is None:
        return run.record
    own = folder / run.record.label
    own.mkdir()
    return write_arrays_and_figures(run, own)
