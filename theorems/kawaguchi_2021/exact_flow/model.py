"""The model in balls: softmax, resolvent, map, excess, and the operator D."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from flint import arb, arb_mat
from numpy.typing import NDArray

from theorems.kawaguchi_2021.enclosed import EnclosedState, softmax
from verify.certificates.balls import exact, identity
from verify.certificates.least_squares import LeastSquares
from verify.certificates.series import Flat, Series, entrywise, product


@dataclass(frozen=True)
class Model:
    """The model without its parameters, and its loss.

    gamma  exact, in (0, 1)
    loss   L_0
    """

    gamma: arb
    loss: LeastSquares

    @classmethod
    def of(cls, gamma: float, features: NDArray[np.float64], targets: NDArray[np.float64]) -> Model:
        """From floats, taken as they are; InputError where Phi does not have full rank."""
        return cls(arb(float(gamma)), LeastSquares.of(features, targets))

    @property
    def width(self) -> int:
        """m."""
        return int(self.loss.gram.nrows())

    @property
    def outputs(self) -> int:
        """m_y."""
        return int(self.loss.cross.nrows())

    def resolvent(self, stochastic: arb_mat) -> arb_mat:
        """V = (I - gamma S)^{-1}."""
        return (identity(self.width) - self.gamma * stochastic).inv()

    def excess(self, a: arb_mat, b: arb_mat) -> arb:
        """L(A, B) - L*."""
        return self.loss.excess(b * self.resolvent(softmax(a)))

    def operator(self, a: arb_mat, b: arb_mat) -> arb_mat:
        """D at (A, B), (m_y m, m_y m), output by output."""
        return EnclosedState.of(a, b, self.gamma).flow_operator()


def assembled(inner: Sequence[Flat], v: Series) -> list[arb_mat]:
    """The series of the matrix whose block (i, j) is V^T diag_k(N_k[i, j]) V.

    `inner` has for each k the flat series of N_k, symmetric, `v` that of V, of as many terms.
    """
    m, orders = v[0].nrows(), range(len(v))
    outputs = round(len(inner[0][0]) ** 0.5)
    transposed, flat = [matrix.transpose() for matrix in v], [matrix.entries() for matrix in v]
    found = [[[arb(0)] * (m * outputs) for _ in range(m * outputs)] for _ in orders]
    for i in range(outputs):
        for j in range(i + 1):
            weights = [[n[order][i * outputs + j] for n in inner for _ in range(m)] for order in orders]
            scaled = [arb_mat(m, m, entrywise(weights, flat, order)) for order in orders]
            for order in orders:
                block = product(transposed, scaled, order).tolist()
                for x, row in enumerate(block):
                    found[order][i * m + x][j * m : (j + 1) * m] = row
                    if i != j:
                        for y, entry in enumerate(row):
                            found[order][j * m + y][i * m + x] = entry
    return [arb_mat(rows) for rows in found]


def start(a: NDArray[np.float64], b: NDArray[np.float64]) -> tuple[arb_mat, arb_mat]:
    """The state of float parameters, taken as they are."""
    return exact(a), exact(b)
