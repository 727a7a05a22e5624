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

Constants, with sigma_min the smallest non-zero singular value of Phi:

    square           ||q - y||^2                      R infinite   kappa = 2 sigma_min^2
    logistic         log(1 + e^{-yq}) + tau q^2       R finite     kappa = (2 tau + rho(R)) sigma_min^2
    cross-entropy    log sum e^q - <y, q> + tau q^2   R infinite   kappa = 2 tau sigma_min^2, tau > 0
    smoothed hinge   max(0, 1 - y q)^2                R infinite   kappa = 2 sigma_min^2, rank Phi = n

where rho(R) is the least pi (1 - pi) over ||W||_1 < R (one output). The paper asks for rank
Phi = min(n, m) throughout; with the non-zero singular value only the hinge needs a rank.

Side statements: the equilibrium is unique and iterating reaches it by a factor gamma a step in the
1-norm (K-P1); L is not convex in (A, B) for m >= 2 (K-NC).

Not in the paper, ours: the constants of cross-entropy and hinge, the rate integrated along the path,
exp(-2 kappa int_0^T lambda_min(D_t) dt), which is what the proof gives, and the floor
lambda_T >= 1 / (1 + gamma sqrt(m))^2. The statement was rebuilt from the abstract, the reviews and
follow-up papers, and re-derived; it was not copied.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from verify import plots
from verify.linear_deq.convexity import Witness, nonconvexity_witness
from verify.linear_deq.cost import linear_cost
from verify.linear_deq.model import DeepEquilibriumLinear, State, contraction_factors, softmax
from verify.linear_deq.path import LinearProblem, LinearStart, LinearTrajectory, train
from verify.linear_deq.setting import LinearSetting, Radius, linear_problem, sizes
from verify.linear_deq.shallow import shallow_path
from verify.linear_deq.spectrum import FlowOperator, operator_terms, smallest_eigenvalue_floors
from verify.losses import EPS
from verify.losses.logistic import LogisticObjective, pl_constant
from verify.theorem.cost import Cost
from verify.theorem.claims import Claim, Planted
from verify.theorem.compare import Check, at_least, at_most, equal, not_applicable
from verify.theorem.presets import Presets, Variant
from verify.theorem.protocol import Progress

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAME = "linear-rate"
TITLE = "Global convergence at a linear rate of deep equilibrium linear models"
STATEMENT = (__doc__ or "").split("\n\n", 1)[1]
SOURCES = ("Kawaguchi, ICLR 2021, arXiv 2102.07346, Theorem 1 and its corollaries",)
FORMULAS = (
    (
        "the network",
        (
            r"f(x) = B\,U^{-1} \phi(x)",
            r"U = I - \gamma\,\operatorname{softmax}(A)",
            r"0 < \gamma < 1",
        ),
    ),
    (
        "hypothesis",
        (
            r"\tfrac12 \|\nabla L_0(W)\|_F^2 \ge \kappa\,\bigl(L_0(W) - L^*_R\bigr)",
            r"\text{for all}\ \, \|W\|_1 < R",
        ),
    ),
    (
        "statement",
        (
            r"L(T) \le L^*_R + \bigl(L(0) - L^*_R\bigr)\,e^{-2 \kappa \lambda_T T}",
            r"\lambda_T = \inf_{t \le T} \lambda_{\min}(D_t) \ge \frac{1}{m (1 + \gamma)^2} > 0",
        ),
    ),
    (
        "with",
        (
            r"D = U^{-T} U^{-1} \otimes I",
            r"{} + \gamma^2 \sum_k (U^{-1})_k^T (U^{-1})_k \otimes Q J_k J_k^T Q^T",
            r"Q = B\,U^{-1}",
            r"J_k = \operatorname{diag}(s_k) - s_k s_k^T",
        ),
    ),
)

PAPER = "Kawaguchi 2021, Theorem 1"

