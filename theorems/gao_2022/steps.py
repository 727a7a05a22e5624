"""How many steps of descent, and how large a step keeps the rate of Theorem 3.2."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from theorems.gao_2022.problem import GaoProblem
from verify.losses import EPS
from verify.relu_deq.descent import descend

Array = NDArray[np.float64]

#: Fall of ``log ||r||^2`` at which descent has been tested: a bound of the rate says little of less.
TELLING_DECAY = 1.0

#: Steps beyond those that the flow predicts, since a step of descent is not one of the flow.
MARGIN = 1.05

#: Multiplications that descent with the step of the setting may take: a fraction of a second.
WORK = 4e8

#: Products with A that a step from extrapolated equilibria takes, of Z and P together, and multiplications
#: that are worth what else a step does.
PRODUCTS_A_STEP, OVERHEAD_A_STEP = 4, 2e5

#: Most steps with the step of the explicit theorem.
MOST_LINEAR_STEPS = 200

#: Bisections of the logarithm of the largest descent step, from a factor 2: two parts in a hundred.
BISECTIONS = 5

#: Accuracy of the equilibria in the search of the largest step, where the residual doubles or halves.
SEARCH_ACCURACY = 1e-7


def printed_steps(problem: GaoProblem, times: Array, log_decay: Array) -> tuple[float, int]:
    """Steps of the setting's size that a fall by `TELLING_DECAY` needs, and how many of them are taken.

    The flow tells the first; the second is as many as `WORK` allows, and `problem.steps` at least.
    """
    reached = np.flatnonzero(log_decay >= TELLING_DECAY)
    if len(reached):
        time = float(np.interp(TELLING_DECAY, log_decay[: reached[0] + 1], times[: reached[0] + 1]))
    else:
        time = float(times[-1] * TELLING_DECAY / max(log_decay[-1], EPS))
    needed = MARGIN * time / problem.step
    a_step = PRODUCTS_A_STEP * problem.width**2 * problem.samples + OVERHEAD_A_STEP
    return needed, int(max(problem.steps, min(np.ceil(needed), WORK / a_step)))


def linear_steps(kernel: Array, residual: Array, step: float) -> int:
    """Steps of descent by which ``(I - step H)^k r`` falls as far, `MOST_LINEAR_STEPS` at most."""
    values, vectors = np.linalg.eigh(kernel)
    weights = (vectors.T @ residual) ** 2
    k = np.arange(1, MOST_LINEAR_STEPS + 1)
    sizes = ((1 - step * values) ** (2 * k[:, None])) @ weights
    return int(np.searchsorted(-np.log(sizes / weights.sum()), 1.05 * TELLING_DECAY) + 1)


def keeps_rate(problem: GaoProblem, step: float, steps: int) -> bool:
    """Whether ``||r(k)||^2 <= (1 - step lambda_0 / 2)^k ||r(0)||^2`` for every k up to `steps`."""
    decay = step * problem.lambda_0 / 2
    if decay >= 1:
        return False
    change = descend(problem, step, steps, observe=False).log_change
    return bool(np.all(change <= np.arange(len(change)) * np.log1p(-decay)))


def largest_step(problem: GaoProblem, steps: int, scale: float) -> tuple[float, float]:
    """Steps between which the descent claim stops holding, by bisection from around `scale`.

    The first keeps the rate for `steps` steps, the second does not; the first is 0 when no step down
    to ``scale / 2^20`` keeps it.

    Steps beyond ``2 / lambda_max(H)`` let errors of equilibria grow from step to step, so that the rate may
    be kept by descent with rough equilibria alone: then it is searched for with accurate ones.
    """
    low, high = _bisected(
        replace(problem, start=replace(problem.start, accuracy=SEARCH_ACCURACY)), steps, scale
    )
    return (low, high) if keeps_rate(problem, low, steps) else _bisected(problem, steps, scale)


def _bisected(problem: GaoProblem, steps: int, scale: float) -> tuple[float, float]:
    """The same with the problem's own equilibria."""
    low = high = scale
    if keeps_rate(problem, scale, steps):
        while keeps_rate(problem, high := 2 * high, steps):
            low = high
    else:
        while not keeps_rate(problem, low := low / 2, steps):
            high = low
            if low < scale / 2**20:
                return 0.0, low
    for _ in range(BISECTIONS):
        middle = float(np.sqrt(low * high))
        low, high = (middle, high) if keeps_rate(problem, middle, steps) else (low, middle)
    return low, high
