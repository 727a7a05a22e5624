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

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from verify import plots
from verify.flow.runge_kutta import runge_kutta
from verify.flow.scaled import integrate as integrate_flow
from verify.linear_deq.cost import linear_cost
from verify.linear_deq.model import linear_map
from verify.linear_deq.path import LinearProblem, LinearTrajectory, train
from verify.linear_deq.setting import LinearSetting, linear_problem, sizes
from verify.losses import EPS
from verify.losses.logistic import LogisticObjective
from verify.losses.square import SquareObjective
from verify.numerics.differentiation import directional_derivative
from verify.numerics.trust_region import optimality_residual, trust_region_step
from verify.theorem.cost import DENSE, Cost
from verify.theorem.claims import Claim, Planted
from verify.theorem.compare import Check, at_least, at_most, equal, not_applicable
from verify.theorem.errors import HypothesisError
from verify.theorem.presets import Presets, Variant
from verify.theorem.protocol import Progress, silent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAME = "trust-region-newton"
TITLE = "Gradient flow of deep equilibrium linear models is a trust-region Newton method"
STATEMENT = (__doc__ or "").split("\n\n", 1)[1]
SOURCES = ("Kawaguchi, ICLR 2021, arXiv 2102.07346, Theorem 2",)
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

PAPER = "Kawaguchi 2021, Theorem 2"

CLAIMS = (
    Claim("K-T2.bar", "G_delta is positive definite below delta_bar and not above", PAPER, "hypothesis"),
    Claim("K-T2", "the trust-region Newton step is delta dQ/dt", PAPER, "conclusion"),
    Claim("K-T2.mu", "its multiplier is 1/delta", PAPER, "conclusion"),
    Claim("K-T2.KKT", "(Hessian + G_delta/delta) delta dQ/dt + grad L_0 = 0", PAPER, "step"),
    Claim(
        "K-T2.beyond",
        "beyond delta_bar delta dQ/dt still minimises the model: Hessian + G_delta/delta > 0",
        "our own, after Kawaguchi 2021, Theorem 2",
        "conclusion",
        required=False,
    ),
    Claim(
        "K-T2.path",
        "Q(t + delta) - Q(t) - v_delta shrinks like delta^2",
        "our own, after Kawaguchi 2021, Theorem 2",
        "conclusion",
    ),
)

#: Step sizes tried, relative to delta_bar.
FRACTIONS = (0.01, 0.1, 0.5, 0.9, 0.99)

#: Where delta_bar is probed, and how far beyond it the identity is.
JUST_BELOW, JUST_ABOVE, BEYOND = 1 - 1e-3, 1 + 1e-3, 1.5

#: Times of the path at which steps are taken, and of these the ones followed for the path form.
STEP_TIMES, PATH_TIMES = 15, 3

#: The path form: the longest delta relative to the decay time, how often it is halved.
LONGEST, HALVINGS = 0.02, 6

#: An identity whose error budget is wider than this would pass a formula that is 0.1% wrong.
IDENTITY_RESOLUTION = 1e-3

#: A fitted order that is less certain than this is not worth a verdict.
ORDER_RESOLUTION = 0.1

#: Steps are taken while rounding changes the gradient by less than this, relatively.
SHARP_GRADIENT = 1e-6

#: For the path form the second difference of Q must stand clear, too.
SHARP_DIFFERENCE = 1e-11

#: Points on a side of the grid on which the level sets of the loss are drawn.
LEVEL_GRID = 120

#: Multiplications for each trust-region problem over m^3, eigenvalues and solves of five claims.
STEP_WORK = 300

Array = NDArray[np.float64]


class Setting(LinearSetting):
    """The setting of the linear model with one output and a twice differentiable loss."""

    loss: Literal["square", "logistic"] = Field("square", description="loss function")

    @model_validator(mode="after")
    def _one_output(self) -> Setting:
        if self.outputs not in (None, 1):
            raise ValueError("Theorem 2 is about one output: use --outputs 1")
        return self

    @property
    def outputs_drawn(self) -> int:
        return 1


@dataclass(frozen=True)
class NewtonProblem:
    """The problem, and its companion with two features, whose path can be drawn."""

    model: LinearProblem
    plane: LinearProblem

    @property
    def effective(self) -> Mapping[str, Any]:
        return self.model.effective

    @property
    def threads(self) -> int:
        return self.model.threads


