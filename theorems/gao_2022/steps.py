"""How large a step of descent keeps the rate of Theorem 3.2."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from theorems.gao_2022.problem import GaoProblem
from verify.relu_deq.descent import descend

#: Bisections of the logarithm of the largest descent step, from a factor 2: two parts in a hundred.
BISECTIONS = 5

#: Accuracy of the equilibria in the search of the largest step, where the residual doubles or halves.
SEARCH_ACCURACY = 1e-7


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
    """
    problem = replace(problem, start=replace(problem.start, accuracy=SEARCH_ACCURACY))
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
