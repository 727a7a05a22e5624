"""How near a comparison is to being violated, as a number that a search can make smaller."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from verify.theorem.claims import Statement
from verify.theorem.compare import Check
from verify.theorem.judgement import NOTHING
from verify.theorem.verdicts import Verdict

#: Scores of what shows nothing, from best to worst: a hypothesis is not met, by at most 2; nothing was
#: compared; there is no run. What the numbers say lies between -2 and 3.
UNPROMISED, UNJUDGED, REFUSED = 10.0, 20.0, 30.0


def score(check: Check, unmet: float = 0.0, open_constant: bool = False) -> float:
    """A finite number below 0 exactly where the comparison is VIOLATED, and smaller the nearer it is to that.

    It is (slack + budget) / scale. By slack - budget, what must be positive for VERIFIED, a search would be
    drawn to wide budgets, where nothing is decided. The scale of an inequality is its larger side, so that
    a score of 1e-5 says that the bound is attained to 1e-5 of itself. That of an identity is its difference
    and its budget: it is met exactly at 1, and violated where more than the whole budget is used up.

    unmet          how far the hypotheses are from being met, 0 to 2, where the claim is silent
    open_constant  whether numbers that are VIOLATED count where an open constant excuses them
    """
    violated = check.verdict is Verdict.VIOLATED or (open_constant and check.compared is Verdict.VIOLATED)
    if not violated:
        if check.slack is None or check.verdict is Verdict.ERROR:
            return UNJUDGED
        if check.verdict is Verdict.NOT_APPLICABLE or check.compared is Verdict.VIOLATED:
            return UNPROMISED + unmet
    off = relative(check, 1.0)
    # Next to 0 rounding of the sum may disagree with the verdict, which decides.
    return min(off, -math.ulp(0.0)) if violated else max(off, 0.0)


def relative(check: Check, budgets: float) -> float:
    """Slack and so many budgets over the scale: from -2 to 3."""
    if check.slack is None or check.budget is None or check.measured is None or check.bound is None:
        return 1.0
    sides = (abs(check.slack),) if check.relation == "=" else (abs(check.measured), abs(check.bound))
    scale = max(sides) if check.relation != "=" else sides[0] + check.budget
    if not math.isfinite(scale):
        return math.copysign(1.0, check.slack)
    scale = max(scale, check.budget)
    return (check.slack + budgets * check.budget) / scale if scale > 0 else float(check.relation == "=")


def distance(checks: Sequence[Check]) -> float:
    """How far the comparisons of hypotheses are from VERIFIED, 0 to 2: the worst of them."""
    return max((min(max(-relative(check, -1.0), 0.0), 2.0) for check in checks), default=0.0)


def scores(
    statement: Statement[Any],
    checks: Mapping[str, Sequence[Check]],
    without: Mapping[str, Sequence[Check]],
    dropped: Collection[str] = (),
    open_constant: bool = False,
) -> dict[str, tuple[float, Check]]:
    """The least score of each quantity that the claim compares, with its check.

    checks   of the claim and of the hypotheses that it rests on, by claim
    without  the same, judged without the dropped hypotheses. Only what these silence is then looked at, or a
             search would end where the bound is attained and all hypotheses hold
    """
    resting = {name: checks.get(name, ()) for name in hypotheses(statement)}
    unmet = distance([check for name in resting if name not in dropped for check in resting[name]])
    within = min(
        (relative(one, 0.0) for name in resting if name in dropped for one in resting[name]), default=0.0
    )
    silent = _silent(checks[statement.claim.id])
    found: dict[str, tuple[float, Check]] = {}
    for check in without[statement.claim.id] if dropped else checks[statement.claim.id]:
        value = score(check, unmet, open_constant)
        if dropped and 0 <= value < UNPROMISED and not (silent & {check.quantity, NOTHING}):
            value = UNPROMISED + min(max(within, 0.0), 2.0)
        if check.quantity not in found or value < found[check.quantity][0]:
            found[check.quantity] = value, check
    return found


def _silent(checks: Sequence[Check]) -> set[str]:
    """The quantities of which a claim promises nothing; `NOTHING` where it compares none."""
    return {
        check.quantity
        for check in checks
        if check.verdict is Verdict.NOT_APPLICABLE or check.compared is Verdict.VIOLATED
    }


def hypotheses(statement: Statement[Any]) -> Iterator[str]:
    """Ids of the hypotheses that some of a claim's comparisons rest on."""
    for part in statement.parts:
        for given in part.given:
            if isinstance(given, Statement):
                yield given.claim.id