CLAIMS = (
    Claim("K-P1", "the equilibrium is reached by a factor gamma a step", "Kawaguchi 2021, section 3", "step"),
    Claim(
        "K-NC",
        "L is not convex in (A, B): a midpoint lies above its chord",
        "Kawaguchi 2021, section 3",
        "step",
        required=False,
    ),
    Claim("K-T1.PL", "L_0 satisfies PL with the loss's kappa > 0 inside the radius", PAPER, "hypothesis"),
    Claim("K-T1.R", "the path stays inside the radius, ||Q_t||_1 < R", PAPER, "hypothesis"),
    Claim(
        "K-T1.rank",
        "rank Phi = min(n, m), as the corollaries are printed; the extended claims do without",
        "Kawaguchi 2021, corollaries of Theorem 1",
        "hypothesis",
        required=False,
    ),
    Claim("K-T1.1", "chain rule: vec(dQ/dt) = -D vec(grad L_0(Q))", PAPER, "step"),
    Claim("K-T1.2", "D is symmetric and lambda_min(D_t) lies above both a-priori floors", PAPER, "step"),
    Claim("K-T1.3", "energy identity: -dL/dt = ||grad L||^2 = vec(G)^T D vec(G)", PAPER, "step"),
    Claim("K-T1.4", "PL along the path: 1/2 ||G||^2 >= kappa (L - L*)", PAPER, "step"),
    Claim(
        "K-T1.tight",
        "no faster rate holds: along the slowest direction of D the bound is attained to 0.1%",
        f"our own, on {PAPER}",
        "step",
        required=False,
    ),
    Claim("K-T1", "L(T) - L* <= (L(0) - L*) exp(-2 kappa lambda_T T)", PAPER, "conclusion"),
)

#: Aligned targets at most so far from the initial outputs attain the bound to ATTAINED_TO of the rate:
#: D turns by the square of the distance, which at 0.1 costs 1e-4 or less.
ATTAINED_UP_TO, ATTAINED_TO = 0.1, 1e-3

#: Closer targets equal the outputs to rounding: some 1e-12 of Q, which is a millionth of this.
LEAST_ALIGNMENT = 1e-6

#: An identity whose error budget is wider than this would pass a formula that is 0.1% wrong.
IDENTITY_RESOLUTION = 1e-3

#: The same for the integrated energy identity, relative to the total decay of the logarithm.
ENERGY_RESOLUTION = 0.1

#: Maps W drawn for the PL hypothesis.
RANDOM_MAPS = 64

#: Entries of A are drawn this large, too, for the contraction: its columns are then unit vectors.
SATURATING_ENTRIES = 1e4

Array = NDArray[np.float64]


class Setting(LinearSetting):
    """The setting of the linear model, and the labels that make the bound tight."""

    radius: Radius = Field(
        "auto",
        examples=[2.5],
        description="radius R of the logistic loss; auto is the smallest that covers the whole path",
    )
    labels: Literal["data", "aligned"] = Field(
        "data",
        description="targets: those of the data, or aligned with the slowest direction of D(0) on "
        "orthogonal features, where the bound is tight",
    )
    alignment: float = Field(
        0.1,
        ge=LEAST_ALIGNMENT,
        le=1,
        examples=[0.01],
        description="distance of aligned targets from the initial outputs",
    )

    @model_validator(mode="after")
    def _options_go_together(self) -> Setting:
        if self.radius != "auto" and self.loss != "logistic":
            raise ValueError(
                f"--radius is for --loss logistic: PL of {self.loss} holds everywhere, leave it out"
            )
        if self.labels == "aligned" and self.loss != "square":
            raise ValueError("--labels aligned is for the square loss: use --loss square")
        if self.labels == "aligned" and self.samples not in (None, self.width):
            raise ValueError(
                f"--labels aligned makes orthogonal features, n = m: drop --samples or use "
                f"--samples {self.width}"
            )
        return self

    @property
    def samples_drawn(self) -> int:
        return self.width if self.labels == "aligned" else super().samples_drawn


