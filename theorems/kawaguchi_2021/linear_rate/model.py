"""What holds of the model independently of the flow: its equilibrium exists, and its loss is not convex."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from theorems.kawaguchi_2021.linear_rate.problem import witness
from theorems.kawaguchi_2021.linear_rate.shared import DRAWN, IDENTITY_RESOLUTION, MODEL
from verify.linear_deq.convexity import Ends, ends_of_one_equilibrium, ends_of_one_map
from verify.linear_deq.model import contraction_factors, softmax
from verify.linear_deq.problem import LinearStart
from verify.theorem.claims import Claims
from verify.theorem.compare import Check, at_least, at_most, not_applicable

CLAIMS = Claims(MODEL)

#: For the contraction A is also drawn with entries this large: the columns of S are then unit vectors.
SATURATING_ENTRIES = 1e4


@CLAIMS.step("K-P1", "the equilibrium is reached by a factor gamma a step")
def contraction(start: LinearStart, power: float = 1) -> Iterator[Check]:
    """Distances to the equilibrium from random starts, for the initial A and for one with huge entries."""
    rng = np.random.default_rng(start.seed)
    width, gamma = start.model.width, start.model.gamma
    states = 10 * rng.standard_normal((width, 8))
    matrices = {
        "the initial A": start.model.unpack(start.theta)[0],
        "huge entries of A": SATURATING_ENTRIES * rng.standard_normal((width, width)),
    }
    for name, a in matrices.items():
        factors, rounding = contraction_factors(softmax(a), gamma, start.features[:, :1], states)
        yield at_most(
            f"||z_next - z*||_1 / ||z - z*||_1, {name}",
            factors,
            gamma**power,
            budget={"rounding": rounding},
            # A difference of one sign is contracted by gamma exactly, whatever S.
            attained=IDENTITY_RESOLUTION,
        )


contraction.false(
    "contraction by gamma^1.01 a step",
    why="a difference of one sign is contracted by gamma exactly",
    setting=DRAWN,
    power=1.01,
)


@CLAIMS.step("K-NC", "L is not convex in (A, B): a midpoint lies above its chord", required=False)
def nonconvexity(start: LinearStart, ends: Ends = ends_of_one_map) -> Check:
    """Two parameter points with the same optimal Q*, and their midpoint, where L is larger."""
    quantity = "L(midpoint) - mean of L at the ends"
    if start.objective is None:
        message = "a witness is made of a minimiser, and none is known here: use --loss square"
        return not_applicable(quantity, message)
    found = witness(start, ends)
    if found is None:
        return not_applicable(quantity, "for m = 1 L is convex in B; use --width 2 or more")
    return at_least(quantity, found.rise, 0.0, budget={"rounding": found.rounding})


nonconvexity.false(
    "L is not convex in B alone: a midpoint of two B for one A",
    why="Q is linear in B, and L_0 is convex",
    setting=DRAWN,
    ends=ends_of_one_equilibrium,
)
