"""A search: restarts side by side until the time is up or every claim is violated."""

from __future__ import annotations

import tempfile
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from verify.runs.workers import LocalWorkers, Lost, side_by_side
from verify.search.examine import Approach, Sought, nearer
from verify.search.restart import Restart, Task, restart
from verify.theorem.protocol import Progress, silent

#: More restarts than any search has time for.
MOST = 10_000


@dataclass
class Tally:
    """What the restarts so far found.

    begun        `time.time()` at the start of the search
    evaluations  runs of all restarts
    restarts     how many
    closest      the closest approach of each claim
    violated     the violation of each claim, of the first restart that has one
    seconds      after which it was found, by claim
    gone         the worst violation of each claim that a second run did not show
    unconfirmed  how many there were
    lost         restarts whose process died
    refused      points of which no run could be made
    refusal      why, of the first
    """

    begun: float = field(default_factory=time.time)
    evaluations: int = 0
    restarts: int = 0
    closest: dict[str, Approach] = field(default_factory=dict)
    violated: dict[str, Approach] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    gone: dict[str, Approach] = field(default_factory=dict)
    unconfirmed: int = 0
    lost: int = 0
    refused: int = 0
    refusal: str = ""

    def add(self, one: Restart | Lost) -> None:
        """Count a restart in."""
        if isinstance(one, Lost):
            self.lost += 1
            return
        self.evaluations += one.evaluations
        self.restarts += one.evaluations > 0
        self.unconfirmed += one.unconfirmed
        self.refused += one.refused
        self.refusal = self.refusal or one.refusal
        for claim, approach in one.closest.items():
            self.closest[claim] = nearer(approach, self.closest.get(claim))
        for claim, approach in one.gone.items():
            self.gone[claim] = nearer(approach, self.gone.get(claim))
        for claim, approach in one.violated.items():
            if claim not in self.violated:
                self.violated[claim], self.seconds[claim] = approach, one.ended - self.begun


@dataclass(frozen=True)
class Limits:
    """How a search is made.

    seed      of all that is random
    seconds   after which it stops
    jobs      processes
    restarts  how many at most
    """

    seed: int
    seconds: float
    jobs: int = 1
    restarts: int | None = None


def _arrive(sought: Sought) -> None:
    """Nothing: a process that was given it has all imported."""


def search(sought: Sought, limits: Limits, tally: Tally, progress: Progress = silent) -> None:
    """Count into a tally what restarts find until the limits are reached or every claim is violated.

    What is found does not depend on the number of processes where the restarts, not the seconds, end the
    search and no claim is violated.
    """
    progress("search", 0, 1)
    workers = LocalWorkers(limits.jobs)
    for _ in side_by_side(_arrive, [(sought,)] * limits.jobs, workers):
        pass  # the time is for searching, not for processes to start
    deadline = time.time() + limits.seconds
    count = MOST if limits.restarts is None else limits.restarts
    waiting: dict[int, Restart | Lost] = {}
    following = 0
    with tempfile.TemporaryDirectory(prefix="verify-falsify-solved-") as folder:
        solved = Path(folder)

        def over() -> bool:
            return time.time() > deadline or len(list(solved.iterdir())) == len(sought.claims)

        tasks = [(Task(sought, index, limits.seed, deadline, solved),) for index in range(count)]
        with closing(side_by_side(restart, tasks, workers, over)) as outcomes:
            for index, one in outcomes:
                waiting[index] = one
                # In their order, so that of equals the first is kept, whichever ended first.
                while following in waiting:
                    tally.add(waiting.pop(following))
                    following += 1
                progress("search", min((time.time() - tally.begun) / limits.seconds, 1.0), 1)
    for index in sorted(waiting):
        tally.add(waiting[index])
