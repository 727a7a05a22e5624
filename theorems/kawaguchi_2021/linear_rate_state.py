"""Theorem 1 at one point: certificates about D, PL, the excess and non-convexity, and the identities.

The kinds, with what `given` and `found` have (numbers as in `verify.certificates.exact`, matrices by rows):

flow-operator  given A, B, gamma and a `vector`; found lambda_min(D) within `lambda_min`, both `floors`
pl-constant    see `verify.certificates.pl.Shallow.certificate`
excess         given A, B, gamma, `loss`, `features`, `targets`, `tau`, `radius`, a W next to a minimiser as
               `best` (null where none is needed), and `kappa`, a lower bound of the constant of PL; found
               `excess`, L - L*_R, and `ratio`, 1/2 ||grad L_0(Q)||^2 / (L - L*_R), enclosed
nonconvex      given `loss`, `features`, `targets`, `tau`, gamma and two `ends` with A and B; found the `rise`
               of L at their midpoint over the mean of L at the ends
identity       see `verify.certificates.modular`
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from flint import arb
from numpy.typing import NDArray

from theorems.kawaguchi_2021.enclosed import EnclosedState, floors
from theorems.kawaguchi_2021.identities import linear_identities
from theorems.kawaguchi_2021.linear_rate.problem import RateProblem, Setting, build, witness
from verify.certificates.balls import exact, precisely, squared_norm
from verify.certificates.certificate import Certificate, Word
from verify.certificates.eigenvalues import Lowest, lowest_eigenvalue
from verify.certificates.exact import binaries, binary, ends, row
from verify.certificates.judging import (
    LARGEST_ORDER,
    MOST_ENTRIES,
    above,
    enclosed,
    shown,
    undecided,
)
from verify.certificates.pl import Shallow

Array = NDArray[np.float64]

NAME = "linear-rate"

FLOORS = "at this point lambda_min(D) lies above 1/(m (1+gamma)^2), as printed, and 1/(1 + gamma sqrt(m))^2"


@dataclass(frozen=True)
class Point:
    """Parameters A (m, m) and B (m_y, m), and the problem that they belong to."""

    problem: RateProblem
    a: Array
    b: Array

    @property
    def gamma(self) -> float:
        return self.problem.model.gamma

    @property
    def given(self) -> Mapping[str, Any]:
        """The parameters, for a certificate."""
        return {"A": binaries(self.a), "B": binaries(self.b), "gamma": binary(self.gamma)}

    @property
    def shallow(self) -> Shallow:
        problem = self.problem
        loss, tau = problem.described["loss"], problem.described["tau"]
        return Shallow.of(loss, tau, problem.features, problem.targets, problem.objective)


def certify_state(setting: Setting, parameters: Mapping[str, Array] | None) -> Iterator[Certificate]:
    """Certificates at the initial state of a setting, or at `parameters` A (m, m) and B (m_y, m).

    Those about data and sizes alone, PL, non-convexity and the identities, are of the initial state. Of the
    four losses; where L*_R cannot be enclosed there is none about the excess. InputError and HypothesisError
    as when the theorem is run.
    """
    problem = build(setting)
    initial = parameters is None
    a, b = problem.model.unpack(problem.theta) if parameters is None else (parameters["A"], parameters["B"])
    yield from certify_point(Point(problem, a, b), initial=initial)
    if initial:
        yield from linear_identities(NAME, *reversed(b.shape))


@precisely
def certify_point(at: Point, *, initial: bool) -> Iterator[Certificate]:
    """Those by balls; those about the data only at the initial state."""
    if advice := too_large(at.b, at.problem.features):
        yield undecided(NAME, "K-T1.2", "flow-operator", FLOORS, advice)
        return
    state, shallow = EnclosedState.of(at.a, at.b, at.gamma), at.shallow
    yield operator_floors(NAME, state, at.given)
    least = shallow.least_square()
    if (found := excess(at, state, least)) is not None:
        yield found
    if initial:
        yield shallow.certificate(NAME, "K-T1.PL", least)
        if (found := nonconvexity(at)) is not None:
            yield found


def too_large(b: Array, features: Array) -> str:
    """The way out where D or the data are too large for certificates; "" elsewhere."""
    if b.size <= LARGEST_ORDER and features.size <= MOST_ENTRIES:
        return ""
    return f"D {(b.size, b.size)} or the data are too large for it: use a smaller --width or fewer --samples"


def operator_floors(theorem: str, state: EnclosedState, given: Mapping[str, Any]) -> Certificate:
    """lambda_min(D) above both floors."""
    least, lower = lowest_eigenvalue(state.flow_operator()), floors(state.s.nrows(), state.gamma)
    word = above(least.low, least.high, *lower)
    return Certificate(
        theorem=theorem,
        claim="K-T1.2",
        kind="flow-operator",
        statement=FLOORS,
        word=word,
        given={**given, "vector": row(least.vector)},
        found={"lambda_min": enclosed(least.low, least.high), "floors": [ends(floor) for floor in lower]},
        shown=(
            f"lambda_min(D) in {shown(least.low, least.high)}",
            f"1/(m (1+gamma)^2) = {lower[0].str(10)}, 1/(1 + gamma sqrt(m))^2 = {lower[1].str(10)}",
        ),
        advice="" if word is Word.PROVED else "gamma is close to 1: lower --gamma",
    )


def excess(at: Point, state: EnclosedState, least: Lowest) -> Certificate | None:
    """L - L*_R, and PL at this point; None where L*_R is not enclosed."""
    shallow = at.shallow
    kappa = shallow.constant(least)[0]
    if not (least.low > 0 and kappa > 0):
        return None
    apart = shallow.excess(state.q, kappa)
    if apart is None:
        return None
    slope = squared_norm(shallow.gradient(state.q)) / 2
    ratio = slope / apart
    word = above(slope, slope, kappa * apart) if apart > 0 else Word.UNDECIDED
    attained = "PL is an equality here to this precision, which no precision decides"
    needs_best = shallow.loss in ("logistic", "cross-entropy")
    return Certificate(
        theorem=NAME,
        claim="K-T1.4",
        kind="excess",
        statement="at this point L > L*_R and 1/2 ||grad L_0(Q)||^2 >= kappa (L - L*_R), with a "
        "lower bound of kappa",
        word=word,
        given={
            **at.given,
            **shallow.data,
            "best": binaries(shallow.best) if needs_best else None,
            "kappa": binary(kappa),
        },
        found={"excess": ends(apart), "ratio": ends(ratio) if ratio.is_finite() else None},
        shown=(f"L - L*_R = {apart.str(12)}, 1/2 ||grad L_0||^2 / (L - L*_R) = {ratio.str(12)}",),
        advice="" if word is Word.PROVED else attained,
    )


def nonconvexity(at: Point) -> Certificate | None:
    """L at a midpoint above the chord; None for m = 1, where L is convex in B."""
    found = witness(at.problem)
    if found is None:
        return None
    shallow, pair = at.shallow, [at.problem.model.unpack(end) for end in found.ends]
    points = [tuple(exact(part) for part in end) for end in pair]
    middle = tuple((x + y) / 2 for x, y in zip(*points, strict=True))
    first, second, between = (
        shallow.loss_at(EnclosedState.of(a, b, at.gamma).q) for a, b in (*points, middle)
    )
    rise = between - (first + second) / 2
    word = above(rise, rise, arb(0))
    return Certificate(
        theorem=NAME,
        claim="K-NC",
        kind="nonconvex",
        statement="L is not convex in (A, B): at the midpoint of two points it lies above its chord",
        word=word,
        given={
            **shallow.data,
            "gamma": binary(at.gamma),
            "ends": [{"A": binaries(a), "B": binaries(b)} for a, b in pair],
        },
        found={"rise": ends(rise)},
        shown=(f"L at the midpoint less the mean of L at the ends: {rise.str(10)}",),
        advice="" if word is Word.PROVED else "the ends are no witness: use another --seed",
    )
