"""Taylor series of matrix-valued paths: a list of matrices of balls, coefficient k at place k.

A *flat* series has lists of entries, by rows, for matrices: for products entry by entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import add, mul

import numpy as np
from flint import arb, arb_mat

from verify.certificates.balls import magnitudes, midpoints, total

Series = Sequence[arb_mat]
Flat = Sequence[Sequence[arb]]

#: Where a reach is looked for.
NEAREST, FARTHEST = 1e-12, 1e6


def product(left: Series, right: Series, k: int, first: int = 0) -> arb_mat:
    """Coefficient k of the product of two series, of their terms from ``left[first]`` on."""
    found = left[first] * right[k - first]
    for j in range(first + 1, k + 1):
        found += left[j] * right[k - j]
    return found


def entrywise(left: Flat, right: Flat, k: int) -> list[arb]:
    """Coefficient k of the product entry by entry."""
    found = list(map(mul, left[0], right[k]))
    for j in range(1, k + 1):
        found = list(map(add, found, map(mul, left[j], right[k - j])))
    return found


def column_sums(entries: Sequence[arb], columns: int) -> list[arb]:
    """The column sums of a matrix given by its entries."""
    return [total(entries[j::columns]) for j in range(columns)]


def value(series: Series, time: arb) -> arb_mat:
    """The matrix at `time`."""
    found = series[-1]
    for coefficient in reversed(series[:-1]):
        found = found * time + coefficient
    return found


def derivative(series: Series) -> list[arb_mat]:
    """The series of the derivative."""
    return [k * coefficient for k, coefficient in enumerate(series)][1:]


def beyond_constant(series: Series, reach: arb, radius: arb) -> arb_mat:
    """Bounds of ``sum_{k >= 1} |c_k| reach^k``, where every entry is moved by `radius` or less as well."""
    rows, columns = series[0].nrows(), series[0].ncols()
    found = arb_mat(rows, columns)
    for coefficient in reversed(series[1:]):
        found = (found + magnitudes(coefficient)) * reach
    return arb_mat(rows, columns, [entry + radius for entry in magnitudes(found).entries()])


def over(series: Flat, length: arb, extra: Sequence[arb]) -> list[arb]:
    """Balls that hold ``sum_k c_k t^k`` for 0 <= t <= length, each widened by the bounds `extra`.

    They are centred at half the length, where the sum is spread least.
    """
    half = length / 2
    centre, radius = list(series[0]), list(extra)
    power, half_power = arb(1), arb(1)
    for k, coefficient in enumerate(series[1:], 1):
        power, half_power = power * length, half_power * half
        spread = half if k == 1 else power - half_power
        centre = [x + y * half_power for x, y in zip(centre, coefficient, strict=True)]
        radius = [x + y.abs_upper() * spread for x, y in zip(radius, coefficient, strict=True)]
    return [x + arb(0, y.upper()) for x, y in zip(centre, radius, strict=True)]


def proposed(balls: arb_mat) -> arb_mat:
    """The next coefficient of a path: exact numbers next to what the differential equation asks for.

    Only a proposal. How far the path that has it is from solving the equation is computed from the path.
    """
    return balls.mid()


def grown_to(series: Series, goal: float) -> float:
    """The reach at which the largest entry of ``sum_{k >= 1} |c_k| reach^k`` is `goal`, in floats."""
    sizes = np.array([np.abs(midpoints(coefficient)).ravel() for coefficient in series[1:]])
    powers = np.arange(1, len(sizes) + 1)[:, None]
    low, high = 0.0, FARTHEST
    with np.errstate(over="ignore", invalid="ignore"):
        while high - low > 1e-3 * high and high > NEAREST:
            middle = (low + high) / 2 if low else high / 16
            below = float((sizes * middle**powers).sum(axis=0).max()) < goal
            low, high = (middle, high) if below else (low, middle)
    return low


def widened(matrix: arb_mat, radius: arb) -> arb_mat:
    """The matrix with every entry within `radius` of where it was."""
    ball = arb(0, radius)
    return arb_mat(matrix.nrows(), matrix.ncols(), [entry + ball for entry in matrix.entries()])
