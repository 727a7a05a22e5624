"""The shallow convex objectives ``L_0(W) = sum_i loss(W phi_i, y_i)`` that the linear model minimises.

An objective knows its optimum, so that the excess ``L_0 - L*`` is computed without subtracting two
nearly equal numbers, and its Polyak-Lojasiewicz constant kappa: ``1/2 ||grad L_0(W)||_F^2 >= kappa
(L_0(W) - L*)`` for all ``||W||_1`` below its radius.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

EPS = float(np.finfo(float).eps)


class ShallowObjective(Protocol):
    """What a flow and its checks need of ``L_0``; W has shape (m_y, m), features Phi (m, n)."""

    #: R of the PL inequality; infinite where it holds everywhere.
    radius: float
    #: L*_R, the infimum of L_0 over ``||W||_1 < R``.
    optimal_value: float
    #: Certified bound on how far the computed L*_R lies above the true one.
    optimum_error: float
    #: A minimiser (m_y, m).
    minimiser: Array
    #: kappa.
    pl_constant: float
    #: Whether ``1/2 ||grad L_0||^2 = kappa (L_0 - L*)`` identically, so that PL has no slack.
    pl_is_attained: bool
    #: Lipschitz constant of grad L_0.
    smoothness: float
    #: Non-zero singular values of Phi, decreasing.
    singular_values: Array

    def loss(self, w: Array) -> float:
        """``L_0(W)``."""

    def excess_and_gradient(self, w: Array) -> tuple[float, Array]:
        """``L_0(W) - L*_R``, relatively accurate however small, and ``grad L_0(W)`` (m_y, m)."""

    def analytic_excess(self, w: NDArray[Any]) -> Any:
        """The excess, up to a constant, as an analytic function of a complex W, for complex steps."""

    def analytic_rounding(self, w: Array) -> float:
        """Absolute rounding error of a derivative of `analytic_excess`, for each unit of speed of W."""

    def curvature_factor(self, w: Array) -> Array:
        """F (m, r) with Hessian of L_0 at W equal, or close, to ``F F^T (x) I``."""

    def excess_rounding(self, w: Array, map_error: float) -> float:
        """Upper estimate of the relative rounding error of the excess at W, itself known to a
        relative error `map_error`."""

    def gradient_rounding(self, w: Array, map_error: float) -> float:
        """Upper estimate of the absolute rounding error of grad L_0 at W."""


def nonzero_singular_values(features: Array) -> Array:
    """The singular values (r,) of Phi (m, n) that rounding can tell from zero, decreasing."""
    sigma = np.linalg.svd(features, compute_uv=False)
    return sigma[sigma > max(features.shape) * EPS * sigma[0]]


def rounding_of_excess(excess: float, gradient_norm: float, smoothness: float, distance: float) -> float:
    """Relative change of an excess when W moves by `distance` at most."""
    change = distance * (gradient_norm + 0.5 * smoothness * distance)
    return change / max(excess, float(np.finfo(float).tiny)) + 4 * EPS
