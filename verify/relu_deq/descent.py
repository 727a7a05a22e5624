"""Gradient descent with a fixed step."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from verify.relu_deq.model import NoEquilibriumError, ReluState
from verify.relu_deq.problem import LeastSquares, ReluProblem

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Descent:
    """Gradient descent with a fixed step, observed k times: steps + 1, or fewer where it diverged or broke.

    problem       what was trained
    step          size of the steps
    residuals     ``||r||``, (k,)
    gram_minimum  ``lambda_min(G)``, (k,)
    fastest       ``lambda_max(H)``, (k,)
    distances     of A, W, u and v from their start, (k, 4)
    """

    problem: ReluProblem
    step: float
    residuals: Array
    gram_minimum: Array
    fastest: Array
    distances: Array

    @property
    def log_change(self) -> Array:
        """``log ||r(k)||^2 / ||r(0)||^2``."""
        return 2 * np.log(self.residuals / self.residuals[0])


def descend(problem: ReluProblem, step: float, steps: int, *, observe: bool = True) -> Descent:
    """`steps` steps of size `step` from the start; it stops early once the residual has grown tenfold."""
    # In float64 at any rate: a step of the theorem's size moves less than single precision holds.
    start = problem.start.placed(replace(problem.placement, dtype="float64"))
    before = point = LeastSquares(start, problem.targets, problem.tolerance)
    rows: list[tuple[float, ...]] = []
    for taken in range(steps + 1):
        state, size = point.state, float(np.linalg.norm(point.residual))
        rows.append((size, *_observed(state, start)) if observe else (size,))
        if taken == steps or not size <= 10 * rows[0][0]:
            break
        guess = state.extrapolated(before.state)
        try:
            moved = state.moved((state, -step * point.residual), guess=guess)
        except NoEquilibriumError:
            rows.append((np.inf, *rows[-1][1:]))
            break
        before, point = point, replace(point, state=moved)
    table = np.array(rows)
    seen = table if observe else np.zeros((len(table), 3 + len(start.theta.parts)))
    return Descent(problem, step, table[:, 0], seen[:, 1], seen[:, 2], seen[:, 3:])


def _observed(state: ReluState, start: ReluState) -> tuple[float, ...]:
    """Smallest eigenvalue of G, largest of H, and distances."""
    kernel = state.kernel_parts(state).sum(axis=0)
    return (
        float(np.linalg.eigvalsh(state.gram)[0]),
        float(np.linalg.eigvalsh(kernel)[-1]),
        *state.theta.distances(start.theta),
    )
