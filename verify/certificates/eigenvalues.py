"""Enclosures of extreme eigenvalues of symmetric matrices of balls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy
from flint import arb, arb_mat
from numpy.typing import NDArray

from verify.certificates.balls import exact, frobenius_norm, identity, midpoints, upper_bound


def smallest_eigenvalue(matrix: arb_mat, vectors: NDArray[np.float64] | None = None) -> tuple[arb, arb]:
    """A lower bound of lambda_min of every symmetric matrix in `matrix` (n, n), and an upper one, exact.

    With X near the eigenvectors, T = X^T M X and eps >= ||X^T X - I||_F < 1: every eigenvalue of T is at
    least d = min T_ii - ||offdiag T||_F, so that lambda_min(M) >= d/(1 + eps), or d/(1 - eps) for d < 0,
    since the eigenvalues of X^T X are in [1 - eps, 1 + eps]. Above it is a Rayleigh quotient, the least of
    those of the columns of X. `vectors` (n, n) propose X, by default the eigenvectors in floats: with bad
    ones the bounds are wide, -inf where eps >= 1, and still bounds.
    """
    size = matrix.nrows()
    if vectors is None:
        if not np.isfinite(midpoints(matrix)).all():
            return arb("-inf"), arb("inf")
        middle = midpoints(matrix)
        vectors = np.linalg.eigh((middle + middle.T) / 2)[1]
    x = exact(vectors)
    products, gram = x.transpose() * matrix * x, x.transpose() * x
    diagonal, lengths = products.entries()[:: size + 1], gram.entries()[:: size + 1]
    above = _least([(t / g).upper() for t, g in zip(diagonal, lengths, strict=True) if g > 0])
    eps = frobenius_norm(gram - identity(size))
    if not eps < 1:
        return arb("-inf"), above
    # Of the diagonal only the radii are left.
    entries = products.entries()
    entries[:: size + 1] = [entry - entry.mid() for entry in diagonal]
    off = frobenius_norm(arb_mat(size, size, entries))
    if not (off.is_finite() and all(entry.is_finite() for entry in diagonal)):
        return arb("-inf"), arb("inf")
    least = _least([(entry - off).lower() for entry in diagonal])
    return (least / (1 + eps) if least >= 0 else least / (1 - eps)).lower(), above


def largest_eigenvalue(matrix: arb_mat, vectors: NDArray[np.float64] | None = None) -> tuple[arb, arb]:
    """A lower and an upper bound of lambda_max of every symmetric matrix in `matrix` (n, n), exact.

    `vectors` propose eigenvectors, as above.
    """
    low, high = smallest_eigenvalue(-1 * matrix, vectors)
    return (-high).lower(), (-low).upper()


def _least(bounds: list[arb]) -> arb:
    found = arb("inf")
    for bound in bounds:
        found = min(found, bound)
    return found


@dataclass(frozen=True)
class Proposed:
    """What floats propose for the smallest eigenvalue of a matrix (n, n).

    below   a number next to it, and below it
    factor  L (n, n), lower triangular, with L L^T next to the matrix less `below`
    vector  next to its eigenvector, (n,)
    """

    below: float
    factor: NDArray[np.float64]
    vector: NDArray[np.float64]


def proposed(matrix: NDArray[np.float64]) -> Proposed:
    """From an eigenvector and a Cholesky factorisation in floats; `matrix` (n, n) is symmetric."""
    values, vectors = scipy.linalg.eigh(matrix, subset_by_index=[0, 0])
    gap = 4 * float(np.finfo(float).eps * np.linalg.norm(matrix)) + float(np.finfo(float).tiny)
    while True:
        below = float(values[0]) - gap
        try:
            factor = np.linalg.cholesky(matrix - below * np.eye(len(matrix)))
        except np.linalg.LinAlgError:
            gap *= 4
        else:
            return Proposed(below, np.asarray(factor, dtype=np.float64), vectors[:, 0])


@dataclass(frozen=True)
class Lowest:
    """An enclosure [low, high] of a smallest eigenvalue, exact ends, and a vector that shows `high`."""

    low: arb
    high: arb
    vector: NDArray[np.float64]


def lowest_eigenvalue(
    matrix: arb_mat, propose: Callable[[NDArray[np.float64]], Proposed] = proposed
) -> Lowest:
    """Bounds of lambda_min of every symmetric matrix in `matrix` (n, n), at a third of the price.

    lambda_min(M) >= b - ||M - b I - L L^T||_F for any b and L, as L L^T >= 0; above it is the Rayleigh
    quotient of any vector. Of L only the lower triangle of its four blocks is used. Where a ball is no number
    the bounds are infinite.
    """
    size, middle = matrix.nrows(), midpoints(matrix)
    if not np.isfinite(middle).all():
        return Lowest(arb("-inf"), arb("inf"), np.zeros(size))
    found = propose((middle + middle.T) / 2)
    vector = exact(found.vector[:, None])
    squared = (vector.transpose() * vector)[0, 0]
    high = (vector.transpose() * matrix * vector)[0, 0] / squared if squared > 0 else arb("inf")
    return Lowest(-upper_bound(_rest(matrix, found) - found.below), upper_bound(high), found.vector)


def _rest(matrix: arb_mat, found: Proposed) -> arb:
    """A bound of ||M - b I - L L^T||_F, of which the lower triangle of blocks is enough, as it is of L."""
    size = matrix.nrows()
    half, rows = size // 2, (matrix - arb(found.below) * identity(size)).tolist()
    corners = found.factor[:half, :half], found.factor[half:, :half], found.factor[half:, half:]
    top, side, bottom = map(exact, corners)
    flipped = top.transpose(), side.transpose(), bottom.transpose()
    squares = [
        frobenius_norm(arb_mat(last - first, width, _flat(rows[first:last], width, skip)) - product) ** 2
        for first, last, skip, width, product in (
            (0, half, 0, half, top * flipped[0]),
            (half, size, 0, half, side * flipped[0]),
            (half, size, half, size - half, side * flipped[1] + bottom * flipped[2]),
        )
    ]
    return upper_bound((squares[0] + 2 * squares[1] + squares[2]).sqrt())


def _flat(rows: list[list[arb]], width: int, skip: int) -> list[arb]:
    return [entry for row in rows for entry in row[skip : skip + width]]
