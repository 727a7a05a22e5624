"""Gradient flow of a deep equilibrium linear model takes trust-region Newton steps of the shallow one.

Kawaguchi, "On the theory of implicit deep learning: global convergence with implicit layers",
ICLR 2021 (arXiv 2102.07346), Theorem 2.

Setting. The model of Theorem 1 with one output, m_y = 1: f(x) = Q phi(x), Q = B U^{-1},
U = I - gamma S, S = softmax(A) by columns; a loss that is twice differentiable in q; L_0(W) the shallow
objective; gradient flow in (A, B), which moves Q by dQ/dt.

Definitions, with J_k = diag(s_k) - s_k s_k^T:

    S^D = I + gamma^2 diag_k(||J_k Q^T||^2),
    F = sum_i loss''_i U^{-1} phi_i phi_i^T U^{-T}         (so that U F U^T is the Hessian of L_0 at Q),
    G_delta = U ((S^D)^{-1} - delta F) U^T,
    delta_bar = 1 / lambda_max((S^D)^{1/2} F (S^D)^{1/2}).

Statement. For 0 < delta < delta_bar, G_delta is positive definite and, with mu = 1/delta as multiplier,

    argmin { grad L_0(Q)^T v + 1/2 v^T (Hessian of L_0 at Q) v :  ||v||_G <= delta ||dQ/dt||_G }
        = delta dQ/dt,                                        ||v||_G^2 = v^T G_delta v.

Beyond delta_bar, G_delta is no metric and the theorem is silent. What survives there is ours: with
D^{-1} = U (S^D)^{-1} U^T the identity Hessian + G_delta / delta = D^{-1} / delta > 0 holds for every
delta > 0, so that delta dQ/dt still minimises the model over {v : v^T G v <= delta^2 (dQ/dt)^T G dQ/dt}.
So is the form along the path: Q(t + delta) - Q(t) - v_delta shrinks like delta^2.

The statement was rebuilt from the abstract, the reviews and follow-up papers, and re-derived.
"""

from __future__ import annotations

from theorems.bibliography import KAWAGUCHI_2021
from theorems.kawaguchi_2021.opinions import solver
from theorems.kawaguchi_2021.spaces import LOGISTIC, ONE_OUTPUT
from theorems.kawaguchi_2021.trust_region_newton import claims, order
from theorems.kawaguchi_2021.trust_region_newton.path import STEP_TIMES, NewtonPath, newton_path
from theorems.kawaguchi_2021.trust_region_newton.pictures import LEVEL_GRID, pictures
from theorems.kawaguchi_2021.trust_region_newton.problem import NewtonProblem, Setting, build
from theorems.kawaguchi_2021.trust_region_newton.steps import FRACTIONS
from verify.linear_deq.build import sizes
from verify.linear_deq.cost import path_cost
from verify.theorem.claims import Claims
from verify.theorem.cost import DENSE, Cost
from verify.theorem.presets import Presets, Variant
from verify.theorem.protocol import Progress

__all__ = ["NewtonPath", "NewtonProblem", "Setting", "build", "pictures"]

NAME = "trust-region-newton"
TITLE = "Gradient flow of deep equilibrium linear models is a trust-region Newton method"
SOURCES = ("Kawaguchi, ICLR 2021, arXiv 2102.07346, Theorem 2",)
REFERENCES = (KAWAGUCHI_2021,)
FORMULAS = (
    (
        "definitions",
        (
            r"S^D = I + \gamma^2 \operatorname{diag}_k\bigl(\|J_k Q^T\|^2\bigr)",
            r"F = \sum_i \ell''_i\, U^{-1} \phi_i \phi_i^T U^{-T}",
            r"G_\delta = U \bigl((S^D)^{-1} - \delta F\bigr) U^T",
        ),
    ),
    ("range", (r"0 < \delta < \bar\delta = \frac{1}{\lambda_{\max}\bigl((S^D)^{1/2} F (S^D)^{1/2}\bigr)}",)),
    (
        "statement",
        (
            r"\operatorname{argmin}_{\|v\|_{G_\delta} \le \delta \|\dot Q\|_{G_\delta}}",
            r"\Bigl( \nabla L_0(Q)^T v + \tfrac12 v^T \nabla^2 L_0(Q)\, v \Bigr) = \delta\,\dot Q",
            r"\|v\|_G^2 = v^T G v",
        ),
    ),
)

CLAIMS = Claims(claims.PAPER, claims.CLAIMS, solver.CLAIMS, order.CLAIMS)

#: Multiplications for each trust-region problem over m^3: its eigenvalues and solves.
STEP_WORK = 100


def cost(setting: Setting) -> Cost:
    """What a run will take, about: a path, its trust-region problems and what these are made of."""
    of_path, found = path_cost(sizes(setting)), sizes(setting)
    times = min(STEP_TIMES, found.stored)
    drawn = LEVEL_GRID**2 * found.loss_seconds
    solved = times * len(FRACTIONS) * STEP_WORK * found.width**3 / DENSE
    return Cost(of_path.seconds + solved + drawn, of_path.bytes + 3 * times * 8.0 * found.width**2)


def integrate(problem: NewtonProblem, progress: Progress) -> NewtonPath:
    """Gradient flow in (A, B), observed, and short pieces of it for the path form."""
    return newton_path(problem, progress)


#: What `verify falsify` may vary.
SEARCH = (ONE_OUTPUT, LOGISTIC)

PRESETS: Presets = {
    "quick": (
        Variant("digits", {"width": 12, "points": 31}),
        Variant("logistic", {"width": 6, "points": 25, "loss": "logistic"}),
    ),
    "standard": (Variant("digits"), Variant("logistic", {"loss": "logistic", "width": 16})),
    "thorough": (
        Variant("digits", seeds=10),
        Variant("logistic", {"loss": "logistic", "width": 16}, seeds=10),
        Variant("wide", {"width": 64}),
    ),
}
