"""How far the parameters can move, with every constant in numbers: the bounds behind the explicit theorems.

Write a, w, u, v for Frobenius distances of A, W, u, v from their start (a `Reach`), x for ||X||, s for
sqrt(m) and q for gamma~ ||A||. Where no parameter is farther from its start than that, whatever the gates
are,

    q        <=  q_0 + gamma~ a
    ||Phi||  <=  ||Phi_0|| + x w/s             for ||Phi - Phi_0||_F <= ||(W - W_0) X||_F / s
    ||Z||    <=  ||Z_0|| + (gamma~ a ||Z_0|| + x w/s) / (1 - q)
    ||p_i||  <=  (||u_0|| + u) / (1 - q)       for p = D (gamma~ A^T p + u)
    ||c_i||  <=  (||p_i|| + ||v_0|| + v) / s   for c = E (p + v) / s.

The third line is z - z_0 = relu(gamma~ A z + phi) - relu(gamma~ A_0 z_0 + phi_0), where relu shrinks
distances: ||z - z_0|| <= q ||z - z_0|| + gamma~ ||(A - A_0) z_0|| + ||phi - phi_0||, squared and summed over
the samples. Gradients (Lemma 2.3) are bounded by it, block by block, in units of ||r||:

    ||dA/dt||_F  <=  gamma~ max_i ||p_i|| ||Z|| ||r||       ||dW/dt||_F  <=  x max_i ||c_i|| ||r||
    ||du/dt||    <=  ||Z|| ||r||                            ||dv/dt||    <=  ||Phi|| ||r||,

the first since ||P diag(r) Z^T||_F <= ||P diag(r)||_F ||Z||. On a slide along kinks the velocity is a mean of
one-sided ones (Filippov), so that it obeys the same bounds. These are the `speeds`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from theorems.gao_2022.problem import GaoProblem
from verify.numerics.arrays import norm
from verify.relu_deq.model import ReluState

Array = NDArray[np.float64]

#: Speeds times the integral of ||r|| are made larger by this part, so that a reach is left strictly unfilled:
#: a path that could touch its border would have to be there before it can be.
STRICT = 1e-6

#: Iterations for a reach; each adds the part that the last one lacked, and converges fast unless close to
#: none.
ITERATIONS = 1000


@dataclass(frozen=True)
class Reach:
    """Frobenius distances of A, W, u and v from their start that are not exceeded."""

    a: float = 0.0
    w: float = 0.0
    u: float = 0.0
    v: float = 0.0

    @classmethod
    def of(cls, distances: Array) -> Reach:
        """From an array (4,)."""
        return cls(*map(float, distances))

    @property
    def array(self) -> Array:
        """The four distances (4,)."""
        return np.array([self.a, self.w, self.u, self.v])


@dataclass(frozen=True)
class Box:
    """What the start alone says of the network at all parameters within a reach.

    coupling     gamma~
    contraction  q_0 = gamma~ ||A(0)||
    inputs       ||X||, spectral
    width        m
    sizes        norms of u(0) and v(0)
    phi, z       spectral norms of Phi(0) and Z(0)
    lowest       sigma_min(Phi(0)), the root of lambda_min(G(0)), with its rounding taken off
    """

    coupling: float
    contraction: float
    inputs: float
    width: int
    sizes: tuple[float, float]
    phi: float
    z: float
    lowest: float

    @classmethod
    def of(cls, problem: GaoProblem) -> Box:
        """The box of a problem at its start."""
        return cls.around(problem.start, problem.norms[0], problem.gram_error)

    @classmethod
    def around(cls, state: ReluState, a: float, gram_error: float) -> Box:
        """The box of a network with ``||A|| = a``, and eigenvalues of G known to `gram_error`."""
        least = float(np.linalg.eigvalsh(state.gram)[0]) - gram_error
        return cls(
            coupling=state.coupling,
            contraction=state.coupling * a,
            inputs=float(np.linalg.norm(state.inputs, 2)),
            width=state.model.width,
            sizes=(norm(state.theta.u), norm(state.theta.v)),
            phi=float(np.linalg.norm(state.phi, 2)),
            z=float(np.linalg.norm(state.z, 2)),
            lowest=float(np.sqrt(max(least, 0.0))),
        )

    def slack(self, reach: Reach) -> float:
        """``1 - q``; not positive where the equilibrium is not assured."""
        return 1 - self.contraction - self.coupling * reach.a

    def features_moved(self, reach: Reach) -> float:
        """Bound of ``||Phi - Phi(0)||_F``."""
        return self.inputs * reach.w / float(np.sqrt(self.width))

    def equilibria_moved(self, reach: Reach) -> float:
        """Bound of ``||Z - Z(0)||_F``."""
        return (self.coupling * reach.a * self.z + self.features_moved(reach)) / self.slack(reach)

    def adjoint(self, reach: Reach) -> float:
        """Bound of ``||p_i||``, for every sample."""
        return (self.sizes[0] + reach.u) / self.slack(reach)

    def feature_adjoint(self, reach: Reach) -> float:
        """Bound of ``||c_i||``, for every sample."""
        return (self.adjoint(reach) + self.sizes[1] + reach.v) / float(np.sqrt(self.width))

    def gram_root(self, reach: Reach) -> float:
        """Bound from below of ``sigma_min(Phi)``, by Weyl's inequality."""
        return max(self.lowest - self.features_moved(reach), 0.0)

    def speeds(self, reach: Reach) -> Array:
        """Bounds (4,) of the Frobenius norms of dA/dt, dW/dt, du/dt and dv/dt over ``||r||``."""
        z = self.z + self.equilibria_moved(reach)
        return np.array(
            [
                self.coupling * self.adjoint(reach) * z,
                self.inputs * self.feature_adjoint(reach),
                z,
                self.phi + self.features_moved(reach),
            ]
        )

    def reach(self, rate: float, residual: float) -> Reach | None:
        """A reach that a flow with ``||r(t)|| <= exp(-rate t) residual`` cannot leave; None if none is found.

        Then ``int ||r|| <= residual / rate``, and a reach larger than its own speeds times that is not left:
        at the first time on its border the path would have come less far.
        """
        return settled(
            lambda reach: self.speeds(reach) * residual / rate, lambda reach: self.slack(reach) > 0
        )


def settled(moved: Callable[[Reach], Array], inside: Callable[[Reach], bool]) -> Reach | None:
    """A reach that exceeds ``moved(reach)``, grown from zero while it is `inside`; None where there is
    none."""
    reach = Reach()
    for _ in range(ITERATIONS):
        if not inside(reach):
            return None
        needed = moved(reach)
        if np.all(needed < reach.array):
            return reach
        reach = Reach.of((1 + STRICT) * needed)
    return None
