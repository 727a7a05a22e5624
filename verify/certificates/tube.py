"""The exact solution of theta' = -grad L(theta), enclosed in a tube about polynomials.

On each piece [t, t + h] there is a polynomial q with exact coefficients and a bound delta of its defect,
||q' + grad L(q)|| <= delta. If no eigenvalue of the Hessian of L lies below -mu anywhere within `WIDEST` of
q, the distance r of a solution to q obeys r' <= mu r + delta for as long as r < WIDEST, so that

    r(t + h) <= e^(mu h) (r(t) + h delta)   and, at the rounded start of the next piece,   + jump,

and the solution exists as long as these bounds stay below WIDEST: it cannot leave a compact set. Norms are
Euclidean norms of all parameters together. Steps and polynomials are proposals: bad ones widen the tube.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from flint import arb, arb_mat, ctx

from verify.certificates.balls import ZERO, frobenius_norm
from verify.certificates.exact import binary
from verify.certificates.series import Series, over, value
from verify.theorem.protocol import Progress

State = tuple[arb_mat, ...]

#: Half the width of the tube in which mu is a bound.
WIDEST = arb(2) ** -20

#: Deviations are bounded within this many times `WIDEST`, and scaled down from there.
WIDER = 1000

#: Bits of the bounds that are kept.
SHORT = 53

#: A reach at which the majorants do not converge shrinks by this.
SHRINK = 0.7

#: It shrinks so often at most.
ATTEMPTS = 60


class TooFarError(Exception):
    """The majorants do not converge at this reach."""


class LostError(Exception):
    """The tube got wider than `WIDEST`, so that nothing is known from there on. The text says why."""


class Deviation(Protocol):
    """Bounds, entry by entry, of how far everything is from where it is at the centre of an expansion."""

    @property
    def field(self) -> Sequence[arb_mat]:
        """Of grad L, a matrix for each unknown."""


D = TypeVar("D", bound=Deviation)


class Expansion(Protocol[D]):
    """A path of polynomials from an exact state, with the series of the gradient along it.

    path      for each unknown its coefficients 0 to p, exact
    rounding  for each unknown bounds of coefficients 0 to p - 1 of its defect
    """

    path: Sequence[Series]
    rounding: Sequence[Sequence[arb_mat]]

    def reach(self) -> float:
        """A proposal: up to where the majorants converge well, about."""

    def deviation(self, reach: arb, radius: arb) -> D:
        """Bounds in the norm ``sum_k |f_k| reach^k``, for every entry of the path moved by `radius` or less.

        The start at the centre is left out: of a constant, unmoved, it is 0. Raises TooFarError.
        """

    def growth(self, piece: Piece[D]) -> arb:
        """An upper bound of mu, at least 0, on the tube about the path for the piece's length."""


@dataclass
class Piece(Generic[D]):
    """One polynomial, from `start` on for `length`, both exact.

    expansion  the polynomial and its series
    reach      rho, where the series are bounded
    tail       (length / rho)^p
    far        deviations up to rho, of paths moved by WIDER * WIDEST or less
    near       the same up to `length`
    defect     delta
    mu         its bound within the tube
    entering   bound of the distance at its start
    widest     the same on the whole piece, before the jump
    jump       from its end to the exact start of the next piece
    end        that start
    """

    expansion: Expansion[D]
    start: arb
    length: arb
    reach: arb
    tail: arb
    far: D
    near: D
    entering: arb
    defect: arb
    mu: arb = ZERO
    widest: arb = ZERO
    jump: arb = ZERO
    end: State = ()

    @property
    def leaving(self) -> arb:
        """Bound of the distance of the solution to `end`, exact."""
        return rounded_up(self.widest + self.jump)

    def holds(self, series: Series, far: arb_mat, near: arb_mat) -> arb_mat:
        """Balls that hold what has this series, and these deviations, anywhere in the tube about the piece.

        Beyond the series there is its tail, and the width of the tube, scaled down from the wider one.
        """
        pairs = zip(far.entries(), near.entries(), strict=True)
        extra = [self.tail * x + y / WIDER for x, y in pairs]
        flat = over([coefficient.entries() for coefficient in series], self.length, extra)
        return arb_mat(far.nrows(), far.ncols(), flat)


def largest_of_form(a: arb, b: arb) -> arb:
    """An upper bound of ``a x^2 + b x y`` on x^2 + y^2 = 1, exact; a and b are not negative."""
    return (a / 2 + ((a / 2) ** 2 + (b / 2) ** 2).sqrt()).upper()


def norm(matrices: Sequence[arb_mat]) -> arb:
    """An upper bound of the Euclidean norm of all entries together, exact."""
    entries = [entry for matrix in matrices for entry in matrix.entries()]
    return frobenius_norm(arb_mat(1, len(entries), entries))


