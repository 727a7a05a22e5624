"""The flow of `theorems.linear_deq` under the square loss in balls: series, majorants, negative curvature.

With V = M^{-1}, W = V A, G = 2 (W X X^T - Y X^T) and P = V^T G: dL/dA = P, dL/dM = -P W^T. For a direction d,
dW = V (dA - dM W), and the Hessian of L is a square plus <G, D^2 W[d, d]> = -2 <P, dM dW>, which is at least
-(a y^2 + b x y), x = ||dA||, y = ||dM||, b = 2 ||P|| ||V||, a = 2 ||P W^T|| ||V||.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from flint import arb, arb_mat

from verify.certificates.balls import column_norm, identity, magnitudes, midpoints, spectral_norm
from verify.certificates.least_squares import LeastSquares
from verify.certificates.series import Series, beyond_constant, grown_to, product, proposed
from verify.certificates.tube import Piece, State, TooFarError, largest_of_form

#: ``sum |M_k| reach^k ||V||`` at which the majorants converge well; of A, over 1 + its largest entry.
REACH = 0.2

#: Largest ||X||_1: beyond, the geometric series is next to useless.
CONVERGENT = arb(0.9)


@dataclass(frozen=True)
class Bounds:
    """Bounds of the deviations of V, W, P and of the gradient in A and M, exact."""

    v: arb_mat
    w: arb_mat
    p: arb_mat
    field: Sequence[arb_mat]


class Expansion:
    """The series at an exact (A, M), to order p.

    v, w, p, rising   V, W, P, P W^T: coefficients 0 to p - 1
    """

    def __init__(self, loss: LeastSquares, state: State, order: int) -> None:
        a, m = state
        path_a, path_m = [a], [m]
        self.loss = loss
        self.v = [m.inv()]
        self.w: list[arb_mat] = []
        self.p: list[arb_mat] = []
        self.rising: list[arb_mat] = []
        gradients: list[arb_mat] = []
        v_transposed, w_transposed = [self.v[0].transpose()], []
        rounding_a, rounding_m = [], []
        for k in range(order):
            self.w.append(product(self.v, path_a, k))
            w_transposed.append(self.w[k].transpose())
            gradients.append(loss.gradient(self.w[k]) if k == 0 else self.w[k] * loss.gram)
            self.p.append(product(v_transposed, gradients, k))
            self.rising.append(product(self.p, w_transposed, k))
            path_a.append(proposed(self.p[k] * (-arb(1) / (k + 1))))
            path_m.append(proposed(self.rising[k] * (arb(1) / (k + 1))))
            rounding_a.append(magnitudes((k + 1) * path_a[-1] + self.p[k]))
            rounding_m.append(magnitudes((k + 1) * path_m[-1] - self.rising[k]))
            # M V = I
            self.v.append(-1 * (self.v[0] * product(path_m, [*self.v, self.v[0]], k + 1, 1)))
            v_transposed.append(self.v[-1].transpose())
        del self.v[order:]
        self.gradient = gradients[0]
        self.path: Sequence[Series] = (path_a, path_m)
        self.rounding: Sequence[Sequence[arb_mat]] = (rounding_a, rounding_m)

    def deviation(self, reach: arb, radius: arb) -> Bounds:
        """Bounds of the deviations from the centre; raises TooFarError."""
        alpha, beta = (beyond_constant(series, reach, radius) for series in self.path)
        a, v, w, p = (magnitudes(x[0]) for x in (self.path[0], self.v, self.w, self.p))
        gradient = magnitudes(self.gradient)
        x = beta * v
        if not column_norm(x) < CONVERGENT:
            raise TooFarError
        dv = magnitudes(v * x * (identity(v.nrows()) - x).inv())
        dw = magnitudes(dv * (a + alpha) + v * alpha)
        dg = magnitudes(dw * self.loss.gram_magnitudes)
        dp = magnitudes(dv.transpose() * (gradient + dg) + v.transpose() * dg)
        rising = magnitudes(dp * (w + dw).transpose() + p * dw.transpose())
        return Bounds(dv, dw, dp, (dp, rising))

    def growth(self, piece: Piece[Bounds]) -> arb:
        """A bound of mu on the tube about the piece, exact."""
        far, near = piece.far, piece.near
        v = 2 * spectral_norm(piece.holds(self.v, far.v, near.v))
        b = v * spectral_norm(piece.holds(self.p, far.p, near.p))
        a = v * spectral_norm(piece.holds(self.rising, far.field[1], near.field[1]))
        return largest_of_form(a, b)

    def reach(self) -> float:
        """Where the sums of the coefficients' magnitudes have grown to their goals."""
        a, v = (np.abs(midpoints(series[0])) for series in (self.path[0], self.v))
        of_m = grown_to(self.path[1], REACH / float(v.sum(axis=0).max()))
        return min(of_m, grown_to(self.path[0], REACH * (1 + float(a.max()))))
