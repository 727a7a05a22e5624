"""The implicit ReLU network, on all samples at once.

    z_i = relu(gamma~ A z_i + phi_i),   phi_i = features of W x_i,   yhat_i = u^T z_i + v^T phi_i,

with A (m, m), W (m, d), u and v (m,), of which training moves some or all; the last term may be missing.
Samples are columns: X (d, n), Z, Phi, P, C (m, n). Derivatives use P, the adjoint equilibrium of the outputs.
With it the matrix ``H = J J^T`` of ``J = d yhat / d theta`` is made of Gram matrices, and no Jacobian of
parameter size ever exists.

Parameters and equilibria are arrays of NumPy or torch, in float64 or float32; see `verify.numerics.arrays`.
Outputs and H come to the host in float64, because in float32 the smallest eigenvalue of a Gram matrix can
come out negative.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property

import numpy as np
from array_api_compat import array_namespace
from numpy.typing import NDArray

from verify.flow import StepError
from verify.numerics.arrays import AnyArray, Placement, double, epsilon, host, like, norm
from verify.relu_deq.features import Features, Identity, ScaledRelu
from verify.relu_deq.gates import Gates, passed
from verify.relu_deq.parameters import ALL_BLOCKS, WITHOUT_SKIP, Block, Move, Parameters, StateMatrix

Array = NDArray[np.float64]

#: Residual at which an equilibrium is accepted in float64 and in float32, relative to the source that
#: drives it. Rounding of a product of 1000 terms is a tenth of it or less.
ACCURACY, SINGLE_ACCURACY = 1e-13, 1e-6

#: Sweeps after which an iteration is taken not to converge; a contraction by 0.97 passes.
MAXIMUM_SWEEPS = 1000

#: How often gates are made to agree with their guards after one another.
SIGN_ROUNDS = 5


class NoEquilibriumError(StepError):
    """The equilibrium iteration does not converge: nothing contracts it."""


@dataclass(frozen=True)
class ImplicitReLU:
    """The network on fixed inputs, without its parameters.

    inputs    X, (d, n)
    width     m
    coupling  gamma~
    features  the function that makes Phi of W X
    trained   the blocks of parameters that training moves
    """

    inputs: AnyArray
    width: int
    coupling: float
    features: Features
    trained: Sequence[Block] = ALL_BLOCKS

    @classmethod
    def scaled(cls, inputs: AnyArray, width: int, gamma: float) -> ImplicitReLU:
        """The network of Gao et al. 2022: gamma~ = gamma / sqrt(m), phi_i = relu(W x_i) / sqrt(m)."""
        root = float(np.sqrt(width))
        return cls(inputs, width, float(gamma) / root, ScaledRelu(root))

    @classmethod
    def plain(cls, inputs: AnyArray, width: int) -> ImplicitReLU:
        """The network of Ling et al. 2023: gamma~ = 1, phi = W x, and no v."""
        return cls(inputs, width, 1.0, Identity(), WITHOUT_SKIP)

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
        gates: Gates | None = None,
        *,
        continued: bool = False,
    ) -> ReluState:
        """The network at `theta`; `guess` holds Z and P (m, n) to start their iterations from.

        Z stops at the residual ``accuracy * ||Phi||``, P at ``accuracy * ||u|| sqrt(n)``, or at the finest
        that the precision allows. Derivatives are those of the `gates`, by default by the signs of their
        guards. If it is `continued`, so are Phi and Z: beyond kinks they are what they would be without.
        Raises NoEquilibriumError when an iteration does not get there.
        """
        xp = array_namespace(self.inputs)
        accuracy = max(accuracy, self.accuracy)
        zero = xp.zeros_like(self.inputs[0, 0])
        before = theta.w @ self.inputs
        phi = (
            self.features.through(gates.features, before)
            if gates and continued
            else self.features.values(before)
        )
        z = phi if guess is None else guess[0]
        # A wide A fills the memory: no copy where there is nothing to multiply.
        coupled = theta.a if self.coupling == 1 else self.coupling * theta.a

        def forward(z: AnyArray) -> AnyArray:
            out = coupled @ z
            out += phi
            if gates and continued:
                out *= gates.states
                return out
            return xp.maximum(out, zero)

        z, sweeps = iterate(forward, z, accuracy * norm(phi))
        if gates is None:
            gates = Gates(self.features.opened(before), xp.astype(z > 0, z.dtype))
        active = gates.states
        source = active * theta.u[:, None]
        p = source if guess is None else active * guess[1]
        transposed = coupled.T

        def backward(p: AnyArray) -> AnyArray:
            out = transposed @ p
            out *= active
            out += source
            return out

        size = norm(theta.u) * float(np.sqrt(z.shape[1]))
        p, adjoint_sweeps = iterate(backward, p, accuracy * size)
        c = self.features.through(gates.features, p if theta.v is None else p + theta.v[:, None])
        output = double(theta.u) @ double(z)
        if theta.v is not None:
            output = output + double(theta.v) @ double(phi)
        return ReluState(
            self, theta, before, phi, z, p, c, gates, host(output), accuracy, sweeps, adjoint_sweeps
        )


def iterate(mapping: Callable[[AnyArray], AnyArray], x: AnyArray, tolerance: float) -> tuple[AnyArray, int]:
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
class ReluState:
    """The network at one parameter point.

    model           the network without its parameters
    theta           the parameters
    before          ``W X``, (m, n)
    phi             features Phi, (m, n)
    z               equilibria Z, (m, n)
    p               adjoints P, (m, n): column i is ``D_i (I - gamma~ D_i A)^{-T} u``
    c               C, (m, n): column i is the gradient of output i in W x_i
    gates           of all units
    output          yhat, (n,)
    accuracy        of Z and P
    sweeps          products with A that Z took
    adjoint_sweeps  products with A^T that P took
    """

    model: ImplicitReLU
    theta: Parameters
    before: AnyArray
    phi: AnyArray
    z: AnyArray
    p: AnyArray
    c: AnyArray
    gates: Gates
    output: Array
    accuracy: float
    sweeps: int
    adjoint_sweeps: int

    def placed(self, placement: Placement) -> ReluState:
        """The network at the same parameters with the precision and on the device of `placement`."""
        model = replace(self.model, inputs=placement.put(self.model.inputs))
        if model.inputs is self.model.inputs:
            return self
        return model.at(self.theta.mapped(placement.put), accuracy=self.accuracy)

    def on_host(self) -> ReluState:
        """The network at the same parameters in NumPy and float64, as accurate as that allows.

        Gates are by the signs of their guards; where these are held at a kink, they are closed.
        """
        model = replace(self.model, inputs=host(self.model.inputs))
        there = model.at(self.theta.mapped(host), (host(self.z), host(self.p)))
        held = self.gates.held
        if not len(held):
            return there
        gates = replace(there.gates.set(held, np.zeros(len(held))), held=held)
        for _ in range(SIGN_ROUNDS):  # closing them may take others over their kinks
            there = model.at(there.theta, (there.z, there.p), gates=gates, continued=True)
            wrong = passed(gates, there.guards)
            if not len(wrong):
                break
            gates = gates.beyond(wrong, np.zeros(len(wrong), dtype=bool))
        return there

    @property
    def inputs(self) -> AnyArray:
        """X."""
        return self.model.inputs

    @property
    def coupling(self) -> float:
        """gamma~."""
        return self.model.coupling

    def gradients(self, weights: Array) -> Parameters:
        """``J^T weights`` for weights (n,), with zeros for parameters that are not trained.

        With weights yhat - y it is the gradient of the loss. In A, W, u and v it is ``gamma~ sum_i r_i p_i
        z_i^T``, ``sum_i r_i c_i x_i^T``, ``Z r`` and ``Phi r`` for weights r. Source: Gao et al. 2022, Lemma
        2.3.
        """
        r = like(weights, self.z)
        found = {block.name: block.gradient(self, r) for block in self.model.trained}
        return replace(self.theta.only(found), **found)

    def directional(self, change: Parameters) -> Array:
        """``J change`` (n,): derivative of the outputs along a change of the trained parameters."""
        return host(sum(block.directional(self, change.parts[block.name]) for block in self.model.trained))

    @property
    def gram(self) -> Array:
        """G (n, n), the part of H that proofs rest on: ``Phi^T Phi`` of v, or ``Z^T Z`` of u without v."""
        columns = self.z if self.theta.v is None else self.phi
        return _gram(columns, columns)

    @property
    def kernel(self) -> Array:
        """``H = J J^T`` (n, n)."""
        return np.asarray(self.kernel_parts(self).sum(axis=0))

    def kernel_parts(self, other: ReluState) -> Array:
        """The summands (blocks, n, n) of ``J J_other^T``, one for each block that is trained.

        ``gamma~^2 (P^T P') o (Z^T Z')``, ``(C^T C') o (X^T X)``, ``Z^T Z'``, ``Phi^T Phi'`` of A, W, u, v:
        Gao et al. 2022, Lemma 3.1, with the all-ones matrix where the identity is printed.
        """

        @cache
        def gram(columns: StateMatrix) -> Array:
            return self.products(other, columns)

        return np.stack([block.kernel(self, gram) for block in self.model.trained])

    def products(self, other: ReluState, columns: StateMatrix) -> Array:
        """Products (n, n) of the columns of one of the matrices here with those of the other state."""
        if columns == "inputs":
            return self.model.input_gram
        return _gram(getattr(self, columns), getattr(other, columns))

    @cached_property
    def guards(self) -> tuple[AnyArray, AnyArray]:
        """The guards of the gates: ``W X`` and ``gamma~ A Z + Phi``, (m, n)."""
        return self.before, self.coupling * (self.theta.a @ self.z) + self.phi

    def moved(
        self,
        *moves: tuple[ReluState, Array],
        guess: tuple[AnyArray, AnyArray] | None = None,
        accuracy: float | None = None,
    ) -> ReluState:
        """The network at ``theta + sum_k J_k^T c_k`` for moves (state k, c_k (n,)).

        Iterations start from the equilibria of the last of `moves` unless `guess` holds better ones,
        and keep this state's accuracy unless another is given.
        """
        last, _ = moves[-1]
        return self.model.at(
            self.parameters_after([Move(*move) for move in moves]),
            guess or (last.z, last.p),
            accuracy or self.accuracy,
        )

    def parameters_after(self, moves: Sequence[Move]) -> Parameters:
        """The parameters moved by all of `moves`."""
        moved = {block.name: block.moved(self.theta.parts[block.name], moves) for block in self.model.trained}
        return replace(self.theta, **moved)

    def extrapolated(self, before: ReluState) -> tuple[AnyArray, AnyArray]:
        """Z and P one more step along the line from `before` to here, a guess for the next state."""
        return 2 * self.z - before.z, 2 * self.p - before.p


def _gram(left: AnyArray, right: AnyArray) -> Array:
    """``left^T right`` by float64 products, on the host."""
    return host(double(left).T @ double(right))
