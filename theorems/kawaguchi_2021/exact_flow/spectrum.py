"""int lambda_min(D) along a piece: how fast D can change, and the integral."""

from __future__ import annotations

from flint import arb, arb_mat

from theorems.kawaguchi_2021.exact_flow.expansion import Expansion
from theorems.kawaguchi_2021.exact_flow.majorants import Bounds
from theorems.kawaguchi_2021.exact_flow.model import Model, assembled
from verify.certificates.balls import frobenius_norm, hadamard, identity, largest, spectral_norm
from verify.certificates.concave import Integral, integral
from verify.certificates.series import entrywise, product, value, widened
from verify.certificates.tube import WIDER, WIDEST, Piece

#: Coefficients of D, of which the rest is bounded by majorants: it costs the square of them, and a tolerance
#: below `COARSE` asks for more.
ORDERS, COARSE = (6, 10), 1e-5

#: Pieces are shorter than this share of the reach of their majorants: there k (k - 1) x^(k - 2) falls from
#: k = 4 on.
SHARE = arb(0.5)


def along(expansion: Expansion, piece: Piece[Bounds], tolerance: float) -> Integral:
    """The integral on the piece, for the exact flow; `tolerance` as in `concave.integral`."""
    second, turn = second_derivative(expansion, piece, ORDERS[tolerance < COARSE])

    def at(time: arb) -> arb_mat:
        a, b = (widened(value(series, time), piece.widest) for series in expansion.path)
        return expansion.model.operator(a, b)

    return integral(at, piece.length, second, turn, tolerance)


def second_derivative(expansion: Expansion, piece: Piece[Bounds], order: int) -> tuple[arb, arb]:
    """Bounds of D'' on the piece, for every move within the tube, and of how far a move changes D'.

    From `order` coefficients of D. Infinite where the piece is too long beside its reach.
    """
    model, share = expansion.model, piece.widest / (WIDER * WIDEST)
    change = operator_change(model, expansion, piece.far)
    coefficients = operator_series(expansion, min(order, len(expansion.q)))
    x = piece.length / piece.reach
    if not x < SHARE:
        return arb("inf"), arb("inf")

    def beyond(first: int) -> arb:
        """Of the second derivative: the terms from the first on, of one series in the majorant's norm."""
        terms = [(k * (k - 1) * x ** (k - 2)).upper() for k in range(first, max(first, 4) + 1)]
        return largest(terms) * change / piece.reach**2

    second = beyond(len(coefficients)) + share * beyond(2)
    for k, coefficient in enumerate(coefficients[2:], 2):
        second += k * (k - 1) * spectral_norm(coefficient) * piece.length ** (k - 2)
    slope = largest((k * x ** (k - 1)).upper() for k in range(1, 4)) * change / piece.reach
    return second.upper(), (share * slope).upper()


def operator_series(expansion: Expansion, order: int) -> list[arb_mat]:
    """The coefficients of D below `order` along the path."""
    model = expansion.model
    m, outputs, gamma = model.width, model.outputs, model.gamma
    stochastic = [coefficient.entries() for coefficient in expansion.s[:order]]
    maps = [coefficient.entries() for coefficient in expansion.q[:order]]
    means = [product(expansion.q, expansion.s, k).entries() for k in range(order)]
    inner = []
    for column in range(m):
        weights = [entries[column::m] * outputs for entries in stochastic]
        shifted = [
            [x - mean[i // m * m + column] for i, x in enumerate(entries)]
            for entries, mean in zip(maps, means, strict=True)
        ]
        c = [arb_mat(outputs, m, entrywise(weights, shifted, k)) for k in range(order)]
        turned = [matrix.transpose() for matrix in c]
        squares = [gamma**2 * product(c, turned, k) for k in range(order)]
        squares[0] += identity(outputs)
        inner.append([matrix.entries() for matrix in squares])
    return assembled(inner, expansion.v[:order])


def operator_change(model: Model, expansion: Expansion, by: Bounds) -> arb:
    """An upper bound of the Frobenius norm of how far D changes, in the norm of `majorants`.

    D is a sum of products, so with all signs plus it is a majorant of itself.
    """
    at = expansion.centre
    after = _with_plus(model, at.s + by.s, at.v + by.v, at.q + by.q)
    return frobenius_norm(after - _with_plus(model, at.s, at.v, at.q))


def _with_plus(model: Model, s: arb_mat, v: arb_mat, q: arb_mat) -> arb_mat:
    """`Model.operator` of matrices that are not negative, with every minus a plus."""
    m, outputs = model.width, model.outputs
    means, inner = q * s, []
    for k in range(m):
        column = s.entries()[k::m]
        weights = arb_mat(outputs, m, column * outputs)
        mean = arb_mat(outputs, m, [means[o, k] for o in range(outputs) for _ in range(m)])
        c = hadamard(weights, q + mean)
        inner.append([(identity(outputs) + model.gamma**2 * (c * c.transpose())).entries()])
    return assembled(inner, [v])[0]
