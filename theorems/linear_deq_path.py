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
from verify.certificates.certificate import Certificate, Word
from verify.certificates.eigenvalues import largest_eigenvalue
from verify.certificates.exact import binaries, binary, ends, interval
from verify.certificates.forecast import Forecast, cut, forecast
from verify.certificates.least_squares import NAMED, LeastSquares
from verify.certificates.series import widened
from verify.certificates.tube import WIDEST, Piece, State, followed, texts
from verify.data.samples import digest_of
from verify.theorem.errors import InputError
from verify.theorem.protocol import Progress

THEOREM, CLAIM = "linear-deq", "D-3"

#: The claim that is false: a rate 1% faster than 2 mu / ||C||.
FASTER = "2.02"

#: Of the radius of the tube at the end, over the excess there where that is below 1.
TARGET = 1e-8


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
    expected = forecast(lambda at, order: Expansion(loss, at, order), times, state, TARGET * min(1.0, end))
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
    if lost:
        yield Certificate(THEOREM, CLAIM, "linear-deq-path", statement, Word.UNDECIDED, {}, {}, advice=lost)
        return
    radius = pieces[-1].leaving
    conserved = start[0] * start[0].transpose() + start[1] * start[1].transpose()
    size = arb.union(*largest_eigenvalue(conserved))
    first, last = (
        loss.excess(s[1].inv() * s[0]) for s in (start, [widened(x, radius) for x in pieces[-1].end])
    )
    fall = (first / last).log()
    bound = 2 * loss.pl_constant * horizon / size
    numbers = {
        "optimal_value": loss.optimal_value,
        "kappa": loss.pl_constant,
        "size": size,
        "excess_start": first,
        "excess_end": last,
        "fall": fall,
        "tightness": fall / bound,
    }
    given, found = summary(problem, loss, start, horizon, pieces), {n: ends(x) for n, x in numbers.items()}
    shown = [f"{NAMED[name]} in {interval(ball)}" for name, ball in numbers.items()]
    shown.append(f"{len(pieces)} pieces, r(T) <= {float(radius):.2e}")
    proved = bool(fall >= bound)
    yield Certificate(
        THEOREM,
        CLAIM,
        "linear-deq-path",
        statement,
        Word.PROVED if proved else Word.UNDECIDED,
        given,
        found,
        shown,
        "" if proved else "the bound is attained to this precision: use another --seed",
    )
    if problem.aligned:
        false = bool(fall < arb(FASTER) * loss.pl_constant * horizon / size)
        yield Certificate(
            THEOREM,
            CLAIM,
            "linear-deq-faster",
            f"a rate 1% faster, E(T) <= E(0) exp(-{FASTER} mu T/||C||), for the same flow",
            Word.DISPROVED if false else Word.UNDECIDED,
            {**given, "factor": FASTER},
            found,
            shown,
            "" if false else "the flow is faster than the bound by more than 1%: use another --seed",
        )


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
