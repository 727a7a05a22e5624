"""How far u and v move: what Lemmas 3.5 and 3.6 print about it is false, and what holds instead.

The printed items bound ||u|| and ||v|| themselves. At time 0 both norms are sqrt(m), whatever the labels,
while the bounds are proportional to ||r(0)||. Labels near yhat(0) therefore refute them.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from theorems.gao_2022.premises import drawn_width
from theorems.gao_2022.problem import GaoProblem, lemma_ratio
from theorems.gao_2022.promise import refuting_distance
from verify.losses import EPS
from verify.numerics.arrays import norm
from verify.relu_deq.descent import Descent
from verify.relu_deq.path import ReluPath
from verify.theorem.claims import Constant
from verify.theorem.compare import Check, at_least, at_most, equal

Array = NDArray[np.float64]

#: Columns of norms and distances.
COLUMNS = {"A": 0, "W": 1, "u": 2, "v": 3}

#: Constants of the repaired bounds of ||u - u(0)|| and ||v - v(0)||, in units of c sqrt(n) ||r(0)||/lambda_0:
#: of flow, Lemma 3.5, and of descent, Lemma 3.6. The printed ones, of ||u|| and ||v||, are twice as large.
FLOW_U, FLOW_V, DESCENT_U, DESCENT_V = 8.0, 4.0, 16.0, 8.0

#: The open constant of Lemma 3.5, for the given labels and for labels near yhat(0).
GIVEN = Constant(met=lemma_ratio, tells=drawn_width)
NEAR = Constant(met=lambda path: lemma_ratio(path.trained.near_problem), tells=drawn_width)


def printed_refuted(
    problem: GaoProblem, name: str, size: float, constant: float, width: float
) -> Iterator[Check]:
    """At time 0 ``||u||`` or ``||v||``, of that size, exceeds its printed bound, so the printed item is
    false.

    This is shown for labels near yhat(0), where the bound is small: at half the distance at which the loosest
    printed one, that of u in Lemma 3.6 with its constant 32, begins to fail. Labels at hand refute an item
    with constant k only where m > (k c sqrt(n) ||r(0)|| / lambda_0)^2, since ``||u(0)|| = ||v(0)|| =
    sqrt(m)``: that k^2 is compared with the claim's number, `width`.
    """
    distance = refuting_distance(problem)
    bound = constant * problem.output_scale * distance / problem.initial_residual
    yield at_least(
        f"erratum: ||{name}(0)||, labels {distance:.2g} from yhat(0), exceeds its bound",
        size,
        bound,
        budget={"rounding": problem.width * EPS * size},
        where={"time": 0.0},
    )
    unit = problem.norm_constant**2 * problem.samples * (distance / problem.lambda_0) ** 2
    yield equal(
        "m over c^2 n ||r(0)||^2/lambda_0^2 up to which the printed bound holds at time 0",
        (bound / size) ** 2 * problem.width / unit,
        width,
        budget={"rounding": problem.width * EPS * width},
        resolution=1e-3 * width,
    )


def moved_by_flow(
    problem: GaoProblem, flow: ReluPath, name: str, constant: float, labels: str, *, itself: bool = False
) -> Check:
    """``||u(t) - u(0)||`` against ``constant c sqrt(n) ||r(0)|| / lambda_0``; with `itself`, ``||u(t)||``."""
    size = norm(problem.start.theta.parts[name])  # of what is rounded
    return at_most(
        f"repaired: ||{name}(t) - {name}(0)||, {labels} labels",
        (flow.norms if itself else flow.distances)[:, COLUMNS[name]],
        constant * problem.output_scale,
        budget={"rounding": 4 * flow.precision * size * (1 + flow.steps)},
        where={"time": flow.times},
    )


def moved_by_descent(problem: GaoProblem, descent: Descent, name: str, constant: float, labels: str) -> Check:
    """``||u(k) - u(0)||`` after k steps of descent, against the same bound."""
    size = norm(problem.start.theta.parts[name])  # of what is rounded
    return at_most(
        f"repaired: ||{name}(k) - {name}(0)||, {labels} labels",
        descent.distances[:, COLUMNS[name]],
        constant * problem.output_scale,
        budget={"rounding": 4 * EPS * size * (1 + problem.steps)},
        where={"step": np.arange(len(descent.residuals))},
    )