def build(setting: Setting) -> LinearProblem:
    """Data and initial parameters; InputError for unusable data, HypothesisError where kappa is 0."""

    def align(features: Array, state: State, slowest: Array) -> tuple[Array, Array]:
        orthogonal = np.linalg.qr(features)[0]
        return orthogonal, (state.q - setting.alignment * slowest) @ orthogonal

    aligned = setting.labels == "aligned"
    problem = linear_problem(setting, align if aligned else None, setting.radius)
    return replace(problem, attained=aligned and setting.alignment <= ATTAINED_UP_TO)


def cost(setting: Setting) -> Cost:
    """What a run will take, about."""
    return linear_cost(sizes(setting))


@dataclass(frozen=True)
class RateTrajectory:
    """The path, and beside it that of the shallow model from the same Q(0): W (k, m_y, m)."""

    path: LinearTrajectory
    shallow: Array
    witness: Witness | None

    @property
    def distance(self) -> Array:
        """``||Q_t - W_t||_F / ||W_t||_F`` at the stored times."""
        model, path = self.path.problem.model, self.path
        maps = np.array([model.at(theta).q for theta in path.thetas])
        return np.linalg.norm(maps - self.shallow, axis=(1, 2)) / np.linalg.norm(self.shallow, axis=(1, 2))

    @property
    def arrays(self) -> Mapping[str, Any]:
        ends = {}
        if self.witness is not None:
            a, b = zip(*(self.path.problem.model.unpack(end) for end in self.witness.ends), strict=True)
            ends = {"nonconvex_A": np.array(a), "nonconvex_B": np.array(b)}
        return {**self.path.arrays, "shallow_W": self.shallow, **ends}

    @property
    def rates(self) -> Mapping[str, float]:
        end = {"implicit bias: ||Q - W|| / ||W|| at the end": float(self.distance[-1])}
        return {**self.path.rates, **end}

    @property
    def counts(self) -> Mapping[str, int]:
        return self.path.counts

    @property
    def notes(self) -> Sequence[str]:
        return self.path.notes


def integrate(problem: LinearProblem, progress: Progress) -> RateTrajectory:
    """Gradient flow in (A, B), observed at every checked time; the shallow model's flow beside it."""
    path = train(problem, lambda share: progress("gradient flow", share, 1.0))
    return RateTrajectory(path, shallow_path(problem, path.stored_times), _witness(problem))


def _witness(start: LinearStart) -> Witness | None:
    if start.model.width == 1 or start.objective is None:
        return None
    return nonconvexity_witness(start.model, start.objective, np.random.default_rng(start.seed))


def unconditional(start: LinearStart) -> Iterator[Check]:
    """What holds whether or not PL does where the path goes: the contraction, and that L is not convex."""
    yield from contraction(start)
    if start.objective is not None:
        yield nonconvexity(_witness(start))


def check(problem: LinearProblem, trajectory: RateTrajectory) -> Iterator[Check]:
    """The side statements, the hypotheses, the five steps of the proof and the conclusion."""
    path = trajectory.path
    yield from contraction(problem)
    yield nonconvexity(trajectory.witness)
    yield pl_hypothesis(problem)
    yield radius(problem, path)
    yield rank_condition(problem)
    yield chain_rule(problem, path)
    yield from spectrum_floors(problem, path)
    yield from energy_identity(problem, path)
    yield pl_along_path(problem, path)
    yield from conclusion(problem, path)
    yield tightness(problem, path)


def contraction(problem: LinearStart, power: int = 1) -> list[Check]:
    """K-P1 from random starts, for the initial A and for huge entries; the claim is gamma^power."""
    rng = np.random.default_rng(problem.seed)
    width, gamma = problem.model.width, problem.model.gamma
    starts = 10 * rng.standard_normal((width, 8))
    matrices = {
        "the initial A": problem.model.unpack(problem.theta)[0],
        "huge entries of A": SATURATING_ENTRIES * rng.standard_normal((width, width)),
    }
    checks = []
    for name, a in matrices.items():
        factors, rounding = contraction_factors(softmax(a), gamma, problem.features[:, :1], starts)
        checks.append(
            at_most(
                "K-P1",
                f"||z_next - z*||_1 / ||z - z*||_1, {name}",
                factors,
                gamma**power,
                budget={"rounding": rounding},
                # A difference of one sign is contracted by gamma exactly, whatever S.
                attained=True,
                resolution=IDENTITY_RESOLUTION,
            )
        )
    return checks


