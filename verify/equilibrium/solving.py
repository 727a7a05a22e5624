"""Tight solves in float64: of the equilibrium by Newton's method, of linear systems in I - J by GMRES."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from verify.equilibrium.cell import Array, Cell, Linear

#: Residual that is asked for of linear systems, relative to the right-hand side, and of f(z) = z, to z.
TIGHT, TIGHTER = 1e-12, 1e-14

#: ... and what is good enough where rounding ends it; beyond it there is no reference.
ENOUGH = 1e-9

NEWTON_STEPS, FORCING, SHORTEST_STEP = 50, 1e-6, 1e-4
RESTART, CYCLES = 50, 40


@dataclass(frozen=True)
class Equilibrium:
    """A fixed point in float64.

    z         flat, (n,)
    gap       f(z) - z, (n,)
    found     whether the residual is small enough for a reference
    """

    z: Array
    gap: Array
    found: bool

    @property
    def residual(self) -> float:
        """||f(z) - z||."""
        return float(np.linalg.norm(self.gap))


def equilibrium(cell: Cell, start: Array) -> Equilibrium:
    """The equilibrium that Newton's method with backtracking finds from `start` (n,)."""
    z, gap = start, cell(start) - start
    for _ in range(NEWTON_STEPS):
        size = float(np.linalg.norm(gap))
        if size <= TIGHTER * float(np.linalg.norm(z)):
            break
        step, share = solve(cell.at(z).jvp, gap, FORCING), 1.0
        while share >= SHORTEST_STEP:
            there = z + share * step
            after = cell(there) - there
            if float(np.linalg.norm(after)) < (1 - SHORTEST_STEP * share) * size:
                break
            share /= 2
        else:
            break
        z, gap = there, after
    found = bool(np.linalg.norm(gap) <= ENOUGH * max(float(np.linalg.norm(z)), float(np.linalg.norm(start))))
    return Equilibrium(z, gap, found)


def solve(product: Callable[[Array], Array], right: Array, relative: float = TIGHT) -> Array:
    """x with ``x - product(x) = right``, as well as GMRES finds it; its residual is the caller's to see."""
    from scipy.sparse.linalg import LinearOperator, gmres  # here, since it takes long to import

    size = right.size
    operator = LinearOperator((size, size), matvec=lambda x: x - product(x.ravel()), dtype=np.float64)
    found, _ = gmres(operator, right, rtol=relative, atol=0.0, restart=min(RESTART, size), maxiter=CYCLES)
    return np.asarray(found)


@dataclass(frozen=True)
class Adjoint:
    """The solution of ``(I - J^T) v = g``, and the residual that is left, each (n,)."""

    v: Array
    residual: Array
    found: bool


def adjoint(linear: Linear, cotangent: Array) -> Adjoint:
    """Solve the adjoint equation to a relative residual of 1e-12, or as far as it goes."""
    v = solve(linear.vjp, cotangent)
    residual = cotangent - (v - linear.vjp(v))
    small = np.linalg.norm(residual) <= ENOUGH * np.linalg.norm(cotangent)
    return Adjoint(v, residual, bool(small))
