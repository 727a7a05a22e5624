"""The multiclass cross-entropy ``log sum_k exp(q_k) - <y, q> + tau ||q||^2``."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from verify.losses import Array
from verify.losses.smooth import NEWTON_STEPS, SmoothObjective
from verify.theorem.errors import HypothesisError


class CrossEntropyObjective(SmoothObjective):
    """Cross-entropy with ``tau > 0`` for one-hot targets (m_y, n).

    Strong convexity in the outputs, 2 tau, gives kappa = 2 tau sigma_min(Phi)^2 everywhere, with the
    smallest non-zero singular value. Our own; the paper's corollaries stop at the logistic loss.
    Raises HypothesisError where tau = 0.
    """

    def __init__(self, features: Array, targets: Array, tau: float) -> None:
        if tau == 0:
            raise HypothesisError(
                "cross-entropy without tau has no PL constant, kappa = 2 tau sigma_min^2 = 0: use --tau 0.1"
            )
        super().__init__(features, targets, tau)
        self.pl_constant = 2 * tau * float(self.singular_values[-1]) ** 2
        self.smoothness = (0.5 + 2 * tau) * self._largest**2
        self._locate(self._minimise())
        self.optimum_error = float(np.vdot(self._slope_at_best, self._slope_at_best)) / (2 * self.pl_constant)

    def _minimise(self) -> Array:
        w = np.zeros((len(self.targets), self.features.shape[0]))
        everywhere = np.ones(w.shape, dtype=bool)
        slope = np.inf
        for _ in range(NEWTON_STEPS):
            step, loss = self._newton_step(w, everywhere), self.loss(w)
            fraction = 1.0
            while self.loss(w + fraction * step) > loss and fraction > 1e-3:
                fraction /= 2
            new = w + fraction * step
            new_slope = float(np.linalg.norm(self._raw_gradient(new)))
            if new_slope >= 0.5 * slope and new_slope < 1e-8 * (1 + self.smoothness):
                break
            w, slope = new, new_slope
        return w

    def values(self, q: NDArray[Any]) -> NDArray[Any]:
        top = q.real.max(axis=0)
        return np.log(np.sum(np.exp(q - top), axis=0)) + top - np.sum(self.targets * q, axis=0)

    def slopes(self, q: Array) -> Array:
        return scipy.special.softmax(q, axis=0) - self.targets

    def hessians(self, q: Array) -> Array:
        p = scipy.special.softmax(q, axis=0).T
        blocks = -p[:, :, None] * p[:, None, :]
        index = np.arange(p.shape[1])
        blocks[:, index, index] += p
        return blocks

    def second_derivatives(self, q: Array, d: Array) -> Array:
        p = scipy.special.softmax(q, axis=0)
        # d^T (diag p - p p^T) d is the variance of d under p.
        return np.asarray(np.sum(p * (d - np.sum(p * d, axis=0)) ** 2, axis=0))

    def slope_changes(self, q: Array, d: Array) -> Array:
        p = scipy.special.softmax(q, axis=0)
        growth = np.expm1(np.clip(d, -1.0, 1.0))
        total = np.sum(p * growth, axis=0)
        changes = p * (growth - total) / (1 + total)
        far = np.abs(d).max(axis=0) > 1.0
        if far.any():
            changes[:, far] = scipy.special.softmax(q[:, far] + d[:, far], axis=0) - p[:, far]
        return changes

    def far_divergences(self, q: Array, d: Array) -> Array:
        p = scipy.special.softmax(q, axis=0)
        top = d.max(axis=0)
        return np.log(np.sum(p * np.exp(d - top), axis=0)) + top - np.sum(p * d, axis=0)
