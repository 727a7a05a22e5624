"""What holds along every flow of an implicit ReLU network, and how its decay is compared with bounds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verify.relu_deq.descent import Descent
from verify.relu_deq.path import ReluPath
from verify.relu_deq.problem import LeastSquares, ReluProblem, residual_rounding
from verify.theorem.compare import ADVICE, Check, at_least, at_most, equal
from verify.theorem.verdicts import Verdict

Array = NDArray[np.float64]

#: The times or steps after the first, where both sides of a bound are 0.
LATER = slice(1, None)

#: A budget may hide no more than this part of the rate, nor of ||r_0||.
RATE_RESOLUTION, SHAPE_RESOLUTION = 0.01, 0.01

#: Resolution of the energy identity, relative to the total decay.
ENERGY_RESOLUTION = 0.1

#: Resolution of H >= G, relative to G: H is hardly more than G where the output weights are next to nothing.
GRAM_RESOLUTION = 1e-3


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


def descent_rounding(problem: ReluProblem, descent: Descent) -> Array:
    """Error of ``log ||r(k)||^2/||r(0)||^2`` after the steps beyond 0, by rounding of the outputs."""
    at = LeastSquares(problem.start, problem.targets, problem.tolerance)
    growth = descent.residuals[0] / descent.residuals[LATER]
    return np.asarray(residual_rounding(problem, at) * (1 + growth))


def above_gram(flow: ReluPath, factor: float) -> Check:
    """``H >= factor G``: G is one of the summands of H, and none of them is negative."""
    compared: dict[str, Any] = {
        "measured": flow.kernel_spectrum[:, 0],
        "bound": factor * flow.gram_minimum,
        "budget": {"eigenvalue": flow.kernel_error + flow.gram_error},
        "where": {"time": flow.times},
        "advice": "both are of the size of rounding: drop inputs that are nearly parallel",
    }
    check = at_least("lambda_min(H), lambda_min(G)", **compared)
    if check.verdict is not Verdict.INCONCLUSIVE:
        return check
    resolution = GRAM_RESOLUTION * float(flow.gram_minimum.min())
    return at_least("lambda_min(H), lambda_min(G)", **compared, attained=resolution)


def energy_identity(flow: ReluPath, factor: float) -> Check:
    """The measured decay against ``int factor r^T H r / ||r||^2``, slides included."""
    return equal(
        "log ||r(0)||^2/||r(t)||^2, int 2 r^T H r/||r||^2",
        flow.log_decay[LATER],
        0.5 * factor * flow.log_energy[LATER],
        budget=decay_budget(flow) | {"integral": flow.energy_error[LATER]},
        where={"time": flow.times[LATER]},
        # What is known at the end, and no time before it needs to be known better.
        resolution=ENERGY_RESOLUTION * float(flow.log_decay[-1]),
        advice="tighten --tolerance or shorten --horizon",
    )


def lowest_rate(flow: ReluPath, rate: float) -> Check:
    """The measured decay against ``rate int lambda_min(H)``; labels along the slowest direction attain it."""
    integral, error = flow.integrated_lambda
    return at_most_or_equal(
        f"log ||r||^2/||r(0)||^2, -{rate:g} int lambda_min(H)",
        -flow.log_decay[LATER],
        -rate * integral[LATER],
        budget=decay_budget(flow) | {"integral": rate * error[LATER]},
        where={"time": flow.times[LATER]},
        resolution=RATE_RESOLUTION * rate * float(integral[-1]),
        advice="tighten --tolerance, add --points, or shorten --horizon",
    )


def at_rate(flow: ReluPath, rate: float) -> Check:
    """``||r(t)||^2 <= exp(-rate t) ||r(0)||^2``, for the rate lambda_0 of both theorems."""
    return at_most(
        "log ||r||^2/||r(0)||^2, -lambda_0 t",
        -flow.log_decay[LATER],
        -rate * flow.times[LATER],
        budget=decay_budget(flow),
        where={"time": flow.times[LATER]},
        advice="tighten --tolerance",
    )
