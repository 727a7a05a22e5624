"""The losses as they are printed, and all that is derived from them by complex steps and by SciPy.

Nothing here knows of singular values, of optima or of any formula of `verify.losses`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from verify.losses import EPS, Array
from verify.numerics.differentiation import STEP

#: (q, y, tau) -> the loss of every sample (n,), for q and y (m_y, n); analytic in q.
Loss = Callable[[NDArray[Any], Array, float], NDArray[Any]]


def square(q: NDArray[Any], y: Array, tau: float) -> NDArray[Any]:
    """``||q - y||^2``."""
    return np.asarray(np.sum((q - y) ** 2, axis=0))


def logistic(q: NDArray[Any], y: Array, tau: float) -> NDArray[Any]:
    """``log(1 + e^{-yq}) + tau q^2``."""
    return np.asarray(np.sum(_log_of_sum(np.stack([0 * q, -y * q])) + tau * q**2, axis=0))


def cross_entropy(q: NDArray[Any], y: Array, tau: float) -> NDArray[Any]:
    """``log sum_k e^{q_k} - <y, q> + tau ||q||^2``."""
    return np.asarray(_log_of_sum(q) - np.sum(y * q - tau * q**2, axis=0))


def hinge(q: NDArray[Any], y: Array, tau: float) -> NDArray[Any]:
    """``max(0, 1 - yq)^2``."""
    return np.asarray(np.sum(np.where((y * q).real < 1, (1 - y * q) ** 2, 0), axis=0))


def _log_of_sum(q: NDArray[Any]) -> NDArray[Any]:
    """``log sum_k e^{q_k}`` along the first axis, for real parts of any size."""
    top = q.real.max(axis=0)
    return np.asarray(np.log(np.sum(np.exp(q - top), axis=0)) + top)


LOSSES: dict[str, Loss] = {
    "square": square,
    "logistic": logistic,
    "cross-entropy": cross_entropy,
    "hinge": hinge,
}


@dataclass(frozen=True)
class Printed:
    """``L_0(W) = sum_i loss(W phi_i, y_i)`` over ``||W||_1 < R``.

    name      of the loss
    features  Phi, (m, n)
    targets   Y, (m_y, n)
    tau       weight of ``||q||^2``
    radius    R; finite for one output only, where the ball is a box
    """

    name: str
    features: Array
    targets: Array
    tau: float = 0.0
    radius: float = np.inf

    @property
    def label(self) -> str:
        """Which loss and problem this is, in a line."""
        radius = f", R = {self.radius:g}" if np.isfinite(self.radius) else ""
        return f"{self.name}, m = {len(self.features)}, n = {self.features.shape[1]}{radius}"

    @property
    def shape(self) -> tuple[int, int]:
        """That of W."""
        return len(self.targets), len(self.features)

    def value(self, w: NDArray[Any]) -> Any:
        """``L_0(W)``."""
        return np.sum(LOSSES[self.name](w @ self.features, self.targets, self.tau))

    def gradient(self, w: Array) -> Array:
        """``grad L_0(W)`` (m_y, m), by a complex step in every output."""
        return np.asarray(self.slopes(w @ self.features) @ self.features.T)

    def slopes(self, q: Array) -> Array:
        """First derivatives (m_y, n) of every sample's loss."""
        found = np.empty_like(q)
        for k in range(len(q)):
            moved = q.astype(complex)
            moved[k] += 1j * STEP
            found[k] = LOSSES[self.name](moved, self.targets, self.tau).imag / STEP
        return found

    def curvatures(self, q: Array) -> tuple[Array, float]:
        """Second derivatives (n,) of one output's loss by central differences, and their error, absolute.

        It is the distance to those from twice the step, four times theirs for a smooth loss, and rounding.
        """
        step = 1e-3
        near, far = ((self.slopes(q + h) - self.slopes(q - h))[0] / (2 * h) for h in (step, 2 * step))
        sizes = np.abs(self.slopes(q)).max() + np.abs(near).max() * (1 + np.abs(q).max())
        rounding = 8 * EPS * float(sizes) / step
        return near, float(np.abs(near - far).max()) + rounding

    @cached_property
    def best(self) -> Array:
        """A minimiser (m_y, m): by least squares, or by SciPy's quasi-Newton method within the box."""
        if self.name == "square":
            return np.asarray(np.linalg.lstsq(self.features.T, self.targets.T, rcond=None)[0].T)
        shape, limit = self.shape, self.radius if np.isfinite(self.radius) else None
        found = scipy.optimize.minimize(
            lambda w: (self.value(w.reshape(shape)), self.gradient(w.reshape(shape)).ravel()),
            np.zeros(shape[0] * shape[1]),
            jac=True,
            method="L-BFGS-B",
            bounds=None if limit is None else [(-limit, limit)] * shape[1],
            options={"maxiter": 2000, "ftol": 1e-16, "gtol": 1e-11},
        )
        return np.asarray(found.x.reshape(shape))

    @cached_property
    def least(self) -> float:
        """``L*_R``."""
        return float(self.value(self.best))

    def excess(self, w: Array) -> float:
        """``L_0(W) - L*_R``, with the rounding error `rounding`."""
        return float(self.value(w)) - self.least

    def rounding_at(self, w: Array) -> float:
        """Absolute rounding error of ``L_0(W)``: that of a logarithm is absolute."""
        logarithms = self.features.shape[1] if self.name in ("logistic", "cross-entropy") else 0
        return 64 * EPS * (float(self.value(w)) + logarithms)

    def rounding(self, w: Array) -> float:
        """Absolute rounding error of an excess, and of the optimum that it is measured from."""
        return self.rounding_at(w) + self.rounding_at(self.best) + 64 * EPS
