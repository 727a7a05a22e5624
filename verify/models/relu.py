"""The implicit ReLU network of Gao et al. (ICLR 2022), on all samples at once.

    z_i = relu(gamma~ A z_i + phi_i),   gamma~ = gamma / sqrt(m),   phi_i = relu(W x_i) / sqrt(m),
    yhat_i = u^T z_i + v^T phi_i,

with A (m, m), W (m, d), u and v (m,) all trained. Samples are columns: X (d, n), Z, Phi, P, C (m, n).
Derivatives use the adjoint equilibrium of the unit output, P, so that the matrix ``H = J J^T`` of
``J = d yhat / d(A, W, u, v)`` is made of Gram matrices; no Jacobian of parameter size ever exists.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Residual at which an equilibrium is accepted, relative to the source that drives it. Rounding of a
#: product of 1000 terms is about 1e-14 of it.
ACCURACY = 1e-13

#: Sweeps after which an iteration is taken not to converge; a contraction by 0.97 passes.
MAXIMUM_SWEEPS = 1000


class NoEquilibriumError(RuntimeError):
    """The equilibrium iteration does not converge: nothing contracts it."""


@dataclass(frozen=True)
class Parameters:
    """A (m, m), W (m, d), u (m,), v (m,)."""

    a: Array
    w: Array
    u: Array
    v: Array

    @classmethod
    def random(cls, width: int, inputs: int, rng: np.random.Generator) -> Parameters:
        """The paper's initialisation: A, W of independent N(0, 1), u, v of independent signs."""
        a, w = rng.standard_normal((width, width)), rng.standard_normal((width, inputs))
        u, v = rng.choice([-1.0, 1.0], size=(2, width))
        return cls(a, w, u, v)

    def distances(self, other: Parameters) -> tuple[float, float, float, float]:
        """Frobenius distances of A, W, u and v to those of `other`."""
        pairs = ((self.a, other.a), (self.w, other.w), (self.u, other.u), (self.v, other.v))
        return tuple(float(np.linalg.norm(x - y)) for x, y in pairs)  # type: ignore[return-value]


@dataclass(frozen=True)
class ImplicitReLU:
    """The network on fixed inputs X (d, n), of width m, with gamma > 0."""

    inputs: Array
    width: int
    gamma: float

    @property
    def coupling(self) -> float:
        """``gamma~ = gamma / sqrt(m)``."""
        return self.gamma / np.sqrt(self.width)

    @cached_property
    def input_gram(self) -> Array:
        """``X^T X`` (n, n)."""
        return self.inputs.T @ self.inputs

    def at(
        self,
        theta: Parameters,
        guess: tuple[Array, Array] | None = None,
        accuracy: float = ACCURACY,
    ) -> State:
        """The network at `theta`; `guess` holds Z and P (m, n) to start their iterations from.

        Z stops at the residual ``accuracy * ||Phi||``, P at ``accuracy * ||u|| sqrt(n)``. Raises
        NoEquilibriumError when an iteration does not get there.
        """
        before = theta.w @ self.inputs
        gates = before > 0
        phi = np.where(gates, before, 0.0) / np.sqrt(self.width)
        z = phi if guess is None else guess[0]

        def forward(z: Array) -> Array:
            out = theta.a @ z
            out *= self.coupling
            out += phi
            return np.maximum(out, 0.0, out=out)

        z, sweeps = _iterate(forward, z, accuracy * float(np.linalg.norm(phi)))
        active = z > 0
        source = theta.u[:, None]
        p = np.where(active, source, 0.0) if guess is None else np.where(active, guess[1], 0.0)
        transposed = theta.a.T

        def backward(p: Array) -> Array:
            out = transposed @ p
            out *= self.coupling
            out += source
            out *= active
            return out

        size = float(np.linalg.norm(theta.u)) * np.sqrt(z.shape[1])
        p, adjoint_sweeps = _iterate(backward, p, accuracy * size)
        c = np.where(gates, p + theta.v[:, None], 0.0) / np.sqrt(self.width)
        output = theta.u @ z + theta.v @ phi
        return State(self, theta, phi, z, p, c, output, accuracy, sweeps, adjoint_sweeps)


def _iterate(mapping: Callable[[Array], Array], x: Array, tolerance: float) -> tuple[Array, int]:
    """Iterate until a sweep changes x by no more than `tolerance`; the last iterate is returned."""
    for sweep in range(1, MAXIMUM_SWEEPS + 1):
        new = mapping(x)
        with np.errstate(over="ignore", invalid="ignore"):
            change = float(np.linalg.norm(new - x))
        x = new
        if change <= tolerance:
            return x, sweep
        if not np.isfinite(change):
            break
    raise NoEquilibriumError(f"no equilibrium within {MAXIMUM_SWEEPS} sweeps")


