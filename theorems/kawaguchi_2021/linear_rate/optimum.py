"""L* of the run's own data, by the printed loss and by duality."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from theorems.kawaguchi_2021.linear_rate.problem import RateProblem
from theorems.kawaguchi_2021.linear_rate.shared import BOUNDED, DRAWN, IDENTITY_RESOLUTION, PAPER
from verify.losses import EPS
from verify.theorem.claims import Claims
from verify.theorem.compare import Check, equal, inconclusive

CLAIMS = Claims(f"our own, on {PAPER}")


@CLAIMS.step("K-T1.least", "L*_R is the infimum: W* attains it, and duality allows no less", required=False)
def optimum(problem: RateProblem, share: float = 0.0) -> Iterator[Check]:
    """The printed loss at W*, and by how much an L_0 with its complex-step gradient there can be improved.

    Both relative to L(0) - L*. From the gradient G at W* follows ``L_0(W*) - L*_R <= ||G||^2 / 2 kappa``, and
    inside a box ``<= <G, W*> + R sum |G|`` (Frank and Wolfe's duality gap).
    """
    objective, printed, w = problem.objective, problem.printed, problem.objective.minimiser
    start = problem.model.at(problem.theta).q
    scale, advice = objective.excess_and_gradient(start)[0], "L(0) is too close to L*: use another --seed"
    if scale <= 0:
        yield inconclusive("(L_0(W*) - L*) / (L(0) - L*)", advice)
        return
    value, g = float(printed.value(w)), printed.gradient(w)
    error = objective.optimum_error / scale
    sigma, slopes = objective.singular_values, float(np.linalg.norm(printed.slopes(w @ problem.features)))
    # Outputs W* Phi are rounded, and W* itself by the condition number of Phi, at second order.
    outputs = 16 * EPS * float(np.linalg.norm(w) * sigma[0] + np.linalg.norm(problem.targets))
    bent = objective.smoothness * (outputs / sigma[-1]) ** 2
    rounding = printed.rounding_at(w) + slopes * outputs + bent
    yield equal(
        "(L_0(W*) - L*) / (L(0) - L*)",
        (value - objective.optimal_value) / scale + share,
        0.0,
        budget={"optimum": error, "rounding": rounding / scale},
        resolution=IDENTITY_RESOLUTION,
        advice=advice,
    )
    blur = objective.gradient_rounding(w, EPS) + sigma[0] * (64 * EPS * slopes + 2 * outputs)
    size = float(np.linalg.norm(g))
    gaps = [(size**2 / (2 * objective.pl_constant), (2 * size + blur) * blur / (2 * objective.pl_constant))]
    if np.isfinite(objective.radius):
        box = float(np.sum(g * w) + objective.radius * np.abs(g).sum())
        gaps.append((box, 2 * objective.radius * np.sqrt(w.size) * blur))
    gap, rounding = min(gaps)
    yield equal(
        "duality gap of W* / (L(0) - L*)",
        gap / scale + share,
        0.0,
        budget={"optimum": error, "rounding": rounding / scale},
        resolution=IDENTITY_RESOLUTION,
        advice=advice,
    )


for setting in (DRAWN, BOUNDED):
    optimum.false(
        f"L* 1% of L(0) - L* smaller, {setting.get('loss', 'square')}",
        why="the printed loss at W* is larger",
        setting=setting,
        share=0.01,
    )