@dataclass(frozen=True)
class Step:
    """One trust-region problem at one time of the path, and what the theorem says of it.

    `velocity` is dQ/dt (m,), `metric` G_delta (m, m), `bar` delta_bar, `scaling` the diagonal (m,) of
    S^D; `time` and `delta` are flow times.
    """

    time: float
    delta: float
    bar: float
    gradient: Array
    hessian: Array
    metric: Array
    velocity: Array
    scaling: Array
    u: Array

    @property
    def radius(self) -> float:
        """``delta ||dQ/dt||_G``; meaningful while G is positive definite on dQ/dt."""
        return float(self.delta * np.sqrt(self.velocity @ self.metric @ self.velocity))

    @property
    def condition(self) -> float:
        """Condition of G_delta as a difference: the size of its two terms over its least eigenvalue."""
        terms = np.linalg.norm(self.metric) + 2 * self.delta * np.linalg.norm(self.hessian)
        return float(terms / np.abs(np.linalg.eigvalsh(self.metric)).min())


#: Changes a trust-region problem, to plant a false claim.
Mutation = Callable[[Step], Step]


@dataclass(frozen=True)
class NewtonTrajectory:
    """The path, the plane's path, and the orders of the path form with their errors."""

    path: LinearTrajectory
    plane: LinearTrajectory
    times: Array
    orders: Array
    order_errors: Array

    @property
    def arrays(self) -> Mapping[str, Any]:
        return {**self.path.arrays, "path_form_times": self.times, "path_form_orders": self.orders}

    @property
    def rates(self) -> Mapping[str, float]:
        # Theorem 2 promises no rate of convergence; what it has is an order.
        return {
            "order of the path form": float(self.orders.mean()),
            "horizon": self.path.problem.horizon,
            "checked until": float(self.path.times[-1]),
        }

    @property
    def counts(self) -> Mapping[str, int]:
        return self.path.counts

    @property
    def notes(self) -> Sequence[str]:
        return self.path.notes


def build(setting: Setting) -> NewtonProblem:
    """The problem and its companion; InputError for unusable data, HypothesisError for m_y > 1."""
    problem = linear_problem(setting)
    if problem.model.outputs != 1:
        raise HypothesisError(
            f"Theorem 2 is about one output, {setting.data} has {problem.model.outputs}: give `y` one column"
        )
    return NewtonProblem(problem, linear_problem(setting.model_copy(update={"width": 2})))


def cost(setting: Setting) -> Cost:
    """What a run will take, about: a path, and every trust-region problem of a claim held at once."""
    of_path, found = linear_cost(sizes(setting)), sizes(setting)
    held = len(FRACTIONS) * min(STEP_TIMES, found.stored)
    matrix = 8.0 * setting.width**2
    drawn = LEVEL_GRID**2 * found.loss_seconds
    solved = held * STEP_WORK * setting.width**3 / DENSE
    return Cost(of_path.seconds + solved + drawn, of_path.bytes + 3 * held * matrix)


def integrate(problem: NewtonProblem, progress: Progress) -> NewtonTrajectory:
    """Gradient flow in (A, B), and short pieces of it for the path form."""
    path = train(problem.model, lambda share: progress("gradient flow", share, 1.0))
    plane = train(problem.plane, lambda share: progress("flow for two features", share, 1.0))
    times, orders, errors = [], [], []
    indices = step_indices(path, PATH_TIMES, SHARP_DIFFERENCE)
    for done, index in enumerate(indices):
        progress("path form", done, len(indices))
        order, error = path_form(path, index)
        times.append(path.stored_times[index])
        orders.append(order)
        errors.append(error)
    # Late on the path rounding may hide the second difference; then the earlier times speak.
    seen = np.isfinite(errors) if np.isfinite(errors).any() else np.full(len(errors), True)
    return NewtonTrajectory(
        path, plane, np.array(times)[seen], np.array(orders)[seen], np.array(errors)[seen]
    )


def check(problem: NewtonProblem, trajectory: NewtonTrajectory) -> Iterator[Check]:
    """delta_bar, the step, its multiplier, its optimality; what survives beyond; the path form."""
    path = trajectory.path
    yield from delta_bar(path)
    yield newton_step(path)
    yield multiplier(path)
    yield optimality(path)
    yield from beyond(path)
    yield path_order(trajectory)


