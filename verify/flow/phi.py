"""The phi functions of exponential integrators."""

from __future__ import annotations

from math import factorial

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Below this |z| the phi functions are summed as series: their closed forms cancel.
SERIES_BELOW = 1.0


def phi(order: int, z: Array) -> Array:
    """``phi_k(z) = sum_j z^j / (j + k)!`` for z <= 0 and order k >= 1."""
    series = np.zeros_like(z)
    for j in reversed(range(20)):
        series = series * z + 1 / factorial(j + order)
    far = np.where(np.abs(z) < SERIES_BELOW, -1.0, z)
    closed = np.expm1(far)
    for j in range(1, order):
        closed = closed - far**j / factorial(j)
    return np.where(np.abs(z) < SERIES_BELOW, series, closed / far**order)
