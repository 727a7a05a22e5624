"""Bounds near the start where no unit changes sides: the flow is smooth, and H has a Lipschitz constant.

Notation is that of `theorems.gao_2022.box`. While every gate is that of time 0 the derivatives J of the
outputs move by no more than, block by block and as an operator on r,

    v:  ||Phi - Phi_0||                                                        <=  x w/s  =: e_phi
    u:  ||Z - Z_0||  <=  (gamma~ a ||Z_0|| + e_phi) / (1 - q)                                =: e_z
    W:  x max_i ||c_i - c_i0||  <=  x (e_p + v) / s,
        e_p := max_i ||p_i - p_i0||  <=  (gamma~ a max_i ||p_i0|| + u) / (1 - q)
    A:  gamma~ (e_p (||Z_0|| + e_z) + max_i ||p_i0|| e_z),

e_p because p - p_0 = D gamma~ A^T (p - p_0) + D gamma~ (A - A_0)^T p_0 + D (u - u_0) with the same D. The
four add up in squares to ||J - J_0||^2 <= e^2. Singular values move by no more (Weyl), hence all through

    lambda_min(H) >= (sqrt(lambda_min(H_0)) - e)^2 =: mu      ||J J'^T - H_0|| <= e (2 ||J_0|| + e) =: eps,

J' being any other derivative there. Speeds are the norms of the blocks, ||J_b|| <= sqrt(lambda_max(H_b(0))) +
e_b.

That no gate changes is a condition on margins. Row j of W moves by no more than x max_i |c_ij| int ||r||, and
|c_ij| <= |c_ij0| + ||c_i - c_i0||, so units keep their side where |w_j x_i| exceeds it. The argument of z_ij
is gamma~ a_j z_i + phi_ij, which moves by no more than

    gamma~ (||a_j0|| ||z_i - z_i0|| + ||a_j - a_j0|| ||z_i||) + |phi_ij - phi_ij0|,

row j of A moving by gamma~ max_i |p_ij| ||Z|| int ||r|| at most. These margins shrink in proportion to
||r(0)||.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from theorems.gao_2022.box import Box, Reach, settled
from theorems.gao_2022.problem import GaoProblem
from verify.losses import EPS
from verify.relu_deq.model import ReluState

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Smooth:
    """The network at its start, and how its derivatives move as long as no gate changes.

    box         bounds that need no gates
    z, p, c     Z(0), P(0) and C(0), each (m, n)
    guards      ``W(0) X`` and ``gamma~ A(0) Z(0) + Phi(0)``, each (m, n): units change gates where one is 0
    rows        norms of the rows of A(0), (m,)
    kernel      H(0), (n, n)
    eigenvalues of H(0), (n,), increasing
    error       of these eigenvalues
    blocks      norms (4,) of the blocks of J(0): A, W, u, v
    """

    box: Box
    z: Array
    p: Array
    c: Array
    guards: tuple[Array, Array]
    rows: Array
    kernel: Array
    eigenvalues: Array
    error: float
    blocks: Array

    @classmethod
    def of(cls, problem: GaoProblem) -> Smooth:
        """The bounds of a problem at its start."""
        return cls.around(problem.start, Box.of(problem))

    @classmethod
    def around(cls, state: ReluState, box: Box) -> Smooth:
        """The bounds of a network, given those of its box."""
        parts = state.kernel_parts(state)
        kernel = parts.sum(axis=0)
        # As for a path: Weyl, with factors Z and P as accurate as their iterations made them.
        relative = 4 * state.accuracy / max(1 - box.contraction, EPS) + len(kernel) * EPS
        return cls(
            box=box,
            z=state.z,
            p=state.p,
            c=state.c,
            guards=(state.theta.w @ state.inputs, state.coupling * state.theta.a @ state.z + state.phi),
            rows=np.linalg.norm(state.theta.a, axis=1),
            kernel=kernel,
            eigenvalues=np.linalg.eigvalsh(kernel),
            error=relative * float(np.trace(kernel)),
            blocks=np.sqrt([np.linalg.eigvalsh(part)[-1] for part in parts]),
        )

    def adjoint_moved(self, reach: Reach) -> float:
        """Bound of ``||p_i - p_i(0)||``."""
        largest = float(np.linalg.norm(self.p, axis=0).max())
        return (self.box.coupling * reach.a * largest + reach.u) / self.box.slack(reach)

    def feature_adjoint_moved(self, reach: Reach) -> float:
        """Bound of ``||c_i - c_i(0)||``."""
        return (self.adjoint_moved(reach) + reach.v) / float(np.sqrt(self.box.width))

    def blocks_moved(self, reach: Reach) -> Array:
        """Bounds (4,) of the norms of the changes of the blocks of J."""
        box, largest = self.box, float(np.linalg.norm(self.p, axis=0).max())
        of_phi, of_z, of_p = box.features_moved(reach), box.equilibria_moved(reach), self.adjoint_moved(reach)
        return np.array(
            [
                box.coupling * (of_p * (box.z + of_z) + largest * of_z),
                box.inputs * self.feature_adjoint_moved(reach),
                of_z,
                of_phi,
            ]
        )

    def moved(self, reach: Reach) -> float:
        """e, the bound of ``||J - J(0)||``."""
        return float(np.linalg.norm(self.blocks_moved(reach)))

    def rate(self, reach: Reach) -> float:
        """mu, the bound of ``lambda_min(H)`` from below; 0 where there is none."""
        root = float(np.sqrt(max(self.eigenvalues[0], 0.0)))
        return max(root - self.moved(reach), 0.0) ** 2

    def kernel_moved(self, reach: Reach) -> float:
        """eps, the bound of ``||J J'^T - H(0)||``."""
        e = self.moved(reach)
        return e * (2 * float(np.sqrt(self.eigenvalues[-1])) + e)

    def speeds(self, reach: Reach) -> Array:
        """Bounds (4,) of the norms of the blocks of J."""
        return self.blocks + self.blocks_moved(reach)

    def flow_reach(self, residual: float) -> Reach | None:
        """A reach that the flow from ``||r(0)|| = residual`` cannot leave before a gate changes."""
        return settled(
            lambda reach: self.speeds(reach) * residual / self.rate(reach),
            lambda reach: self.box.slack(reach) > 0 and self.rate(reach) > 0,
        )

    def factor(self, step: float, reach: Reach) -> float:
        """rho, what a step of descent leaves of ``||r||`` at most: ``||I - step H(0)|| + step eps``."""
        ends = np.abs(1 - step * self.eigenvalues[[0, -1]])
        return float(ends.max()) + step * self.kernel_moved(reach)

    def descent_reach(self, step: float, residual: float) -> Reach | None:
        """A reach that descent from ``||r(0)|| = residual`` cannot leave before a gate changes."""
        return settled(
            lambda reach: self.speeds(reach) * residual * step / (1 - self.factor(step, reach)),
            lambda reach: self.box.slack(reach) > 0 and self.factor(step, reach) < 1,
        )

    def guards_moved(self, reach: Reach, length: float) -> tuple[Array, Array]:
        """Bounds of how far W X and the arguments of z can move, (m, 1) and (m, n).

        ``length`` is a bound of ``int ||r||``.
        """
        box, root = self.box, float(np.sqrt(self.box.width))
        w_rows = box.inputs * length * (np.abs(self.c).max(axis=1) + self.feature_adjoint_moved(reach))
        z_size = np.linalg.norm(self.z, axis=0)
        z_moved = (box.coupling * reach.a * z_size + reach.w / root) / box.slack(reach)
        p_largest = np.abs(self.p).max(axis=1) + self.adjoint_moved(reach)
        a_rows = box.coupling * length * p_largest * (box.z + box.equilibria_moved(reach))
        of_z = box.coupling * (np.outer(self.rows, z_moved) + np.outer(a_rows, z_size + z_moved))
        return w_rows[:, None], of_z + (w_rows / root)[:, None]

    def margins(self, reach: Reach, length: float) -> tuple[float, float]:
        """Least distance of W X, and of the arguments of z, from 0, over how far either can move.

        Both are more than 1 where no gate can change.
        """
        of_w, of_z = (
            float((np.abs(guard) / moved).min())
            for guard, moved in zip(self.guards, self.guards_moved(reach, length), strict=True)
        )
        return of_w, of_z