def planted() -> list[Planted]:
    """False claims about the metric, delta_bar, the multiplier and the order."""
    trajectory = integrate(build(Setting(width=6, samples=30, data="synthetic", points=31)), silent)
    path = trajectory.path

    def identity_metric(step: Step) -> Step:
        return replace(step, metric=np.eye(len(step.gradient)))

    def without_gamma(step: Step) -> Step:
        changed = replace(step, scaling=1 + (step.scaling - 1) / path.problem.model.gamma**2)
        return replace(changed, metric=metric(changed))

    def without_hessian(step: Step) -> Step:
        return replace(step, metric=metric(replace(step, hessian=0 * step.hessian)))

    return [
        Planted(
            "K-T2",
            "the Euclidean norm in place of that of G_delta",
            "G_delta is no multiple of I for a random A and a path with a Hessian",
            newton_step(path, identity_metric),
        ),
        Planted(
            "K-T2",
            "S^D without its factor gamma^2",
            "gamma < 1 and J_k Q^T is not zero",
            newton_step(path, without_gamma, fractions=(0.1,)),
        ),
        Planted(
            "K-T2.KKT",
            "G_delta = U (S^D)^{-1} U^T, without - delta F",
            "F is not zero for the square loss",
            optimality(path, without_hessian),
        ),
        Planted("K-T2.mu", "multiplier 1.01/delta", "the multiplier is 1/delta", multiplier(path, 1.01)),
        Planted(
            "K-T2.bar",
            "G_delta positive definite at 1.01 delta_bar",
            "its smallest eigenvalue changes sign at delta_bar",
            definiteness(path, 1.01, positive=True),
        ),
        Planted(
            "K-T2.path",
            "order 3 along the path",
            "dQ/dt changes along the path, so the gap has a term delta^2",
            path_order(trajectory, 3.0),
        ),
    ]


def step_indices(path: LinearTrajectory, count: int, blur_below: float = SHARP_GRADIENT) -> list[int]:
    """Stored times, evenly chosen, at which rounding blurs the gradient by less than `blur_below`."""
    blur = np.interp(path.stored_times, path.times, path.gradient_rounding / path.shallow_gradient_norm)
    sharp = np.flatnonzero(blur < max(blur_below, 1.1 * blur[0]))
    return [int(i) for i in np.unique(sharp[np.linspace(0, len(sharp) - 1, count).astype(int)])]


def step_at(path: LinearTrajectory, index: int, fraction: float) -> Step:
    """The trust-region problem at a stored time, with ``delta = fraction delta_bar``.

    dQ/dt comes from differentiating the flow by complex step, the metric from its printed formula. A
    vanishing Hessian has delta_bar infinite; delta is then a fraction of the decay time.
    """
    problem = path.problem
    state = problem.model.at(path.thetas[index])
    objective = problem.objective
    if not isinstance(objective, SquareObjective | LogisticObjective):
        raise TypeError("Theorem 2 needs a twice differentiable loss of one output")
    _, g = objective.excess_and_gradient(state.q)
    d_a, d_b = state.gradients(g)
    velocity = directional_derivative(
        lambda a, b: linear_map(a, b, state.gamma), (state.a, state.b), (-d_a, -d_b)
    )
    hessian = (problem.features * objective.curvatures(state.q)) @ problem.features.T
    u = np.eye(problem.model.width) - state.gamma * state.stochastic
    s, q = state.stochastic, state.q[0]
    jacobian_rows = s * q[:, None] - s * (q @ s)
    scaling = 1 + state.gamma**2 * np.sum(jacobian_rows**2, axis=0)
    f = np.linalg.solve(u, np.linalg.solve(u, hessian).T)
    root = np.sqrt(scaling)
    largest = float(np.linalg.eigvalsh(root[:, None] * f * root)[-1])
    bar = 1 / largest if largest > np.finfo(float).tiny else np.inf
    unit = bar if np.isfinite(bar) else float(path.excess[0] / path.gradient_norm[0] ** 2)
    step = Step(
        time=float(path.stored_times[index]),
        delta=fraction * unit,
        bar=bar,
        gradient=g[0],
        hessian=hessian,
        metric=hessian,
        velocity=velocity[0],
        scaling=scaling,
        u=u,
    )
    return replace(step, metric=metric(step))


def metric(step: Step) -> Array:
    """``G_delta = U ((S^D)^{-1} - delta F) U^T``, written with ``U F U^T`` as the Hessian."""
    return step.u @ np.diag(1 / step.scaling) @ step.u.T - step.delta * step.hessian


