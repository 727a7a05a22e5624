"""How far u and v move: what Lemmas 3.5 and 3.6 print of it is false, and what holds instead.

Printed are bounds of ||u|| and ||v|| themselves. At time 0 these are sqrt(m), whatever the labels, and the
bounds are proportional to ||r(0)||: labels near yhat(0) refute them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from theorems.gao_2022.path import GaoPath
from theorems.gao_2022.problem import GaoProblem, lemma_ratio
from verify.losses import EPS
from verify.relu_deq.descent import Descent
from verify.relu_deq.path import ReluPath
from verify.theorem.claims import Constant
from verify.theorem.compare import Check, at_least, at_most

Array = NDArray[np.float64]

#: Columns of norms and distances.
COLUMNS = {"A": 0, "W": 1, "u": 2, "v": 3}

#: The constant of Lemma 3.5, for the labels at hand and for those near yhat(0).
GIVEN = Constant(met=lemma_ratio)
NEAR = Constant(met=lambda path: lemma_ratio(path.trained.near_problem))


def printed_refuted(path: GaoPath, name: str, constant: float) -> Check:
    """The printed bound of ``||u(0)||`` or ``||v(0)||`` lies below it, so that the printed item is false.

    For the labels at hand it is false from the width on at which m exceeds the square of that bound.
    """
    near, problem = path.trained.near, path.trained.near_problem
    size = near.norms[0, COLUMNS[name]]
    return at_least(
        f"erratum: ||{name}(0)||, labels {problem.initial_residual:.2g} from yhat(0), exceeds its bound",
        size,
        constant * problem.output_scale,
        budget={"rounding": problem.width * EPS * size},
        where={"time": 0.0},
    )


def moved_by_flow(
    problem: GaoProblem, flow: ReluPath, name: str, constant: float, labels: str, *, itself: bool = False
) -> Check:
    """``||u(t) - u(0)||``, or ``||u(t)||`` `itself`, against ``constant c sqrt(n) ||r(0)|| / lambda_0``."""
    return at_most(
        f"repaired: ||{name}(t) - {name}(0)||, {labels} labels",
        (flow.norms if itself else flow.distances)[:, COLUMNS[name]],
        constant * problem.output_scale,
        budget={"rounding": 4 * flow.precision * np.sqrt(problem.width) * (1 + flow.steps)},
        where={"time": flow.times},
    )


def moved_by_descent(problem: GaoProblem, descent: Descent, name: str, constant: float, labels: str) -> Check:
    """The same for ``||u(k) - u(0)||``."""
    return at_most(
        f"repaired: ||{name}(k) - {name}(0)||, {labels} labels",
        descent.distances[:, COLUMNS[name]],
        constant * problem.output_scale,
        budget={"rounding": 4 * EPS * np.sqrt(problem.width) * (1 + problem.steps)},
        where={"step": np.arange(len(descent.residuals))},
    )
