"""The run of a sweep, which leaves it on disk, one finished cell after the other."""

from __future__ import annotations

import fcntl
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from verify.records.directory import write_file_whole
from verify.runs.environment import environment
from verify.runs.workers import Lost, Workers, side_by_side
from verify.sweeps.asked import Sweep
from verify.sweeps.cells import lost_row, run_cell
from verify.sweeps.table import Finished, schema_for
from verify.theorem.errors import InputError
from verify.theorem.protocol import Progress, silent
from verify.theorem.verdicts import Verdict, worst

TABLE, SUMMARY, PARTS, LOCK = "table.parquet", "sweep.json", "parts", ".lock"


@dataclass(frozen=True)
class Swept:
    """What came of a sweep.

    folder    where it lies
    cells     how many there are
    done      how many of them are finished
    computed  how many were computed now
    seconds   wall-clock time that took, and the time of the cells themselves, added up
    verdicts  of the finished ones: how many came out with each
    """

    folder: Path
    cells: int
    done: int
    computed: int
    seconds: tuple[float, float]
    verdicts: Mapping[str, int]

    @property
    def whole(self) -> bool:
        """Whether every cell is finished."""
        return self.done == self.cells

    @property
    def verdict(self) -> Verdict:
        """The worst of the finished cells; INCONCLUSIVE where none is."""
        there = [Verdict(name) for name, count in self.verdicts.items() if count]
        return worst(there) if there else Verdict.INCONCLUSIVE

    @property
    def remarks(self) -> Sequence[str]:
        """What a reader must know: how the cells came out, and what is left to do."""
        came = ", ".join(f"{count} {verdict}" for verdict, count in self.verdicts.items() if count)
        lines = [f"{self.done} of {self.cells} cells: {came}" if came else f"none of {self.cells} cells"]
        if not self.whole:
            lines.append(f"{self.cells - self.done} cells are left: the same command goes on")
        if self.verdicts[Verdict.ERROR]:
            lines.append("the message of a cell that came out ERROR is in the table; --retry runs them again")
        return lines


def run_sweep(
    sweep: Sweep,
    parent: Path,
    workers: Workers,
    retry: bool = False,
    seconds: float | None = None,
    progress: Progress = silent,
) -> Swept:
    """Run the cells that `parent` lacks, and with `retry` those that failed, for so many seconds.

    Every cell is on disk when it is done. InputError when another process sweeps there.
    """
    folder, clock = parent / sweep.folder, time.monotonic()
    started = datetime.now(UTC).isoformat(timespec="seconds")
    values = {axis.option: {cell.swept[axis.option] for cell in sweep.cells} for axis in sweep.axes}
    schema = schema_for(values)
    with _alone(folder):
        finished = Finished(folder / PARTS, schema)
        wanted = [
            cell
            for cell in sweep.cells
            if cell.key not in finished.verdicts or (retry and finished.verdicts[cell.key] is Verdict.ERROR)
        ]
        progress("cells", 0, len(wanted))
        tasks = [(sweep.theorem, cell, sweep.claims) for cell in wanted]
        computed, inside = 0, 0.0
        stopped = _after(None if seconds is None else clock + seconds)
        try:
            with closing(side_by_side(run_cell, tasks, workers, stopped)) as outcomes:
                for number, outcome in outcomes:
                    rows = (
                        [lost_row(wanted[number], outcome.reason)] if isinstance(outcome, Lost) else outcome
                    )
                    finished.add(rows)
                    computed, inside = computed + 1, inside + rows[0]["seconds"]
                    progress("cells", computed, len(wanted))
        finally:  # also where it is interrupted: the table then has what is done
            keys = {cell.key for cell in sweep.cells}
            finished.write_table(folder / TABLE, keys)
            came = Counter(finished.verdicts[key] for key in keys & finished.verdicts.keys())
            found = Swept(
                folder,
                len(sweep.cells),
                came.total(),
                computed,
                (time.monotonic() - clock, inside),
                {str(verdict): came[verdict] for verdict in Verdict},
            )
            write_file_whole(folder / SUMMARY, json.dumps(_summary(sweep, found, started), indent=1) + "\n")
    return found


def _summary(sweep: Sweep, found: Swept, started: str) -> Mapping[str, Any]:
    return {
        "theorem": sweep.theorem.NAME,
        "command": sweep.command,
        "given": {name: str(value) for name, value in sweep.given.items()},
        "over": {axis.option: list(axis.values) for axis in sweep.axes},
        "claims": list(sweep.claims),
        "cells": found.cells,
        "done": found.done,
        "verdicts": found.verdicts,
        "computed": found.computed,
        "wall": found.seconds[0],
        "in cells": found.seconds[1],
        "started": started,
        "environment": environment(),
    }


def _after(moment: float | None) -> Callable[[], bool]:
    """Whether a moment of the monotonic clock has passed."""
    return lambda: moment is not None and time.monotonic() >= moment


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Holds the folder for this process; InputError where another one has it. A killed one lets go of it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(
                f"another process is sweeping in {folder}: wait for it, or give another folder with --out"
            ) from None
        yield