def steps(path: LinearTrajectory, fractions: Sequence[float] = FRACTIONS) -> Iterator[Step]:
    """Every trust-region problem of a path."""
    for index in step_indices(path, STEP_TIMES):
        for fraction in fractions:
            yield step_at(path, index, fraction)


def _rounding(path: LinearTrajectory, found: Sequence[Step]) -> Array:
    """Relative rounding of a step: that of dQ/dt, two solves with U, and that of the solver, one with G."""
    unit = 100 * EPS * np.sqrt(path.problem.model.width)
    return np.array([unit * (np.linalg.cond(step.u) ** 2 + step.condition) for step in found])


def _where(found: Sequence[Step]) -> Mapping[str, Array]:
    return {
        "time": np.array([step.time for step in found]),
        "delta": np.array([step.delta for step in found]),
    }


def newton_step(
    path: LinearTrajectory, mutate: Mutation | None = None, fractions: Sequence[float] = FRACTIONS
) -> Check:
    """The solver's step against delta dQ/dt, direction and length at once."""
    found = list(steps(path, fractions))
    gaps = []
    for step in found:
        solved = mutate(step) if mutate else step
        v, _ = trust_region_step(solved.gradient, solved.hessian, solved.metric, solved.radius)
        expected = step.delta * step.velocity
        gaps.append(np.linalg.norm(v - expected) / np.linalg.norm(expected))
    return equal(
        "K-T2",
        "||v - delta dQ/dt|| / ||delta dQ/dt||",
        gaps,
        0.0,
        budget={"rounding": _rounding(path, found)},
        where=_where(found),
        resolution=IDENTITY_RESOLUTION,
        advice="gamma is so close to 1 that rounding hides the step: lower --gamma",
    )


def multiplier(path: LinearTrajectory, factor: float = 1.0) -> Check:
    """mu delta against 1; `factor` mutates the claim."""
    found = list(steps(path))
    products = [
        step.delta * trust_region_step(step.gradient, step.hessian, step.metric, step.radius)[1]
        for step in found
    ]
    return equal(
        "K-T2.mu",
        "mu delta",
        products,
        factor,
        budget={"rounding": _rounding(path, found)},
        where=_where(found),
        resolution=IDENTITY_RESOLUTION,
        advice="gamma is so close to 1 that rounding hides the step: lower --gamma",
    )


def optimality(path: LinearTrajectory, mutate: Mutation | None = None) -> Check:
    """The conditions of Karush, Kuhn and Tucker at delta dQ/dt with multiplier 1/delta."""
    found = list(steps(path))
    mutated = [mutate(step) if mutate else step for step in found]
    residuals = [
        optimality_residual(
            step.gradient, step.hessian, step.metric, step.delta * step.velocity, 1 / step.delta
        )
        for step in mutated
    ]
    return equal(
        "K-T2.KKT",
        "||(H + G/delta) delta dQ/dt + g|| / ||g||",
        residuals,
        0.0,
        budget={"rounding": _rounding(path, found)},
        where=_where(found),
        resolution=IDENTITY_RESOLUTION,
        advice="gamma is so close to 1 that rounding hides the step: lower --gamma",
    )


def _smallest(found: Sequence[Step]) -> tuple[Array, Array]:
    """Smallest eigenvalue of every ``(S^D)^{1/2} U^{-1} G U^{-T} (S^D)^{1/2}`` and its rounding error.

    Congruent to G_delta and equal to ``I - delta (S^D)^{1/2} F (S^D)^{1/2}``: its scale is 1.
    """
    values, rounding = [], []
    for step in found:
        inner = np.linalg.solve(step.u, np.linalg.solve(step.u, step.metric).T)
        root = np.sqrt(step.scaling)
        spectrum = np.linalg.eigvalsh(root[:, None] * inner * root)
        values.append(spectrum[0])
        rounding.append(100 * EPS * len(root) * np.abs(spectrum).max() * np.linalg.cond(step.u) ** 2)
    return np.array(values), np.array(rounding)


def delta_bar(path: LinearTrajectory) -> list[Check]:
    """G_delta just below delta_bar and just above it."""
    return [definiteness(path, JUST_BELOW, positive=True), definiteness(path, JUST_ABOVE, positive=False)]


