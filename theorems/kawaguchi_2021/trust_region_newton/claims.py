"""The claims of Theorem 2 and what survives beyond delta_bar, each with its check and its falsehoods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from theorems.kawaguchi_2021.trust_region_newton.local import LocalModel
from theorems.kawaguchi_2021.trust_region_newton.path import (
    BEYOND,
    JUST_ABOVE,
    JUST_BELOW,
    ORDER_RESOLUTION,
    NewtonPath,
)
from theorems.kawaguchi_2021.trust_region_newton.steps import Steps, beyond, solved
from verify.losses import Array
from verify.theorem.claims import Claims
from verify.theorem.compare import Check, at_least, at_most, equal, inconclusive, not_applicable

PAPER = "Kawaguchi 2021, Theorem 2"
OURS = f"our own, after {PAPER}"

CLAIMS = Claims(PAPER)

#: An identity whose error budget is wider than this would pass a formula that is 0.1% wrong.
IDENTITY_RESOLUTION = 1e-3

#: The setting of every falsehood: a random A, and a Hessian of full rank.
DRAWN: Mapping[str, Any] = {"width": 6, "samples": 30, "data": "synthetic", "points": 15}

VANISHES = "the Hessian vanishes, so delta_bar is infinite"

LOWER_GAMMA = "gamma is so close to 1 that rounding hides the step: lower --gamma"


@CLAIMS.hypothesis("K-T2.bar", "G_delta is positive definite below delta_bar and not above")
def delta_bar(path: NewtonPath) -> Iterator[Check]:
    """G_delta is definite just below delta_bar, and not just above it."""
    for fraction, found, compare in ((JUST_BELOW, path.below, at_least), (JUST_ABOVE, path.above, at_most)):
        quantity = f"lambda_min(G_delta), scaled, at {fraction:.4g} delta_bar"
        if not found.time.size:
            message = f"{VANISHES} and any delta will do: use another --seed"
            yield not_applicable(quantity, message)
            continue
        yield compare(
            quantity,
            found.smallest,
            0.0,
            budget={"rounding": found.rounding},
            where=found.where,
            advice="lower --gamma",
        )


delta_bar.false(
    "G_delta positive definite at 1.001 delta_bar",
    why="its smallest eigenvalue changes sign at delta_bar",
    setting=DRAWN,
    path=lambda path: replace(path, below=path.above),
)
delta_bar.false(
    "G_delta not positive definite at 0.999 delta_bar",
    why="its smallest eigenvalue changes sign at delta_bar",
    setting=DRAWN,
    path=lambda path: replace(path, above=path.below),
)
delta_bar.broken(
    "two outputs",
    why="Theorem 2 is about one: dQ/dt for several is no Newton step in a metric on the rows of Q",
    setting={"width": 4},
    data={"x": np.eye(6), "y": np.eye(6)[:, :2]},
)


@CLAIMS.conclusion("K-T2", "the trust-region Newton step is delta dQ/dt")
def newton_step(path: NewtonPath) -> Check:
    """The solver's step against delta dQ/dt, in direction and length at once."""
    return step_gap(path.steps)


def step_gap(steps: Steps) -> Check:
    """The comparison of `newton_step` for any steps."""
    return equal(
        "||v - delta dQ/dt|| / ||delta dQ/dt||",
        steps.gap,
        0.0,
        budget={"rounding": steps.rounding},
        where=steps.where,
        resolution=IDENTITY_RESOLUTION,
        advice=LOWER_GAMMA,
    )


def euclidean(local: LocalModel, delta: float) -> Array:
    """The identity in place of G_delta."""
    return np.eye(len(local.gradient))


def without_gamma(path: NewtonPath) -> NewtonPath:
    """Steps in the metric with 1 in place of gamma^2 in S^D, short enough for it to be positive definite."""
    squared = path.flow.problem.model.gamma**2

    def metric(local: LocalModel, delta: float) -> Array:
        return replace(local, scaling=1 + (local.scaling - 1) / squared).metric(delta)

    return replace(path, steps=solved(path.models, (0.1,), metric))


newton_step.false(
    "the Euclidean norm in place of that of G_delta",
    why="G_delta is no multiple of I for a random A and a path with a Hessian",
    setting=DRAWN,
    path=lambda path: replace(path, steps=solved(path.models, metric=euclidean)),
)
newton_step.false(
    "S^D without its factor gamma^2",
    why="gamma < 1 and J_k Q^T is not zero",
    setting=DRAWN,
    path=without_gamma,
)


