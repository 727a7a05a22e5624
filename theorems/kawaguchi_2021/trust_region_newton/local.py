"""What Theorem 2 speaks of at one time of the path: the quadratic model, the metric G_delta, delta_bar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from verify.linear_deq.model import linear_map
from verify.linear_deq.path import LinearPath
from verify.losses import EPS, Array
from verify.losses.logistic import LogisticObjective
from verify.losses.square import SquareObjective
from verify.numerics.differentiation import directional_derivative

#: Steps are taken while rounding changes the gradient by less than this, relatively.
SHARP_GRADIENT = 1e-6


@dataclass(frozen=True)
class LocalModel:
    """The quadratic model of L_0 at Q(time), and where the flow goes from there.

    time      flow time
    q         Q(time), (1, m)
    gradient  of L_0, (m,)
    hessian   of L_0, (m, m)
    velocity  dQ/dt, (m,)
    scaling   diagonal of S^D, (m,)
    u         U = I - gamma S, (m, m)
    bar       delta_bar, infinite where the Hessian vanishes
    unit      the flow time that deltas are fractions of: delta_bar, or the decay time where that is infinite
    """

    time: float
    q: Array
    gradient: Array
    hessian: Array
    velocity: Array
    scaling: Array
    u: Array
    bar: float
    unit: float

    def metric(self, delta: float) -> Array:
        """``G_delta = U ((S^D)^{-1} - delta F) U^T``, written with ``U F U^T`` as the Hessian."""
        return self.u @ np.diag(1 / self.scaling) @ self.u.T - delta * self.hessian

    @cached_property
    def conditioning(self) -> float:
        """``kappa_2(U)^2``, the factor by which two solves with U enlarge rounding."""
        return float(np.linalg.cond(self.u) ** 2)

    def rounding(self, delta: float, metric: Array) -> float:
        """Relative rounding error of a step: of dQ/dt, of two solves with U, and of one with G_delta.

        G_delta is a difference of two terms. Its condition number is their size over the smallest eigenvalue
        of the difference.
        """
        terms = np.linalg.norm(metric) + 2 * delta * np.linalg.norm(self.hessian)
        condition = float(terms / np.abs(np.linalg.eigvalsh(metric)).min())
        return float(100 * EPS * np.sqrt(len(self.u)) * (self.conditioning + condition))


def local_model(path: LinearPath, index: int) -> LocalModel:
    """The model at a stored time: dQ/dt by complex step through the dense model, all else as printed."""
    problem = path.problem
    state, objective = problem.model.at(path.thetas[index]), problem.objective
    if not isinstance(objective, SquareObjective | LogisticObjective):
        raise TypeError("Theorem 2 needs a twice differentiable loss of one output")
    _, g = objective.excess_and_gradient(state.q)
    d_a, d_b = state.gradients(g)
    velocity = directional_derivative(
        lambda a, b: linear_map(a, b, state.gamma), (state.a, state.b), (-d_a, -d_b)
    )
    hessian = (problem.features * objective.curvatures(state.q)) @ problem.features.T
    s, q = state.stochastic, state.q[0]
    u = np.eye(problem.model.width) - state.gamma * s
    jacobian_rows = s * q[:, None] - s * (q @ s)
    scaling = 1 + state.gamma**2 * np.sum(jacobian_rows**2, axis=0)
    f = np.linalg.solve(u, np.linalg.solve(u, hessian).T)
    root = np.sqrt(scaling)
    largest = float(np.linalg.eigvalsh(root[:, None] * f * root)[-1])
    bar = 1 / largest if largest > np.finfo(float).tiny else np.inf
    decay_time = float(path.excess[0] / path.gradient_norm[0] ** 2)
    return LocalModel(
        time=float(path.stored_times[index]),
        q=state.q,
        gradient=g[0],
        hessian=hessian,
        velocity=velocity[0],
        scaling=scaling,
        u=u,
        bar=bar,
        unit=bar if np.isfinite(bar) else decay_time,
    )


def local_models(path: LinearPath, count: int) -> Sequence[LocalModel]:
    """The models at evenly chosen stored times at which the gradient is accurate."""
    return [local_model(path, index) for index in sharp_indices(path, count, SHARP_GRADIENT)]


def sharp_indices(path: LinearPath, count: int, blur_below: float) -> list[int]:
    """Evenly chosen stored times at which the gradient's relative rounding error is below `blur_below`."""
    blur = np.interp(path.stored_times, path.times, path.gradient_rounding / path.shallow_gradient_norm)
    sharp = np.flatnonzero(blur < max(blur_below, 1.1 * blur[0]))
    return [int(i) for i in np.unique(sharp[np.linspace(0, len(sharp) - 1, count).astype(int)])]