def definiteness(path: LinearTrajectory, fraction: float, *, positive: bool) -> Check:
    """Whether G_delta is positive definite, or is not, at a fraction of delta_bar."""
    found = [step for step in steps(path, (fraction,)) if np.isfinite(step.bar)]
    quantity = f"lambda_min(G_delta), scaled, at {fraction:.4g} delta_bar"
    if not found:
        message = "the Hessian vanishes, so delta_bar is infinite and any delta will do: use another --seed"
        return not_applicable("K-T2.bar", quantity, message)
    values, rounding = _smallest(found)
    compare = at_least if positive else at_most
    return compare(
        "K-T2.bar",
        quantity,
        values,
        0.0,
        budget={"rounding": rounding},
        where=_where(found),
        advice="lower --gamma",
    )


def beyond(path: LinearTrajectory) -> list[Check]:
    """At 1.5 delta_bar: delta dQ/dt is stationary, and the model it minimises is strictly convex."""
    found = [step for step in steps(path, (BEYOND,)) if np.isfinite(step.bar)]
    quantity = "(H + G/delta) at 1.5 delta_bar"
    if not found:
        message = "the Hessian vanishes, so delta_bar is infinite: use another --seed"
        return [not_applicable("K-T2.beyond", quantity, message)]
    residuals, smallest = [], []
    for step in found:
        residuals.append(
            optimality_residual(
                step.gradient, step.hessian, step.metric, step.delta * step.velocity, 1 / step.delta
            )
        )
        smallest.append(np.linalg.eigvalsh(step.delta * step.hessian + step.metric)[0])
    rounding = path.problem.identity_rounding * np.array(
        [1 + step.delta * np.linalg.norm(step.hessian, 2) for step in found]
    )
    return [
        equal(
            "K-T2.beyond",
            f"{quantity}: optimality residual",
            residuals,
            0.0,
            budget={"rounding": rounding},
            where=_where(found),
            resolution=IDENTITY_RESOLUTION,
            advice="lower --gamma",
        ),
        at_least(
            "K-T2.beyond",
            f"{quantity}: delta lambda_min",
            smallest,
            0.0,
            budget={"rounding": rounding},
            where=_where(found),
            advice="lower --gamma",
        ),
    ]


def path_form(path: LinearTrajectory, index: int) -> tuple[float, float]:
    """Order at which ``Q(t + delta) - Q(t) - v_delta`` vanishes as delta is halved, and its error.

    The local orders approach their limit linearly in delta, so that the last is off by about its
    distance to the one before; rounding of Q adds to it where the gap is small.
    """
    problem, theta = path.problem, path.thetas[index]
    model = problem.model
    q = model.at(theta).q[0]
    excess, g = problem.objective.excess_and_gradient(q[None, :])
    d_a, d_b = model.at(theta).gradients(g)
    decay_time = excess / float(np.vdot(d_a, d_a) + np.vdot(d_b, d_b))
    unit = step_at(path, index, 1.0).delta
    longest = LONGEST * min(decay_time, unit)
    deltas = longest * 0.5 ** np.arange(HALVINGS)[::-1]
    points = integrate_flow(
        lambda theta: model.gradient(theta, problem.objective),
        theta,
        np.concatenate([[0.0], deltas]),
        0.0,
        runge_kutta(1e-13),
        0.0,
    )
    gaps, noise = [], []
    for delta, point in zip(deltas, list(points)[1:], strict=True):
        step = step_at(path, index, delta / unit)
        v, _ = trust_region_step(step.gradient, step.hessian, step.metric, step.radius)
        gap = float(np.linalg.norm(model.at(point.theta).q[0] - q - v))
        gaps.append(gap)
        noise.append(problem.map_error * float(np.linalg.norm(q)) / gap)
    orders = np.diff(np.log2(gaps))
    clear = int(np.argmax(np.array(noise) < 0.1 * ORDER_RESOLUTION))
    if clear + 1 >= len(orders) or noise[clear] >= 0.1 * ORDER_RESOLUTION:
        return float(orders[-1]), np.inf
    order, following = orders[clear], orders[clear + 1]
    return float(order), float(2 * abs(order - following) + 4 * noise[clear])


def path_order(trajectory: NewtonTrajectory, order: float = 2.0) -> Check:
    """The path form's order."""
    return equal(
        "K-T2.path",
        "order of Q(t + delta) - Q(t) - v_delta",
        trajectory.orders,
        order,
        budget={"extrapolation": trajectory.order_errors},
        where={"time": trajectory.times},
        resolution=ORDER_RESOLUTION,
        advice="the path is too short or too flat: use another --seed",
    )


def figures(problem: NewtonProblem, trajectory: NewtonTrajectory) -> dict[str, Figure]:
    """How well step and flow agree, and the path of the plane with its steps and metrics."""
    return {"agreement": agreement_figure(trajectory.path), "plane": plane_figure(trajectory.plane)}


