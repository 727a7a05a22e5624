"""The steps of the proof of Theorem 1 in their order, each compared along the path."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from theorems.kawaguchi_2021.conserved import column_sums, leaky
from theorems.kawaguchi_2021.linear_rate.hypotheses import (
    Constant,
    one_percent_more,
    own_constant,
    pl_ratio,
)
from theorems.kawaguchi_2021.linear_rate.path import RatePath
from theorems.kawaguchi_2021.linear_rate.problem import RateProblem
from theorems.kawaguchi_2021.linear_rate.shared import BOUNDED, DRAWN, IDENTITY_RESOLUTION, PAPER, TIGHT
from theorems.kawaguchi_2021.linear_rate.spoiled import (
    at_one_vertex,
    false_chain_rule,
    false_dissipated_energy,
    false_dissipation,
    false_energy,
    false_quadratic_form,
    printed_by_rows,
    unsymmetric,
    with_gamma,
    without_first_order_term,
    without_first_term,
    without_jacobians,
)
from verify.linear_deq.spectrum import smallest_eigenvalue_floors
from verify.theorem.claims import Claims
from verify.theorem.compare import Check, at_least, equal

CLAIMS = Claims(PAPER)

#: Resolution of the integrated energy identities, which carry the error of the integrator: that of descent,
#: the paper's own discretisation, is a few percent.
ENERGY_RESOLUTION = 0.1

#: Share of an identity's resolution beyond which rounding of the excess may leave a point undecided.
BLURRED = 0.1

LOWER_GAMMA = "gamma is so close to 1 that rounding hides the step: lower --gamma"


@CLAIMS.step("K-T1.1", "chain rule: vec(dQ/dt) = -D vec(grad L_0(Q))")
def chain_rule(path: RatePath) -> Check:
    """Step 1: dQ/dt, by complex step through the dense model, against -D vec(G) from its blocks."""
    return equal(
        "||dQ/dt + D G|| / ||dQ/dt||",
        path.chain_rule_gap,
        0.0,
        budget={"rounding": path.identity_rounding},
        where={"time": path.times},
        resolution=IDENTITY_RESOLUTION,
        advice=LOWER_GAMMA,
    )


chain_rule.false(
    "gamma in place of gamma^2 in D",
    why="gamma < 1 and the second term of D is not zero",
    setting=DRAWN,
    path=false_chain_rule(with_gamma),
)
chain_rule.false(
    "D without the softmax Jacobians J_k",
    why="J_k is not the identity, its columns sum to 0",
    setting=DRAWN,
    path=false_chain_rule(without_jacobians),
)
chain_rule.false(
    "D without its first term",
    why="B moves, and the first term is that",
    setting=DRAWN,
    path=false_chain_rule(without_first_term),
)
chain_rule.false(
    "vec taken row by row",
    why="D does not commute with the transposition of Q for m_y > 1",
    setting=DRAWN,
    path=printed_by_rows,
)

#: A function of m and gamma with two lower bounds of lambda_min(D), the paper's and ours.
Floors = Callable[[int, float], tuple[float, float]]


#: A start of width 8 whose softmax has nearly all of each column in its first row.
NEXT_TO_A_VERTEX = {"A": 20.0 * np.eye(8)[:, :1] * np.ones(8), "B": np.full((1, 8), 0.1)}


def width_free_floors(width: int, gamma: float) -> tuple[float, float]:
    """False floors: for S = e_1 1^T, ||U||_2 grows with sqrt(m)."""
    return 1 / (1 + gamma) ** 2, 1 / (1 + gamma) ** 2


@CLAIMS.step("K-T1.2", "D is symmetric and lambda_min(D_t) lies above both a-priori floors")
def spectrum_floors(
    problem: RateProblem, path: RatePath, floors: Floors = smallest_eigenvalue_floors
) -> Iterator[Check]:
    """Step 2: D is symmetric, and its smallest eigenvalue stays above its lower bounds."""
    where = {"time": path.times}
    yield equal(
        "|<x, D y> - <D x, y>| / ||x|| ||D y||",
        path.asymmetry,
        0.0,
        budget={"rounding": path.identity_rounding},
        where=where,
        resolution=IDENTITY_RESOLUTION,
        advice=LOWER_GAMMA,
    )
    if dense := path.dense_eigenvalues:
        at = np.array(list(dense))
        expected, rounding = np.array(list(dense.values())).T
        yield equal(
            "lambda_min(D) over that of the dense D: first, least, last",
            path.lambda_min[at] / expected,
            1.0,
            budget={"eigenvalue": path.lambda_error[at] / expected, "rounding": rounding},
            where={"time": path.times[at]},
            resolution=IDENTITY_RESOLUTION,
            advice=LOWER_GAMMA,
        )
    names = ("lambda_min(D), 1/(m (1+gamma)^2)", "lambda_min(D), 1/(1+gamma sqrt(m))^2")
    for name, floor in zip(names, floors(problem.model.width, problem.model.gamma), strict=True):
        yield at_least(
            name,
            path.lambda_min,
            floor,
            budget={"eigenvalue": path.lambda_error},
            where=where,
            advice="the eigenvalue did not converge: lower --width or --outputs",
        )


spectrum_floors.false(
    "lambda_min(D) 0.1% larger",
    why="a dense matrix knows it to rounding",
    setting=DRAWN,
    path=lambda path: replace(path, lambda_min=1.001 * path.lambda_min),
)
spectrum_floors.false(
    "D with U for U^T in its first factor",
    why="that matrix is not symmetric",
    setting=DRAWN,
    path=unsymmetric,
)
spectrum_floors.false(
    "1/(1+gamma)^2 as a floor free of the width",
    why="for S = e_1 1^T ||U||_2 grows with sqrt(m)",
    setting=TIGHT,
    path=at_one_vertex,
    floors=width_free_floors,
)
spectrum_floors.false(
    "1/(1+gamma)^2 as a floor free of the width, and a start where it fails",
    why="every column of S is next to e_1, and ||U||_2^2 next to 1 + 7 gamma^2",
    setting={"gamma": 0.8, "points": 9, "horizon": 0.1, "data": "synthetic", "samples": 10},
    files={"start": NEXT_TO_A_VERTEX},
    floors=width_free_floors,
)


@CLAIMS.step("K-T1.3", "energy identity: -dL/dt = ||grad L||^2 = vec(G)^T D vec(G)")
def energy_identity(path: RatePath) -> Iterator[Check]:
    """Step 3: at every time by complex step and through D, and integrated along the path.

    Rounding blurs the excess and its derivatives towards the end, where points may stay undecided.
    """
    squared, where = path.gradient_norm**2, {"time": path.times}
    blur = path.dissipation_rounding / squared
    yield equal(
        "-(dL/dt) / ||grad L||^2",
        path.dissipation / squared,
        1.0,
        budget={"rounding": path.identity_rounding + blur},
        where=where,
        undecided=blur > BLURRED * IDENTITY_RESOLUTION,
        resolution=IDENTITY_RESOLUTION,
        advice="rounding hides the step: lower --gamma",
    )
    yield equal(
        "vec(G)^T D vec(G) / ||grad L||^2",
        path.quadratic_form / squared,
        1.0,
        budget={"rounding": path.identity_rounding},
        where=where,
        resolution=IDENTITY_RESOLUTION,
        advice="rounding hides the step: lower --gamma",
    )
    pairs = (
        (
            "int ||grad L||^2 / E over log E(0)/E(t)",
            path.log_energy,
            path.log_decay,
            path.error.log,
            path.excess_rounding + path.excess_rounding[0] + path.log_energy_rounding,
        ),
        (
            "int ||grad L||^2 over E(0) - E(t)",
            path.energy,
            path.excess[0] - path.excess,
            path.error.energy,
            path.excess[0] * (path.excess_rounding[0] + path.log_energy_rounding),
        ),
    )
    for quantity, integral, fallen, integration, rounding in pairs:
        # At the start both are 0, and say nothing.
        size = np.where(path.times == 0, 1.0, np.abs(fallen))
        yield equal(
            quantity,
            1 + (integral - fallen) / size,
            1.0,
            budget={"integration": integration / size, "rounding": rounding / size},
            where=where,
            trivial=path.times == 0,
            undecided=True,
            resolution=ENERGY_RESOLUTION,
            advice=path.advice,
        )


energy_identity.false(
    "-dL/dt = 1.001 ||grad L||^2",
    why="along gradient flow it is ||grad L||^2",
    setting=DRAWN,
    path=false_dissipation,
)
energy_identity.false(
    "vec(G)^T D vec(G) with gamma in place of gamma^2 in D",
    why="gamma < 1 and the second term of D is not zero",
    setting=DRAWN,
    path=false_quadratic_form(with_gamma),
)
energy_identity.false(
    "1.01 int ||grad L||^2 / E",
    why="the integral is log E(0)/E(t), to the tolerance of the integrator",
    setting=DRAWN,
    path=false_energy(1.01),
)
energy_identity.false(
    "10 int ||grad L||^2 / E at a loose tolerance",
    why="even so the integral is log E(0)/E(t) to a percent or two",
    setting={**DRAWN, "rtol": 1e-4},
    path=false_energy(10),
)
energy_identity.false(
    "1.01 int ||grad L||^2",
    why="the integral is L(0) - L(t)",
    setting=DRAWN,
    path=false_dissipated_energy,
)
energy_identity.false(
    "an excess without its first-order term at an optimum on the radius",
    why="the slope at that optimum is not zero and takes its share of L - L*",
    setting=BOUNDED,
    path=without_first_order_term,
)


@CLAIMS.step("K-T1.4", "PL along the path: 1/2 ||G||^2 >= kappa (L - L*)")
def pl_along_path(problem: RateProblem, path: RatePath, kappa: Constant = own_constant) -> Check:
    """Step 4: the PL inequality where the proof uses it."""
    ratios = 0.5 * path.shallow_gradient_norm**2 / path.excess
    optimum = problem.objective.optimum_error / path.excess
    quantity = "1/2 ||G||^2 / (L - L*) along the path"
    return pl_ratio(quantity, problem, ratios, optimum, {"time": path.times}, kappa)


pl_along_path.false(
    "kappa 1% larger",
    why="orthogonal features make PL an equality",
    setting=TIGHT,
    kappa=one_percent_more,
)


@CLAIMS.step("K-N", "flow conserves every column sum of A", source=f"our own, on {PAPER}")
def conserved(path: RatePath) -> Check:
    """The symmetry of softmax, along the path."""
    return column_sums(path)


conserved.false(
    "J_k = diag(s_k) - 0.999 s_k s_k^T",
    why="its columns do not sum to 0",
    setting=DRAWN,
    path=leaky,
)
