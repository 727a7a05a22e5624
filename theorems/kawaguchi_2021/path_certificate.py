"""Theorem 1 for the exact flow from one start under the square loss: `verify certify linear-rate --path`.

Data and start are the float64 of the setting's own draw, taken as exact numbers. The flow is enclosed in a
tube about polynomials (`verify.certificates.tube`), and everything in the theorem on the way.

The kind `linear-rate-path`. `given`, numbers as texts of `verify.certificates.exact`:

    gamma, features (m, n), targets (m_y, n), a (m, m), b (m_y, m)    the instance, with `digest`
    horizon, widest                                                   T; mu holds that near the polynomials
    pieces   one after another from time 0 to T: length h; mu; defect delta; jump; radius, which is at least
             e^(mu h)(r + h delta) + jump for the r before, 0 at first; integral, least: [low, high] of int
             lambda_min(D) on the piece and of its least value
    end      a, b at T and the radius: the exact flow is within it, in the Euclidean norm of (A, B)

`found`, all [low, high]: optimal_value L*, kappa, excess_start E(0), excess_end E(T), fall = log E(0)/E(T),
integral of lambda_min(D), its infimum lambda_T, tightness = fall / (2 kappa integral). The word is PROVED
where fall >= 2 kappa integral for all numbers in the enclosures, which implies the bound with lambda_T T.

The kind `faster-rate-path` has the same `given`, and `factor`: DISPROVED where fall < factor kappa integral.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from flint import arb
from numpy.typing import NDArray

from theorems.kawaguchi_2021.exact_flow.expansion import Expansion
from theorems.kawaguchi_2021.exact_flow.majorants import Bounds
from theorems.kawaguchi_2021.exact_flow.plan import Plan, plan
from theorems.kawaguchi_2021.exact_flow.spectrum import along
from theorems.kawaguchi_2021.linear_rate.problem import RateProblem, Setting, build
from verify.certificates.balls import midpoints, precisely
from verify.certificates.certificate import Certificate
from verify.certificates.concave import Integral
from verify.certificates.exact import binaries, binary
from verify.certificates.judging import undecided
from verify.certificates.rates import FASTER, Promise, rate_certificates
from verify.certificates.series import value, widened
from verify.certificates.tube import WIDEST, Piece, followed, rounded_up, texts
from verify.data.samples import digest_of
from verify.linear_deq.spectrum import FlowOperator
from verify.theorem.errors import InputError
from verify.theorem.protocol import Progress

NAME, CLAIM = "linear-rate", "K-T1"

#: What int lambda_min may be off by, relative: at most, and at least, whatever the slack.
LOOSE, FINEST = 1e-4, 1e-10

#: The share of the slack that int lambda_min may be off by.
OF_SLACK = 1 / 4

#: Gauss's nodes a piece, for that integral in floats.
NODES = 3


@precisely
def certify_path(setting: Setting, minutes: float, progress: Progress) -> Iterator[Certificate]:
    """Theorem 1 for the exact flow to `--horizon`, or until E has fallen by e^-5.1; with aligned labels that
    no rate 1% faster holds.

    InputError for other losses, where Phi has not full rank, and where it would take more than `minutes`.
    """
    if setting.loss != "square":
        raise InputError(
            f"the exact flow is enclosed for the square loss, not {setting.loss}: use --loss square"
        )
    problem = build(setting)
    made = plan(setting, problem, minutes)
    yield from certificates(enclosed(problem, made, progress), faster=setting.labels == "aligned")


@dataclass(frozen=True)
class Enclosed:
    """The exact flow as far as it was enclosed.

    pieces     one after another
    integrals  of lambda_min(D), a piece each; none where the tube got too wide
    lost       why the tube ended before T, else ""
    """

    problem: RateProblem
    plan: Plan
    pieces: list[Piece[Bounds]]
    integrals: list[Integral]
    lost: str

    @property
    def radius(self) -> arb:
        """Of the tube at T, exact."""
        return self.pieces[-1].leaving

    @property
    def excess(self) -> tuple[arb, arb]:
        """E(0) and E(T)."""
        model = self.plan.model
        a, b = (widened(matrix, self.radius) for matrix in self.pieces[-1].end)
        return model.excess(*self.plan.start), model.excess(a, b)

    @property
    def fall(self) -> arb:
        """log E(0)/E(T)."""
        start, end = self.excess
        return (start / end).log()


def enclosed(problem: RateProblem, made: Plan, progress: Progress) -> Enclosed:
    """The flow in pieces, then lambda_min(D) along them, as finely as the slack of the bound asks for."""
    found, lost = followed(
        lambda state: Expansion(made.model, state, made.forecast.order),
        made.start,
        made.horizon,
        made.forecast.tolerance,
        progress,
    )
    path = Enclosed(problem, made, found, [], lost)
    if lost:
        return path
    wish, integrals = wished(path), list[Integral]()
    for number, piece in enumerate(found, 1):
        assert isinstance(piece.expansion, Expansion)
        integrals.append(along(piece.expansion, piece, wish))
        progress("spectrum of D", number, len(found))
    return replace(path, integrals=integrals)


def wished(path: Enclosed) -> float:
    """A tolerance for int lambda_min: a share of the slack that floats see."""
    kappa, fall, seen = float(path.plan.model.loss.pl_constant), float(path.fall), 0.0
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    for piece in path.pieces:
        half = float(piece.length) / 2
        for node, weight in zip(nodes, weights, strict=True):
            state = [midpoints(value(series, arb(half * (1 + node)))) for series in piece.expansion.path]
            seen += weight * half * smallest(path.problem, state)
    slack = fall / (2 * kappa * seen) - 1
    return float(np.clip(OF_SLACK * slack, FINEST, LOOSE)) if np.isfinite(slack) else LOOSE


def smallest(problem: RateProblem, state: list[NDArray[np.float64]]) -> float:
    """lambda_min(D), in floats."""
    operator = FlowOperator(problem.model.at(problem.model.pack(*state)))
    return float(1 / np.linalg.eigvalsh(operator.dense_inverse())[-1])


def certificates(path: Enclosed, faster: bool) -> Iterator[Certificate]:
    """What the enclosure shows: the theorem, and with `faster` that no rate 1% faster holds."""
    statement = (
        "Theorem 1 (Kawaguchi 2021) for the exact flow from this start, square loss: it exists on [0, T], "
        f"T = {float(path.plan.horizon):.6g}, and E(T) <= E(0) exp(-2 kappa int lambda_min(D)), E = L - L*"
    )
    promise = Promise(
        NAME,
        CLAIM,
        "linear-rate-path",
        statement,
        "the bound is attained to this precision: use another --seed or --alignment 0.1",
        "faster-rate-path",
        f"a rate 1% faster, E(T) <= E(0) exp(-{FASTER} kappa int lambda_min(D)), for the same flow",
        "the flow is faster than the bound by more than 1%: use --alignment 0.01",
    )
    if path.lost:
        yield undecided(NAME, CLAIM, promise.kind, statement, path.lost)
        return
    loss, (start, end) = path.plan.model.loss, path.excess
    low = sum((each.low for each in path.integrals), arb(0)).lower()
    high = sum((each.high for each in path.integrals), arb(0)).upper()
    integral = low.union(high)
    least = min(each.least_low for each in path.integrals).union(
        min(each.least_high for each in path.integrals)
    )
    unit = loss.pl_constant * integral
    if not (unit > 0 and unit.is_finite()):
        advice = "no eigenvector was found next to the smallest eigenvalue of D: use another --seed"
        yield undecided(NAME, CLAIM, promise.kind, statement, advice)
        return
    numbers = {
        "optimal_value": loss.optimal_value,
        "kappa": loss.pl_constant,
        "excess_start": start,
        "excess_end": end,
        "fall": path.fall,
        "integral": integral,
        "lambda_T": least,
    }
    growth = float(sum((piece.mu * piece.length for piece in path.pieces), arb(0)))
    remark = f"{len(path.pieces)} pieces, int mu = {growth:.3g}, r(T) <= {float(path.radius):.2e}"
    yield from rate_certificates(promise, summary(path), numbers, unit, remark, faster)


def summary(path: Enclosed) -> Mapping[str, Any]:
    """`given` of the kinds above."""
    problem, (a, b) = path.problem, path.plan.start
    features, targets = path.plan.model.loss.features, path.plan.model.loss.targets
    end = path.pieces[-1].end
    return {
        "gamma": binary(path.plan.model.gamma),
        "features": binaries(features),
        "targets": binaries(targets),
        "a": binaries(a),
        "b": binaries(b),
        "digest": {
            "data": digest_of(problem.features, problem.targets),
            "start": digest_of(problem.theta),
        },
        "horizon": binary(path.plan.horizon),
        "widest": binary(WIDEST),
        "pieces": [
            {
                **texts(piece),
                "integral": [binary(-rounded_up(-each.low)), binary(rounded_up(each.high))],
                "least": [binary(-rounded_up(-each.least_low)), binary(rounded_up(each.least_high))],
            }
            for piece, each in zip(path.pieces, path.integrals, strict=True)
        ],
        "end": {"a": binaries(end[0]), "b": binaries(end[1]), "radius": binary(path.radius)},
    }
