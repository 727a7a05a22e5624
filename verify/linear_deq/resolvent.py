"""Solves with ``U = I - gamma S`` for a column-stochastic ``S``: the equilibrium of the linear model.

Two ways, chosen by width: one LU factorisation that serves both sides, or a Richardson iteration
with the Perron pair of ``S`` removed, O(m^2) a sweep and without factorisation, for wide models.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
import scipy
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Widths from which the deflated iteration beats one LU (`benchmarks/run.py --only linear` has both).
DEFLATED_FROM_WIDTH = 512

#: Backward error at which the iteration stops, relative to the solution: what LU delivers. The
#: forward error is at most this over ``1 - gamma``, since ``||U^{-1}||_1 <= 1/(1 - gamma)``.
BACKWARD_ERROR = 16 * np.finfo(float).eps

TINY = np.finfo(float).tiny


class Resolvent(Protocol):
    """``U^{-1}`` applied from the right, as the model needs it."""

    def solve(self, rows: Array) -> Array:
        """``rows @ U^{-1}`` for rows (k, m)."""

    def solve_transposed(self, rows: Array) -> Array:
        """``rows @ U^{-T}`` for rows (k, m)."""


class LUResolvent:
    """One LU factorisation of U for both solves."""

    def __init__(self, stochastic: Array, gamma: float) -> None:
        u = stochastic * -gamma
        u.flat[:: u.shape[0] + 1] += 1.0
        # u.T is column-major for LAPACK without a copy, so what is factored is U^T.
        self._lu, self._pivots, _ = scipy.linalg.lapack.dgetrf(u.T, overwrite_a=1)

    def solve(self, rows: Array) -> Array:
        return scipy.linalg.lapack.dgetrs(self._lu, self._pivots, rows.T)[0].T

    def solve_transposed(self, rows: Array) -> Array:
        return scipy.linalg.lapack.dgetrs(self._lu, self._pivots, rows.T, trans=1)[0].T


class DeflatedResolvent:
    """Richardson iteration on ``N = S - p 1^T`` with ``p = S 1/m``, the rank-one part solved exactly.

    Columns of S sum to 1, so ``1^T N = 0`` and N keeps every eigenvalue of S but the Perron root 1:
    the error contracts at ``gamma |lambda_2(S)|`` a sweep, never slower than gamma. A solve stops on
    its residual; when the contraction seen predicts more work than a factorisation, it goes to LU.
    """

    def __init__(self, stochastic: Array, gamma: float) -> None:
        self._s = stochastic
        self._gamma = gamma
        self._p = stochastic.mean(axis=1)
        self._fallback: LUResolvent | None = None

    def solve(self, rows: Array) -> Array:
        # q = w + gamma (w.p)/(1-gamma) 1^T  with  w = rows (I - gamma N)^{-1}, by Sherman-Morrison.
        def sweep(w: Array) -> Array:
            return rows + self._gamma * (w @ self._s - (w @ self._p)[:, None])

        w = self._iterate(rows, sweep, np.inf)
        if w is None:
            return self._lu().solve(rows)
        return w + (self._gamma / (1 - self._gamma)) * (w @ self._p)[:, None]

    def solve_transposed(self, rows: Array) -> Array:
        # x U^T = rows: the sum of every row of x is known exactly, sum(rows)/(1-gamma).
        gamma, s = self._gamma, self._s
        sums = rows.sum(axis=1) / (1 - gamma)

        def sweep(x: Array) -> Array:
            return rows + gamma * (x @ s.T + np.outer(sums - x.sum(axis=1), self._p))

        x = self._iterate(rows, sweep, 1)
        return self._lu().solve_transposed(rows) if x is None else x

    def _iterate(self, rows: Array, sweep: Callable[[Array], Array], order: float) -> Array | None:
        """Fixed point of `sweep`, started at `rows`; None when LU is the cheaper way.

        Half a factorisation takes m^3/3 multiplications, a sweep m^2 for every row.
        """
        affordable = max(4, rows.shape[1] // (3 * rows.shape[0]))
        x, last = rows, np.inf
        for done in range(1, affordable + 1):
            previous, x = x, sweep(x)
            residual = np.linalg.norm(x - previous, order, axis=1)
            size = float(np.max(residual / np.maximum(np.linalg.norm(x, order, axis=1), TINY)))
            if size <= BACKWARD_ERROR:
                return x
            if done >= 3 and not size * (size / last) ** (affordable - done) <= BACKWARD_ERROR:
                return None
            last = size
        return None

    def _lu(self) -> LUResolvent:
        if self._fallback is None:
            self._fallback = LUResolvent(self._s, self._gamma)
        return self._fallback


def resolvent(stochastic: Array, gamma: float) -> Resolvent:
    """The faster solver for this width; `stochastic` is (m, m) with columns that sum to 1, 0 < gamma < 1."""
    chosen = LUResolvent if stochastic.shape[0] < DEFLATED_FROM_WIDTH else DeflatedResolvent
    return chosen(stochastic, gamma)
