"""Gradient descent with a fixed step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from verify.losses import EPS
from verify.relu_deq.model import NoEquilibriumError, ReluState
from verify.relu_deq.problem import ReluProblem

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
    imbalance     (4, m): the change of `Units.balance` in all; what the gradients say that it is; what it
                  could be, ``2 |theta_j| l_j``, where the parameters of unit j go the length l_j; what
                  rounding adds in a step
    """

    problem: ReluProblem
    step: float
    residuals: Array
    gram_minimum: Array
    fastest: Array
    distances: Array
    imbalance: Array

    @property
    def log_change(self) -> Array:
        """``log ||r(k)||^2 / ||r(0)||^2``."""
        return 2 * np.log(np.maximum(self.residuals, TINY) / self.residuals[0])


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
    """`steps` steps of size `step` from the start; it stops early once the residual has grown tenfold.

    Without `observe` there are no more than the residuals.
    """
    # In float64 at any rate: a step of the theorem's size moves less than single precision holds.
    start = problem.start.placed(replace(problem.placement, dtype="float64"))
    last, rows = start, list[tuple[float, ...]]()
    squares, lengths = np.zeros((2, problem.model.width))
    try:
        for state in islice(trajectory(start, problem.targets, step), steps + 1):
            if rows and observe:
                taken = last.gradients(last.output - problem.targets).units
                squares += taken.balance
                lengths += taken.norms
            last, size = state, float(np.linalg.norm(state.output - problem.targets))
            rows.append((size, *_observed(state, start)) if observe else (size,))
            if not size <= 10 * rows[0][0]:
                break
    except NoEquilibriumError:
        rows.append((np.inf, *rows[-1][1:]))
    table = np.array(rows)
    seen, imbalance = np.zeros((len(table), 3 + len(start.theta.parts))), np.zeros((4, len(squares)))
    if observe:
        seen, now = table, last.theta.units
        could_be = 2 * step * now.norms * lengths
        change = now.balance - start.theta.units.balance
        imbalance = np.array([change, step**2 * squares, could_be, EPS * now.norms**2])
    return Descent(problem, step, table[:, 0], seen[:, 1], seen[:, 2], seen[:, 3:], imbalance)


def stable_step(state: ReluState) -> float:
    """``1 / lambda_max(H)``, half of what gradient descent with the linearised outputs is stable for."""
    return 1 / float(np.linalg.eigvalsh(state.kernel)[-1])


def _observed(state: ReluState, start: ReluState) -> tuple[float, ...]:
    """Smallest eigenvalue of G, largest of H, and distances."""
    return (
        float(np.linalg.eigvalsh(state.gram)[0]),
        float(np.linalg.eigvalsh(state.kernel)[-1]),
        *state.theta.distances(start.theta),
    )
