"""The deep equilibrium linear model of Kawaguchi (ICLR 2021).

Features ``phi(x)`` of m entries pass through ``z = gamma S z + phi(x)``, iterated to its fixed point,
with ``S = softmax(A)`` column by column, and are read out as ``f(x) = B z``. So ``f(x) = Q phi(x)``
with ``Q = B U^{-1}`` and ``U = I - gamma S``: a linear map with a non-linear parametrisation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verify.linear_deq.resolvent import Resolvent, resolvent
from verify.losses import ShallowObjective

Array = NDArray[np.float64]

#: Contraction is measured while the relative rounding error of the distance is below this.
CONTRACTION_NOISE = 1e-6


def softmax(a: NDArray[Any]) -> NDArray[Any]:
    """Softmax of every column of `a` (m, m); complex entries allowed, for complex-step derivatives."""
    s = np.exp(a - a.real.max(axis=0))
    s /= s.sum(axis=0)
    return s


def one_norm(q: Array) -> float:
    """``||Q||_1``, induced: the largest column sum of absolute values."""
    return float(np.abs(q).sum(axis=0).max())


def linear_map(a: NDArray[Any], b: NDArray[Any], gamma: float) -> NDArray[Any]:
    """``Q = B (I - gamma softmax(A))^{-1}`` (m_y, m) by a plain dense solve, real or complex.

    The analytic function of (A, B) that the closed forms below differentiate; checks take its
    complex-step derivative, which shares no formula with them.
    """
    u = np.eye(a.shape[0]) - gamma * softmax(a)
    return np.linalg.solve(u.T, b.T).T


def contraction_factors(
    stochastic: Array, gamma: float, features: Array, starts: Array, steps: int = 30
) -> tuple[Array, Array]:
    """The factors by which steps of ``z -> gamma S z + phi`` shrink the 1-norm distance to the equilibrium.

    `features` (m, 1), `starts` (m, k). Returns a flat array of the factors of all steps whose distance
    rounding can tell from zero, and their rounding errors. Source: Kawaguchi 2021, well-posedness.
    """
    equilibrium = np.linalg.solve(np.eye(len(stochastic)) - gamma * stochastic, features)
    noise = len(stochastic) * 8 * np.finfo(float).eps / (1 - gamma)
    z, factors, rounding = starts, [], []
    for _ in range(steps):
        before = np.abs(z - equilibrium).sum(axis=0)
        size = np.abs(z).sum(axis=0) + np.abs(equilibrium).sum(axis=0)
        z = gamma * (stochastic @ z) + features
        after = np.abs(z - equilibrium).sum(axis=0)
        error = noise * size / np.maximum(before, np.finfo(float).tiny)
        clear = error < CONTRACTION_NOISE
        factors.append((after / np.maximum(before, np.finfo(float).tiny))[clear])
        rounding.append(2 * error[clear])
    return np.concatenate(factors), np.concatenate(rounding)


@dataclass(frozen=True)
class LinearState:
    """The model at one parameter point.

    a           A, (m, m)
    b           B, (m_y, m)
    gamma       in (0, 1)
    stochastic  S = softmax(A), (m, m)
    resolvent   solves with U = I - gamma S
    q           Q = B U^{-1}, (m_y, m)
    """

    a: Array
    b: Array
    gamma: float
    stochastic: Array
    resolvent: Resolvent
    q: Array

    def gradients(self, g: Array) -> tuple[Array, Array]:
        """``(dL/dA, dL/dB)`` for ``g = grad L_0(Q)`` (m_y, m).

        ``dL/dB = G U^{-T}`` and column k of ``dL/dA`` is ``J_k M_k`` with ``M = gamma Q^T dL/dB`` and
        ``J_k = diag(s_k) - s_k s_k^T``; the column sums of S*M need no product with S because
        ``gamma Q S = Q - B``. Source: Kawaguchi 2021, proof of Theorem 1.
        """
        d_b = self.resolvent.solve_transposed(g)
        d_a = (self.gamma * self.q.T) @ d_b
        d_a -= np.einsum("ij,ij->j", self.q - self.b, d_b)
        d_a *= self.stochastic
        return d_a, d_b

    def map_change(self, d_a: Array, d_b: Array) -> Array:
        """``dQ`` (m_y, m) for a change (dA, dB): ``(dB + gamma Q dS) U^{-1}``, the adjoint of `gradients`."""
        d_s = self.stochastic * (d_a - np.einsum("ij,ij->j", self.stochastic, d_a))
        return self.resolvent.solve(d_b + self.gamma * (self.q @ d_s))


@dataclass(frozen=True)
class DeepEquilibriumLinear:
    """The model without its parameters.

    width    m
    outputs  m_y
    gamma    in (0, 1)
    """

    width: int
    outputs: int
    gamma: float

    @property
    def size(self) -> int:
        """Number of parameters, m^2 + m_y m."""
        return self.width * (self.width + self.outputs)

    def pack(self, a: Array, b: Array) -> Array:
        """One vector of all parameters, A first, row by row."""
        return np.concatenate([a.ravel(), b.ravel()])

    def unpack(self, theta: Array) -> tuple[Array, Array]:
        """A (m, m) and B (m_y, m) as views of `theta` (size,)."""
        square = self.width * self.width
        return (
            theta[:square].reshape(self.width, self.width),
            theta[square : self.size].reshape(self.outputs, self.width),
        )

    def at(self, theta: Array) -> LinearState:
        """The model at the parameters `theta` (size,)."""
        a, b = self.unpack(theta)
        stochastic = softmax(a)
        solver = resolvent(stochastic, self.gamma)
        return LinearState(a, b, self.gamma, stochastic, solver, solver.solve(b))

    def gradient(self, theta: Array, objective: ShallowObjective) -> tuple[Array, float]:
        """Gradient (size,) of ``L(A, B) = L_0(Q)`` at `theta`, and the excess ``L - L*``."""
        state = self.at(theta)
        excess, g = objective.excess_and_gradient(state.q)
        return self.pack(*state.gradients(g)), excess
