"""How decays of ``||r||^2`` are compared with bounds that they may attain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theorems.gao_2022.problem import GaoProblem
from verify.relu_deq.descent import Descent
from verify.relu_deq.path import ReluPath
from verify.relu_deq.problem import LeastSquares, residual_rounding
from verify.theorem.compare import ADVICE, Check, at_most
from verify.theorem.verdicts import Verdict

Array = NDArray[np.float64]

#: The times or steps after the first, where both sides of a bound are 0.
LATER = slice(1, None)

#: A budget may hide no more than this part of the rate, nor of ||r_0||.
RATE_RESOLUTION, SHAPE_RESOLUTION = 0.01, 0.01


def at_most_or_equal(
    quantity: str,
    measured: Array,
    bound: Array,
    *,
    budget: Mapping[str, NDArray[Any]],
    where: Mapping[str, NDArray[Any]],
    resolution: float,
    advice: str = ADVICE,
) -> Check:
    """`at_most`; points (k,) whose slack and budget overlap are compared as where a bound is attained."""
    check = at_most(quantity, measured, bound, budget=budget, where=where, advice=advice)
    if check.verdict is not Verdict.INCONCLUSIVE:
        return check
    close = bound - measured <= sum(budget.values())
    return at_most(
        quantity,
        measured[close],
        bound[close],
        budget={name: part[close] for name, part in budget.items()},
        where={name: part[close] for name, part in where.items()},
        attained=resolution,
        advice=advice,
    )


def decay_budget(flow: ReluPath) -> dict[str, Array]:
    """Errors of ``log ||r(t)||^2/||r(0)||^2`` at the times after 0, by name."""
    return {
        "path": flow.log_error[LATER],
        "rounding": (flow.rounding + flow.rounding[0])[LATER],
    }


def descent_rounding(problem: GaoProblem, descent: Descent) -> Array:
    """Error of ``log ||r(k)||^2/||r(0)||^2`` after the steps beyond 0, by rounding of the outputs."""
    at = LeastSquares(problem.start, problem.targets, problem.tolerance)
    growth = descent.residuals[0] / descent.residuals[LATER]
    return np.asarray(residual_rounding(problem, at) * (1 + growth))
