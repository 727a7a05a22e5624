"""The shallow convex objective ``L_0(W) = sum_i loss(W phi_i, y_i)`` that the linear model minimises.

An objective knows its optimum, so that the excess ``L_0 - L*`` is computed without subtracting two
nearly equal numbers, and its Polyak-Lojasiewicz constant kappa: ``1/2 ||grad L_0(W)||_F^2 >= kappa
(L_0(W) - L*)``.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

Array = NDArray[np.float64]

EPS = float(np.finfo(float).eps)


class ShallowObjective(Protocol):
    """What a flow and its checks need of ``L_0``; W has shape (m_y, m)."""

    #: L*, the infimum of L_0.
    optimal_value: float
    #: kappa.
    pl_constant: float
    #: Lipschitz constant of grad L_0.
    smoothness: float
    #: Non-zero singular values of Phi, decreasing.
    singular_values: Array

    def loss(self, w: Array) -> float:
        """``L_0(W)``."""

    def excess_and_gradient(self, w: Array) -> tuple[float, Array]:
        """``L_0(W) - L*``, relatively accurate however small, and ``grad L_0(W)`` (m_y, m)."""

    def analytic_excess(self, w: NDArray[Any]) -> Any:
        """The excess as an analytic function of a complex W, for complex-step derivatives."""

    def curvature_factor(self, w: Array) -> Array:
        """F (m, r) with Hessian of L_0 at W equal, or close, to ``F F^T (x) I``."""

    def excess_rounding(self, w: Array, map_error: float) -> float:
        """Upper estimate of the relative rounding error of the excess at W, itself known to a
        relative error `map_error`."""


class SquareObjective:
    """``L_0(W) = ||W Phi - Y||_F^2`` for features Phi (m, n) and targets Y (m_y, n).

    With a thin singular value decomposition ``Phi = V Sigma P^T`` of numerical rank r,

        L_0(W) = L* + ||E||_F^2,   E = W K - C,   K = V Sigma (m, r),   C = Y P (m_y, r),

    so no evaluation depends on n and the excess is a sum of squares. ``grad L_0 = 2 E K^T`` gives
    kappa = 2 sigma_r^2, the smallest non-zero singular value of Phi; no rank condition is needed.
    Source: Kawaguchi 2021, Corollary on the square loss; without its rank condition, our own.
    """

    def __init__(self, features: Array, targets: Array) -> None:
        v, sigma, p_t = scipy.linalg.svd(features, full_matrices=False)
        cutoff = max(features.shape) * EPS * sigma[0]
        rank = int(np.sum(sigma > cutoff))
        self.singular_values = sigma[:rank]
        self.rank_cutoff = float(cutoff)
        self._factor = np.ascontiguousarray(v[:, :rank] * sigma[:rank])
        self._coefficients = targets @ p_t[:rank].T
        residual = targets - self._coefficients @ p_t[:rank]
        self.optimal_value = float(np.vdot(residual, residual))
        self.pl_constant = 2.0 * float(sigma[rank - 1]) ** 2 if rank else 0.0
        self.smoothness = 2.0 * float(sigma[0]) ** 2

    @property
    def rank(self) -> int:
        """Numerical rank of Phi."""
        return len(self.singular_values)

    def loss(self, w: Array) -> float:
        return self.optimal_value + self.excess_and_gradient(w)[0]

    def excess_and_gradient(self, w: Array) -> tuple[float, Array]:
        e = w @ self._factor - self._coefficients
        return float(np.vdot(e, e)), (2.0 * e) @ self._factor.T

    def analytic_excess(self, w: NDArray[Any]) -> Any:
        return np.sum((w @ self._factor - self._coefficients) ** 2)

    def curvature_factor(self, w: Array) -> Array:
        return np.sqrt(2.0) * self._factor

    def excess_rounding(self, w: Array, map_error: float) -> float:
        e = w @ self._factor - self._coefficients
        # E is known up to the error of W and of K, and C up to a turn of the row space of Phi.
        conditioning = self.singular_values[0] / self.singular_values[-1]
        absolute = (map_error + EPS) * np.linalg.norm(w) * self.singular_values[0] + (
            EPS * conditioning * np.linalg.norm(self._coefficients)
        )
        return float(2.0 * absolute / max(np.linalg.norm(e), np.finfo(float).tiny))
