"""Matrices of balls (python-flint's ``arb_mat``): exact conversion, norms, products entry by entry.

Every function encloses: for all matrices in the balls that it is given, the result is in those that it
returns, and a bound is a bound of all of them. The precision is that of ``flint.ctx``: set it by
``with ctx.workprec(bits)``, `PRECISION` by default.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from typing import ParamSpec, TypeVar

import numpy as np
from flint import arb, arb_mat, ctx
from numpy.typing import NDArray

#: Bits of the mantissas, where nothing else is asked for.
PRECISION = 128

ZERO = arb(0)

P = ParamSpec("P")
T = TypeVar("T")


def precisely(made: Callable[P, Iterator[T]]) -> Callable[P, Iterator[T]]:
    """A generator that takes each of its steps at `PRECISION`.

    A ``with`` around its ``yield`` would change the precision of whoever takes the items.
    """

    @wraps(made)
    def steps(*args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
        items = made(*args, **kwargs)
        while True:
            with ctx.workprec(PRECISION):
                try:
                    item = next(items)
                except StopIteration:
                    return
            yield item

    return steps


def exact(array: NDArray[np.float64]) -> arb_mat:
    """A float matrix (r, c) as it is: a float64 is a binary number. ValueError where one is not finite."""
    array = np.atleast_2d(np.asarray(array, dtype=np.float64))
    if not np.isfinite(array).all():
        raise ValueError("a matrix of balls is made of finite numbers")
    rows, columns = array.shape
    return arb_mat(rows, columns, array.ravel().tolist())


def identity(size: int) -> arb_mat:
    """The identity (size, size)."""
    entries = [0] * size**2
    entries[:: size + 1] = [1] * size
    return arb_mat(size, size, entries)


def midpoints(matrix: arb_mat) -> NDArray[np.float64]:
    """Floats next to the midpoints, (r, c): a proposal, never a proof."""
    return np.array([float(entry) for entry in matrix.entries()]).reshape(matrix.nrows(), matrix.ncols())


def hadamard(left: arb_mat, right: arb_mat) -> arb_mat:
    """The product entry by entry."""
    entries = [x * y for x, y in zip(left.entries(), right.entries(), strict=True)]
    return arb_mat(left.nrows(), left.ncols(), entries)


def magnitudes(matrix: arb_mat) -> arb_mat:
    """Upper bounds of the absolute values of the entries, exact."""
    return arb_mat(matrix.nrows(), matrix.ncols(), [entry.abs_upper() for entry in matrix.entries()])


def total(balls: Iterable[arb]) -> arb:
    """Their sum."""
    return sum(balls, ZERO)


def squared_norm(matrix: arb_mat) -> arb:
    """The squared Frobenius norm, enclosed."""
    return total(entry * entry for entry in matrix.entries())


def upper_bound(ball: arb) -> arb:
    """An exact number that no number in the ball exceeds: infinity where the ball is none, as after 0/0.

    `max` and `min` of Python drop a ball that is no number, for nothing is certain of it.
    """
    return ball.upper() if ball.is_finite() else arb("inf")


def largest(bounds: Iterable[arb]) -> arb:
    """The largest of exact bounds that are not negative; 0 of none, infinity where one is not finite."""
    found = ZERO
    for bound in bounds:
        found = max(found, upper_bound(bound))
    return found


def frobenius_norm(matrix: arb_mat) -> arb:
    """An upper bound of the Frobenius norm, exact."""
    entries = matrix.entries()
    row = arb_mat(1, len(entries), entries)
    return upper_bound(upper_bound((row * row.transpose())[0, 0]).sqrt())


def column_norm(matrix: arb_mat) -> arb:
    """An upper bound of the largest absolute column sum, exact."""
    entries, columns = matrix.entries(), matrix.ncols()
    return largest(total(entry.abs_upper() for entry in entries[j::columns]) for j in range(columns))


def spectral_norm(matrix: arb_mat) -> arb:
    """An upper bound of the spectral norm, exact.

    Of the midpoints ||(M^T M)^2||_F^(1/4), which is at most n^(1/8) too large, and Frobenius' norm of the
    radii; or Frobenius' norm, or sqrt(column sum x row sum), where one of these is smaller.
    """
    middle = matrix.mid()
    transposed = middle.transpose()
    gram = middle * transposed if middle.nrows() < middle.ncols() else transposed * middle
    radii = arb_mat(matrix.nrows(), matrix.ncols(), [entry.rad() for entry in matrix.entries()])
    by_squares = upper_bound(frobenius_norm(gram * gram).root(4) + frobenius_norm(radii))
    by_sums = upper_bound((column_norm(matrix) * column_norm(matrix.transpose())).sqrt())
    return min(by_squares, by_sums, frobenius_norm(matrix))
