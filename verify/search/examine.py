"""One point of a space examined: the theorem run there, its claims judged and scored."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import threadpoolctl

from verify.runs.judged import Prepared, judge, prepare, statements
from verify.search.score import REFUSED, hypotheses, scores
from verify.search.space import Point
from verify.theorem.compare import Check
from verify.theorem.errors import InputError, TheoremError
from verify.theorem.falsehoods import Falsehood
from verify.theorem.protocol import Theorem
from verify.theorem.settings import BaseSetting
from verify.theorem.verdicts import Verdict


@dataclass(frozen=True)
class Sought:
    """What a search looks for.

    theorem    the module
    claims     ids of the claims that are to be violated
    pinned     options that do not vary
    dropped    hypotheses that need not hold, by `verify.theorem.judgement.hypothesis_name`
    falsehood  judged in place of its claim
    """

    theorem: Theorem
    claims: Sequence[str]
    pinned: Mapping[str, Any] = field(default_factory=dict)
    dropped: frozenset[str] = frozenset()
    falsehood: Falsehood | None = None


@dataclass(frozen=True)
class Approach:
    """How near a claim came to being violated, and where.

    claim    its id
    score    see `verify.search.score`; below 0 it is violated
    check    the comparison, without its points
    point    where
    setting  there
    """

    claim: str
    score: float
    check: Check
    point: Point
    setting: BaseSetting


@dataclass
class Examiner:
    """Runs a theorem at points of its spaces, whose files go to one folder, each over the last one's.

    folder       where the files of the point in hand are
    evaluations  how many runs were made
    refused      points of which no run could be made
    refusal      why the last was refused, or what broke there
    """

    sought: Sought
    folder: Path
    evaluations: int = 0
    refused: int = 0
    refusal: str = ""

    def examine(self, point: Point) -> dict[tuple[str, str], Approach]:
        """What the claims come to at a point, by claim and quantity; nothing where no run can be made.

        What breaks there counts as nothing: a search meets settings that no user would ask for.
        """
        self.evaluations += 1
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return self._examined(point)
        except (InputError, TheoremError) as problem:
            self.refused += 1
            self.refusal = str(problem)
            return {}

    def honest_also_violated(self, approach: Approach) -> bool:
        """Whether the claim itself is violated where its false form is, so that this shows nothing of it."""
        honest = Examiner(replace(self.sought, falsehood=None), self.folder)
        found = honest.examine(approach.point)
        return any(one.score < 0 for one in found.values() if one.claim == approach.claim)

    def _examined(self, point: Point) -> dict[tuple[str, str], Approach]:
        sought = self.sought
        setting = point.setting(sought.theorem, self.folder)
        wanted = statements(sought.theorem, sought.claims)
        # What claims rest on is judged for its own checks, which say how far it is from being met.
        chosen = {*sought.claims, *(name for statement in wanted for name in hypotheses(statement))}
        prepared = prepare(sought.theorem, setting, cores=1, chosen=chosen)
        if prepared.error is not None:
            raise TheoremError(str(prepared.error)) from prepared.error
        with threadpoolctl.threadpool_limits(limits=1):
            checks = self._checks(prepared, chosen, frozenset())
            without = self._checks(prepared, sought.claims, sought.dropped) if sought.dropped else {}
        # Where a constant is left open, a false form can be no worse than its numbers.
        told = sought.falsehood
        excused = told is not None and told.becomes is Verdict.NOT_APPLICABLE
        return {
            (statement.claim.id, quantity): Approach(statement.claim.id, value, _alone(check), point, setting)
            for statement in wanted
            for quantity, (value, check) in scores(
                statement, checks, without, sought.dropped, open_constant=excused
            ).items()
        }

    def _checks(
        self, prepared: Prepared, chosen: Sequence[str] | set[str], dropped: frozenset[str]
    ) -> dict[str, list[Check]]:
        found: dict[str, list[Check]] = {name: [] for name in chosen}
        for check in judge(prepared, {}, self.sought.falsehood, chosen=chosen, dropped=dropped).checks:
            found[check.claim].append(check)
        return found


def _alone(check: Check) -> Check:
    """A check without the points that it was made from, which a search has no use for."""
    return replace(check, arrays={})


def nearer(one: Approach, other: Approach | None) -> Approach:
    """The one with the smaller score; the other where they are as near."""
    return one if other is None or one.score < other.score else other


def least(found: Mapping[tuple[str, str], Approach], claim: str, quantity: str | None = None) -> float:
    """The least score of a claim, or of one of its quantities; that of no run where it was not compared."""
    return min(
        (one.score for (of, what), one in found.items() if of == claim and quantity in (None, what)),
        default=REFUSED,
    )
