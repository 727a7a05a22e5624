"""Kernels of random features, and their limits as the width goes to infinity."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

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
    return np.outer(norms, norms) * (np.sin(angle) + (np.pi - angle) * np.cos(angle)) / (2 * np.pi)


def sampled_kernel(inputs: Array, width: int, rng: np.random.Generator) -> Array:
    """``Phi^T Phi`` (n, n), Phi = relu(W X) / sqrt(width), for W of `width` rows of N(0, I)."""
    features = np.maximum(rng.standard_normal((width, inputs.shape[0])) @ inputs, 0.0)
    return features.T @ features / width
