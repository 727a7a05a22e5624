"""The implicit ReLU network of Gao et al. (ICLR 2022), on all samples at once.

    z_i = relu(gamma~ A z_i + phi_i),   gamma~ = gamma / sqrt(m),   phi_i = relu(W x_i) / sqrt(m),
    yhat_i = u^T z_i + v^T phi_i,

with A (m, m), W (m, d), u and v (m,) all trained. Samples are columns: X (d, n), Z, Phi, P, C (m, n).
Derivatives use the adjoint equilibrium of the unit output, P, so that the matrix ``H = J J^T`` of
``J = d yhat / d(A, W, u, v)`` is made of Gram matrices; no Jacobian of parameter size ever exists.

Parameters and equilibria are of NumPy or torch, in float64 or float32, as `verify.numerics.arrays` has it;
outputs and H come to the host in float64, for in float32 the smallest eigenvalue of a Gram matrix can
come out negative.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from array_api_compat import array_namespace
from numpy.typing import NDArray

from verify.numerics.arrays import AnyArray, Placement, double, epsilon, host, like, norm

Array = NDArray[np.float64]

#: Residual at which an equilibrium is accepted in float64 and in float32, relative to the source that
#: drives it. Rounding of a product of 1000 terms is a tenth of it or less.
ACCURACY, SINGLE_ACCURACY = 1e-13, 1e-6

#: Sweeps after which an iteration is taken not to converge; a contraction by 0.97 passes.
MAXIMUM_SWEEPS = 1000


class NoEquilibriumError(RuntimeError):
    """The equilibrium iteration does not converge: nothing contracts it."""


@dataclass(frozen=True)
class Parameters:
    """A (m, m), W (m, d), u (m,), v (m,)."""

    a: AnyArray
    w: AnyArray
    u: AnyArray
    v: AnyArray

    @classmethod
    def random(cls, width: int, inputs: int, rng: np.random.Generator) -> Parameters:
        """The paper's initialisation: A, W of independent N(0, 1), u, v of independent signs."""
        a, w = rng.standard_normal((width, width)), rng.standard_normal((width, inputs))
        u, v = rng.choice([-1.0, 1.0], size=(2, width))
        return cls(a, w, u, v)

    def mapped(self, function: Callable[[AnyArray], AnyArray]) -> Parameters:
        """The parameters with `function` applied to each."""
        return Parameters(function(self.a), function(self.w), function(self.u), function(self.v))

    def distances(self, other: Parameters) -> tuple[float, float, float, float]:
        """Frobenius distances of A, W, u and v to those of `other`."""
        pairs = ((self.a, other.a), (self.w, other.w), (self.u, other.u), (self.v, other.v))
        return tuple(norm(x - y) for x, y in pairs)  # type: ignore[return-value]


@dataclass(frozen=True)
class ImplicitReLU:
    """The network on fixed inputs X (d, n), of width m, with gamma > 0."""

    inputs: AnyArray
    width: int
    gamma: float

    @property
    def coupling(self) -> float:
        """``gamma~ = gamma / sqrt(m)``."""
        return self.gamma / float(np.sqrt(self.width))

    @property
    def accuracy(self) -> float:
        """The finest accuracy of equilibria that the precision of the inputs allows."""
        return SINGLE_ACCURACY if epsilon(self.inputs) > np.finfo(np.float64).eps else ACCURACY

    @cached_property
    def input_gram(self) -> Array:
        """``X^T X`` (n, n)."""
        return _gram(self.inputs, self.inputs)

    def at(
        self,
        theta: Parameters,
        guess: tuple[AnyArray, AnyArray] | None = None,
        accuracy: float = ACCURACY,
    ) -> State:
        """The network at `theta`; `guess` holds Z and P (m, n) to start their iterations from.

        Z stops at the residual ``accuracy * ||Phi||``, P at ``accuracy * ||u|| sqrt(n)``, or at the
        finest that the precision allows. Raises NoEquilibriumError when an iteration does not get there.
        """
        xp = array_namespace(self.inputs)
        accuracy = max(accuracy, self.accuracy)
        zero = xp.zeros_like(self.inputs[0, 0])
        root = float(np.sqrt(self.width))
        before = theta.w @ self.inputs
        gates = before > 0
        phi = xp.where(gates, before, zero) / root
        z = phi if guess is None else guess[0]
        coupled = self.coupling * theta.a

        def forward(z: AnyArray) -> AnyArray:
            out = coupled @ z
            out += phi
            return xp.maximum(out, zero)

        z, sweeps = _iterate(forward, z, accuracy * norm(phi))
        active = xp.astype(z > 0, z.dtype)
        source = active * theta.u[:, None]
        p = source if guess is None else active * guess[1]
        transposed = coupled.T

        def backward(p: AnyArray) -> AnyArray:
            out = transposed @ p
            out *= active
            out += source
            return out

        size = norm(theta.u) * float(np.sqrt(z.shape[1]))
        p, adjoint_sweeps = _iterate(backward, p, accuracy * size)
        c = xp.where(gates, p + theta.v[:, None], zero) / root
        output = host(double(theta.u) @ double(z) + double(theta.v) @ double(phi))
        return State(self, theta, phi, z, p, c, output, accuracy, sweeps, adjoint_sweeps)


