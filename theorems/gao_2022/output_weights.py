"""How far u and v move: what Lemmas 3.5 and 3.6 print about it is false, and what holds instead.

The printed items bound ||u|| and ||v|| themselves. At time 0 both norms are sqrt(m), whatever the labels,
while the bounds are proportional to ||r(0)||. Labels near yhat(0) therefore refute them.
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

#: The open constant of Lemma 3.5, for the given labels and for labels near yhat(0).
GIVEN = Constant(met=lemma_ratio)
NEAR = Constant(met=lambda path: lemma_ratio(path.trained.near_problem))


def printed_refuted(path: GaoPath, name: str, constant: float) -> Check:
    """At time 0 ``||u||`` or ``||v||`` exceeds its printed bound, so the printed item is false.

    This is shown with labels near yhat(0), for which the bound is small. The given labels refute the item
    only for wide networks: since ``||u(0)|| = sqrt(m)``, m must exceed the square of their bound.
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
    """``||u(t) - u(0)||`` against ``constant c sqrt(n) ||r(0)|| / lambda_0``; with `itself`, ``||u(t)||``."""
    return at_most(
        f"repaired: ||{name}(t) - {name}(0)||, {labels} labels",
        (flow.norms if itself else flow.distances)[:, COLUMNS[name]],
        constant * problem.output_scale,
        budget={"rounding": 4 * flow.precision * np.sqrt(problem.width) * (1 + flow.steps)},
        where={"time": flow.times},
    )


def moved_by_descent(problem: GaoProblem, descent: Descent, name: str, constant: float, labels: str) -> Check:
    """``||u(k) - u(0)||`` after k steps of descent, against the same bound."""
    return at_most(
        f"repaired: ||{name}(k) - {name}(0)||, {labels} labels",
        descent.distances[:, COLUMNS[name]],
        constant * problem.output_scale,
        budget={"rounding": 4 * EPS * np.sqrt(problem.width) * (1 + problem.steps)},
        where={"step": np.arange(len(descent.residuals))},
    )
