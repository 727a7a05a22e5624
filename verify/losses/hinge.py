"""The smoothed hinge ``max(0, 1 - y q)^2`` of one output."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from verify.losses import EPS, Array, nonzero_singular_values, rounding_of_excess
from verify.theorem.errors import HypothesisError


class HingeObjective:
    """Smoothed hinge for labels +-1 (1, n) and features of rank n.

    With rank n every label is met with margin, so L* = 0; ``loss'^2 = 4 loss`` and
    ``||grad L_0|| >= sigma_n ||loss'||`` give kappa = 2 sigma_n^2. The class of losses is the paper's,
    the constant our own. Raises HypothesisError where the rank is smaller.
    """

    radius = np.inf
    optimal_value = 0.0
    optimum_error = 0.0

    def __init__(self, features: Array, targets: Array) -> None:
        self._features = features
        self._targets = targets
        self.singular_values = nonzero_singular_values(features)
        rank, samples = len(self.singular_values), features.shape[1]
        if rank < samples:
            raise HypothesisError(
                f"the hinge corollary needs rank Phi = n <= m, the rank is {rank} and n = {samples}: use "
                f"--samples {rank} or fewer, or a larger --width"
            )
        self.minimiser = targets @ np.linalg.pinv(features)
        self.pl_constant = 2.0 * float(self.singular_values[-1]) ** 2
        self.smoothness = 2.0 * float(self.singular_values[0]) ** 2
        spread = self.singular_values[0] - self.singular_values[-1]
        self.pl_is_attained = bool(spread <= 1e-10 * self.singular_values[0])

    def _shortfalls(self, w: NDArray[Any]) -> NDArray[Any]:
        shortfall = 1 - self._targets * (w @ self._features)
        return np.where(shortfall.real > 0, shortfall, 0)

    def loss(self, w: Array) -> float:
        return float(np.sum(self._shortfalls(w) ** 2))

    def excess_and_gradient(self, w: Array) -> tuple[float, Array]:
        shortfalls = self._shortfalls(w)
        return float(np.sum(shortfalls**2)), (-2 * self._targets * shortfalls) @ self._features.T

    def analytic_excess(self, w: NDArray[Any]) -> Any:
        return np.sum(self._shortfalls(w) ** 2)

    def analytic_rounding(self, w: Array) -> float:
        return 4 * EPS * float(np.linalg.norm(self.excess_and_gradient(w)[1]))

    def curvature_factor(self, w: Array) -> Array:
        return np.sqrt(2.0) * self._features * (self._shortfalls(w)[0] > 0)

    def excess_rounding(self, w: Array, map_error: float) -> float:
        excess, g = self.excess_and_gradient(w)
        distance = float((map_error + EPS) * np.linalg.norm(w))
        return rounding_of_excess(excess, float(np.linalg.norm(g)), self.smoothness, distance)

    def gradient_rounding(self, w: Array, map_error: float) -> float:
        return float(self.smoothness * (map_error + EPS) * np.linalg.norm(w))