def _iterate(mapping: Callable[[AnyArray], AnyArray], x: AnyArray, tolerance: float) -> tuple[AnyArray, int]:
    """Iterate until a sweep changes x by no more than `tolerance`; the last iterate is returned."""
    with np.errstate(over="ignore", invalid="ignore"):
        for sweep in range(1, MAXIMUM_SWEEPS + 1):
            new = mapping(x)
            if sweep > 1:
                x -= new  # in place: only the first x is held by others
            else:
                x = x - new
            change, x = norm(x), new
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
    phi: AnyArray
    z: AnyArray
    p: AnyArray
    c: AnyArray
    output: Array
    accuracy: float
    sweeps: int
    adjoint_sweeps: int

    def placed(self, placement: Placement) -> State:
        """The network at the same parameters with the precision and on the device of `placement`."""
        model = replace(self.model, inputs=placement.put(self.model.inputs))
        if model.inputs is self.model.inputs:
            return self
        return model.at(self.theta.mapped(placement.put), accuracy=self.accuracy)

    def on_host(self) -> State:
        """The network at the same parameters in NumPy and float64, as accurate as that allows."""
        model = replace(self.model, inputs=host(self.model.inputs))
        return model.at(self.theta.mapped(host), guess=(host(self.z), host(self.p)))

    def gradients(self, weights: Array) -> Parameters:
        """``J^T weights`` (weights (n,)); with weights = yhat - y the gradient of the loss.

        ``gamma~ sum_i r_i p_i z_i^T``, ``sum_i r_i c_i x_i^T``, ``Z r``, ``Phi r``. Source: Gao et al.
        2022, Lemma 2.3.
        """
        r = like(weights, self.z)
        return Parameters(
            (self.p * (self.model.coupling * r)) @ self.z.T,
            (self.c * r) @ self.model.inputs.T,
            self.z @ r,
            self.phi @ r,
        )

    def directional(self, change: Parameters) -> Array:
        """``J change`` (n,): derivative of the outputs along a change of the parameters."""
        xp = array_namespace(self.z)
        return host(
            self.model.coupling * xp.sum(self.p * (change.a @ self.z), axis=0)
            + xp.sum(self.c * (change.w @ self.model.inputs), axis=0)
            + change.u @ self.z
            + change.v @ self.phi
        )

    @property
    def gram(self) -> Array:
        """``G = Phi^T Phi`` (n, n)."""
        return _gram(self.phi, self.phi)

    def kernel_parts(self, other: State) -> Array:
        """The four summands (4, n, n) of ``J J_other^T``, from A, W, u and v.

        ``gamma~^2 (P^T P') o (Z^T Z')``, ``(C^T C') o (X^T X)``, ``Z^T Z'``, ``Phi^T Phi'``: the Gram
        form of Gao et al. 2022, Lemma 3.1, with the all-ones matrix where the identity is printed.
        """
        of_z = _gram(self.z, other.z)
        return np.stack(
            [
                self.model.coupling**2 * _gram(self.p, other.p) * of_z,
                _gram(self.c, other.c) * self.model.input_gram,
                of_z,
                _gram(self.phi, other.phi),
            ]
        )

    def moved(
        self,
        *moves: tuple[State, Array],
        guess: tuple[AnyArray, AnyArray] | None = None,
        accuracy: float | None = None,
    ) -> State:
        """The network at ``theta + sum_k J_k^T c_k`` for moves (state k, c_k (n,)).

        Iterations start from the equilibria of the last of `moves` unless `guess` holds better ones,
        and keep this state's accuracy unless another is given.
        """
        xp, theta, x = array_namespace(self.z), self.theta, self.model.inputs
        weighted = [(state, like(weights, state.z)) for state, weights in moves]
        left = xp.concat([state.p * (self.model.coupling * c) for state, c in weighted], axis=1)
        right = xp.concat([state.z for state, _ in moves], axis=1)
        a = left @ right.T
        a += theta.a
        w = theta.w + sum(state.c * c for state, c in weighted) @ x.T
        u = theta.u + sum(state.z @ c for state, c in weighted)
        v = theta.v + sum(state.phi @ c for state, c in weighted)
        return self.model.at(
            Parameters(a, w, u, v), guess or (moves[-1][0].z, moves[-1][0].p), accuracy or self.accuracy
        )

    def extrapolated(self, before: State) -> tuple[AnyArray, AnyArray]:
        """Z and P one more step along the line from `before` to here, a guess for the next state."""
        return 2 * self.z - before.z, 2 * self.p - before.p


def _gram(left: AnyArray, right: AnyArray) -> Array:
    """``left^T right`` by float64 products, on the host."""
    return host(double(left).T @ double(right))


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
