"""A line on the terminal that says what a run is doing, how far it is, and how long that may still take."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from verify.theorem.protocol import Progress, silent
from verify.views.numbers import duration

if TYPE_CHECKING:
    from rich.progress import Task

#: Share of a phase that must be done, and seconds that it must have taken, before its end is estimated.
LEAST_FRACTION, LEAST_SECONDS = 0.05, 2.0


@contextmanager
def progress_line(name: str, shown: bool) -> Iterator[Progress]:
    """Phase, bar, count, elapsed and remaining time on a terminal; nothing in a pipe.

    Each phase has a clock of its own; one that cannot say how long it is shows the time it has taken.
    """
    if not (shown and sys.stderr.isatty()):
        yield silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, ProgressColumn, TextColumn
    from rich.progress import Progress as Bar
    from rich.text import Text

    class Elapsed(ProgressColumn):
        """How much of the phase is done, and its times."""

        def render(self, task: Task) -> Text:
            return Text(progress_words(task.completed, task.total, task.elapsed or 0.0))

    console = Console(stderr=True, highlight=False)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(bar_width=20), Elapsed())
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task(name, total=None)
        current = ""

        def update(phase: str, done: float, total: float) -> None:
            nonlocal current
            if phase != current:
                current = phase
                bar.reset(task, description=f"{name}: {phase}")
            bar.tasks[0].total = total or None  # by bar.update None would keep that of the phase before
            bar.update(task, completed=done)

        yield update


def progress_words(done: float, total: float | None, elapsed: float) -> str:
    """Count or share of what is done, the seconds it took and, when that can be estimated, the seconds left.

    A total of 1 is a whole, of which `done` is a share; a total of None is unknown.
    """
    if not total:
        return duration(elapsed)
    share = done / total
    reached = f"{share:.0%}" if total == 1 else f"{done:.0f} of {total:.0f}"
    if share < LEAST_FRACTION or elapsed < LEAST_SECONDS:
        return f"{reached}, {duration(elapsed)}"
    return f"{reached}, {duration(elapsed)}, about {duration(elapsed * (1 - share) / share)} left"
