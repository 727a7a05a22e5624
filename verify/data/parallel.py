"""Inputs that are parallel to others, so that lambda_0 is zero: finding them, and adding noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from verify.data.samples import unit_columns

Array = NDArray[np.float64]

#: Inputs closer to parallel than this have a lambda_0 ~ angle^2/4 below the rounding of its kernel.
PARALLEL_ANGLE = 1e-7

#: A cosine cannot tell angles below the root of its rounding; closer to 1 than this, the angle is computed.
NEARLY_ONE = 1e-10


def parallel_pairs(inputs: Array) -> NDArray[np.intp]:
    """Pairs (k, 2) of columns i < j of `inputs` (d, n) that are parallel, in order."""
    unit = inputs / np.linalg.norm(inputs, axis=0)
    pairs = np.argwhere(np.triu(np.abs(unit.T @ unit) >= 1 - NEARLY_ONE, 1))
    first, second = unit[:, pairs[:, 0]], unit[:, pairs[:, 1]]
    lengths = [np.linalg.norm(first - second, axis=0), np.linalg.norm(first + second, axis=0)]
    return pairs[2 * np.arctan2(np.minimum(*lengths), np.maximum(*lengths)) <= PARALLEL_ANGLE]


def moved_apart(inputs: Array, noise: float, rng: np.random.Generator, of: str) -> tuple[Array, int]:
    """Unit inputs (d, n) with noise of that norm on those parallel to an earlier one, and their number."""
    later = np.unique(parallel_pairs(inputs)[:, 1])
    if not len(later):
        return inputs, 0
    moved = inputs.copy()
    moved[:, later] += noise * rng.standard_normal((len(inputs), len(later))) / np.sqrt(len(inputs))
    return unit_columns(moved, of), len(later)