def nonconvexity(witness: Witness | None) -> Check:
    """K-NC: two parameter points with one Q = Q*, at which L is least, and their midpoint above them."""
    quantity = "L(midpoint) - mean of L at the ends"
    if witness is None:
        return not_applicable("K-NC", quantity, "for m = 1 L is convex in B; use --width 2 or more")
    return at_least("K-NC", quantity, witness.rise, 0.0, budget={"rounding": witness.rounding})


def pl_hypothesis(problem: LinearProblem, kappa: float | None = None) -> Check:
    """The PL inequality at maps W drawn at random inside the radius, not only where the path goes."""
    rng = np.random.default_rng(problem.seed)
    maps = rng.standard_normal((RANDOM_MAPS, problem.model.outputs, problem.model.width))
    maps[::2] *= 0.1
    if np.isfinite(problem.objective.radius):
        maps *= 0.999 * problem.objective.radius / np.abs(maps).sum(axis=1).max(axis=1)[:, None, None]
    pairs = [problem.objective.excess_and_gradient(w) for w in maps]
    # A hinge may be satisfied by chance; 0 >= 0 is no comparison.
    ratios = np.array([0.5 * np.vdot(g, g) / excess for excess, g in pairs if excess > 0])
    return _pl_check("K-T1.PL", "1/2 ||grad L_0||^2 / (L_0 - L*), random W", problem, ratios, 0.0, {}, kappa)


def pl_along_path(problem: LinearProblem, path: LinearTrajectory, factor: float = 1.0) -> Check:
    """Step 4: the PL inequality where the proof uses it; `factor` multiplies kappa."""
    ratios = 0.5 * path.shallow_gradient_norm**2 / path.excess
    kappa = factor * problem.objective.pl_constant
    optimum = problem.objective.optimum_error / path.excess
    quantity = "1/2 ||G||^2 / (L - L*) along the path"
    return _pl_check("K-T1.4", quantity, problem, ratios, optimum, {"time": path.times}, kappa)


def _pl_check(
    claim: str,
    quantity: str,
    problem: LinearProblem,
    ratios: Array,
    optimum: Array | float,
    where: Mapping[str, Array],
    kappa: float | None,
) -> Check:
    # PL holds at every W, so that of W itself does not count; what does is that of grad L_0 at W.
    sigma = problem.objective.singular_values
    spread = sigma[0] / sigma[-1]
    compare = equal if problem.objective.pl_is_attained else at_least
    return compare(
        claim,
        quantity,
        ratios,
        problem.objective.pl_constant if kappa is None else kappa,
        budget={
            "rounding": 4 * EPS * max(problem.features.shape) * spread * ratios,
            "optimum": optimum * ratios,
        },
        where=where,
        advice="the features are nearly rank deficient: change --width, --samples or --seed",
    )


def radius(problem: LinearProblem, path: LinearTrajectory) -> Check:
    """The path inside the radius. Where PL holds everywhere R is infinite, and Q must merely be finite."""
    limit = problem.objective.radius
    if path.left_at is not None:
        message = (
            f"the path left R = {limit:.4g} by time {path.left_at:.4g}, the theorem spoke until "
            f"{path.times[-1]:.4g}: use a larger --radius, or --radius auto"
        )
        return not_applicable("K-T1.R", "||Q_t||_1 < R", message)
    return at_most(
        "K-T1.R",
        "||Q_t||_1 < R" if np.isfinite(limit) else "||Q_t||_1, with R infinite",
        path.map_norm,
        limit,
        budget={"rounding": problem.map_error * path.map_norm},
        where={"time": path.times},
        advice="use a larger --radius",
    )


