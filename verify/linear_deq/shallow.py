"""Gradient flow ``dW/dt = -grad L_0(W)`` of the shallow linear model, beside the implicit one."""

from __future__ import annotations

import numpy as np
import scipy

from verify.flow.cvode import cvode
from verify.flow.scaled import integrate
from verify.linear_deq.following import resolvable_excess
from verify.linear_deq.problem import LinearProblem
from verify.losses import Array, ShallowObjective


class _ShallowHessian:
    """``(I + c F F^T (x) I)^{-1}`` for the shallow objective; see `verify.flow.cvode.Preconditioner`."""

    def __init__(self, objective: ShallowObjective, shape: tuple[int, int]) -> None:
        self._objective = objective
        self._shape = shape

    def linearise(self, theta: Array) -> None:
        factor = self._objective.curvature_factor(theta.reshape(self._shape))
        self._hessian = factor @ factor.T

    def factorise(self, c: float) -> None:
        matrix = np.eye(self._shape[1]) + c * self._hessian
        self._cholesky = scipy.linalg.cho_factor(matrix, lower=True, overwrite_a=True)

    def solve(self, vector: Array) -> Array:
        rows = vector.reshape(self._shape)
        return np.asarray(scipy.linalg.cho_solve(self._cholesky, rows.T).T.ravel())


def shallow_path(problem: LinearProblem, times: Array) -> Array:
    """W (k, m_y, m) at `times` (k,), from W(0) = Q(0), in the same flow time as the implicit model.

    Where rounding ends the shallow flow first, it stays at the last point reached.
    """
    objective = problem.objective
    start = problem.model.at(problem.theta).q

    def field(theta: Array) -> tuple[Array, float]:
        w = theta.reshape(start.shape)
        excess, g = objective.excess_and_gradient(w)
        blurred = not resolvable_excess(objective, w, g, problem.map_error)
        return g.ravel(), 0.0 if blurred else excess

    points = integrate(
        field,
        start.ravel(),
        times,
        0.0,
        cvode(problem.rtol, _ShallowHessian(objective, start.shape)),
        problem.map_error / problem.rtol,
    )
    reached = [(point.time, point.theta.reshape(start.shape)) for point in points]
    index = np.searchsorted([time for time, _ in reached], times, side="right") - 1
    return np.array([reached[i][1] for i in index])
