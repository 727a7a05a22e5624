"""The rate of `theorems.linear_deq` for the exact flow from one start: `verify certify linear-deq --path`.

Data and start are the float64 of the setting's own draw, taken as exact numbers; the loss is the square loss.

The kind `linear-deq-path`. `given`, numbers as texts of `verify.certificates.exact`: features (d, n), targets
(k, n), a (k, d), m (k, k), with `digest`; horizon, widest, pieces (without integrals) and end, with a, m and
radius, as in `theorems.kawaguchi_2021.path_certificate`. `found`, all [low, high]: optimal_value L*, kappa
(which is mu of PL), size ||C||_2, excess_start E(0), excess_end E(T), fall = log E(0)/E(T), tightness = fall
||C|| / (2 kappa T). PROVED where fall >= 2 kappa T / ||C|| for all numbers in the enclosures.

The kind `linear-deq-faster` has the same `given`, and `factor`: DISPROVED where fall < factor kappa T/||C||.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from flint import arb, arb_mat

from theorems.linear_deq import Setting, build
from theorems.linear_deq_exact import Bounds, Expansion
from theorems.linear_deq_flow import Problem, follow
from verify.certificates.balls import exact, precisely
from verify.certificates.certificate import Certificate
from verify.certificates.eigenvalues import largest_eigenvalue
from verify.certificates.exact import binaries, binary
from verify.certificates.forecast import Forecast, cut, forecast
from verify.certificates.judging import undecided
from verify.certificates.least_squares import LeastSquares
from verify.certificates.rates import FASTER, Promise, rate_certificates
from verify.certificates.series import widened
from verify.certificates.tube import WIDEST, Piece, State, followed, texts
from verify.data.samples import digest_of
from verify.theorem.errors import InputError
from verify.theorem.protocol import Progress

NAME, CLAIM = "linear-deq", "D-3"


@precisely
def certify_path(setting: Setting, minutes: float, progress: Progress) -> Iterator[Certificate]:
    """The theorem for the exact flow to `--horizon`, or until E has fallen by e^-5.1.

    With aligned labels also that no rate 1% faster holds. InputError for other losses, where X has not full
    rank, and where it would take more than `minutes`.
    """
    if setting.loss != "square":
        raise InputError(
            f"the exact flow is enclosed for the square loss, not {setting.loss}: use --loss square"
        )
    problem = build(setting)
    loss = LeastSquares.of(problem.X, problem.Y)
    start, horizon, expected = plan(setting, problem, loss)
    expected.require(0.0, minutes, setting.width)
    found, lost = followed(
        lambda state: Expansion(loss, state, expected.order), start, horizon, expected.tolerance, progress
    )
    yield from certificates(problem, loss, start, horizon, found, lost)


def plan(setting: Setting, problem: Problem, loss: LeastSquares) -> tuple[State, arb, Forecast]:
    """The exact start, the horizon, exact, and what the path will take."""
    path = follow(problem, problem.rtol)
    times = cut(path.times, path.E, setting.horizon)

    def state(place: int) -> State:
        return exact(path.A[place]), exact(path.M[place])

    end = float(path.E[len(times) - 1])
    expected = forecast(lambda at, order: Expansion(loss, at, order), times, state, end)
    a, m = np.split(problem.S, [-len(problem.S)], axis=1)
    return (exact(a), exact(m)), arb(float(times[-1])), expected


def certificates(
    problem: Problem,
    loss: LeastSquares,
    start: State,
    horizon: arb,
    pieces: list[Piece[Bounds]],
    lost: str,
) -> Iterator[Certificate]:
    """What the enclosure shows: the theorem, and with aligned labels that no rate 1% faster holds."""
    statement = (
        "gradient flow of the linear DEQ from this start, square loss: it exists on [0, T], M stays "
        f"invertible there, T = {float(horizon):.6g}, and E(T) <= E(0) exp(-2 mu T/||C||), E = L - L*"
    )
    promise = Promise(
        NAME,
        CLAIM,
        "linear-deq-path",
        statement,
        "the bound is attained to this precision: use another --seed",
        "linear-deq-faster",
        f"a rate 1% faster, E(T) <= E(0) exp(-{FASTER} mu T/||C||), for the same flow",
        "the flow is faster than the bound by more than 1%: use another --seed",
    )
    if lost:
        yield undecided(NAME, CLAIM, promise.kind, statement, lost)
        return
    radius = pieces[-1].leaving
    conserved = start[0] * start[0].transpose() + start[1] * start[1].transpose()
    size = arb.union(*largest_eigenvalue(conserved))
    first, last = (
        loss.excess(s[1].inv() * s[0]) for s in (start, [widened(x, radius) for x in pieces[-1].end])
    )
    numbers = {
        "optimal_value": loss.optimal_value,
        "kappa": loss.pl_constant,
        "size": size,
        "excess_start": first,
        "excess_end": last,
        "fall": (first / last).log(),
    }
    given, unit = summary(problem, loss, start, horizon, pieces), loss.pl_constant * horizon / size
    remark = f"{len(pieces)} pieces, r(T) <= {float(radius):.2e}"
    yield from rate_certificates(promise, given, numbers, unit, remark, problem.aligned)


def summary(
    problem: Problem, loss: LeastSquares, start: State, horizon: arb, pieces: list[Piece[Bounds]]
) -> dict[str, Any]:
    """`given` of the kinds above."""
    end: tuple[arb_mat, ...] = pieces[-1].end
    return {
        "features": binaries(loss.features),
        "targets": binaries(loss.targets),
        "a": binaries(start[0]),
        "m": binaries(start[1]),
        "digest": {"data": digest_of(problem.X, problem.Y), "start": digest_of(problem.S)},
        "horizon": binary(horizon),
        "widest": binary(WIDEST),
        "pieces": [texts(piece) for piece in pieces],
        "end": {"a": binaries(end[0]), "m": binaries(end[1]), "radius": binary(pieces[-1].leaving)},
    }
