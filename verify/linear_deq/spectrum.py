"""The operator D of Kawaguchi's Theorem 1 and its smallest eigenvalue, without ever forming D.

``vec(dQ/dt) = -D vec(grad L_0(Q))`` along gradient flow, with

    D = (U^{-T} U^{-1}) (x) I + gamma^2 sum_k (U^{-1})_k^T (U^{-1})_k (x) Q J_k J_k^T Q^T
      = (U^{-T} (x) I) blockdiag_k(N_k) (U^{-1} (x) I),    N_k = I + gamma^2 Q J_k^2 Q^T,

column-major vec, ``(U^{-1})_k`` the k-th row and ``J_k = diag(s_k) - s_k s_k^T``. A matrix X (m_y, m)
is handled through its transpose Z (m, m_y), whose rows are the blocks of vec(X).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import scipy
from numpy.typing import NDArray

from verify.linear_deq.model import LinearState

Array = NDArray[np.float64]

#: Up to this many rows D^{-1} is formed and decomposed: faster than Lanczos, and certain.
DENSE_UP_TO = 160

#: Up to this many rows ``D - sigma I`` is factorised to certify an eigenvalue found by Lanczos.
CERTIFY_UP_TO = 3000

#: Relative gap below the value found at which positive definiteness is certified.
CERTIFICATE_GAP = 1e-10

LANCZOS_TOLERANCE = 1e-10


@dataclass(frozen=True)
class Eigenvalue:
    """The smallest eigenvalue of D.

    value      as computed
    error      how far from the value an eigenvalue can be
    vector     its eigenvector as Z, (m, m_y)
    certified  whether no eigenvalue lies below ``value - error``: Lanczos alone only shows that there is an
               eigenvalue within `error` of the value, not that it is the smallest
    """

    value: float
    error: float
    vector: Array
    certified: bool


class FlowOperator:
    """D at one parameter point of the linear model."""

    def __init__(self, state: LinearState) -> None:
        self._state = state
        self.shape = (state.q.shape[1], state.q.shape[0])
        s, q = state.stochastic, state.q
        squares = s * s
        means = (q @ s).T
        # Row k of `moments` is Q (s_k * s_k); Q J_k^2 Q^T follows by expanding J_k^2.
        moments = (q @ squares).T
        outputs = q.shape[0]
        products = (q[:, None, :] * q[None, :, :]).reshape(outputs * outputs, -1)
        second = (products @ squares).T.reshape(-1, outputs, outputs)
        cross = moments[:, :, None] * means[:, None, :]
        spread = squares.sum(axis=0)[:, None, None] * means[:, :, None] * means[:, None, :]
        self._blocks = state.gamma**2 * (second - cross - cross.transpose(0, 2, 1) + spread)
        self._blocks += np.eye(outputs)
        self._inverse_blocks = np.linalg.inv(self._blocks)

    @property
    def size(self) -> int:
        """Number of rows of D, m m_y."""
        return self.shape[0] * self.shape[1]

    def apply(self, z: Array) -> Array:
        """``D z`` for z (m, m_y)."""
        solver = self._state.resolvent
        inner = np.einsum("kij,kj->ki", self._blocks, solver.solve_transposed(z.T).T)
        return solver.solve(inner.T).T

    def apply_inverse(self, z: Array) -> Array:
        """``D^{-1} z`` for z (m, m_y): two products with U, no solve."""
        s, gamma = self._state.stochastic, self._state.gamma
        inner = np.matmul(self._inverse_blocks, (z - gamma * (s.T @ z))[:, :, None])[:, :, 0]
        return inner - gamma * (s @ inner)

    def dense_inverse(self) -> Array:
        """``D^{-1}`` (m m_y, m m_y); for small models."""
        m, outputs = self.shape
        u = np.eye(m) - self._state.gamma * self._state.stochastic
        return np.einsum("ak,kij,bk->aibj", u, self._inverse_blocks, u, optimize=True).reshape(
            m * outputs, m * outputs
        )

    def restricted(self, factor: Array) -> Array:
        """``(F^T (x) I) D (F (x) I)`` (r m_y, r m_y) for F (m, r)."""
        outputs, rank = self.shape[1], factor.shape[1]
        v = self._state.resolvent.solve_transposed(factor.T)
        matrix = np.empty((rank, outputs, rank, outputs))
        for i in range(outputs):
            for j in range(i + 1):
                matrix[:, i, :, j] = matrix[:, j, :, i] = (v * self._blocks[:, i, j]) @ v.T
        return matrix.reshape(rank * outputs, rank * outputs)

    def exceeds(self, sigma: float) -> bool:
        """Whether ``D - sigma I`` is positive definite, by a Cholesky factorisation.

        Factorised is the congruent ``blockdiag_k(N_k) - sigma (U^T U) (x) I``, which needs no inverse.
        """
        m, outputs = self.shape
        u = np.eye(m) - self._state.gamma * self._state.stochastic
        matrix = np.zeros((m, outputs, m, outputs))
        gram = u.T @ u
        for i in range(outputs):
            matrix[:, i, :, i] = -sigma * gram
        rows = np.arange(m)
        matrix[rows, :, rows, :] += self._blocks
        try:
            scipy.linalg.cholesky(
                matrix.reshape(self.size, self.size), lower=True, overwrite_a=True, check_finite=False
            )
        except np.linalg.LinAlgError:
            return False
        return True

    def smallest_eigenvalue(self, start: Array, tolerance: float = LANCZOS_TOLERANCE) -> Eigenvalue:
        """``lambda_min(D)`` as ``1 / lambda_max(D^{-1})``.

        `start` (m, m_y) begins the Lanczos iteration; it must have a random component, because from
        a neighbouring eigenvector alone the iteration can settle on a smaller Ritz value. `tolerance` is the
        relative one of the iteration.
        """
        if self.size <= DENSE_UP_TO:
            inverse = self.dense_inverse()
            last = self.size - 1
            values, vectors = scipy.linalg.eigh(inverse, subset_by_index=[last, last])
            theta, vector = float(values[0]), vectors[:, 0].reshape(self.shape)
        else:
            theta, vector = self._lanczos(start, tolerance)
        residual = float(np.linalg.norm(self.apply_inverse(vector) - theta * vector))
        residual += 4 * np.finfo(float).eps * theta
        value = 1.0 / theta
        # D is positive definite and theta a Rayleigh quotient of its inverse: the error is below the value.
        error = value * residual / (theta - residual) if residual < theta / 2 else value
        return Eigenvalue(value, error, vector, certified=self.size <= DENSE_UP_TO)

    def largest_eigenvalue(self) -> float:
        """``lambda_max(D)`` to about 1%, from below: it sets the step of gradient descent."""
        if self.size <= DENSE_UP_TO:
            return 1 / float(scipy.linalg.eigvalsh(self.dense_inverse(), subset_by_index=[0, 0])[0])
        operator = scipy.sparse.linalg.LinearOperator(
            (self.size, self.size),
            matvec=lambda z: self.apply(z.reshape(self.shape)).ravel(),
            dtype=np.float64,
        )
        start = np.ones(self.size)
        start[0] += 1.0
        found = scipy.sparse.linalg.eigsh(
            operator, k=1, which="LA", v0=start, tol=1e-2, return_eigenvectors=False
        )
        return float(found[0])

    def certify(self, found: Eigenvalue) -> Eigenvalue:
        """`found` with its certificate where a factorisation is affordable and gives one."""
        if found.certified or self.size > CERTIFY_UP_TO:
            return found
        gap = max(2 * found.error, CERTIFICATE_GAP * found.value)
        if not self.exceeds(found.value - gap):
            return found
        return replace(found, error=max(found.error, gap), certified=True)

    def _lanczos(self, start: Array, tolerance: float) -> tuple[float, Array]:
        operator = scipy.sparse.linalg.LinearOperator(
            (self.size, self.size),
            matvec=lambda z: self.apply_inverse(z.reshape(self.shape)).ravel(),
            dtype=np.float64,
        )
        try:
            values, vectors = scipy.sparse.linalg.eigsh(
                operator, k=1, which="LA", v0=start.ravel(), tol=tolerance, maxiter=self.size
            )
        except scipy.sparse.linalg.ArpackNoConvergence as stopped:
            if len(stopped.eigenvalues) == 0:
                raise
            values, vectors = stopped.eigenvalues, stopped.eigenvectors
        return float(values[-1]), vectors[:, -1].reshape(self.shape)


def smallest_eigenvalue_floors(width: int, gamma: float) -> tuple[float, float]:
    """Lower bounds of ``lambda_min(D)`` known before any training: the paper's and a sharper one.

    ``1/(m (1+gamma)^2)`` (Kawaguchi 2021, Theorem 1) and ``1/(1 + gamma sqrt(m))^2``, from
    ``||S||_2 <= sqrt(m)`` (our own).
    """
    return 1 / (width * (1 + gamma) ** 2), 1 / (1 + gamma * np.sqrt(width)) ** 2


def operator_terms(state: LinearState) -> tuple[Array, Array, Array]:
    """D as printed, dense (m m_y, m m_y), in the pieces that a false claim about it gets wrong.

    ``(U^{-T} U^{-1}) (x) I``, ``sum_k (U^{-1})_k^T (U^{-1})_k (x) Q J_k J_k^T Q^T`` (D is the first plus
    gamma^2 times this), and the same sum without the softmax Jacobians J_k. For small models.
    """
    outputs, m = state.q.shape
    inverse = np.linalg.inv(np.eye(m) - state.gamma * state.stochastic)
    first = np.asarray(np.kron(inverse.T @ inverse, np.eye(outputs)), dtype=float)
    with_jacobians, without = np.zeros_like(first), np.zeros_like(first)
    for k, s in enumerate(state.stochastic.T):
        row = np.outer(inverse[k], inverse[k])
        moved = state.q * s - np.outer(state.q @ s, s)
        with_jacobians += np.kron(row, moved @ moved.T)
        without += np.kron(row, state.q @ state.q.T)
    return first, with_jacobians, without


def chain_rule_gap(velocity: Array, product: Array) -> float:
    """``||dQ/dt + D G|| / ||dQ/dt||`` of the two, arrays of one shape."""
    return float(np.linalg.norm(velocity + product) / np.linalg.norm(velocity))


def asymmetry(
    product: Callable[[Array], Array], shape: tuple[int, ...], random: np.random.Generator
) -> float:
    """``|<x, D y> - <D x, y>| / (||x|| ||D y||)`` for random x and y of that shape; 0 for a symmetric D."""
    x, y = (random.standard_normal(shape) for _ in range(2))
    d_x, d_y = product(x), product(y)
    difference = abs(float(np.vdot(x, d_y) - np.vdot(d_x, y)))
    return difference / float(np.linalg.norm(x) * np.linalg.norm(d_y))