def rank_condition(problem: LinearProblem) -> Check:
    """The condition that the printed corollaries add; where it fails the extended claims still speak."""
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
        budget={"rounding": path.identity_rounding},
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
        budget={"rounding": path.identity_rounding},
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
    allowed = path.promised_residual + path.excess_rounding + path.log_energy_rounding
    resolution = ENERGY_RESOLUTION * float(path.log_decay[-1])
    kept = np.flatnonzero(allowed <= max(resolution, allowed.min()))
    return [
        equal(
            "K-T1.3",
            "-(dL/dt) / ||grad L||^2",
            (path.dissipation / squared)[sharp],
            1.0,
            budget={"rounding": path.identity_rounding[sharp] + blur[sharp]},
            where={"time": path.times[sharp]},
            resolution=IDENTITY_RESOLUTION,
            advice="rounding hides the step: lower --gamma",
        ),
        equal(
            "K-T1.3",
            "vec(G)^T D vec(G) / ||grad L||^2",
            path.quadratic_form / squared,
            1.0,
            budget={"rounding": path.identity_rounding},
            where={"time": path.times},
            resolution=IDENTITY_RESOLUTION,
            advice="rounding hides the step: lower --gamma",
        ),
        equal(
            "K-T1.3",
            "log E(0)/E(t) vs int ||grad L||^2/E",
            path.log_decay[kept],
            path.log_energy[kept],
            budget={
                "integration": path.promised_residual[kept],
                "rounding": (path.excess_rounding + path.log_energy_rounding)[kept],
            },
            where={"time": path.times[kept]},
            resolution=resolution,
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
    if len(path.times) < 2:
        message = "the excess is within the error of L* from the start: use another --seed or a larger --tau"
        return [not_applicable("K-T1", "log E/E(0)", message)]
    later = slice(1, None)
    rate = factor * problem.objective.pl_constant
    integral, integral_error = path.integrated_lambda
    lowest = np.minimum.accumulate(path.lambda_min)
    floor = max(smallest_eigenvalue_floors(problem.model.width, problem.model.gamma))
    rounding = path.excess_rounding + path.excess_rounding[0]
    optimum = problem.objective.optimum_error * (1 / path.excess + 1 / path.excess[0])
    exponents = {
        "log E/E(0), a-priori floor": floor * path.times,
        "log E/E(0), lambda_T": lowest * path.times,
        "log E/E(0), int lambda_min": integral,
    }
    # For m = 1, S = 1 and D is a constant multiple of I: the flow attains the bound when PL does.
    compare = equal if problem.model.width == 1 and problem.objective.pl_is_attained else at_most
    return [
        (at_most if exponent is exponents["log E/E(0), a-priori floor"] else compare)(
            "K-T1",
            quantity,
            -path.log_decay[later],
            -rate * exponent[later],
            budget={
                "integration": path.energy_residual[later],
                "eigenvalue and quadrature": rate * integral_error[later],
                "optimum": optimum[later],
                "rounding": rounding[later],
            },
            where={"time": path.times[later]},
            undecided=(rate * exponent < 1)[later],
            advice="tighten --rtol, add --points, or lower --horizon",
        )
        for quantity, exponent in exponents.items()
    ]


def tightness(problem: LinearProblem, path: LinearTrajectory, factor: float = 2.0) -> Check:
    """Aligned targets: log E falls by no more than 0.1% beyond the sharpest bound, so that it cannot be
    too weak either."""
    quantity = "log E(0)/E, 1.001 times the bound by int lambda_min"
    if not problem.attained:
        message = f"the bound is attained under --labels aligned, --alignment {ATTAINED_UP_TO:g} or less"
        return not_applicable("K-T1.tight", quantity, message)
    later = slice(1, None)
    rate = factor * problem.objective.pl_constant
    integral, integral_error = path.integrated_lambda
    return at_most(
        "K-T1.tight",
        quantity,
        path.log_decay[later],
        (1 + ATTAINED_TO) * rate * integral[later],
        budget={
            "integration": path.energy_residual[later],
            "eigenvalue and quadrature": rate * integral_error[later],
            "rounding": (path.excess_rounding + path.excess_rounding[0])[later],
        },
        where={"time": path.times[later]},
        undecided=(rate * integral < 1)[later],
        advice="tighten --rtol, add --points, or lower --horizon",
    )


def planted() -> list[Planted]:
    """False claims about every step, each in a setting where it is false."""
    tight = build(Setting(width=16, labels="aligned", points=31))
    tight_path = train(tight, lambda _: None)
    drawn = build(Setting(width=6, outputs=3, samples=30, data="synthetic", points=31))
    bounded = build(
        Setting(width=4, samples=60, data="synthetic", loss="logistic", tau=0, radius=2.4, points=31)
    )
    state = drawn.model.at(drawn.theta)
    first, second, without_jacobians = operator_terms(state)
    gamma = state.gamma
    return [
        Planted(
            "K-T1",
            "a rate 1% faster, exp(-2.02 kappa int lambda_min)",
            "aligned targets on orthogonal features attain the bound to 1e-4",
            conclusion(tight, tight_path, factor=2.02)[2],
        ),
        Planted(
            "K-T1.tight",
            "attained by a rate 1% slower, exp(-1.98 kappa int lambda_min)",
            "aligned targets decay 1% faster than that",
            tightness(tight, tight_path, factor=1.98),
        ),
        Planted(
            "K-T1.4",
            "kappa doubled",
            "orthogonal features make PL an equality",
            pl_along_path(tight, tight_path, factor=2.0),
        ),
        Planted(
            "K-T1.1",
            "gamma in place of gamma^2 in D",
            "gamma < 1 and the second term of D is not zero",
            printed_chain_rule(drawn, first + gamma * second),
        ),
        Planted(
            "K-T1.1",
            "D without the softmax Jacobians J_k",
            "J_k is not the identity, its columns sum to 0",
            printed_chain_rule(drawn, first + gamma**2 * without_jacobians),
        ),
        Planted(
            "K-T1.1",
            "D without its first term",
            "B moves, and the first term is that",
            printed_chain_rule(drawn, gamma**2 * second),
        ),
        Planted(
            "K-T1.1",
            "vec taken row by row",
            "D does not commute with the transposition of Q for m_y > 1",
            printed_chain_rule(drawn, first + gamma**2 * second, order="C"),
        ),
        Planted(
            "K-T1.2",
            "1/(1+gamma)^2 as a floor free of the width",
            "for S = e_1 1^T and m = 40, ||U||_2 grows with sqrt(m)",
            width_free_floor(),
        ),
        Planted(
            "K-T1.PL",
            "the constant 2 tau + rho(R) with tau = 1/2 for a logistic loss without tau",
            "without tau the curvature is at most 1/4, and so is the constant over sigma_min^2 near L*",
            pl_hypothesis(bounded, pl_constant_of(bounded, tau=0.5)),
        ),
        Planted(
            "K-P1",
            "contraction by gamma^2 a step",
            "a difference of one sign is contracted by gamma exactly",
            contraction(drawn, power=2)[0],
        ),
        Planted(
            "K-T1.4",
            "excess without its first-order term at an optimum on the radius",
            "the slope at that optimum is not zero and takes its share of L - L*",
            without_first_order_term(bounded),
        ),
    ]


def printed_chain_rule(problem: LinearProblem, operator: Array, order: Literal["F", "C"] = "F") -> Check:
    """Step 1 at the start for a dense operator in place of D, vec taken in the given order."""
    state = problem.model.at(problem.theta)
    _, g = problem.objective.excess_and_gradient(state.q)
    d_a, d_b = state.gradients(g)
    velocity = state.map_change(-d_a, -d_b).ravel(order=order)
    gap = np.linalg.norm(velocity + operator @ g.ravel(order=order)) / np.linalg.norm(velocity)
    return equal(
        "K-T1.1", "||dQ/dt + D G|| / ||dQ/dt||", gap, 0.0, budget={"rounding": problem.identity_rounding}
    )


def width_free_floor(width: int = 40, gamma: float = 0.9) -> Check:
    """``lambda_min(D) >= 1/(1+gamma)^2`` where every column of S is e_1."""
    model = DeepEquilibriumLinear(width, 1, gamma)
    a = np.zeros((width, width))
    a[0] = SATURATING_ENTRIES
    operator = FlowOperator(model.at(model.pack(a, np.zeros((1, width)))))
    found = operator.smallest_eigenvalue(np.ones((width, 1)))
    return at_least(
        "K-T1.2", "lambda_min(D)", found.value, 1 / (1 + gamma) ** 2, budget={"eigenvalue": found.error}
    )


def pl_constant_of(problem: LinearProblem, tau: float) -> float:
    """The constant of the logistic loss in this setting, had it this tau."""
    smallest = float(problem.objective.singular_values[-1])
    return pl_constant(problem.features, smallest, tau, problem.objective.radius)


def without_first_order_term(problem: LinearProblem) -> Check:
    """``L_0(W) - L*_R`` at the start against the sum of divergences alone."""
    objective = problem.objective
    q = problem.model.at(problem.theta).q
    excess, _ = objective.excess_and_gradient(q)
    slope = objective.excess_and_gradient(objective.minimiser)[1]
    claimed = excess - float(np.vdot(slope, q - objective.minimiser))
    return equal(
        "K-T1.4",
        "L - L* from divergences alone / L - L*",
        claimed / (objective.loss(q) - objective.optimal_value),
        1.0,
        budget={"rounding": 1e-12, "optimum": objective.optimum_error / excess},
    )


def figures(problem: LinearProblem, trajectory: RateTrajectory) -> dict[str, Figure]:
    """The loss under its three bounds, lambda_min(D) over its floors, the energy residual, the bias."""
    path = trajectory.path
    drawn = {
        "loss": loss_figure(problem, path),
        "lambda_min": spectrum_figure(problem, path),
        "energy_residual": residual_figure(path),
        "implicit_bias": bias_figure(trajectory),
    }
    if isinstance(problem.objective, LogisticObjective):
        drawn["radius"] = radius_figure(problem.objective, path)
    return drawn


def loss_figure(problem: LinearProblem, path: LinearTrajectory) -> Figure:
    """Excess loss against the bounds of the three rates."""
    figure, axes = plots.single(
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
    for curve, (label, logarithm) in zip(plots.CURVES, curves.items(), strict=False):
        axes.semilogy(path.times, np.exp(logarithm), label=label, **curve)
    axes.legend(loc="best")
    return figure


def spectrum_figure(problem: LinearProblem, path: LinearTrajectory) -> Figure:
    """Smallest eigenvalue of D along the path and what was known of it beforehand."""
    figure, axes = plots.single(
        "Step 2: the smallest eigenvalue of $D$ stays above its floors",
        "gradient-flow time $t$",
        r"$\lambda_{\min}(D_t)$",
    )
    paper, sharper = smallest_eigenvalue_floors(problem.model.width, problem.model.gamma)
    axes.plot(path.times, path.lambda_min, label=r"$\lambda_{\min}(D_t)$", **plots.CURVES[0])
    axes.axhline(sharper, label=r"floor $1/(1+\gamma\sqrt{m})^2$", **plots.CURVES[1])
    axes.axhline(paper, label=r"floor $1/(m(1+\gamma)^2)$", **plots.CURVES[2])
    axes.set_yscale("log")
    plots.logarithmic_time(axes, path.fastest, path.times[-1])
    axes.legend(loc="center right")
    return figure


def residual_figure(path: LinearTrajectory) -> Figure:
    """How far the computed path is from a flow, in units of log(L - L*)."""
    figure, axes = plots.single(
        "Step 3: residual of the energy identity, the integration error",
        "gradient-flow time $t$",
        r"$|\log\frac{E(0)}{E(t)} - \int_0^t \|\nabla L\|^2/E|$",
    )
    later = slice(1, None)
    residual = np.maximum(np.abs(path.log_decay - path.log_energy), EPS)[later]
    axes.loglog(path.times[later], residual, label="residual", **plots.CURVES[0])
    promised = path.promised_residual[later]
    axes.loglog(path.times[later], promised, label="allowed by the tolerance", **plots.CURVES[1])
    axes.legend(loc="lower right")
    return figure


def bias_figure(trajectory: RateTrajectory) -> Figure:
    """The implicit bias, observed: same loss, same start, another path and, for n < m, another end."""
    figure, axes = plots.single(
        "Implicit bias: the deep equilibrium path beside the shallow one",
        "gradient-flow time $t$",
        r"$\|Q_t - W_t\|_F \,/\, \|W_t\|_F$",
    )
    path = trajectory.path
    axes.plot(path.stored_times, trajectory.distance, **plots.CURVES[0])
    plots.logarithmic_time(axes, path.fastest, path.times[-1])
    axes.set_ylim(bottom=0)
    return figure


def radius_figure(objective: LogisticObjective, path: LinearTrajectory) -> Figure:
    """The price of a radius: kappa and the guaranteed rate fall as R grows; the path needs one."""
    figure, axes = plots.single(
        "The price of the radius for the logistic loss",
        r"radius $R$ of $\|Q\|_1 < R$",
        "constant and guaranteed rate",
    )
    radii = path.map_norm.max() * np.geomspace(0.1, 10, 200)
    smallest = float(objective.singular_values[-1])
    kappa = np.array([pl_constant(objective.features, smallest, objective.tau, r) for r in radii])
    axes.loglog(radii, kappa, label=r"$\kappa(R)$", **plots.CURVES[0])
    rate = 2 * kappa * path.lambda_min.min()
    axes.loglog(radii, rate, label=r"rate $2\kappa(R)\lambda_T$", **plots.CURVES[1])
    axes.axvline(path.map_norm[0], label=r"$\|Q_0\|_1$", **plots.CURVES[3])
    axes.axvline(objective.radius, label="$R$ of this run", **plots.CURVES[2])
    axes.set_ylim(bottom=max(kappa.max() * 1e-12, rate.min() / 2))
    axes.legend(loc="best")
    return figure


PRESETS: Presets = {
    "quick": (
        Variant("digits", {"width": 16, "points": 31}),
        # Attains the bound to 1e-5, so that a constant off by 0.1% shows.
        Variant("tight", {"width": 16, "points": 31, "labels": "aligned"}),
        Variant("logistic", {"width": 8, "points": 31, "loss": "logistic", "data": "synthetic"}),
        Variant("hinge", {"width": 8, "points": 31, "loss": "hinge"}),
        Variant(
            "cross-entropy",
            {"width": 8, "outputs": 3, "points": 31, "loss": "cross-entropy", "data": "synthetic"},
        ),
    ),
    "standard": (
        Variant("digits"),
        Variant("tight", {"labels": "aligned"}),
        Variant("logistic", {"loss": "logistic", "tau": 0.01}),
        Variant("hinge", {"loss": "hinge"}),
        Variant("cross-entropy", {"loss": "cross-entropy"}),
        Variant("synthetic", {"data": "synthetic"}, seeds=5),
    ),
    "thorough": (
        Variant("digits", seeds=10),
        Variant("wide", {"width": 128}),
        Variant("tight", {"labels": "aligned"}, seeds=10),
        Variant("logistic", {"loss": "logistic", "tau": 0.01}, seeds=10),
        Variant("hinge", {"loss": "hinge"}, seeds=10),
        Variant("cross-entropy", {"loss": "cross-entropy"}, seeds=10),
        Variant("synthetic", {"data": "synthetic"}, seeds=20),
    ),
}
