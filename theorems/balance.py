"""What flow and descent of implicit ReLU networks conserve: comparisons for every theorem about them.

Unit j may be scaled by a factor in its row of A and W and by its inverse in its column of A and in the output
weights: no output changes. So gradient flow in all of them keeps `Units.balance`, across kinks and along
them, since no subgradient breaks the symmetry, and a step ``-alpha g`` adds alpha^2 times that of g. Nothing
here knows a bound, an eigenvalue or an optimum; parts of the gradient that are scaled apart show at once.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from verify.losses import EPS
from verify.relu_deq.descent import Descent
from verify.relu_deq.path import ReluPath, relu_path
from verify.relu_deq.problem import ReluProblem
from verify.theorem.compare import Check, equal

#: A part of the gradient that is a tenth too large moves the balance by about this much of what it could.
RESOLUTION = 1e-2

#: The roundings of several steps add up like their root; four times that covers the entries of a unit.
ROUNDINGS = 4.0

#: Steps are as long as the outputs allow, and these do not see every error of the parameters. What they do
#: not see moved the balance by up to 9.7 times what they see, where 1700 runs of `verify falsify` looked for
#: the worst. Twice that is allowed for.
UNSEEN = 20.0

TINY = float(np.finfo(float).tiny)


def kept_by_flow(path: ReluPath, tolerance: float) -> Check:
    """The balance along the flow.

    A step may miss the residual by ``tolerance ||r||``, r at its start; the errors of several add up like
    their root, to e. It takes lengths l_j of the units to change the residual by ``||r(t) - r(0)||``; that
    much error takes ``e l_j / ||r(t) - r(0)||``. It is made of gradients no farther than l_j away, each of
    which would keep the balance of its own place, and so adds twice its size times l_j at most.
    """
    change, could_be, quadratic, rounding = path.imbalance[1:].T
    in_all = could_be[-1]
    moved = np.linalg.norm(path.residuals[1:] - path.residuals[0], axis=1)
    sizes = np.linalg.norm(path.residuals, axis=1)
    in_sum = tolerance * np.sqrt(np.cumsum(np.diff(path.steps) * sizes[:-1] ** 2))
    missed = in_sum / np.maximum(moved, TINY)
    return equal(
        "balance of the units, its change over what it could be in all",
        change / in_all,
        0.0,
        budget={
            "integration": UNSEEN * missed * quadratic / in_all,
            "rounding": ROUNDINGS * np.sqrt(1 + path.steps[1:]) * rounding / in_all,
        },
        where={"time": path.times[1:]},
        resolution=RESOLUTION,
        advice="tighten --tolerance, or raise --width",
    )


def added_by_descent(descent: Descent, factor: float = 1.0) -> Check:
    """The balance after all steps: what it is, against alpha^2 times that of the gradients."""
    change, expected, could_be, rounded = descent.imbalance
    steps, size = len(descent.residuals), float(np.linalg.norm(could_be))
    rounding = float(np.linalg.norm(rounded))
    gradients = 1e2 * EPS * float(np.linalg.norm(expected)) + descent.problem.start.accuracy * size
    return equal(
        f"balance of the units after {steps - 1} steps of descent, over what it could be",
        float(np.linalg.norm(change - factor * expected)) / size,
        0.0,
        budget={"rounding": (ROUNDINGS * np.sqrt(steps) * rounding + gradients) / size},
        resolution=RESOLUTION,
        advice="use a larger --step: rounding hides what it does",
    )


def loose_flow(problem: ReluProblem) -> ReluPath:
    """For falsehoods: the flow by an integrator a thousand times looser than it says."""
    return relu_path(replace(problem, tolerance=1e3 * problem.tolerance), lambda share: None, probed=False)
