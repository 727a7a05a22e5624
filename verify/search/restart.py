"""One restart of a search: neutral draws, and CMA-ES from the best of them."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from verify.search.examine import Approach, Examiner, Sought, least, nearer
from verify.search.score import UNPROMISED
from verify.search.space import Chart, drawn, spaces_of
from verify.theorem.space import Array

#: Neutral draws of a restart; CMA-ES starts from the one that is nearest to a violation.
DRAWS = 6

#: Runs of the first restart for each claim; each turn of all claims doubles them.
FIRST_RUNS = 120

#: The first step of CMA-ES, of coordinates that are normal at the start.
STEP = 0.5


@dataclass(frozen=True)
class Task:
    """What a restart does.

    sought    what to look for
    index     number of the restart; it says which claim, and with the seed all that is random
    seed      of the search
    deadline  `time.time()` at which to stop
    solved    folder with a file for each claim, by its number, that needs no more looking
    """

    sought: Sought
    index: int
    seed: int
    deadline: float
    solved: Path

    @property
    def claim(self) -> str:
        """The claim that this restart is for."""
        return self.sought.claims[self.index % len(self.sought.claims)]

    @property
    def turn(self) -> int:
        """How often every claim has had its restart before."""
        return self.index // len(self.sought.claims)


@dataclass
class Restart:
    """What a restart found.

    index        its number
    evaluations  how many runs were made
    closest      the closest approach to a violation of each claim, of what was compared
    violated     claims that are violated, and again with smaller errors: what the second run found
    gone         the worst violation of each claim that the second run did not show
    unconfirmed  how many there were
    refused      points of which no run could be made
    refusal      why the last was refused, or what broke there
    ended        `time.time()` at its end
    """

    index: int
    evaluations: int = 0
    closest: dict[str, Approach] = field(default_factory=dict)
    violated: dict[str, Approach] = field(default_factory=dict)
    gone: dict[str, Approach] = field(default_factory=dict)
    unconfirmed: int = 0
    refused: int = 0
    refusal: str = ""
    ended: float = 0.0


class Over(Exception):  # noqa: N818 - no error
    """The restart has found what it looked for, or its time or its runs are used up."""


def restart(task: Task) -> Restart:
    """Do one; deterministic but for the deadline and for what other restarts solve meanwhile."""
    with tempfile.TemporaryDirectory(prefix="verify-falsify-") as folder:
        looking = _Looking(task, Examiner(task.sought, Path(folder)))
        with contextlib.suppress(Over):
            looking.run()
    examiner = looking.examiner
    return replace(
        looking.found,
        evaluations=examiner.evaluations,
        refused=examiner.refused,
        refusal=examiner.refusal,
        ended=time.time(),
    )


@dataclass
class _Looking:
    task: Task
    examiner: Examiner

    def __post_init__(self) -> None:
        self.found = Restart(self.task.index)
        self.runs = FIRST_RUNS * 2**self.task.turn
        self.quantities: dict[str, str] = {}  # with their relations

    def run(self) -> None:
        """Neutral draws, then CMA-ES until it converges or the runs are used up."""
        random = np.random.default_rng([self.task.seed, self.task.index])
        spaces = spaces_of(self.task.sought.theorem)
        starts = []
        for _ in range(DRAWS):
            chart = drawn(spaces[int(random.integers(len(spaces)))], self.task.sought.pinned, random)
            numbers = random.standard_normal(chart.size)
            starts.append((chart, numbers, self._seen(chart, numbers)))
        # First the narrowest comparison of the claim, whichever it is. As theory may attain that one, each
        # later turn is for one of them, identities last: these are met up to rounding and have no slope.
        names = sorted(self.quantities, key=lambda name: self.quantities[name] == "=")
        quantity = [None, *names][self.task.turn % (1 + len(names))]
        chart, numbers, _ = min(starts, key=lambda start: _value(start[2], quantity))
        self._descend(chart, numbers, quantity, random)

    def _descend(
        self, chart: Chart, numbers: Array, quantity: str | None, random: np.random.Generator
    ) -> None:
        from cma import CMAEvolutionStrategy  # a second to load

        if chart.size == 0:
            return
        options = {
            "randn": lambda count, size: random.standard_normal((count, size)),
            "seed": np.nan,  # its own generator is not used
            "verbose": -9,
            "verb_log": 0,
        }
        # It works in two dimensions or more: one that means nothing is added to a single one.
        start = np.concatenate([numbers, np.zeros(max(0, 2 - chart.size))])
        strategy = CMAEvolutionStrategy(start, STEP, options)
        while not strategy.stop():
            steps = strategy.ask()
            strategy.tell(steps, [_value(self._seen(chart, step[: chart.size]), quantity) for step in steps])

    def _seen(self, chart: Chart, numbers: Array) -> dict[str | None, float]:
        """The scores of the claim at a point by quantity, and the least of all under None."""
        if (
            time.time() > self.task.deadline
            or self.examiner.evaluations >= self.runs
            or self._solved(self.task.claim).exists()
        ):
            raise Over
        point, claim = chart.at(numbers), self.task.claim
        seen = self.examiner.examine(point)
        for one in seen.values():
            self._keep(one)
        if claim in self.found.violated:
            raise Over
        own = {what: one for (of, what), one in seen.items() if of == claim}
        self.quantities |= {what: one.check.relation for what, one in own.items() if one.score < UNPROMISED}
        return {None: least(seen, claim), **{what: one.score for what, one in own.items()}}

    def _keep(self, one: Approach) -> None:
        """Note how near a claim came; a violation is run again first."""
        found = self.found
        if one.claim in found.violated:
            return
        if one.score < 0:
            again = self._confirmed(one)
            if again is None:
                found.unconfirmed += 1
                found.gone[one.claim] = nearer(one, found.gone.get(one.claim))
                return
            found.violated[one.claim] = again
            self._solved(one.claim).touch()
        if one.score < UNPROMISED:
            found.closest[one.claim] = nearer(one, found.closest.get(one.claim))

    def _confirmed(self, one: Approach) -> Approach | None:
        """The violation as a run with smaller errors has it; None where that shows none."""
        again = [
            seen
            for (claim, _), seen in self.examiner.examine(one.point.tightened()).items()
            if claim == one.claim and seen.score < 0
        ]
        if not again or (self.task.sought.falsehood and self.examiner.honest_also_violated(again[0])):
            return None
        return min(again, key=lambda seen: seen.score)

    def _solved(self, claim: str) -> Path:
        return self.task.solved / str(list(self.task.sought.claims).index(claim))


def _value(scores: Mapping[str | None, float], quantity: str | None) -> float:
    """What a descent makes smaller; where the quantity was not compared, what silences the claim."""
    return scores[quantity] if quantity in scores else max(scores[None], UNPROMISED)
