"""The logistic loss ``log(1 + exp(-y q)) + tau q^2`` of one output, inside a radius."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from verify.losses import Array
from verify.losses.smooth import NEWTON_STEPS, SmoothObjective


def pl_constant(features: Array, smallest_singular_value: float, tau: float, radius: float) -> float:
    """kappa(R) = (2 tau + rho(R)) sigma_min^2 for one output.

    For a row W the induced 1-norm is its largest entry, so ``|W phi_i| < R ||phi_i||_1``. The smallest
    curvature pi (1 - pi) for these outputs, rho(R), is the one at ``R max_i ||phi_i||_1``. Source: Kawaguchi
    2021, corollary on the logistic loss.
    """
    reach = radius * np.abs(features).sum(axis=0).max()
    return float(
        (2 * tau + scipy.special.expit(reach) * scipy.special.expit(-reach)) * smallest_singular_value**2
    )


class LogisticObjective(SmoothObjective):
    """Logistic loss on ``max_j |W_j| < R``, labels +-1 (1, n), ``tau >= 0``, R finite.

    L*_R is the optimum over that box: projected Newton steps from a quasi-Newton start. Its error is
    certified by ``L_0(W) - L*_R <= max_V <grad L_0(W), W - V>`` over the box (Frank and Wolfe's gap),
    or, inside it, by the curvature around W.
    """

    def __init__(self, features: Array, targets: Array, tau: float, radius: float) -> None:
        super().__init__(features, targets, tau)
        self.radius = radius
        self.pl_constant = pl_constant(features, float(self.singular_values[-1]), tau, radius)
        self.smoothness = (0.25 + 2 * tau) * self._largest**2
        self._locate(self._minimise())
        self.optimum_error = min(self._gap(self.minimiser), self._interior_error())

    def within(self, radius: float) -> LogisticObjective:
        """The same data and tau inside another radius."""
        return LogisticObjective(self.features, self.targets, self.tau, radius)

    def _minimise(self) -> Array:
        shape = (1, self.features.shape[0])
        found = scipy.optimize.minimize(
            lambda w: (self.loss(w.reshape(shape)), self._raw_gradient(w.reshape(shape)).ravel()),
            np.zeros(shape[1]),
            jac=True,
            method="L-BFGS-B",
            bounds=[(-self.radius, self.radius)] * shape[1],
            options={"maxiter": 2000, "ftol": 1e-15, "gtol": 1e-10},
        )
        w = found.x.reshape(shape)
        best, smallest = w, self._gap(w)
        for _ in range(NEWTON_STEPS):
            g = self._raw_gradient(w)
            held = (np.abs(w) >= self.radius) & (g * w < 0)
            w = np.clip(w + self._newton_step(w, ~held), -self.radius, self.radius)
            gap = self._gap(w)
            if gap >= 0.5 * smallest:
                break
            best, smallest = w, gap
        return best

    def _gap(self, w: Array) -> float:
        """Frank and Wolfe's gap; an entry at the radius that the gradient pushes outwards adds nothing."""
        g = self._raw_gradient(w)
        return float(np.sum(g * w + self.radius * np.abs(g)))

    def _interior_error(self) -> float:
        """``||g||^2 / 2 m`` where L_0 is m-strongly convex on the ball around W of radius ``2 ||g|| / m``.

        Curvatures change by at most a factor e as long as every q_i moves by at most 1. Infinite where q
        moves further on the ball, or where the ball leaves the box.
        """
        g = float(np.linalg.norm(self._slope_at_best))
        least = float(self.hessians(self._best).min()) / np.e + 2 * self.tau
        strength = least * float(self.singular_values[-1]) ** 2
        if strength == 0:
            return np.inf
        ball = 2 * g / strength
        moves = ball * float(np.linalg.norm(self.features, axis=0).max())
        inside = np.abs(self.minimiser).max() + ball < self.radius
        return g**2 / (2 * strength) if inside and moves <= 1 else np.inf

    def curvatures(self, w: Array) -> Array:
        """Second derivatives (n,) of every sample's loss, tau term included."""
        return self.hessians(w @ self.features)[:, 0, 0] + 2 * self.tau

    def values(self, q: NDArray[Any]) -> NDArray[Any]:
        u = -self.targets[0] * q[0]
        small = np.where(u.real > 0, -u, u)
        return np.where(u.real > 0, u, 0) + np.log1p(np.exp(small))

    def slopes(self, q: Array) -> Array:
        return -self.targets * scipy.special.expit(-self.targets * q)

    def hessians(self, q: Array) -> Array:
        return (scipy.special.expit(q) * scipy.special.expit(-q)).T[:, :, None]

    def second_derivatives(self, q: Array, d: Array) -> Array:
        return np.asarray((scipy.special.expit(q) * scipy.special.expit(-q) * d * d)[0])

    def slope_changes(self, q: Array, d: Array) -> Array:
        # expit(a) - expit(b) = expit(a) expit(-b) (1 - exp(b - a)) has no cancellation for any a, b;
        # the form with the smaller exponential is taken.
        a, b = q + d, q
        up = scipy.special.expit(a) * scipy.special.expit(-b) * -np.expm1(-np.maximum(d, 0))
        down = scipy.special.expit(b) * scipy.special.expit(-a) * np.expm1(np.minimum(d, 0))
        return np.where(d >= 0, up, down)

    def far_divergences(self, q: Array, d: Array) -> Array:
        # log(1 + e^{-yq}) and log(1 + e^q) differ by a linear term, which a divergence does not see.
        share = scipy.special.expit(q)
        growth = share * np.expm1(np.minimum(d, 50.0))
        small = (np.abs(growth) < 0.5) & (d < 50.0)
        log_growth = np.where(
            small,
            np.log1p(np.where(small, growth, 0.0)),
            np.logaddexp(scipy.special.log_expit(q) + d, scipy.special.log_expit(-q)),
        )
        return (log_growth - share * d)[0]
