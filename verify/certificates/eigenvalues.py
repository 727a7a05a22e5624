"""Enclosures of extreme eigenvalues of symmetric matrices of balls."""

from __future__ import annotations

import numpy as np
from flint import arb, arb_mat
from numpy.typing import NDArray

from verify.certificates.balls import exact, frobenius_norm, identity, midpoints


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


def largest_eigenvalue(matrix: arb_mat) -> tuple[arb, arb]:
    """A lower and an upper bound of lambda_max of every symmetric matrix in `matrix` (n, n), exact."""
    low, high = smallest_eigenvalue(-1 * matrix)
    return (-high).lower(), (-low).upper()


def _least(bounds: list[arb]) -> arb:
    found = arb("inf")
    for bound in bounds:
        found = min(found, bound)
    return found
