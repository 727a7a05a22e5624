"""What the logistic and the cross-entropy loss share: everything is measured from the optimum.

With ``d_i = q_i - q*_i``, an exact identity for a convex loss is

    L_0(W) - L_0(W*) = <grad L_0(W*), W - W*> + sum_i B(q*_i, d_i),

where B is the Bregman divergence. Near the optimum its definition cancels, so B is taken there as ``int_0^1
(1-s) d^T loss''(q* + s d) d ds`` by Gauss quadrature, and slopes as differences to those at the optimum. The
first-order term vanishes unless the optimum lies on the radius; there it is positive and counts.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verify.losses import EPS, Array, nonzero_singular_values, rounding_of_excess

#: Gauss-Legendre nodes and weights on [0, 1].
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(20)
NODES, WEIGHTS = 0.5 * (_NODES + 1), 0.5 * _WEIGHTS

#: Distances up to which the divergence is integrated; beyond it is written out.
INTEGRATE_UP_TO = 0.5

NEWTON_STEPS = 100


class SmoothObjective(ABC):
    """A sum of strictly convex, twice differentiable losses of ``q = W Phi`` (m_y, n).

    Subclasses give the pointwise pieces; `_locate` finds the optimum once they are in place.
    """

    radius = np.inf
    pl_is_attained = False

    def __init__(self, features: Array, targets: Array, tau: float) -> None:
        self.features = features
        self.targets = targets
        self.tau = tau
        self.singular_values = nonzero_singular_values(features)
        self._largest = float(self.singular_values[0])

    @abstractmethod
    def values(self, q: NDArray[Any]) -> NDArray[Any]:
        """Loss of every sample (n,) without its tau term; analytic in q."""

    @abstractmethod
    def slopes(self, q: Array) -> Array:
        """First derivatives (m_y, n) without the tau term."""

    @abstractmethod
    def hessians(self, q: Array) -> Array:
        """Second derivatives (n, m_y, m_y) without the tau term."""

    @abstractmethod
    def second_derivatives(self, q: Array, d: Array) -> Array:
        """Those of the losses at q along d, both (m_y, ...), without the tau term; shape (...)."""

    @abstractmethod
    def slope_changes(self, q: Array, d: Array) -> Array:
        """``slopes(q + d) - slopes(q)`` (m_y, n), relatively accurate for small d."""

    @abstractmethod
    def far_divergences(self, q: Array, d: Array) -> Array:
        """``B(q, d)`` (n,) without the tau term, for d not small."""

    def _locate(self, minimiser: Array) -> None:
        """Set the optimum to `minimiser` (m_y, m), from which everything is then measured."""
        self.minimiser = minimiser
        self._best = minimiser @ self.features
        self._slope_at_best = self._raw_gradient(minimiser)
        self.optimal_value = self.loss(minimiser)

    def loss(self, w: Array) -> float:
        return float(self.analytic_excess(w))

    def excess_and_gradient(self, w: Array) -> tuple[float, Array]:
        away = w - self.minimiser
        d = away @ self.features
        changes = self.slope_changes(self._best, d) + 2 * self.tau * d
        excess = np.sum(self._divergences(d)) + np.vdot(self._slope_at_best, away)
        return float(excess), changes @ self.features.T + self._slope_at_best

    def analytic_excess(self, w: NDArray[Any]) -> Any:
        q = w @ self.features
        return np.sum(self.values(q)) + self.tau * np.sum(q * q)

    def analytic_rounding(self, w: Array) -> float:
        q = w @ self.features
        return 8 * EPS * self._largest * float(np.linalg.norm(self.slopes(q) + 2 * self.tau * q))

    def curvature_factor(self, w: Array) -> Array:
        curvature = np.trace(self.hessians(w @ self.features), axis1=1, axis2=2) / len(self.targets)
        weighted = self.features * np.sqrt(curvature + 2 * self.tau)
        return np.asarray(np.linalg.qr(weighted.T, mode="r")).T

    def excess_rounding(self, w: Array, map_error: float) -> float:
        excess, g = self.excess_and_gradient(w)
        distance = float((map_error + EPS) * (np.linalg.norm(w) + np.linalg.norm(self.minimiser)))
        return rounding_of_excess(excess, float(np.linalg.norm(g)), self.smoothness, distance)

    def gradient_rounding(self, w: Array, map_error: float) -> float:
        size = np.linalg.norm(w) + np.linalg.norm(self.minimiser)
        return float(self.smoothness * (map_error + EPS) * size + EPS * np.linalg.norm(self._slope_at_best))

    #: Lipschitz constant of grad L_0, set by the subclass.
    smoothness: float
    pl_constant: float
    optimum_error: float

    def _divergences(self, d: Array) -> Array:
        far = np.abs(d).max(axis=0) > INTEGRATE_UP_TO
        result = self.tau * np.sum(d * d, axis=0)
        if far.any():
            result[far] += self.far_divergences(self._best[:, far], d[:, far])
        near = ~far
        best, step = self._best[:, near], d[:, near]
        between = best[:, None, :] + NODES[:, None] * step[:, None, :]
        bent = self.second_derivatives(between, np.broadcast_to(step[:, None, :], between.shape))
        result[near] += (WEIGHTS * (1 - NODES)) @ bent
        return result

    def _raw_gradient(self, w: Array) -> Array:
        q = w @ self.features
        return (self.slopes(q) + 2 * self.tau * q) @ self.features.T

    def _newton_step(self, w: Array, free: NDArray[np.bool_]) -> Array:
        """Newton step (m_y, m) in the entries where `free` (m_y, m) is true."""
        q = w @ self.features
        blocks = self.hessians(q) + 2 * self.tau * np.eye(len(self.targets))
        hessian = np.einsum("an,nij,bn->iajb", self.features, blocks, self.features, optimize=True)
        index = np.flatnonzero(free)
        reduced = hessian.reshape(free.size, free.size)[np.ix_(index, index)]
        step = np.zeros(free.size)
        step[index] = np.linalg.lstsq(reduced, -self._raw_gradient(w).ravel()[index], rcond=None)[0]
        return step.reshape(free.shape)