def agreement_figure(path: LinearTrajectory) -> Figure:
    """Relative distance between Newton step and flow direction along the path, for every delta."""
    figure, axes = plots.single(
        "Theorem 2: Newton step $v$ and flow direction",
        "gradient-flow time $t$",
        r"$\|v - \delta\dot Q\| \,/\, \|\delta\dot Q\|$",
    )
    for curve, fraction in zip(plots.CURVES, FRACTIONS, strict=True):
        found = list(steps(path, (fraction,)))
        gaps = []
        for step in found:
            v, _ = trust_region_step(step.gradient, step.hessian, step.metric, step.radius)
            expected = step.delta * step.velocity
            gaps.append(max(EPS, np.linalg.norm(v - expected) / np.linalg.norm(expected)))
        times = [step.time for step in found]
        axes.semilogy(times, gaps, label=rf"$\delta = {fraction}\,\bar\delta$", **curve)
    plots.logarithmic_time(axes, path.fastest, path.times[-1])
    axes.set_ylim(EPS / 3, 1e-9)
    axes.legend(ncols=2, loc="upper left")
    return figure


def plane_figure(plane: LinearTrajectory) -> Figure:
    """For two features: level sets of the shallow loss, the path of Q, its steps and their ellipses."""
    figure, axes = plots.single(
        r"Two features: path of $Q$, steps $\delta\dot Q$ and trust regions in $G_\delta$",
        "$Q_1$",
        "$Q_2$",
        height=3.8,
    )
    model = plane.problem.model
    path = np.array([model.at(theta).q[0] for theta in plane.thetas])
    axes.plot(*path.T, label="path of $Q$", **plots.CURVES[0])
    axes.plot(*plane.problem.objective.minimiser[0], "*", color="black", markersize=9, label="minimiser")
    lengths = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    chosen = np.unique([int(np.searchsorted(lengths, share * lengths[-1])) for share in (0.0, 0.35, 0.65)])
    for position, index in enumerate(chosen):
        draw_ball(axes, path[index], step_at(plane, int(index), 0.9), first=position == 0)
    draw_levels(axes, plane)
    axes.set_aspect("equal", adjustable="box")
    axes.legend(loc="upper left")
    return figure


def draw_ball(axes: Axes, center: Array, step: Step, *, first: bool) -> None:
    """The trust region around a point, and the step that ends on its border."""
    angles = np.linspace(0, 2 * np.pi, 200)
    root = np.linalg.cholesky(step.metric)
    ball = center[:, None] + step.radius * np.linalg.solve(root.T, np.array([np.cos(angles), np.sin(angles)]))
    axes.plot(*ball, label="trust region" if first else None, **plots.CURVES[2])
    end = step.delta * step.velocity
    axes.quiver(
        *center,
        *end,
        angles="xy",
        scale_units="xy",
        scale=1,
        width=0.008,
        color=plots.CURVES[1]["color"],
        label=r"step $\delta\dot Q$" if first else None,
        zorder=3,
    )


def draw_levels(axes: Axes, plane: LinearTrajectory) -> None:
    """Level sets of the excess of the shallow loss over what the axes show."""
    middle = [sum(limits) / 2 for limits in (axes.get_xlim(), axes.get_ylim())]
    half = 0.55 * max(np.ptp(axes.get_xlim()), np.ptp(axes.get_ylim()))
    span = np.linspace(-half, half, LEVEL_GRID)
    grid = np.meshgrid(middle[0] + span, middle[1] + span)
    objective = plane.problem.objective
    points = np.stack([axis.ravel() for axis in grid], axis=1)
    values = [objective.excess_and_gradient(point[None, :])[0] for point in points]
    levels = np.geomspace(max(values) * 1e-4, max(values), 12)
    axes.contour(*grid, np.reshape(values, grid[0].shape), levels=levels, colors="#999999", linewidths=0.6)


PRESETS: Presets = {
    "quick": (
        Variant("digits", {"width": 12, "points": 31}),
        Variant("logistic", {"width": 8, "points": 31, "loss": "logistic"}),
    ),
    "standard": (Variant("digits"), Variant("logistic", {"loss": "logistic", "width": 16})),
    "thorough": (
        Variant("digits", seeds=10),
        Variant("logistic", {"loss": "logistic", "width": 16}, seeds=10),
        Variant("wide", {"width": 64}),
    ),
}
