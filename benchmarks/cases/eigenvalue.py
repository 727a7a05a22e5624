"""The smallest eigenvalue of D, structured and dense."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy
from numpy.typing import NDArray

from benchmarks.cases.linear import drawn
from benchmarks.kernels import Duel, Kernel, Sizes
from verify.linear_deq.spectrum import FlowOperator

Array = NDArray[np.float64]

#: Samples; D does not depend on them.
SAMPLES = 20


def dense(a: Array, b: Array, gamma: float) -> Array:
    """D (m m_y, m m_y) as printed, ``sum_k (U^{-1})_k^T (U^{-1})_k (x) (I + gamma^2 Q J_k^2 Q^T)``."""
    s = scipy.special.softmax(a, axis=0)
    inverse = np.linalg.inv(np.eye(len(a)) - gamma * s)
    q = b @ inverse
    moved = q[None] * s.T[:, None, :] - (q @ s).T[:, :, None] * s.T[:, None, :]
    blocks = np.eye(len(b)) + gamma**2 * moved @ moved.transpose(0, 2, 1)
    size = len(a) * len(b)
    return np.asarray(np.einsum("ka,kij,kb->aibj", inverse, blocks, inverse, optimize=True)).reshape(
        size, size
    )


def duel(m: int, m_y: int) -> Duel:
    """lambda_min(D) at random parameters; the other forms D and lets LAPACK find one eigenvalue."""
    model, _, _, theta = drawn(m, m_y, SAMPLES)
    start = np.random.default_rng(1).standard_normal((m, m_y))
    state = model.at(theta)

    def ours() -> list[float]:
        return [FlowOperator(state).smallest_eigenvalue(start).value]

    def theirs() -> list[float]:
        d = dense(state.a, state.b, state.gamma)
        found = scipy.linalg.eigvalsh(d, subset_by_index=[0, 0], overwrite_a=True, check_finite=False)
        return [float(found[0])]

    return Duel(ours, {"dense eigvalsh, one eigenvalue": theirs}, allowed=1e-8)


def kernel(quick: bool) -> Kernel:
    """From where the suite itself forms D^{-1}, up to what a dense solver does in seconds."""
    sizes: list[Sizes] = [{"m": m, "m_y": m_y} for m, m_y in ((32, 5), (64, 10), (128, 10), (256, 10))]
    sweeps: dict[str, Sequence[int]] = {"m": (64, 128, 256, 512), "m_y": (5, 10, 15, 20)}
    if quick:
        sizes = [{"m": m, "m_y": 3} for m in (8, 16, 32, 64)]
        sweeps = {"m": (60, 90, 120), "m_y": (4, 6, 8)}
    base = {"m": 48, "m_y": 4} if quick else {"m": 128, "m_y": 10}
    return Kernel("eigenvalue", "Smallest eigenvalue of D", duel, sizes, base, sweeps)
