"""The hypotheses of Theorem 1: PL with a constant, a path inside its radius, and the printed rank."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from theorems.kawaguchi_2021.linear_rate.path import RatePath
from theorems.kawaguchi_2021.linear_rate.problem import RateProblem
from theorems.kawaguchi_2021.linear_rate.shared import (
    BOUNDED,
    COROLLARIES,
    COVERED,
    IDENTITY_RESOLUTION,
    PAPER,
    TIGHT,
)
from verify.losses import EPS, Array, ShallowObjective
from verify.losses.logistic import LogisticObjective, pl_constant
from verify.theorem.claims import Claims
from verify.theorem.compare import Check, at_least, at_most, equal, not_applicable

CLAIMS = Claims(PAPER)

#: Maps W drawn for the PL hypothesis.
RANDOM_MAPS = 64

#: The kappa that a claim says an objective has.
Constant = Callable[[ShallowObjective], float]


def own_constant(objective: ShallowObjective) -> float:
    """The kappa of the corollaries."""
    return objective.pl_constant


def one_percent_more(objective: ShallowObjective) -> float:
    """A kappa that is too large wherever PL is attained."""
    return 1.01 * objective.pl_constant


def of_half_tau(objective: ShallowObjective) -> float:
    """The constant of the logistic loss with tau = 1/2, whatever tau is."""
    assert isinstance(objective, LogisticObjective)
    return pl_constant(objective.features, float(objective.singular_values[-1]), 0.5, objective.radius)


@CLAIMS.hypothesis("K-T1.PL", "L_0 satisfies PL with the loss's kappa > 0 inside the radius")
def pl_everywhere(problem: RateProblem, kappa: Constant = own_constant) -> Check:
    """The PL inequality at random maps W inside the radius, beside the points of the path."""
    rng = np.random.default_rng(problem.seed)
    maps = rng.standard_normal((RANDOM_MAPS, problem.model.outputs, problem.model.width))
    maps[::2] *= 0.1
    if np.isfinite(problem.objective.radius):
        maps *= 0.999 * problem.objective.radius / np.abs(maps).sum(axis=1).max(axis=1)[:, None, None]
    pairs = [problem.objective.excess_and_gradient(w) for w in maps]
    # A random map may meet every label of a hinge; 0 >= 0 would then compare nothing.
    ratios = np.array([0.5 * np.vdot(g, g) / excess for excess, g in pairs if excess > 0])
    return pl_ratio("1/2 ||grad L_0||^2 / (L_0 - L*), random W", problem, ratios, 0.0, {}, kappa)


pl_everywhere.false(
    "the constant 2 tau + rho(R) with tau = 1/2 for a logistic loss without tau",
    why="without tau the curvature is at most 1/4, and so is the constant over sigma_min^2 near L*",
    setting=BOUNDED,
    kappa=of_half_tau,
)
pl_everywhere.false(
    "kappa 1% larger",
    why="orthogonal features make PL an equality",
    setting=TIGHT,
    kappa=one_percent_more,
)
pl_everywhere.false(
    "kappa = 0.3 for a logistic loss whose curvature falls towards the radius",
    why="the ratio is 0.257 near the radius, and 0.358 near 0",
    setting=BOUNDED,
    kappa=lambda objective: 0.3,
)
pl_everywhere.broken(
    "cross-entropy without tau",
    why="its curvature has no lower bound, kappa = 2 tau sigma_min^2 = 0",
    setting={"loss": "cross-entropy", "tau": 0, "data": "synthetic", "width": 4, "outputs": 2},
)
pl_everywhere.broken(
    "the smoothed hinge with more samples than features",
    why="labels that no map meets leave flat directions of a positive loss",
    setting={"loss": "hinge", "data": "synthetic", "width": 4, "samples": 12},
)
pl_everywhere.broken(
    "a logistic loss without tau in a radius of thousands",
    why="rho(R) falls like exp(-R max ||phi||_1)",
    setting={
        "loss": "logistic",
        "tau": 0,
        "data": "synthetic",
        "width": 4,
        "samples": 12,
        "radius": 5000.0,
    },
)


def pl_ratio(
    quantity: str,
    problem: RateProblem,
    ratios: Array,
    optimum: Array | float,
    where: Mapping[str, Array],
    kappa: Constant,
) -> Check:
    """``1/2 ||grad L_0||^2 / (L_0 - L*)`` against kappa; an equality where all singular values are one."""
    # PL holds at every W, so it does not matter that W is rounded: only rounding in grad L_0 at W counts.
    sigma = problem.objective.singular_values
    spread = sigma[0] / sigma[-1]
    bound = kappa(problem.objective)
    budget = {
        "rounding": 4 * EPS * max(problem.features.shape) * spread * ratios,
        "optimum": optimum * ratios,
    }
    advice = "the features are nearly rank deficient: change --width, --samples or --seed"
    if not problem.objective.pl_is_attained:
        return at_least(quantity, ratios, bound, budget=budget, where=where, advice=advice)
    # Relative to kappa, so that a constant 0.1% off shows whatever the scale of the data.
    resolution = IDENTITY_RESOLUTION * problem.objective.pl_constant
    return equal(quantity, ratios, bound, budget=budget, where=where, resolution=resolution, advice=advice)


@CLAIMS.hypothesis("K-T1.R", "the path stays inside the radius, ||Q_t||_1 < R")
def radius(problem: RateProblem, path: RatePath, share: float = 1.0) -> Check:
    """The path stays inside the radius. Where PL holds everywhere R is infinite: Q need only be finite."""
    limit = share * problem.objective.radius
    if path.left_at is not None:
        message = (
            f"the path left R = {limit:.4g} by time {path.left_at:.4g}, the theorem spoke until "
            f"{path.times[-1]:.4g}: use a larger --radius, or --radius auto"
        )
        return not_applicable("||Q_t||_1 < R", message)
    return at_most(
        "||Q_t||_1 < R" if np.isfinite(limit) else "||Q_t||_1, with R infinite",
        path.map_norm,
        limit,
        budget={"rounding": problem.map_error * path.map_norm},
        where={"time": path.times},
        advice="use a larger --radius",
    )


radius.false(
    "inside a radius 0.1% smaller",
    why="--radius auto is the smallest that covers the path, to 1e-4",
    setting=COVERED,
    share=0.999,
)
radius.broken(
    "a radius just above that of the start",
    why="the path moves away from 0 and leaves it; the theorem speaks until then",
    setting=BOUNDED,
)
radius.broken(
    "a radius below that of the start",
    why="||Q_0||_1 is 1.6",
    setting={**BOUNDED, "radius": 0.1},
)


def _rank_missing(problem: RateProblem) -> str:
    rank, full = len(problem.objective.singular_values), min(problem.features.shape)
    return f"rank {rank} < {full}: the printed corollary is silent; --width {rank} would meet it"


@CLAIMS.hypothesis(
    "K-T1.rank",
    "rank Phi = min(n, m), as the corollaries are printed; the extended claims do without",
    source=COROLLARIES,
    required=False,
    otherwise=_rank_missing,
)
def rank_condition(problem: RateProblem, full: Callable[[tuple[int, ...]], int] = min) -> Check:
    """The rank that the printed corollaries ask for; without it the extended claims are still made."""
    return equal(
        "rank Phi = min(n, m)",
        len(problem.objective.singular_values),
        full(problem.features.shape),
        budget={"rounding": 0.0},
        resolution=0.5,  # ranks are whole numbers
    )


rank_condition.false(
    "rank Phi = max(n, m)",
    why="60 samples of 4 features have the rank 4",
    setting=BOUNDED,
    full=max,
)
rank_condition.broken(
    "four features of inputs with two entries",
    why="a projection adds no rank",
    setting={"width": 4, "points": 9, "horizon": 1.0},
    data={
        "x": np.random.default_rng(0).standard_normal((12, 2)),
        "y": np.random.default_rng(1).standard_normal((12, 1)),
    },
)
