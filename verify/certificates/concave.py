"""The integral of the smallest eigenvalue of a symmetric matrix along a piece of a path, enclosed.

The smallest eigenvalue is concave in the matrix. On [a, b] with centre c and width w, where ||D''|| <= K,

    chord(lambda_min(D_a), lambda_min(D_b)) - (t - a)(b - t) K / 2  <=  lambda_min(D_t)
        <=  x^T D_c x + (t - c) x^T D'_c x + (t - c)^2 K / 2     for a unit vector x,

so that the integral lies between w (lo_a + lo_b)/2 - w^3 K/12 and w x^T D_c x + w^3 K/24. The path is known
up to a move e(t) of its parameters. At each t the first line is about the path moved by the constant e(t),
and holds for it where D_a, D_b are enclosed for all such moves and K bounds D'' of all moved paths. In the
second the slope depends on the move, too: where it changes by `turn` at most, the integral gains
w^2 turn / 4.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from flint import arb, arb_mat

from verify.certificates.balls import ZERO, exact, midpoints, squared_norm
from verify.certificates.eigenvalues import smallest_eigenvalue

#: Sub-intervals of a piece at most: more would cost more than the tolerance is worth.
MOST = 400


@dataclass(frozen=True)
class Integral:
    """Exact bounds of the integral and of the infimum; `parts` is how many sub-intervals it took."""

    low: arb
    high: arb
    least_low: arb
    least_high: arb
    parts: int


def integral(at: Callable[[arb], arb_mat], length: arb, second: arb, turn: arb, tolerance: float) -> Integral:
    """Of ``lambda_min(at(t))`` for 0 <= t <= length, exact.

    `at` encloses the matrix at an exact t for all moves, `second` bounds its second derivative and `turn` how
    far a move changes the first. `tolerance` is relative to the eigenvalue, and a wish. The matrices
    are positive semidefinite.
    """
    if not (second.is_finite() and turn.is_finite()):
        return Integral(ZERO, arb("inf"), ZERO, arb("inf"), 0)
    low_a, least_high = smallest_eigenvalue(at(arb(0)))
    low_a = max(low_a, ZERO)
    count = parts(float(low_a), float(length), float(second), tolerance)
    width = length / count
    low = high = arb(0)
    least_low = low_a
    for part in range(count):
        end = length if part == count - 1 else width * (part + 1)
        quotient = rayleigh_quotient(at(width * (2 * part + 1) / 2))
        low_b, high_b = smallest_eigenvalue(at(end))
        low_b = max(low_b, ZERO)
        low += width * (low_a + low_b) / 2 - width**3 * second / 12
        high += width * quotient + width**3 * second / 24 + width**2 * turn / 4
        least_low = min(least_low, (min(low_a, low_b) - width**2 * second / 8).lower())
        least_high = min(least_high, quotient.upper(), high_b)
        low_a = low_b
    return Integral(low.lower(), high.upper(), least_low, least_high, count)


def parts(eigenvalue: float, length: float, second: float, tolerance: float) -> int:
    """Sub-intervals so short that ||D''|| moves the integral by `tolerance` times the eigenvalue at most."""
    if not eigenvalue > 0:
        return 1
    asked = np.sqrt(8 * tolerance * eigenvalue / max(second, 1e-300))
    return int(min(MOST, max(1.0, np.ceil(length / max(asked, 1e-300)))))


def rayleigh_quotient(matrix: arb_mat) -> arb:
    """x^T D x / x^T x for a vector x near the lowest eigenvector: an upper bound of lambda_min."""
    middle = midpoints(matrix)
    x = exact(np.linalg.eigh((middle + middle.T) / 2)[1][:, :1])
    return (x.transpose() * matrix * x)[0, 0] / squared_norm(x)