def rounded_up(bound: arb) -> arb:
    """A bound of `bound` with a mantissa as short as a float's, exact: certificates have many."""
    with ctx.workprec(SHORT):
        return bound.upper()


def short(length: float) -> arb:
    """The float next to a proposed length whose mantissa is short: so times stay short, and exact."""
    return arb(float(np.float32(length)))


def pieces(
    expand: Callable[[State], Expansion[D]], start: State, horizon: arb, tolerance: float
) -> Iterator[Piece[D]]:
    """The pieces from time 0 to `horizon` (exact), one after another; raises LostError.

    `tolerance` is the share of the gradient's series that its tail may have: lengths are chosen so.
    """
    time, state, radius = arb(0), start, arb(0)
    while time < horizon:
        expansion = expand(state)
        piece = begun(expansion, time, horizon - time, radius, tolerance)
        piece.mu = rounded_up(expansion.growth(piece))
        growth = (piece.mu * piece.length).exp()
        piece.widest = rounded_up(growth * (radius + piece.length * piece.defect))
        if not piece.widest < WIDEST:
            raise LostError(
                f"the tube is wider than {float(WIDEST):.0e} at time {float(time + piece.length):.4g}: mu = "
                f"{float(piece.mu):.3g}, length {float(piece.length):.3g}, defect {float(piece.defect):.1e}, "
                f"from a distance of {float(radius):.1e}; use a shorter --horizon"
            )
        ends = [value(series, piece.length) for series in expansion.path]
        piece.end = tuple(matrix.mid() for matrix in ends)
        jumps = [matrix - middle for matrix, middle in zip(ends, piece.end, strict=True)]
        piece.jump = rounded_up(norm(jumps))
        time, state, radius = time + piece.length, piece.end, piece.leaving
        yield piece


def followed(
    expand: Callable[[State], Expansion[D]],
    start: State,
    horizon: arb,
    tolerance: float,
    progress: Progress,
) -> tuple[list[Piece[D]], str]:
    """The pieces up to the horizon, and ""; or up to where the tube got too wide, and why it did."""
    found: list[Piece[D]] = []
    try:
        for piece in pieces(expand, start, horizon, tolerance):
            found.append(piece)
            progress("exact flow", float(piece.start + piece.length), float(horizon))
    except LostError as lost:
        return found, str(lost)
    return found, ""


def texts(piece: Piece[D]) -> dict[str, Any]:
    """A piece in a certificate: what the tube needs of it. The radius is that at its end."""
    numbers = {
        "length": piece.length,
        "mu": piece.mu,
        "defect": piece.defect,
        "jump": piece.jump,
        "radius": piece.leaving,
    }
    return {name: binary(number) for name, number in numbers.items()}


def begun(expansion: Expansion[D], start: arb, left: arb, radius: arb, tolerance: float) -> Piece[D]:
    """A piece of the path of an expansion, as long as its tail allows and `left` lasts, with its defect."""
    order = len(expansion.path[0]) - 1
    reach, far = converged(expansion)
    length = short(float(reach) * tolerance ** (1 / order))
    if not 0 < length <= reach:
        raise LostError(
            f"a piece of length {float(length):.1e} within a reach of {float(reach):.1e}: no proposal"
        )
    if not length < left:
        length = left
    near = deviation_near(expansion, length)
    tail = (length / reach) ** order
    powers = [length**k for k in range(order)]
    defects = []
    for coefficients, beyond in zip(expansion.rounding, far.field, strict=True):
        found = beyond * tail
        for coefficient, power in zip(coefficients, powers, strict=True):
            found += coefficient * power
        defects.append(found)
    return Piece(expansion, start, length, reach, tail, far, near, radius, rounded_up(norm(defects)))


def converged(expansion: Expansion[D]) -> tuple[arb, D]:
    """A reach near the proposed one where the majorants converge, and their bounds; raises LostError."""
    reach = expansion.reach()
    if not 0 < reach < float("inf"):
        raise LostError(f"a reach of {reach} was proposed, no positive number")
    for _ in range(ATTEMPTS):
        try:
            exact_reach = arb(float(reach))
            return exact_reach, expansion.deviation(exact_reach, WIDER * WIDEST)
        except TooFarError:
            reach *= SHRINK
    raise LostError(
        f"the series converge nowhere, not even up to {reach:.1e}: the path is no series of a solution"
    )


def deviation_near(expansion: Expansion[D], length: arb) -> D:
    """Bounds of the deviations in the wider tube; raises LostError."""
    try:
        return expansion.deviation(length, WIDER * WIDEST)
    except TooFarError:
        raise LostError(f"the tube is too wide for a piece of length {float(length):.1e}") from None