@dataclass(frozen=True)
class State:
    """The network at one parameter point: equilibria Z, their adjoints P, C = E(P + v)/sqrt(m), outputs.

    Column i of P is ``D_i (I - gamma~ D_i A)^{-T} u``. `accuracy` is
    that of Z and P; `sweeps` and `adjoint_sweeps` count products with A and A^T.
    """

    model: ImplicitReLU
    theta: Parameters
    phi: Array
    z: Array
    p: Array
    c: Array
    output: Array
    accuracy: float
    sweeps: int
    adjoint_sweeps: int

    def gradients(self, weights: Array) -> Parameters:
        """``J^T weights`` (weights (n,)); with weights = yhat - y the gradient of the loss.

        ``gamma~ sum_i r_i p_i z_i^T``, ``sum_i r_i c_i x_i^T``, ``Z r``, ``Phi r``. Source: Gao et al.
        2022, Lemma 2.3.
        """
        return Parameters(
            (self.p * (self.model.coupling * weights)) @ self.z.T,
            (self.c * weights) @ self.model.inputs.T,
            self.z @ weights,
            self.phi @ weights,
        )

    def directional(self, change: Parameters) -> Array:
        """``J change`` (n,): derivative of the outputs along a change of the parameters."""
        return (
            self.model.coupling * np.einsum("ij,ij->j", self.p, change.a @ self.z)
            + np.einsum("ij,ij->j", self.c, change.w @ self.model.inputs)
            + change.u @ self.z
            + change.v @ self.phi
        )

    def kernel_parts(self, other: State) -> Array:
        """The four summands (4, n, n) of ``J J_other^T``, from A, W, u and v.

        ``gamma~^2 (P^T P') o (Z^T Z')``, ``(C^T C') o (X^T X)``, ``Z^T Z'``, ``Phi^T Phi'``: the Gram
        form of Gao et al. 2022, Lemma 3.1, with the all-ones matrix where the identity is printed.
        """
        gram = self.z.T @ other.z
        return np.stack(
            [
                self.model.coupling**2 * (self.p.T @ other.p) * gram,
                (self.c.T @ other.c) * self.model.input_gram,
                gram,
                self.phi.T @ other.phi,
            ]
        )

    def moved(
        self,
        *moves: tuple[State, Array],
        guess: tuple[Array, Array] | None = None,
        accuracy: float | None = None,
    ) -> State:
        """The network at ``theta + sum_k J_k^T c_k`` for moves (state k, c_k (n,)).

        Iterations start from the equilibria of the last of `moves` unless `guess` holds better ones,
        and keep this state's accuracy unless another is given.
        """
        theta, x = self.theta, self.model.inputs
        left = np.hstack([state.p * (self.model.coupling * weights) for state, weights in moves])
        right = np.hstack([state.z for state, _ in moves])
        a = left @ right.T
        a += theta.a
        w = theta.w + sum(state.c * weights for state, weights in moves) @ x.T
        u = theta.u + sum(state.z @ weights for state, weights in moves)
        v = theta.v + sum(state.phi @ weights for state, weights in moves)
        return self.model.at(
            Parameters(a, w, u, v), guess or (moves[-1][0].z, moves[-1][0].p), accuracy or self.accuracy
        )

    def extrapolated(self, before: State) -> tuple[Array, Array]:
        """Z and P one more step along the line from `before` to here, a guess for the next state."""
        return 2 * self.z - before.z, 2 * self.p - before.p


def unrolled(
    inputs: Array, gamma: float, a: NDArray[Any], w: NDArray[Any], u: Any, v: Any, sweeps: int
) -> NDArray[Any]:
    """Outputs (n,) of the network unrolled `sweeps` times from z = 0, at real or complex parameters.

    relu(x) = x where Re x > 0: analytic away from kinks, so that a complex step through it
    differentiates the network without an equilibrium, an adjoint or a formula of this module.
    """
    root = np.sqrt(len(w))
    before = w @ inputs
    phi = np.where(before.real > 0, before, 0.0) / root
    z = phi
    for _ in range(sweeps):
        z = (gamma / root) * (a @ z) + phi
        z = np.where(z.real > 0, z, 0.0)
    return u @ z + v @ phi