@CLAIMS.conclusion("K-T2.mu", "its multiplier is 1/delta")
def multiplier(path: NewtonPath, factor: float = 1.0) -> Check:
    """mu delta against 1."""
    return equal(
        "mu delta",
        path.steps.product,
        factor,
        budget={"rounding": path.steps.rounding},
        where=path.steps.where,
        resolution=IDENTITY_RESOLUTION,
        advice=LOWER_GAMMA,
    )


multiplier.false(
    "multiplier 1.001/delta",
    why="the multiplier is 1/delta",
    setting=DRAWN,
    factor=1.001,
)


@CLAIMS.step("K-T2.KKT", "(Hessian + G_delta/delta) delta dQ/dt + grad L_0 = 0")
def optimality(path: NewtonPath) -> Check:
    """The conditions of Karush, Kuhn and Tucker at delta dQ/dt with multiplier 1/delta."""
    return equal(
        "||(H + G/delta) delta dQ/dt + g|| / ||g||",
        path.steps.residual,
        0.0,
        budget={"rounding": path.steps.rounding},
        where=path.steps.where,
        resolution=IDENTITY_RESOLUTION,
        advice=LOWER_GAMMA,
    )


def without_hessian(local: LocalModel, delta: float) -> Array:
    """U (S^D)^{-1} U^T in place of G_delta."""
    return local.metric(0.0)


def twice_the_hessian(local: LocalModel, delta: float) -> Array:
    """G_{2 delta} in place of G_delta."""
    return local.metric(2 * delta)


optimality.false(
    "G_delta = U (S^D)^{-1} U^T, without - delta F",
    why="F is not zero for the square loss",
    setting=DRAWN,
    path=lambda path: replace(path, steps=solved(path.models, metric=without_hessian)),
)


@CLAIMS.conclusion(
    "K-T2.beyond",
    "beyond delta_bar delta dQ/dt still minimises the model: Hessian + G_delta/delta > 0",
    source=OURS,
    required=False,
)
def beyond_delta_bar(path: NewtonPath) -> Iterator[Check]:
    """At 1.5 delta_bar, delta dQ/dt is stationary, and the model that it minimises is strictly convex."""
    found = path.beyond
    quantity = f"(H + G/delta) at {BEYOND:g} delta_bar"
    if not found.time.size:
        yield not_applicable(quantity, f"{VANISHES}: use another --seed")
        return
    yield equal(
        f"{quantity}: optimality residual",
        found.residual,
        0.0,
        budget={"rounding": found.rounding},
        where=found.where,
        resolution=IDENTITY_RESOLUTION,
        advice="lower --gamma",
    )
    yield at_least(
        f"{quantity}: delta lambda_min",
        found.smallest,
        0.0,
        budget={"rounding": found.rounding},
        where=found.where,
        advice="lower --gamma",
    )


beyond_delta_bar.false(
    "G_{2 delta} in place of G_delta",
    why="Hessian + G_{2 delta}/delta is D^{-1}/delta - Hessian, indefinite beyond delta_bar",
    setting=DRAWN,
    path=lambda path: replace(
        path,
        beyond=beyond(path.models, BEYOND, path.flow.problem.identity_rounding, twice_the_hessian),
    ),
)


@CLAIMS.conclusion("K-T2.path", "Q(t + delta) - Q(t) - v_delta shrinks like delta^2", source=OURS)
def path_order(path: NewtonPath, order: float = 2.0) -> Check:
    """The order of the path form, at the times where rounding does not hide it."""
    quantity, seen = "order of Q(t + delta) - Q(t) - v_delta", path.form.seen
    advice = "the path is too short or too flat: use another --seed"
    if not seen.times.size:
        return inconclusive(quantity, f"rounding hides the second difference of Q: {advice}")
    return equal(
        quantity,
        seen.orders,
        order,
        budget={"extrapolation": seen.errors},
        where={"time": seen.times},
        resolution=ORDER_RESOLUTION,
        advice=advice,
    )


path_order.false(
    "order 2.1 along the path",
    why="dQ/dt changes along the path, so the gap has a term delta^2",
    setting=DRAWN,
    order=2.1,
)
