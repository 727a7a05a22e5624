"""The claims of Theorem 2 and what survives beyond delta_bar, each with its check and its falsehoods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from theorems.kawaguchi_2021.conserved import column_sums, leaky
from theorems.kawaguchi_2021.opinions.printed import Printed
from theorems.kawaguchi_2021.trust_region_newton.local import LocalModel
from theorems.kawaguchi_2021.trust_region_newton.order import ORDER_RESOLUTION
from theorems.kawaguchi_2021.trust_region_newton.path import (
    BEYOND,
    JUST_ABOVE,
    JUST_BELOW,
    NewtonPath,
)
from theorems.kawaguchi_2021.trust_region_newton.steps import Steps, beyond, definiteness, solved
from verify.losses import EPS, Array
from verify.theorem.claims import Claims
from verify.theorem.compare import Check, at_least, at_most, equal, inconclusive, not_applicable

PAPER = "Kawaguchi 2021, Theorem 2"
OURS = f"our own, after {PAPER}"

CLAIMS = Claims(PAPER)

#: An identity whose error budget is wider than this would pass a formula that is 0.1% wrong.
IDENTITY_RESOLUTION = 1e-3

#: The setting of every falsehood: a random A, and a Hessian of full rank.
DRAWN: Mapping[str, Any] = {"width": 6, "samples": 30, "data": "synthetic", "points": 15}


def stretched(models: Sequence[LocalModel], factor: float) -> list[LocalModel]:
    """The models with a delta_bar that is so many times as large."""
    return [replace(local, bar=factor * local.bar) for local in models]


TINY = float(np.finfo(float).tiny)

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
delta_bar.false(
    "a delta_bar that is 0.2% larger",
    why="G_delta is indefinite already just below that",
    setting=DRAWN,
    path=lambda path: replace(path, below=definiteness(stretched(path.models, 1.002), JUST_BELOW)),
)
delta_bar.false(
    "a delta_bar that is 0.2% smaller",
    why="G_delta is still definite just above that",
    setting=DRAWN,
    path=lambda path: replace(path, above=definiteness(stretched(path.models, 0.998), JUST_ABOVE)),
)
delta_bar.broken(
    "two outputs",
    why="Theorem 2 is about one: dQ/dt for several is no Newton step in a metric on the rows of Q",
    setting={"width": 4},
    data={"x": np.eye(6), "y": np.eye(6)[:, :2]},
)


@CLAIMS.step("K-T2.H", "gradient and Hessian of the model are those of L_0 as printed, at Q", required=False)
def quadratic_model(path: NewtonPath, factor: float = 1.0) -> Iterator[Check]:
    """Against complex steps of the printed loss and central differences of these.

    Where a loss has become flat differences cannot tell, and a point may stay undecided.
    """
    problem = path.flow.problem
    tau = problem.described["tau"] or 0.0
    printed = Printed(problem.described["loss"], problem.features, problem.targets, tau)
    largest = float(problem.objective.singular_values[0])
    gaps = []
    for local in path.models:
        q = local.q @ problem.features
        curvatures, differences = printed.curvatures(q)
        hessian, g = (problem.features * curvatures) @ problem.features.T, printed.gradient(local.q)[0]
        bend, slope = (max(float(np.linalg.norm(one)), TINY) for one in (local.hessian, local.gradient))
        blur = problem.objective.gradient_rounding(local.q, problem.map_error)
        blur += 64 * EPS * largest * float(np.linalg.norm(printed.slopes(q)))
        gaps.append(
            (
                float(np.linalg.norm(factor * local.hessian - hessian)) / bend,
                differences * np.sqrt(q.size) * largest**2 / bend,
                float(np.linalg.norm(factor * local.gradient - g)) / slope,
                blur / slope,
            )
        )
    columns, where = np.array(gaps).T, {"time": [local.time for local in path.models]}
    for name, gap, error in (("Hessian", *columns[:2]), ("gradient", *columns[2:])):
        yield equal(
            f"{name}, relative distance to the printed one",
            gap,
            0.0,
            budget={"differences and rounding": error},
            where=where,
            undecided=True,
            resolution=IDENTITY_RESOLUTION,
            advice="the loss is too flat: use another --seed, a larger --tau or a smaller --horizon",
        )


quadratic_model.false(
    "a Hessian and a gradient that are halved",
    why="L_0 has one Hessian and one gradient",
    setting=DRAWN,
    factor=0.5,
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
    bars = [local.bar for local in path.models if np.isfinite(local.bar)]
    yield at_least(
        "delta over delta_bar", found.delta / bars, 1.0, budget={"rounding": 1e-9}, where=found.where
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


@CLAIMS.step("K-N", "flow conserves every column sum of A", source=OURS)
def conserved(path: NewtonPath) -> Check:
    """The symmetry of softmax, along the path."""
    return column_sums(path.flow)


conserved.false(
    "J_k = diag(s_k) - 0.999 s_k s_k^T",
    why="its columns do not sum to 0",
    setting=DRAWN,
    path=lambda path: replace(path, flow=leaky(path.flow)),
)
