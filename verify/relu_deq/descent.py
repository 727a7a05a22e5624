"""Gradient descent with a fixed step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from verify.relu_deq.model import NoEquilibriumError, ReluState
from verify.relu_deq.parameters import Parameters
from verify.relu_deq.problem import LeastSquares, ReluProblem

Array = NDArray[np.float64]

TINY = float(np.finfo(float).tiny)


@dataclass(frozen=True)
class Descent:
    """Gradient descent with a fixed step, observed k times: steps + 1, or fewer where it diverged or broke.

    problem       what was trained
    step          size of the steps
    residuals     ``||r||``, (k,)
    gram_minimum  ``lambda_min(G)``, (k,)
    fastest       ``lambda_max(H)``, (k,)
    distances     of A, W, u and v from their start, (k, 4); without v (k, 3)
    imbalance     (3, m): the change of `Parameters.balance` in all, what the gradients say that it is, and
                  ``2 |theta_j| l_j``, what it could be where the parameters of unit j go the length l_j
    last          the parameters after the last step
    """

    problem: ReluProblem
    step: float
    residuals: Array
    gram_minimum: Array
    fastest: Array
    distances: Array
    imbalance: Array
    last: Parameters

    @property
    def log_change(self) -> Array:
        """``log ||r(k)||^2 / ||r(0)||^2``."""
        return 2 * np.log(np.maximum(self.residuals, TINY) / self.residuals[0])


def descent(problem: ReluProblem, step: float, steps: int) -> Iterator[LeastSquares]:
    """The start and the states after each of `steps` steps; none after one that has grown tenfold.

    NoEquilibriumError where a step leads to none.
    """
    # In float64 at any rate: a step of the theorem's size moves less than single precision holds.
    start = problem.start.placed(replace(problem.placement, dtype="float64"))
    largest = 10 * float(np.linalg.norm(start.output - problem.targets))
    for state in islice(trajectory(start, problem.targets, step), steps + 1):
        point = LeastSquares(state, problem.targets, problem.tolerance)
        yield point
        if not float(np.linalg.norm(point.residual)) <= largest:
            break


def trajectory(state: ReluState, targets: Array, step: float) -> Iterator[ReluState]:
    """The state and those after each step of descent on ``||r||^2 / 2``, without end.

    Equilibria start from where the line through those of the last two states leads.
    """
    before = state
    while True:
        yield state
        moved = state.moved((state, -step * (state.output - targets)), guess=state.extrapolated(before))
        before, state = state, moved


def descend(problem: ReluProblem, step: float, steps: int, *, observe: bool = True) -> Descent:
    """`steps` steps of size `step` from the start, with no more than the residuals unless to `observe`."""
    width, rows = problem.model.width, list[tuple[float, ...]]()
    start = last = problem.start.theta
    squares, lengths = np.zeros(width), np.zeros(width)
    gradient: Parameters | None = None
    try:
        for point in descent(problem, step, steps):
            size = float(np.linalg.norm(point.residual))
            if gradient is not None:
                squares += gradient.balance
                lengths += gradient.unit_norms
            last = point.state.theta
            start = start if rows else last
            rows.append((size, *_observed(point.state, start)) if observe else (size,))
            gradient = point.state.gradients(point.residual) if observe else None
    except NoEquilibriumError:
        rows.append((np.inf, *rows[-1][1:]))
    table = np.array(rows)
    seen = table if observe else np.zeros((len(table), 3 + len(start.parts)))
    imbalance = np.zeros((3, width))
    if observe:
        could_be = 2 * step * last.unit_norms * lengths
        imbalance = np.array([last.balance - start.balance, step**2 * squares, could_be])
    return Descent(problem, step, table[:, 0], seen[:, 1], seen[:, 2], seen[:, 3:], imbalance, last)


def _observed(state: ReluState, start: Parameters) -> tuple[float, ...]:
    """Smallest eigenvalue of G, largest of H, and distances."""
    kernel = state.kernel_parts(state).sum(axis=0)
    return (
        float(np.linalg.eigvalsh(state.gram)[0]),
        float(np.linalg.eigvalsh(kernel)[-1]),
        *state.theta.distances(start),
    )
