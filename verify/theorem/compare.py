"""Comparisons: what is compared, with what error.

A `Check` is one comparison made for a claim. Every
comparison carries an error budget, an upper estimate of how far the compared numbers can be off,
and is decided by it alone:

- an inequality is VERIFIED when the slack exceeds the budget at every point compared, VIOLATED when
  it is below minus the budget somewhere, INCONCLUSIVE otherwise;
- an identity is VERIFIED when the two sides differ by no more than the budget at every point.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from verify.theorem.verdicts import Verdict

Relation = Literal["<=", ">=", "="]


@dataclass(frozen=True)
class Check:
    """One comparison, reported at the point of its path where it is decided most narrowly.

    ``slack`` is positive where the relation holds (0 at best for an identity), ``budget`` the error
    budget there and ``budget_parts`` what it is made of; ``where`` locates the point; ``points``
    counts the points compared. ``measured_range`` and ``bound_range`` are the least and the largest of
    all points, ``largest_budget`` the widest budget of any; ``arrays`` holds every point: measured and
    bound, each part of the budget, the coordinates, and which points count only when VIOLATED.
    """

    claim: str
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


def at_most(claim: str, quantity: str, measured: ArrayLike, bound: ArrayLike, **how: object) -> Check:
    """Check ``measured <= bound`` at every point; see `compare` for the other arguments."""
    return compare(claim, quantity, "<=", measured, bound, **how)  # type: ignore[arg-type]


def at_least(claim: str, quantity: str, measured: ArrayLike, bound: ArrayLike, **how: object) -> Check:
    """Check ``measured >= bound`` at every point; see `compare` for the other arguments."""
    return compare(claim, quantity, ">=", measured, bound, **how)  # type: ignore[arg-type]


def equal(claim: str, quantity: str, measured: ArrayLike, bound: ArrayLike, **how: object) -> Check:
    """Check ``measured = bound`` at every point; see `compare` for the other arguments."""
    return compare(claim, quantity, "=", measured, bound, **how)  # type: ignore[arg-type]


def compare(
    claim: str,
    quantity: str,
    relation: Relation,
    measured: ArrayLike,
    bound: ArrayLike,
    *,
    budget: Mapping[str, ArrayLike],
    where: Mapping[str, ArrayLike] | None = None,
    undecided: ArrayLike = False,
    attained: bool = False,
    resolution: float | None = None,
    advice: str = "tighten the tolerances",
) -> Check:
    """Compare two quantities at every point of a path and keep the point that decides.

    Parameters
    ----------
    measured, bound: scalars or arrays of one shape (k,); broadcast against each other.
    budget: named parts of the error budget, each a scalar or (k,), non-negative; they are added.
    where: named coordinates of the points, each a scalar or (k,).
    undecided: scalar or (k,), true at points that count only when VIOLATED, because both sides agree
        there by definition and no budget could be small enough. It is ignored when true everywhere.
    attained: of an inequality that theory says is met with equality in some cases, so that the slack
        need not exceed the budget; like an identity it needs a `resolution`.
    resolution: A budget above it would pass anything: the check is INCONCLUSIVE.
    advice: what to change when the comparison is INCONCLUSIVE.

    No points compared, or a number that is not one, is ERROR. An infinite bound is allowed.
    """
    values, bounds, *parts = (
        np.atleast_1d(array)
        for array in np.broadcast_arrays(
            *(np.asarray(a, dtype=float) for a in (measured, bound, *budget.values()))
        )
    )
    total: NDArray[np.float64] = np.sum(parts, axis=0) if parts else np.zeros_like(values)
    points = int(values.size)
    if points == 0:
        return Check(claim, quantity, Verdict.ERROR, relation, message="no point was compared")
    with np.errstate(invalid="ignore"):
        slack = {"<=": bounds - values, ">=": values - bounds, "=": -np.abs(values - bounds)}[relation]
    # Slack in units of the budget orders the points by how narrowly each is decided.
    with np.errstate(divide="ignore", invalid="ignore"):
        margin = np.where(total > 0, slack / total, np.sign(slack) * np.inf)
    margin[(total == 0) & (slack == 0)] = 0.0
    bad = np.isnan(margin) | np.isnan(total) | (total < 0)
    tolerated = np.broadcast_to(np.asarray(undecided, dtype=bool), margin.shape) & (margin >= -1)
    if tolerated.all():
        tolerated = np.zeros_like(tolerated)
    at = int(np.argmax(bad)) if bad.any() else int(np.argmin(np.where(tolerated, np.inf, margin)))
    if bad.any():
        verdict, message = Verdict.ERROR, "a compared number or its error budget is not a number"
    else:
        verdict, message = _decide(
            relation == "=" or attained, float(margin[at]), float(total.max()), resolution, advice
        )
    axes = {
        name: np.broadcast_to(np.asarray(axis, dtype=float), (points,))
        for name, axis in (where or {}).items()
    }
    return Check(
        claim,
        quantity,
        verdict,
        relation,
        measured=float(values[at]),
        bound=float(bounds[at]),
        slack=float(slack[at]),
        budget=float(total[at]),
        budget_parts={name: float(part[at]) for name, part in zip(budget, parts, strict=True)},
        where={name: float(axis[at]) for name, axis in axes.items()},
        points=points,
        message=message,
        measured_range=(float(values.min()), float(values.max())),
        bound_range=(float(bounds.min()), float(bounds.max())),
        largest_budget=float(total.max()),
        arrays={
            "measured": values,
            "bound": bounds,
            "undecided": tolerated,
            **{f"budget {name}": part for name, part in zip(budget, parts, strict=True)},
            **{f"at {name}": axis for name, axis in axes.items()},
        },
    )


def _decide(
    tight: bool, margin: float, largest_budget: float, resolution: float | None, advice: str
) -> tuple[Verdict, str]:
    if tight:
        if margin < -1:
            return Verdict.VIOLATED, "off by more than the error budget"
        if resolution is not None and largest_budget > resolution:
            return Verdict.INCONCLUSIVE, f"the error budget is too wide to decide: {advice}"
        return Verdict.VERIFIED, ""
    if margin > 1:
        return Verdict.VERIFIED, ""
    if margin < -1:
        return Verdict.VIOLATED, "broken by more than the error budget"
    return Verdict.INCONCLUSIVE, f"slack and error budget overlap: {advice}"


def not_applicable(claim: str, quantity: str, message: str) -> Check:
    """A check that the theorem does not promise here; the message names the hypothesis and the way out."""
    return Check(claim, quantity, Verdict.NOT_APPLICABLE, message=message)
