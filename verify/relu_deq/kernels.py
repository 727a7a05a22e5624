"""Kernels of random features, and their limits as the width goes to infinity."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from verify.losses import EPS

Array = NDArray[np.float64]


def angles(inputs: Array) -> Array:
    """Angles (n, n) in [0, pi] between the columns of `inputs` (d, n), accurate however small.

    ``2 atan2(|x - y|, |x + y|)`` of the normalised columns: the arc cosine would lose half the digits
    of a small angle, and with them the smallest eigenvalue of a kernel.
    """
    unit = inputs / np.linalg.norm(inputs, axis=0)
    out = np.empty((unit.shape[1], unit.shape[1]))
    for i, column in enumerate(unit.T):
        apart = np.linalg.norm(unit - column[:, None], axis=0)
        together = np.linalg.norm(unit + column[:, None], axis=0)
        out[i] = 2 * np.arctan2(apart, together)
    return out


def arc_cosine_kernel(inputs: Array) -> Array:
    """``G^inf_ij = E relu(w^T x_i) relu(w^T x_j)`` (n, n) for w ~ N(0, I) and inputs X (d, n).

    ``|x_i| |x_j| (sin t + (pi - t) cos t) / (2 pi)`` at angle t. Source: Cho and Saul 2009, the arc
    cosine kernel of degree 1, halved; Gao et al. 2022, Lemma 3.2, for unit inputs.
    """
    angle, norms = angles(inputs), np.linalg.norm(inputs, axis=0)
    return np.outer(norms, norms) * _degree_one(angle) / 2


def sampled_kernel(inputs: Array, width: int, rng: np.random.Generator) -> Array:
    """``Phi^T Phi`` (n, n), Phi = relu(W X) / sqrt(width), for W of `width` rows of N(0, I)."""
    features = np.maximum(rng.standard_normal((width, inputs.shape[0])) @ inputs, 0.0)
    return features.T @ features / width


def relu_correlation(cosines: Array) -> Array:
    """``Q(c) = (sqrt(1 - c^2) + (pi - arccos c) c) / pi``, the arc cosine kernel of degree 1.

    It is ``2 E relu(f) relu(g)`` for f and g of N(0, 1) with correlation c. Source: Ling et al. 2023.
    """
    return _degree_one(np.arccos(np.clip(cosines, -1.0, 1.0)))


def _degree_one(angle: Array) -> Array:
    """The arc cosine kernel of degree 1 of unit vectors at an angle."""
    return np.asarray((np.sin(angle) + (np.pi - angle) * np.cos(angle)) / np.pi)


def equilibrium_kernel(inputs: Array, sigma_w: float) -> Array:
    """K (n, n), the limit of ``Z^T Z / m`` of the plain network, for inputs (d, n) of norm sqrt(d).

    ``K = Q(c) / (1 - sigma_w^2)`` at the solution of ``c = sigma_w^2 Q(c) + (1 - sigma_w^2) x_i^T x_j / d``,
    which is iterated: a sweep contracts by sigma_w^2 < 1. Source: Ling et al. 2023, Lemma 3.
    """
    overlap, share = inputs.T @ inputs / len(inputs), sigma_w**2
    cosines = overlap
    for _ in range(int(np.ceil(np.log(EPS) / np.log(share))) + 1):
        cosines = share * relu_correlation(cosines) + (1 - share) * overlap
    return relu_correlation(cosines) / (1 - share)


def layer_kernels(inputs: Array, sigma_w: float, layers: int) -> Array:
    """K^(1), ..., K^(layers) (layers, n, n): the same limit after so many sweeps from Z = 0.

    ``K^(l) = E relu(f) relu(f)^T`` for f of covariance ``2 sigma_w^2 K^(l-1) + 2 X^T X / d``, K^(0) = 0.
    """
    found, kernel = [], np.zeros((inputs.shape[1], inputs.shape[1]))
    for _ in range(layers):
        covariance = 2 * sigma_w**2 * kernel + 2 * inputs.T @ inputs / len(inputs)
        deviations = np.sqrt(np.diag(covariance))
        sizes = np.outer(deviations, deviations)
        kernel = sizes * relu_correlation(covariance / sizes) / 2
        found.append(kernel)
    return np.array(found)
