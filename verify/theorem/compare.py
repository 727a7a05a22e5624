"""Comparisons: what is compared, with what error, and what the numbers say of it.

A `Check` is one comparison made for a claim. Every comparison carries an error budget, an upper estimate of
how far the compared numbers can be off, and is decided by it alone:

- an inequality is VERIFIED when the slack exceeds the budget at every point compared, VIOLATED when it is
  below minus the budget somewhere, INCONCLUSIVE otherwise;
- an identity is VERIFIED when the two sides differ by no more than the budget at every point, and so is an
  inequality that is met with equality. Either needs a resolution: a budget wider than it would pass anything
  and leaves the comparison INCONCLUSIVE.

Points where both sides agree by definition show nothing and never count. Of the others at least half must be
decided, or the comparison is INCONCLUSIVE, however well the rest agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from verify.theorem.verdicts import Verdict

Relation = Literal["<=", ">=", "="]

ADVICE = "tighten the tolerances"

#: The share of the points that must be decided.
DECIDED = 0.5


@dataclass(frozen=True)
class Check:
    """One comparison, reported at the point of its path where it is decided most narrowly.

    quantity        what is compared
    verdict         what came of it
    relation        of the two sides: <=, >= or =
    measured        left-hand side at that point
    bound           right-hand side there
    slack           positive where the relation holds; for an identity 0 at best
    budget          error budget there
    budget_parts    the named parts that add up to the budget
    where           coordinates of that point
    points          number of points compared
    message         what a reader should know or do
    measured_range  least and largest left-hand side over all points
    bound_range     least and largest right-hand side
    largest_budget  widest error budget of any point
    arrays          every point: both sides, the parts of the budget, the coordinates, and which points count
                    only when VIOLATED
    claim           id of the claim that the comparison was made for
    compared        the verdict of the numbers alone, where a hypothesis or an unstated constant overrides it
    beside          nothing was compared, since the claim is not about this run: it is informative there
    """

    quantity: str
    verdict: Verdict
    relation: Relation = "<="
    measured: float | None = None
    bound: float | None = None
    slack: float | None = None
    budget: float | None = None
    budget_parts: Mapping[str, float] = field(default_factory=dict)
    where: Mapping[str, float] = field(default_factory=dict)
    points: int = 0
    message: str = ""
    measured_range: tuple[float, float] | None = None
    bound_range: tuple[float, float] | None = None
    largest_budget: float | None = None
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict, repr=False, compare=False)
    claim: str = ""
    compared: Verdict | None = None
    beside: bool = False


def at_most(
    quantity: str,
    measured: ArrayLike,
    bound: ArrayLike,
    *,
    budget: Mapping[str, ArrayLike],
    where: Mapping[str, ArrayLike] | None = None,
    trivial: ArrayLike = False,
    undecided: ArrayLike = False,
    attained: float | None = None,
    advice: str = ADVICE,
) -> Check:
    """Check ``measured <= bound`` at every point.

    Parameters
    ----------
    measured, bound: scalars or arrays of one shape (k,); broadcast against each other. An infinite bound is
        allowed.
    budget: named parts of the error budget, each a scalar or (k,), finite and non-negative; they are added.
    where: named coordinates of the points, each a scalar or (k,).
    trivial: scalar or (k,), true at points where both sides agree by definition, as at the start of a path.
        They count only when VIOLATED. Where nothing else is compared the check is INCONCLUSIVE.
    undecided: scalar or (k,), true at points that may stay undecided, because theory says that slack or
        resolution are small there. Still half of all points must be decided.
    attained: the resolution of an inequality that theory says is met with equality in some cases, so that the
        slack need not exceed the budget.
    advice: what to change when the comparison is INCONCLUSIVE.

    ERROR where no points are compared, a number is NaN, an infinite measured number would pass, or a budget
    is infinite or negative. TypeError for complex numbers.
    """
    return _compare(quantity, "<=", measured, bound, budget, where, trivial, undecided, attained, advice)


def at_least(
    quantity: str,
    measured: ArrayLike,
    bound: ArrayLike,
    *,
    budget: Mapping[str, ArrayLike],
    where: Mapping[str, ArrayLike] | None = None,
    trivial: ArrayLike = False,
    undecided: ArrayLike = False,
    attained: float | None = None,
    advice: str = ADVICE,
) -> Check:
    """Check ``measured >= bound`` at every point; see `at_most`."""
    return _compare(quantity, ">=", measured, bound, budget, where, trivial, undecided, attained, advice)


def equal(
    quantity: str,
    measured: ArrayLike,
    bound: ArrayLike,
    *,
    budget: Mapping[str, ArrayLike],
    resolution: float,
    where: Mapping[str, ArrayLike] | None = None,
    trivial: ArrayLike = False,
    undecided: ArrayLike = False,
    advice: str = ADVICE,
) -> Check:
    """Check ``measured = bound`` at every point, no coarser than to `resolution`; see `at_most`."""
    return _compare(quantity, "=", measured, bound, budget, where, trivial, undecided, resolution, advice)


def not_applicable(quantity: str, message: str) -> Check:
    """A check that the theorem does not promise here; the message names the hypothesis and the way out."""
    return Check(quantity, Verdict.NOT_APPLICABLE, message=message)


def inconclusive(quantity: str, message: str) -> Check:
    """A check that cannot be decided from what there is; the message says what to change."""
    return Check(quantity, Verdict.INCONCLUSIVE, message=message)


def _compare(
    quantity: str,
    relation: Relation,
    measured: ArrayLike,
    bound: ArrayLike,
    budget: Mapping[str, ArrayLike],
    where: Mapping[str, ArrayLike] | None,
    trivial: ArrayLike,
    undecided: ArrayLike,
    resolution: float | None,
    advice: str,
) -> Check:
    """Compare two quantities at every point of a path and keep the point that decides."""
    if any(np.iscomplexobj(number) for number in (measured, bound, *budget.values())):
        raise TypeError(f"{quantity}: a complex number cannot be compared: take its absolute value")
    values, bounds, *parts = (
        np.atleast_1d(array)
        for array in np.broadcast_arrays(
            *(np.asarray(a, dtype=float) for a in (measured, bound, *budget.values()))
        )
    )
    total: NDArray[np.float64] = np.sum(parts, axis=0) if parts else np.zeros_like(values)
    if values.size == 0:
        return Check(quantity, Verdict.ERROR, relation, message="no point was compared")
    with np.errstate(invalid="ignore"):
        slack = {"<=": bounds - values, ">=": values - bounds, "=": -np.abs(values - bounds)}[relation]
    # Slack in units of the budget orders the points by how narrowly each is decided.
    with np.errstate(divide="ignore", invalid="ignore"):
        margin = np.where(total > 0, slack / total, np.sign(slack) * np.inf)
    margin[(total == 0) & (slack == 0)] = 0.0
    # A bound may be infinite. A measured infinity that would pass is an overflow, not a pass.
    uncomputed = np.isnan(margin) | np.isnan(total) | (np.isinf(values) & (slack > 0))
    unusable = np.any([~((part >= 0) & np.isfinite(part)) for part in parts] or [np.zeros(1, bool)], axis=0)
    bad = uncomputed | unusable
    shown = ~(np.broadcast_to(np.asarray(trivial, dtype=bool), margin.shape) & (margin >= -1)) | bad
    if not shown.any():
        return inconclusive(quantity, f"both sides agree by definition at every point: {advice}")
    decided = margin < -1
    decided |= margin > 1 if resolution is None else total <= resolution
    tolerated = np.broadcast_to(np.asarray(undecided, dtype=bool), margin.shape) & ~decided & shown
    if (tolerated == shown).all():
        tolerated = np.zeros_like(tolerated)
    counting = shown & ~tolerated
    at = int(np.argmax(bad)) if bad.any() else int(np.argmin(np.where(counting, margin, np.inf)))
    if uncomputed.any():
        verdict, message = Verdict.ERROR, "a compared number or its error budget is not a number"
    elif unusable.any():
        verdict, message = Verdict.ERROR, "the error budget is infinite or negative"
    elif resolution is None:
        verdict, message = _strict(float(margin[at]), advice)
    else:
        verdict, message = _attained(float(margin[at]), float(total[counting].max()), resolution, advice)
    if verdict is Verdict.VERIFIED and decided[shown].mean() < DECIDED:
        few = f"only {decided[shown].sum()} of {shown.sum()} points are decided"
        verdict, message = Verdict.INCONCLUSIVE, f"{few}: {advice}"
    axes = {
        name: np.broadcast_to(np.asarray(axis, dtype=float), values.shape)
        for name, axis in (where or {}).items()
    }
    return Check(
        quantity,
        verdict,
        relation,
        measured=float(values[at]),
        bound=float(bounds[at]),
        slack=float(slack[at]),
        budget=float(total[at]),
        budget_parts={name: float(part[at]) for name, part in zip(budget, parts, strict=True)},
        where={name: float(axis[at]) for name, axis in axes.items()},
        points=int(shown.sum()),
        message=message,
        measured_range=(float(values[shown].min()), float(values[shown].max())),
        bound_range=(float(bounds[shown].min()), float(bounds[shown].max())),
        largest_budget=float(total[shown].max()),
        arrays={
            "measured": values[shown],
            "bound": bounds[shown],
            "undecided": tolerated[shown],
            **{f"budget {name}": part[shown] for name, part in zip(budget, parts, strict=True)},
            **{f"at {name}": axis[shown] for name, axis in axes.items()},
        },
    )


def _strict(margin: float, advice: str) -> tuple[Verdict, str]:
    """Verdict of an inequality, by the slack of its narrowest point in units of its budget."""
    if margin > 1:
        return Verdict.VERIFIED, ""
    if margin < -1:
        return Verdict.VIOLATED, "broken by more than the error budget"
    return Verdict.INCONCLUSIVE, f"slack and error budget overlap: {advice}"


def _attained(margin: float, largest_budget: float, resolution: float, advice: str) -> tuple[Verdict, str]:
    """Verdict of an identity, or of an inequality that may be met with equality."""
    if margin < -1:
        return Verdict.VIOLATED, "off by more than the error budget"
    if not largest_budget <= resolution < np.inf:
        return Verdict.INCONCLUSIVE, f"the error budget is too wide to decide: {advice}"
    return Verdict.VERIFIED, ""
