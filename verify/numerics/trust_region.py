"""Exact solution of a convex trust-region problem in a metric; it knows nothing of networks."""

from __future__ import annotations

import numpy as np
import scipy
from numpy.typing import NDArray

Array = NDArray[np.float64]


def trust_region_step(gradient: Array, hessian: Array, metric: Array, radius: float) -> tuple[Array, float]:
    """``argmin g^T v + 1/2 v^T H v`` over ``v^T M v <= radius^2``, and its multiplier mu >= 0.

    `gradient` (m,), `hessian` (m, m) positive semidefinite, `metric` (m, m) positive definite. The
    generalised eigenproblem ``H x = lambda M x`` makes the constraint a Euclidean ball; there the
    secular equation ``||g~ / (lambda + mu)|| = radius`` is solved for mu (Moré and Sorensen 1983).
    Raises numpy.linalg.LinAlgError when the metric is not positive definite.
    """
    values, vectors = scipy.linalg.eigh(hessian, metric)
    values = np.maximum(values, 0.0)
    reduced = vectors.T @ gradient

    def excess(mu: float) -> float:
        return radius / float(np.linalg.norm(reduced / (values + mu))) - 1.0

    above = 2 * float(np.linalg.norm(reduced)) / radius
    below = above * 1e-18
    mu = (
        0.0
        if excess(below) >= 0
        else float(scipy.optimize.brentq(excess, below, above, xtol=below, rtol=1e-15))
    )
    return vectors @ (-reduced / (values + max(mu, below))), mu


def optimality_residual(gradient: Array, hessian: Array, metric: Array, step: Array, mu: float) -> float:
    """``||(H + mu M) v + g|| / ||g||``: zero at the solution (Karush, Kuhn, Tucker)."""
    residual = hessian @ step + mu * (metric @ step) + gradient
    return float(np.linalg.norm(residual) / np.linalg.norm(gradient))
