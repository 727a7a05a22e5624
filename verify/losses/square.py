"""The square loss ``||q - y||^2``."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from verify.losses import EPS, Array, nonzero_singular_values, rounding_of_excess


class SquareObjective:
    """``L_0(W) = ||W Phi - Y||_F^2`` for features Phi (m, n) and targets Y (m_y, n).

    With a thin singular value decomposition ``Phi = V Sigma P^T`` of numerical rank r,

        L_0(W) = L* + ||E||_F^2,   E = W K - C,   K = V Sigma (m, r),   C = Y P (m_y, r),

    so no evaluation depends on n and the excess is a sum of squares. ``grad L_0 = 2 E K^T`` gives kappa = 2
    sigma_r^2 with sigma_r the smallest non-zero singular value of Phi. Source: Kawaguchi 2021, corollary on
    the square loss; that it needs no rank condition is our own.
    """

    radius = np.inf
    optimum_error = 0.0

    def __init__(self, features: Array, targets: Array) -> None:
        self._samples = features.shape[1]
        v, sigma, p_t = scipy.linalg.svd(features, full_matrices=False)
        rank = len(nonzero_singular_values(features))
        self.singular_values = sigma[:rank]
        self._factor = np.ascontiguousarray(v[:, :rank] * sigma[:rank])
        self._coefficients = targets @ p_t[:rank].T
        residual = targets - self._coefficients @ p_t[:rank]
        self.optimal_value = float(np.vdot(residual, residual))
        self.minimiser = (self._coefficients / sigma[:rank]) @ v[:, :rank].T
        self.pl_constant = 2.0 * float(sigma[rank - 1]) ** 2
        self.pl_is_attained = bool(sigma[0] - sigma[rank - 1] <= 1e-10 * sigma[0])
        self.smoothness = 2.0 * float(sigma[0]) ** 2

    def loss(self, w: Array) -> float:
        return self.optimal_value + self.excess_and_gradient(w)[0]

    def excess_and_gradient(self, w: Array) -> tuple[float, Array]:
        e = w @ self._factor - self._coefficients
        return float(np.vdot(e, e)), (2.0 * e) @ self._factor.T

    def analytic_excess(self, w: NDArray[Any]) -> Any:
        return np.sum((w @ self._factor - self._coefficients) ** 2)

    def curvatures(self, w: Array) -> Array:
        """Second derivatives (n,) of every sample's loss for one output: constant."""
        return np.full(self._samples, 2.0)

    def analytic_rounding(self, w: Array) -> float:
        return 4 * EPS * float(np.linalg.norm(self.excess_and_gradient(w)[1]))

    def curvature_factor(self, w: Array) -> Array:
        return np.sqrt(2.0) * self._factor

    def excess_rounding(self, w: Array, map_error: float) -> float:
        excess, g = self.excess_and_gradient(w)
        # C is known up to a turn of the row space of Phi, which acts like a move of W.
        turn = EPS * np.linalg.norm(self._coefficients) / self.singular_values[-1]
        distance = float((map_error + EPS) * np.linalg.norm(w) + turn)
        return rounding_of_excess(excess, float(np.linalg.norm(g)), self.smoothness, distance)

    def gradient_rounding(self, w: Array, map_error: float) -> float:
        return float(self.smoothness * (map_error + EPS) * np.linalg.norm(w))
