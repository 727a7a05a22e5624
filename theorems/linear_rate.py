"""Global convergence at a linear rate of deep equilibrium linear models.

Kawaguchi, "On the theory of implicit deep learning: global convergence with implicit layers",
ICLR 2021 (arXiv 2102.07346), Theorem 1 and its corollary for the square loss.

Setting. Features Phi (m, n), targets Y (m_y, n), parameters A (m, m) and B (m_y, m), gamma in (0, 1).
With S = softmax(A) by columns and U = I - gamma S, the network is f(x) = Q phi(x), Q = B U^{-1}, and
L(A, B) = L_0(Q) = sum_i loss(Q phi_i, y_i) follows gradient flow in (A, B).

Hypothesis. L_0 satisfies the Polyak-Lojasiewicz inequality with radius R and constant kappa:
1/2 ||grad L_0(W)||_F^2 >= kappa (L_0(W) - L*_R) for all ||W||_1 < R, and ||Q_t||_1 < R on [0, T].

Statement. For every width m,

    L(T) <= L*_R + (L(0) - L*_R) exp(-2 kappa lambda_T T),    lambda_T = inf_{t <= T} lambda_min(D_t),

    D = (U^{-T} U^{-1}) (x) I + gamma^2 sum_k (U^{-1})_k^T (U^{-1})_k (x) Q J_k J_k^T Q^T,

    lambda_T >= 1 / (m (1 + gamma)^2) > 0,    J_k = diag(s_k) - s_k s_k^T.

Square loss: R is infinite and kappa = 2 sigma_min(Phi)^2, sigma_min the smallest non-zero singular
value. The paper asks for rank Phi = min(n, m); with the non-zero singular value nothing is needed.

Not in the paper, ours: the rate integrated along the path, exp(-2 kappa int_0^T lambda_min(D_t) dt),
which is what its proof gives, and the floor lambda_T >= 1 / (1 + gamma sqrt(m))^2. The statement was
rebuilt from the abstract, the reviews and follow-up papers, and re-derived; it was not copied.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from verify import data as datasets
from verify.claim import Check, Claim, at_least, at_most, equal, not_applicable
from verify.errors import InputError
from verify.linear_flow import Integrator, LinearProblem, LinearTrajectory, train
from verify.losses import EPS, SquareObjective
from verify.models.linear import DeepEquilibriumLinear
from verify.report import figures as pictures
from verify.spectrum import FlowOperator, smallest_eigenvalue_floors
from verify.theorem import BaseSetting, Progress

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAME = "linear-rate"
TITLE = "Global convergence at a linear rate of deep equilibrium linear models"
STATEMENT = (__doc__ or "").split("\n\n", 1)[1]
SOURCES = ("Kawaguchi, ICLR 2021, arXiv 2102.07346, Theorem 1",)

PAPER = "Kawaguchi 2021, Theorem 1"

CLAIMS = (
    Claim("K-T1.PL", "L_0 satisfies PL with kappa = 2 sigma_min(Phi)^2 > 0", PAPER, "hypothesis"),
    Claim("K-T1.R", "the path stays inside the radius, ||Q_t||_1 < R", PAPER, "hypothesis"),
    Claim(
        "K-T1.rank",
        "rank Phi = min(n, m), as the corollary is printed; the extended claim does without",
        "Kawaguchi 2021, corollary on the square loss",
        "hypothesis",
        required=False,
    ),
    Claim("K-T1.1", "chain rule: vec(dQ/dt) = -D vec(grad L_0(Q))", PAPER, "step"),
    Claim("K-T1.2", "D is symmetric and lambda_min(D_t) lies above both a-priori floors", PAPER, "step"),
    Claim("K-T1.3", "energy identity: -dL/dt = ||grad L||^2 = vec(G)^T D vec(G)", PAPER, "step"),
    Claim("K-T1.4", "PL along the path: 1/2 ||G||^2 >= kappa (L - L*)", PAPER, "step"),
    Claim("K-T1", "L(T) - L* <= (L(0) - L*) exp(-2 kappa lambda_T T)", PAPER, "conclusion"),
)

#: The default horizon lets the guaranteed bound fall by exp(-BOUND_EXPONENT).
BOUND_EXPONENT = 12.0

#: An identity whose error budget is wider than this would pass a formula that is 0.1% wrong.
IDENTITY_RESOLUTION = 1e-3

#: The same for the integrated energy identity, relative to the total decay of the logarithm.
ENERGY_RESOLUTION = 0.1

#: Maps W drawn for the PL hypothesis.
RANDOM_MAPS = 64

#: Singular values this close together, relatively, are taken for one.
SAME_SINGULAR_VALUE = 1e-10

Array = NDArray[np.float64]


class Setting(BaseSetting):
    """What can be varied; the theorem asks for nothing but 0 < gamma < 1."""

    width: int = Field(32, ge=1, le=4096, description="width m: number of features and of hidden units")
    samples: int | None = Field(
        None, ge=2, le=1_000_000, examples=[100], description="samples n; default 100, or all rows of a file"
    )
    outputs: int | None = Field(
        None, ge=1, le=1000, examples=[10], description="outputs m_y; default 10, or as many as a file has"
    )
    gamma: float = Field(0.8, gt=0, lt=1, description="contraction factor of the equilibrium map")
    loss: Literal["square"] = Field("square", description="loss function")
    data: str = Field("digits", description="data set: digits, synthetic, or a file FILE.npz")
    labels: Literal["data", "aligned"] = Field(
        "data",
        description="targets: those of the data, or aligned with the slowest direction of D(0) on "
        "orthogonal features, where the bound is tight",
    )
    alignment: float = Field(
        0.1, gt=0, le=1, description="distance of aligned targets from the initial outputs"
    )
    horizon: float | None = Field(
        None,
        gt=0,
        le=1e12,
        examples=[10],
        description="flow time T; default: until the bound fell by exp(-12)",
    )
    points: int = Field(61, ge=9, le=10_000, description="times at which everything is checked")
    integrator: Integrator = Field("cvode", description="how the flow is approximated")
    rtol: float = Field(1e-10, ge=1e-12, le=1e-3, description="relative tolerance of the integrator")

    @model_validator(mode="after")
    def _aligned_is_square(self) -> Setting:
        if self.labels == "aligned" and self.samples not in (None, self.width):
            raise ValueError(
                f"--labels aligned makes orthogonal features, n = m: drop --samples or use "
                f"--samples {self.width}"
            )
        return self


def build(setting: Setting) -> LinearProblem:
    """Data and initial parameters, A_0 ~ N(0, 1) and B_0 ~ N(0, 1/m); InputError for unusable data."""
    rng = np.random.default_rng(setting.seed)
    drawn = _draw(setting, rng)
    features, targets = drawn.features, drawn.targets
    if setting.outputs is not None and setting.outputs != targets.shape[0]:
        raise InputError(
            f"--outputs {setting.outputs}: {setting.data} has {targets.shape[0]}; leave the option out"
        )
    width, outputs = features.shape[0], targets.shape[0]
    model = DeepEquilibriumLinear(width, outputs, setting.gamma)
    theta = model.pack(
        rng.standard_normal((width, width)), rng.standard_normal((outputs, width)) / np.sqrt(width)
    )
    state = model.at(theta)
    slowest = FlowOperator(state).smallest_eigenvalue(rng.standard_normal((width, outputs)))
    if setting.labels == "aligned":
        features = np.linalg.qr(features)[0]
        targets = (state.q - setting.alignment * slowest.vector.T) @ features
    objective = SquareObjective(features, targets)
    if not objective.rank:
        raise InputError("all features are zero: give data with a feature that is not")
    bound_rate = 2 * objective.pl_constant * slowest.value
    return LinearProblem(
        model,
        objective,
        features,
        targets,
        theta,
        setting.horizon or BOUND_EXPONENT / bound_rate,
        setting.points,
        setting.rtol,
        setting.integrator,
        setting.seed,
        (drawn.note,) if drawn.note else (),
    )


def _draw(setting: Setting, rng: np.random.Generator) -> datasets.Data:
    samples = setting.width if setting.labels == "aligned" else setting.samples
    if setting.data == "digits":
        return datasets.digits(setting.width, setting.outputs or 10, samples or 100, rng)
    if setting.data == "synthetic":
        return datasets.synthetic(setting.width, setting.outputs or 10, samples or 100, rng)
    return datasets.from_file(Path(setting.data), setting.width, samples, rng)


def integrate(problem: LinearProblem, progress: Progress) -> LinearTrajectory:
    """Gradient flow in (A, B), observed at every checked time."""
    return train(problem, lambda time: progress("gradient flow", time, problem.horizon))


def check(problem: LinearProblem, path: LinearTrajectory) -> list[Check]:
    """The hypotheses, the five steps of the proof and the conclusion."""
    return [
        pl_hypothesis(problem),
        radius(problem, path),
        rank_condition(problem),
        chain_rule(problem, path),
        *spectrum_floors(problem, path),
        *energy_identity(problem, path),
        pl_along_path(problem, path),
        *conclusion(problem, path),
    ]


def pl_hypothesis(problem: LinearProblem) -> Check:
    """The PL inequality at maps W drawn at random, not only where the path goes."""
    rng = np.random.default_rng(problem.seed)
    maps = rng.standard_normal((RANDOM_MAPS, problem.model.outputs, problem.model.width))
    pairs = [problem.objective.excess_and_gradient(w) for w in maps]
    ratios = np.array([0.5 * np.vdot(g, g) / excess for excess, g in pairs])
    return _pl_check("K-T1.PL", "1/2 ||grad L_0||^2 / (L_0 - L*), random W", problem, ratios, {})


def pl_along_path(problem: LinearProblem, path: LinearTrajectory, factor: float = 1.0) -> Check:
    """Step 4: the PL inequality where the proof uses it; `factor` multiplies kappa."""
    ratios = 0.5 * path.shallow_gradient_norm**2 / path.excess
    where = {"time": path.times}
    return _pl_check("K-T1.4", "1/2 ||G||^2 / (L - L*) along the path", problem, ratios, where, factor)


def _pl_check(
    claim: str,
    quantity: str,
    problem: LinearProblem,
    ratios: Array,
    where: Mapping[str, Array],
    factor: float = 1.0,
) -> Check:
    # PL holds at every W, so that of W itself does not count; what does is that of grad L_0 at W.
    sigma = problem.objective.singular_values
    spread = sigma[0] / sigma[-1]
    budget = {"rounding": 4 * EPS * max(problem.features.shape) * spread * ratios}
    # All singular values equal: 1/2 ||G||^2 = kappa (L - L*) identically, there is no slack to find.
    compare = equal if spread - 1 < SAME_SINGULAR_VALUE else at_least
    return compare(
        claim,
        quantity,
        ratios,
        factor * problem.objective.pl_constant,
        budget=budget,
        where=where,
        advice="the features are nearly rank deficient: change --width, --samples or --seed",
    )


def radius(problem: LinearProblem, path: LinearTrajectory) -> Check:
    """The square loss satisfies PL everywhere: R is infinite, and the path must merely stay finite."""
    return at_most(
        "K-T1.R",
        "||Q_t||_1, with R infinite",
        path.map_norm,
        np.inf,
        budget={"rounding": problem.map_error * path.map_norm},
        where={"time": path.times},
    )


def rank_condition(problem: LinearProblem) -> Check:
    """The condition that the printed corollary adds; where it fails the extended claim still speaks."""
    rank, full = len(problem.objective.singular_values), min(problem.features.shape)
    if rank < full:
        message = f"rank {rank} < {full}: the printed corollary is silent; --width {rank} would meet it"
        return not_applicable("K-T1.rank", "rank Phi = min(n, m)", message)
    return equal("K-T1.rank", "rank Phi = min(n, m)", rank, full, budget={"rounding": 0.0})


def chain_rule(problem: LinearProblem, path: LinearTrajectory) -> Check:
    """Step 1: dQ/dt, by complex step through the dense model, against -D vec(G) from its blocks."""
    return equal(
        "K-T1.1",
        "||dQ/dt + D G|| / ||dQ/dt||",
        path.chain_rule_gap,
        0.0,
        budget={"rounding": problem.identity_rounding},
        where={"time": path.times},
        resolution=IDENTITY_RESOLUTION,
        advice="gamma is so close to 1 that rounding hides the step: lower --gamma",
    )


def spectrum_floors(problem: LinearProblem, path: LinearTrajectory) -> list[Check]:
    """Step 2: D is symmetric, and its smallest eigenvalue keeps above what was known beforehand."""
    where = {"time": path.times}
    symmetry = equal(
        "K-T1.2",
        "|<x, D y> - <D x, y>| / ||x|| ||D y||",
        path.asymmetry,
        0.0,
        budget={"rounding": problem.identity_rounding},
        where=where,
        resolution=IDENTITY_RESOLUTION,
        advice="gamma is so close to 1 that rounding hides the step: lower --gamma",
    )
    names = ("lambda_min(D), 1/(m (1+gamma)^2)", "lambda_min(D), 1/(1+gamma sqrt(m))^2")
    floors = smallest_eigenvalue_floors(problem.model.width, problem.model.gamma)
    return [symmetry] + [
        at_least(
            "K-T1.2",
            name,
            path.lambda_min,
            floor,
            budget={"eigenvalue": path.lambda_error},
            where=where,
            advice="the eigenvalue did not converge: lower --width or --outputs",
        )
        for name, floor in zip(names, floors, strict=True)
    ]


def energy_identity(problem: LinearProblem, path: LinearTrajectory) -> list[Check]:
    """Step 3: at every time by complex step and through D, and integrated along the path."""
    squared = path.gradient_norm**2
    # Towards the end the excess itself is blurred and its derivative with it: compare before that.
    blur = path.dissipation_rounding / squared
    sharp = np.flatnonzero(blur <= max(0.1 * IDENTITY_RESOLUTION, blur.min()))
    return [
        equal(
            "K-T1.3",
            "-(dL/dt) / ||grad L||^2",
            (path.dissipation / squared)[sharp],
            1.0,
            budget={"rounding": problem.identity_rounding + blur[sharp]},
            where={"time": path.times[sharp]},
            resolution=IDENTITY_RESOLUTION,
            advice="rounding hides the step: lower --gamma",
        ),
        equal(
            "K-T1.3",
            "vec(G)^T D vec(G) / ||grad L||^2",
            path.quadratic_form / squared,
            1.0,
            budget={"rounding": problem.identity_rounding},
            where={"time": path.times},
            resolution=IDENTITY_RESOLUTION,
            advice="rounding hides the step: lower --gamma",
        ),
        equal(
            "K-T1.3",
            "log E(0)/E(t) vs int ||grad L||^2/E",
            path.log_decay,
            path.log_energy,
            budget={
                "integration": path.promised_residual,
                "rounding": path.excess_rounding + path.log_energy_rounding,
            },
            where={"time": path.times},
            resolution=ENERGY_RESOLUTION * float(path.log_decay[-1]),
            advice="tighten --rtol",
        ),
    ]


def conclusion(problem: LinearProblem, path: LinearTrajectory, factor: float = 2.0) -> list[Check]:
    """Step 5: log E(T)/E(0) below -factor kappa times three ever sharper integrals of lambda_min(D).

    On the path as computed, d log E/dt = -||grad L||^2 / E + (defect), and the residual of the energy
    identity is the integral of that defect: with it in the budget the comparison is about the path
    at hand, not about an exact flow nearby. Both sides start at 0, so until the bound has fallen by
    1/e a point may stay undecided, if it is not the last.
    """
    later = slice(1, None)
    rate = factor * problem.objective.pl_constant
    integral, integral_error = path.integrated_lambda
    lowest = np.minimum.accumulate(path.lambda_min)
    floor = max(smallest_eigenvalue_floors(problem.model.width, problem.model.gamma))
    rounding = path.excess_rounding + path.excess_rounding[0]
    exponents = {
        "log E/E(0), a-priori floor": floor * path.times,
        "log E/E(0), lambda_T": lowest * path.times,
        "log E/E(0), int lambda_min": integral,
    }
    # For m = 1, S = 1 and D is a constant multiple of I: the flow attains the bound when PL does.
    compare = equal if problem.model.width == 1 else at_most
    return [
        (at_most if exponent is exponents["log E/E(0), a-priori floor"] else compare)(
            "K-T1",
            quantity,
            -path.log_decay[later],
            -rate * exponent[later],
            budget={
                "integration": path.energy_residual[later],
                "eigenvalue and quadrature": rate * integral_error[later],
                "rounding": rounding[later],
            },
            where={"time": path.times[later]},
            undecided=(rate * exponent < 1)[later],
            advice="tighten --rtol, add --points, or lower --horizon",
        )
        for quantity, exponent in exponents.items()
    ]


def figures(problem: LinearProblem, path: LinearTrajectory) -> dict[str, Figure]:
    """The loss under its three bounds, lambda_min(D) over its floors, the energy residual."""
    return {
        "loss": loss_figure(problem, path),
        "lambda_min": spectrum_figure(problem, path),
        "energy_residual": residual_figure(problem, path),
    }


def loss_figure(problem: LinearProblem, path: LinearTrajectory) -> Figure:
    """Excess loss against the bounds of the three rates."""
    figure, axes = pictures.single(
        f"Theorem 1: excess loss and bounds, $m={problem.model.width}$, "
        f"$n={problem.features.shape[1]}$, $m_y={problem.model.outputs}$",
        "gradient-flow time $t$",
        r"$(L(t) - L^*) \,/\, (L(0) - L^*)$",
    )
    rate = 2 * problem.objective.pl_constant
    floor = max(smallest_eigenvalue_floors(problem.model.width, problem.model.gamma))
    curves = {
        "measured": -path.log_decay,
        r"$\exp(-2\kappa\int_0^t \lambda_{\min}(D_s)\,ds)$": -rate * path.integrated_lambda[0],
        r"$\exp(-2\kappa\,\lambda_t\,t)$": -rate * np.minimum.accumulate(path.lambda_min) * path.times,
        "a-priori floor": -rate * floor * path.times,
    }
    for curve, (label, logarithm) in zip(pictures.CURVES, curves.items(), strict=False):
        axes.semilogy(path.times, np.exp(logarithm), label=label, **curve)
    axes.legend(loc="best")
    return figure


def spectrum_figure(problem: LinearProblem, path: LinearTrajectory) -> Figure:
    """Smallest eigenvalue of D along the path and what was known of it beforehand."""
    figure, axes = pictures.single(
        "Step 2: the smallest eigenvalue of $D$ stays above its floors",
        "gradient-flow time $t$",
        r"$\lambda_{\min}(D_t)$",
    )
    paper, sharper = smallest_eigenvalue_floors(problem.model.width, problem.model.gamma)
    axes.plot(path.times, path.lambda_min, label=r"$\lambda_{\min}(D_t)$", **pictures.CURVES[0])
    axes.axhline(sharper, label=r"floor $1/(1+\gamma\sqrt{m})^2$", **pictures.CURVES[1])
    axes.axhline(paper, label=r"floor $1/(m(1+\gamma)^2)$", **pictures.CURVES[2])
    axes.set_yscale("log")
    axes.set_xscale("symlog", linthresh=path.fastest)
    axes.set_xlim(0, path.times[-1])
    axes.legend(loc="center right")
    return figure


def residual_figure(problem: LinearProblem, path: LinearTrajectory) -> Figure:
    """How far the computed path is from a flow, in units of log(L - L*)."""
    figure, axes = pictures.single(
        "Step 3: residual of the energy identity, the integration error",
        "gradient-flow time $t$",
        r"$|\log\frac{E(0)}{E(t)} - \int_0^t \|\nabla L\|^2/E|$",
    )
    later = slice(1, None)
    residual = np.maximum(np.abs(path.log_decay - path.log_energy), EPS)[later]
    axes.loglog(path.times[later], residual, label="residual", **pictures.CURVES[0])
    promised = path.promised_residual[later]
    axes.loglog(path.times[later], promised, label="allowed by the tolerance", **pictures.CURVES[1])
    axes.legend(loc="lower right")
    return figure
