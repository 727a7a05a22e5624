"""A theorem about nothing, whose cases break the machinery that judges in every way that it must notice.

Each case is a run with a known verdict. `verify.commands.selftest` runs them as a user would.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike
from pydantic import Field

from verify import plots
from verify.theorem.claims import Claims, Constant
from verify.theorem.compare import Check, at_least, at_most, equal
from verify.theorem.errors import HypothesisError
from verify.theorem.presets import Presets, Variant
from verify.theorem.protocol import Progress
from verify.theorem.settings import BaseSetting
from verify.theorem.verdicts import Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAME = "self-test"
TITLE = "What the machinery makes of broken comparisons, claims and runs"
STATEMENT = "Every case comes out with the verdict and the exit code that are documented."
SOURCES = ("the suite's own",)
CLAIMS = Claims("the suite's own")


def _upper(measured: ArrayLike = 0.0, budget: ArrayLike = 0.1) -> Check:
    """A bound of 1; by default it holds."""
    return at_most("a quantity", measured, 1.0, budget={"error": budget})


def _fails() -> Check:
    return _upper(2.0)


def _close() -> Check:
    return _upper(0.95)


def _two_parts() -> Check:
    """Slack that is wider than each part of the budget, and narrower than both."""
    return at_most("a quantity", 0.9, 1.0, budget={"one": 0.06, "other": 0.06})


def _sound() -> Sequence[Check]:
    """Every kind of comparison, as it should be."""
    budget = {"error": 0.1}
    return [
        _upper(),
        at_least("a lower bound", 2.0, 1.0, budget=budget),
        equal("an identity", 1.05, 1.0, budget=budget, resolution=0.2),
        at_most("a bound that is met", 1.0, 1.0, budget=budget, attained=0.2),
        at_most("a point that stays undecided", [0.95, 0.0], 1.0, budget=budget, undecided=[True, False]),
    ]


def _not_a_number() -> Check:
    return _upper(np.nan)


#: A path of which one point in the middle breaks its bound.
PATH = np.where(np.arange(100) == 40, 2.0, 0.0)

#: The seed whose draw fails where one draw is to fail.
UNLUCKY = 7


@dataclass(frozen=True)
class Case:
    """A run that must come out with a known verdict.

    what         what is broken
    verdict      that the run must have
    conclusion   what the conclusion's function returns, or raises
    premise      the comparison for the premise
    informative  the comparison for the informative claim
    constant     the comparison for the claim with an open constant
    unmet        what a condition of the conclusion says; "" where it holds
    elsewhere    why a part of a claim is not about this run; "" where it is
    about        the comparison for the other part of that claim
    breaks       where the run breaks
    only_seed    the one seed for which anything of this is broken; None for all
    """

    what: str
    verdict: Verdict
    conclusion: Sequence[Callable[[], object]] = (_upper,)
    more: Callable[[], Check] = _upper
    premise: Callable[[], Check] = _upper
    other_premise: Callable[[], Check] = _upper
    informative: Callable[[], Check] = _upper
    constant: Callable[[], Check] = _upper
    unmet: str = ""
    elsewhere: str = ""
    about: Callable[[], Check] = _upper
    breaks: str = ""
    only_seed: int | None = None


CASES: Mapping[str, Case] = MappingProxyType(
    {
        "sound": Case("everything holds", Verdict.VERIFIED),
        "parts": Case("slack within the sum of two budgets", Verdict.INCONCLUSIVE, [_two_parts]),
        "first": Case("the first of two comparisons violated", Verdict.VIOLATED, [_fails, _upper]),
        "more": Case("a comparison that rests on something else violated", Verdict.VIOLATED, more=_fails),
        "other-premise": Case(
            "the second of two hypotheses fails", Verdict.NOT_APPLICABLE, [_fails], other_premise=_fails
        ),
        "infinite": Case(
            "an infinite number above its lower bound",
            Verdict.ERROR,
            [lambda: at_least("q", np.inf, 1.0, budget={"error": 0.1})],
        ),
        "identity-above": Case(
            "an identity that is off upwards",
            Verdict.VIOLATED,
            [lambda: equal("q", 1.2, 1.0, budget={"error": 0.1}, resolution=0.2)],
        ),
        "blurred-point": Case(
            "an identity that its budget would hide at one of two points",
            Verdict.INCONCLUSIVE,
            [lambda: equal("q", [1.0, 1.0], 1.0, budget={"error": [0.1, 10.0]}, resolution=0.2)],
        ),
        "nan": Case("a number that is none", Verdict.ERROR, [_not_a_number]),
        "nan-among-many": Case(
            "one of many numbers is none",
            Verdict.ERROR,
            [lambda: _upper(np.where(PATH > 1, np.nan, 0.0))],
        ),
        "nan-budget": Case(
            "a budget that is no number",
            Verdict.ERROR,
            [lambda: _upper(budget=np.nan)],
        ),
        "infinite-budget": Case("an infinite budget", Verdict.ERROR, [lambda: _upper(budget=np.inf)]),
        "negative-budget": Case("a negative budget", Verdict.ERROR, [lambda: _upper(budget=-0.1)]),
        "no-points": Case("no point compared", Verdict.ERROR, [lambda: _upper([], [])]),
        "no-comparison": Case("a claim that compares nothing", Verdict.ERROR, []),
        "no-check": Case("a claim that returns no check", Verdict.ERROR, [bool]),
        "upper": Case(
            "an upper bound broken at one point of many",
            Verdict.VIOLATED,
            [lambda: _upper(PATH)],
        ),
        "lower": Case(
            "a lower bound broken at one point of many",
            Verdict.VIOLATED,
            [lambda: at_least("q", -PATH, -1.0, budget={"error": 0.1})],
        ),
        "identity": Case(
            "an identity that is off",
            Verdict.VIOLATED,
            [lambda: equal("q", 1.0, 1.2, budget={"error": 0.1}, resolution=0.2)],
        ),
        "attained": Case(
            "a bound that may be met, broken",
            Verdict.VIOLATED,
            [lambda: at_most("q", 1.2, 1.0, budget={"error": 0.1}, attained=0.2)],
        ),
        "blurred-identity": Case(
            "an identity that its budget would hide",
            Verdict.INCONCLUSIVE,
            [lambda: equal("q", 1.0, 5.0, budget={"error": 10.0}, resolution=0.2)],
        ),
        "blurred-bound": Case(
            "a broken bound that its budget would hide",
            Verdict.INCONCLUSIVE,
            [lambda: at_most("q", 5.0, 1.0, budget={"error": 10.0}, attained=0.2)],
        ),
        "overlap": Case("slack within the budget", Verdict.INCONCLUSIVE, [_close]),
        "overlap-once": Case(
            "slack within the budget at one point of three",
            Verdict.INCONCLUSIVE,
            [lambda: at_most("q", [0.0, 0.0, 0.95], 1.0, budget={"error": 0.1})],
        ),
        "undecided": Case(
            "points that may stay undecided, all of them",
            Verdict.INCONCLUSIVE,
            [lambda: at_most("q", [0.94, 0.95], 1.0, budget={"error": 0.1}, undecided=True)],
        ),
        "few": Case(
            "a comparison that is decided at one point of three",
            Verdict.INCONCLUSIVE,
            [lambda: at_most("q", [0.0, 0.94, 0.95], 1.0, budget={"error": 0.1}, undecided=True)],
        ),
        "trivial": Case(
            "0 = 0 at the start, and nothing else",
            Verdict.INCONCLUSIVE,
            [lambda: equal("q", 0.0, 0.0, budget={"error": 0.0}, resolution=0.2, trivial=True)],
        ),
        "undecided-broken": Case(
            "a broken bound at a point that may stay undecided",
            Verdict.VIOLATED,
            [lambda: at_most("q", [2.0, 0.0], 1.0, budget={"error": 0.1}, undecided=[True, False])],
        ),
        "second": Case("the second of two comparisons violated", Verdict.VIOLATED, [_upper, _fails]),
        "informative": Case("an informative claim violated", Verdict.VIOLATED, informative=_fails),
        "informative-error": Case(
            "a number that is none in an informative claim", Verdict.ERROR, informative=_not_a_number
        ),
        "informative-close": Case(
            "an informative claim that cannot be decided", Verdict.VERIFIED, informative=_close
        ),
        "premise": Case("a hypothesis fails, the conclusion holds", Verdict.NOT_APPLICABLE, premise=_fails),
        "premise-and-conclusion": Case(
            "a hypothesis and the conclusion fail", Verdict.NOT_APPLICABLE, [_fails], premise=_fails
        ),
        "premise-close": Case(
            "the conclusion fails where a hypothesis cannot be decided",
            Verdict.INCONCLUSIVE,
            [_fails],
            premise=_close,
        ),
        "premise-and-error": Case(
            "a hypothesis fails, and a number is none",
            Verdict.ERROR,
            [_not_a_number],
            premise=_fails,
        ),
        "condition": Case("a condition is not met", Verdict.NOT_APPLICABLE, unmet="use --case sound"),
        "elsewhere": Case("a claim is not about the run", Verdict.VERIFIED, elsewhere="use --case sound"),
        "elsewhere-violated": Case(
            "a claim of which a part is not about the run, violated in the other",
            Verdict.VIOLATED,
            elsewhere="use --case sound",
            about=_fails,
        ),
        "about-close": Case(
            "a claim about the run that cannot be decided", Verdict.INCONCLUSIVE, about=_close
        ),
        "constant": Case("a conclusion with an open constant fails", Verdict.NOT_APPLICABLE, constant=_fails),
        "no-hypothesis": Case("no start meets the hypothesis", Verdict.NOT_APPLICABLE, breaks="hypothesis"),
        "build": Case("the building breaks", Verdict.ERROR, breaks="build"),
        "integrate": Case("the integration breaks", Verdict.ERROR, breaks="integrate"),
        "picture": Case("a picture cannot be drawn", Verdict.ERROR, breaks="picture"),
        "check": Case("a comparison breaks", Verdict.ERROR, breaks="check"),
        "one-drawing": Case(
            "the drawing of one of twenty draws breaks", Verdict.ERROR, breaks="drawing", only_seed=0
        ),
        "one-draw": Case("one of twenty draws violated", Verdict.VIOLATED, [_fails], only_seed=UNLUCKY),
        "one-broken-draw": Case(
            "one of twenty draws breaks", Verdict.ERROR, breaks="integrate", only_seed=UNLUCKY
        ),
    }
)


class Setting(BaseSetting):
    """Which case."""

    case: str = Field("sound", examples=["nan"], description="what is broken")


def build(setting: Setting) -> Case:
    """The case. Where a case is about one draw of many, all other draws are sound."""
    case = CASES[setting.case]
    if case.only_seed not in (None, setting.seed):
        case = CASES["sound"]
    if case.breaks == "build":
        raise RuntimeError("broken on purpose")
    if case.breaks == "hypothesis":
        raise HypothesisError("not here: use --case sound")
    return case


def integrate(problem: Case, progress: Progress) -> Case:
    """Nothing to follow."""
    if problem.breaks == "integrate":
        raise RuntimeError("broken on purpose")
    return problem


def pictures(problem: Case, path: Case) -> Mapping[str, Figure]:
    """None, or one whose title no one can read."""
    if path.breaks == "drawing":
        raise RuntimeError("broken on purpose")
    return {"broken": plots.single("$\\frac{1$", "", "")[0]} if path.breaks == "picture" else {}


def _unmet(problem: Case) -> str:
    return problem.unmet


def _elsewhere(problem: Case) -> str:
    return problem.elsewhere


def _one(problem: Case) -> float:
    return 1.0


def _use_sound(problem: Case) -> str:
    return "use --case sound"


@CLAIMS.hypothesis("premise", "the hypothesis", otherwise=_use_sound)
def premise(problem: Case) -> Check:
    """What the conclusion rests on."""
    return problem.premise()


@CLAIMS.hypothesis("other premise", "the other hypothesis", otherwise=_use_sound)
def other_premise(problem: Case) -> Check:
    """What the conclusion rests on as well."""
    return problem.other_premise()


@CLAIMS.step("informative", "an informative claim", required=False)
def informative(path: Case) -> Check:
    """What counts only when it fails."""
    return path.informative()


@CLAIMS.step("some", "a claim about some runs", only=_elsewhere)
def some(path: Case) -> Check:
    """What is compared where it is about the run, and false elsewhere."""
    return _fails() if path.elsewhere else _upper()


@some.also()
def about(path: Case) -> Check:
    """What is compared in any run."""
    return path.about()


@CLAIMS.step("law", "what no setting changes", required=False)
def law() -> Check:
    """Never decided, so that a law that is taken for VERIFIED shows."""
    return _close()


@CLAIMS.conclusion("conclusion", "the conclusion", given=(premise, other_premise, _unmet))
def conclusion(path: Case) -> Sequence[Check]:
    """What is concluded; some cases return what is no check at all."""
    if path.breaks == "check":
        raise RuntimeError("broken on purpose")
    return [*_sound(), *(made() for made in path.conclusion)] if path.conclusion else []  # type: ignore[list-item]


@conclusion.also()
def more(path: Case) -> Check:
    """What is concluded without any hypothesis."""
    return path.more()


@CLAIMS.conclusion("constant", "a conclusion with an open constant", constant=Constant(_one))
def constant(path: Case) -> Check:
    """What can only be a lower bound of an open constant."""
    return path.constant()


PRESETS: Presets = {
    "quick": (Variant("sound"), Variant("again")),
    "standard": (
        Variant("sound"),
        Variant("picture", {"case": "picture"}),
        Variant("upper", {"case": "upper"}),
    ),
    "thorough": (Variant("sound"), Variant("draws", {"case": "one-draw"}, seeds=20)),
}
