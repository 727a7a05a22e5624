"""Spectral norms of random matrices, without the matrices."""

from __future__ import annotations

import numpy as np
import scipy
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Rows of the bidiagonal form that carry the leading singular vector, over m^(1/3), and how many more.
ROWS, MORE_ROWS = 10, 60


def gaussian_norms(width: int, draws: int, rng: np.random.Generator) -> Array:
    """``||G||`` (draws,) of m x m matrices of independent N(0, 1), exact in distribution for m <= 100.

    Householder steps make G bidiagonal, with independent chi_m, chi_{m-1}, ... on the diagonal and chi_{m-1},
    ... above it. For larger m only the first rows are drawn, of which the norm is a lower bound, and tight.
    """
    rows = min(width, int(ROWS * width ** (1 / 3)) + MORE_ROWS)
    degrees = width - np.arange(rows)
    found = np.empty(draws)
    for k in range(draws):
        a, b = rng.chisquare(degrees), rng.chisquare(degrees[1:])
        diagonal, beside = a + np.append(b, 0.0), np.sqrt(a[1:] * b)
        largest = {"select": "i", "select_range": (rows - 1, rows - 1)}
        (found[k],) = scipy.linalg.eigh_tridiagonal(diagonal, beside, eigvals_only=True, **largest)
    return np.sqrt(found)
