"""Texts of exact numbers: what a certificate stores instead of decimals, which would round.

A rational is ``p/q`` or an integer in decimal; a binary number is ``0x<mantissa>p<exponent>``, mantissa times
two to the exponent, as a float is: ``-0x3p-1`` is -3/2. An enclosure is a list of its ends, [low, high].
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb, arb_mat, fmpq
from numpy.typing import NDArray


def binary(number: float | arb) -> str:
    """The text of a finite float, or of an exact ball. ValueError for a ball with a radius."""
    ball = arb(float(number)) if not isinstance(number, arb) else number
    if not (ball.is_exact() and ball.is_finite()):
        raise ValueError(f"{ball} is not one number")
    mantissa, exponent = (int(part) for part in ball.man_exp())
    return f"{'-' if mantissa < 0 else ''}0x{abs(mantissa):x}p{exponent}"


def rational(number: int | Fraction | fmpq) -> str:
    """The text of a rational number."""
    return str(number)


def ends(ball: arb) -> list[str]:
    """The texts of the ends of an enclosure, rounded outward."""
    return [binary(ball.lower()), binary(ball.upper())]


def binaries(matrix: NDArray[np.float64] | arb_mat) -> list[list[str]]:
    """The texts of the entries of a matrix of floats or of exact balls, by rows."""
    rows: list[list[Any]] = matrix.tolist() if isinstance(matrix, arb_mat) else np.atleast_2d(matrix).tolist()
    return [[binary(entry) for entry in row] for row in rows]


def interval(ball: arb, digits: int = 12) -> str:
    """The ends of an enclosure for a reader: decimals of so many digits, rounded outward."""

    def decimal(text: str, rounding: str) -> str:
        number = parsed(text)
        return f"{Context(digits, rounding).divide(Decimal(number.numerator), Decimal(number.denominator)):g}"

    low, high = ends(ball)
    return f"[{decimal(low, ROUND_FLOOR)}, {decimal(high, ROUND_CEILING)}]"


def row(vector: NDArray[np.float64]) -> list[str]:
    """The texts of the entries of a vector of floats."""
    return binaries(vector[None, :])[0]


def parsed(text: str) -> Fraction:
    """The number that a text stands for. ValueError for any other text."""
    if "x" not in text:
        return Fraction(text)
    mantissa, exponent = text.split("p")
    return int(mantissa, 16) * Fraction(2) ** int(exponent)
