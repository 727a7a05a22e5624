"""Lemma 3.5 and Theorem 3.1 under what the path itself shows: no width, no unknown constant.

Their proof goes from one fact to the next. Each of these steps holds on every path as long as the one before
does, for every lambda > 0 and every t with lambda_min(G(s)) >= lambda/2 on [0, t]:

    ||r(t)||^2 <= exp(-lambda t) ||r(0)||^2    since H >= G, also on slides along kinks;
    ||theta_b(t) - theta_b(0)||_F <= (speed of b) (2/lambda) (1 - exp(-lambda t/2)) ||r(0)||

for b = A, W, u, v, with the speeds of `theorems.gao_2022.box` in the largest distances up to t: for v that is
||Phi||, for u ||Z||, for W ||X|| max_i ||c_i||. The lemma has c sqrt(n) for these and 2 sqrt(m) in place of
the norms. The best lambda, twice the smallest lambda_min(G(s)) up to t, leaves no path out; lambda_0 is tried
as well, up to the first time that the premise fails. What is a premise on [0, t] is seen at the checked times
in it.

How loose they are, at best: the rate is 2 lambda_min(G) where that of H is at work, to which the other
parameters add. The smallest ratio lambda_min(H)/lambda_min(G) seen, in 32 draws of 2 to 40 inputs, is 4.4
(two inputs).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from theorems.decays import LATER, at_most_or_equal, decay_budget
from theorems.gao_2022.box import Box, Reach
from theorems.gao_2022.output_weights import COLUMNS
from theorems.gao_2022.path import GaoPath, followed
from theorems.gao_2022.premises import PAPER
from theorems.gao_2022.problem import GaoProblem
from theorems.gao_2022.setting import EXPLICIT
from verify.theorem.claims import Claims
from verify.theorem.compare import Check, at_most, inconclusive

Array = NDArray[np.float64]

CLAIMS = Claims(f"our own, from the proof of {PAPER}, Theorem 3.1")


def definite(path: GaoPath) -> str:
    """Says where lambda_min(G) is not known to be positive: no lambda is then left."""
    flow = path.flow
    if flow.gram_minimum[0] > flow.gram_error[0]:
        return ""
    return (
        f"lambda_min(G(0)) = {flow.gram_minimum[0]:.2g} is of the size of rounding: drop inputs that are "
        "nearly parallel, or use --perturb"
    )


def lowest_grams(path: GaoPath) -> Array:
    """The smallest ``lambda_min(G(s))`` (k,) seen up to each time, less its error; 0 from where it is
    lost."""
    return np.maximum(np.minimum.accumulate(path.flow.gram_minimum - path.flow.gram_error), 0.0)


@CLAIMS.step(
    "G-L3.5.conditional",
    "flow: distances of A, W, u, v from their start are bounded by the smallest lambda_min(G(s)) up to t",
    given=(followed, definite),
)
def moved_less(problem: GaoProblem, path: GaoPath, share: float = 1.0) -> Iterator[Check]:
    """Lemma 3.5 (ii) to (v), the norms of W and A by the triangle inequality."""
    flow, box = path.flow, Box.of(problem)
    farthest = np.maximum.accumulate(flow.distances, axis=0)
    reaches = [Reach.of(row) for row in farthest]
    kept = np.array([box.slack(reach) > 0 for reach in reaches]) & (flow.times > 0)
    kept[0] = True  # at time 0, where the map contracts or the run has ended
    rate, t = lowest_grams(path), flow.times
    length = np.where(rate * t > 0, -np.expm1(-rate * t) / np.maximum(rate, np.finfo(float).tiny), t)
    speeds = np.array(
        [box.speeds(reach) if keep else np.zeros(4) for reach, keep in zip(reaches, kept, strict=True)]
    )
    bounds = speeds * (length * problem.initial_residual)[:, None]
    kept[0] = False  # where both sides are 0
    if not kept.any():
        yield inconclusive("distances from the start", "gamma~ ||A(t)|| is 1 at once: lower --gamma")
        return
    # Where ||r|| is off by a factor, so is the length of the path.
    off = np.expm1(flow.log_error / 2)
    # Each step rounds every entry that it moves.
    rounding = flow.precision * problem.size * (1 + np.sqrt(flow.steps))
    for name, column in COLUMNS.items():
        yield at_most(
            f"||{name}(t) - {name}(0)||_F, speed (2/lambda) (1 - exp(-lambda t/2)) ||r(0)||",
            flow.distances[kept, column],
            share * bounds[kept, column],
            budget={"rounding": rounding[kept], "integration": (off * bounds[:, column])[kept]},
            where={"time": t[kept]},
            advice="the parameters move less than rounding: use float64",
        )
    for column, name in enumerate("AW"):
        yield at_most_or_equal(
            f"||{name}(t)||, ||{name}(0)|| and how far it has moved",
            flow.norms[kept, column],
            problem.norms[column] + share * bounds[kept, column],
            budget={
                "norm": flow.norm_errors[kept, column] + rounding[kept],
                "integration": (off * bounds[:, column])[kept],
            },
            where={"time": t[kept]},
            resolution=problem.norms[column],
        )


moved_less.false(
    "a third of that",
    share=0.3,
    why="W goes 0.36 of it here, where 2 lambda_min(G) is a quarter of the rate",
    setting=EXPLICIT,
)


@CLAIMS.conclusion(
    "G-T3.1.conditional",
    "flow: ||r(t)||^2 <= exp(-lambda t) ||r(0)||^2 as long as lambda_min(G) >= lambda/2",
    given=(followed, definite),
)
def conditional_decay(problem: GaoProblem, path: GaoPath, rate: float = 1.0) -> Iterator[Check]:
    """Theorem 3.1 on every path."""
    flow, lowest = path.flow, lowest_grams(path)
    t, budget = flow.times[LATER], decay_budget(flow)
    yield at_most(
        "log ||r||^2/||r(0)||^2, -2 t min lambda_min(G)",
        -flow.log_decay[LATER],
        -2 * rate * lowest[LATER] * t,
        budget=budget,
        where={"time": t},
        # A point may stay undecided until the bound has fallen by 1/e: both sides start at 0.
        undecided=2 * lowest[LATER] * t < 1,
        advice="tighten --tolerance",
    )
    holds = lowest[LATER] >= problem.lambda_0 / 2
    if holds.any():
        yield at_most(
            f"log ||r||^2/||r(0)||^2, -lambda_0 t while lambda_min(G) >= lambda_0/2, {holds.sum()} times",
            -flow.log_decay[LATER][holds],
            -rate * problem.lambda_0 * t[holds],
            budget={name: part[holds] for name, part in budget.items()},
            where={"time": t[holds]},
            undecided=problem.lambda_0 * t[holds] < 1,
            advice="tighten --tolerance",
        )


conditional_decay.false(
    "1000 lambda_0 for lambda_0",
    rate=1000.0,
    why="2 lambda_min(H) = 11.3 lambda_0 here, and labels along its eigenvector decay no faster",
    setting=EXPLICIT,
)
conditional_decay.false(
    "5.3 times the rate",
    rate=5.3,
    why="lambda_min(H) = 5.24 lambda_min(G) here",
    setting=EXPLICIT,
)
