"""Gradient flow of a linear deep equilibrium model converges from any start, for it conserves a matrix.

Setting. z = B z + A x, x in R^d, z in R^k. Where M = I - B is invertible, z = W x with W = M^{-1} A. The loss
L(A, B) = L_0(W) = sum_i loss(W x_i, y_i) follows gradient flow: with G = grad L_0(W),

    dA/dt = -M^{-T} G,    dM/dt = -dB/dt = M^{-T} G W^T.

Hypotheses. M(0) is invertible. L_0 satisfies PL with mu > 0: 1/2 ||G||_F^2 >= mu (L_0 - L*) for all W.

Statement. C = A A^T + M M^T is constant, and L(t) - L* <= (L(0) - L*) exp(-2 mu t / ||C||_2).

Proof. D-1: C is constant, for every loss. D-2: dW/dt = -(M^T M)^{-1} G (I + W^T W). D-4: M stays invertible, as
C = M (I + W W^T) M^T. D-3: M M^T <= C, so -dL/dt = <G, (M^T M)^{-1} G (I + W^T W)> >= ||G||^2 / ||C||. Sharper,
-dL/dt >= ||G||^2 (1 + s^2) / ||M||^2 with s^2 = lambda_min(W^T W). That is attained where X is orthogonal and
W(0) - W* = a u v^T, with u on top of M, and u, v the least singular pair of W: M and W keep their bases.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from matplotlib.figure import Figure
from pydantic import Field

from verify import plots
from verify.flow import FlowPoint
from verify.flow.cvode import cvode
from verify.flow.scaled import Segment, Stepper
from verify.flow.scaled import integrate as flow
from verify.linear_deq.accuracy import SHARE
from verify.linear_deq.build import draw_start, shallow_objective
from verify.linear_deq.following import EXCESS_RESOLUTION, SHARPER, resolvable_excess
from verify.linear_deq.setting import LinearSetting, Loss
from verify.losses import EPS, Array, ShallowObjective
from verify.numerics.differentiation import directional_derivative
from verify.numerics.quadrature import cumulative_integral, graded_times
from verify.theorem.claims import Claims
from verify.theorem.compare import Check, at_least, at_most, equal, not_applicable
from verify.theorem.errors import HypothesisError, InputError
from verify.theorem.presets import Variant
from verify.theorem.protocol import Progress, silent
from verify.theorem.settings import BaseSetting

NAME = "linear-deq"
TITLE = "Global convergence of linear deep equilibrium models from any start"
SOURCES = ("ours; on conserved norms cf. Dandapanthula and Ramdas, arXiv 2511.16976",)
FORMULAS = (("statement", (r"L(t) - L^* \le (L(0) - L^*)\,e^{-2 \mu t / \|C\|}", r"C = A A^T + M M^T")),)
CLAIMS = Claims("ours")
SMALL: dict[str, Any] = {"width": 2, "outputs": 1, "samples": 9, "points": 15, "rtol": 1e-8}
ALIGNED: dict[str, Any] = {"labels": "aligned", "width": 3, "points": 31}
PRESETS = {"quick": (Variant("drawn"), Variant("aligned", ALIGNED), Variant("singular", {"smallest": 1e-3}))}
RESOLUTION = 1e-3  # a wider error budget would pass a constant that is 0.1% wrong
OFFSET = 0.03  # a: |s| grows from 0 to it, and the rate from 2 mu / ||C|| to (1 + a^2)^2 times that
ADVICE = "tighten --rtol, add --points, or raise --smallest"
NEWTON = 1.1  # CVODE's error test, and the tenth of it at which Newton's iteration stops


class Setting(BaseSetting):
    """Every field is an option of the command line."""

    width: int = Field(6, ge=1, le=100, description="features d")
    outputs: int | None = Field(None, ge=1, le=50, description="outputs k; default 4, logistic and hinge 1")
    samples: int | None = Field(None, ge=2, le=100_000, description="samples n; default 100, hinge d/2")
    data: str = Field("synthetic", examples=["mine.npz"], description="synthetic, digits, or FILE.npz")
    loss: Loss = Field("square", description="loss function")
    tau: float = Field(0.1, ge=0, le=1e3, description="weight of tau ||q||^2 in logistic and cross-entropy")
    labels: Literal["data", "aligned"] = Field("data", description="aligned: k = d and the rate is attained")
    smallest: float = Field(0.3, ge=0, le=1, description="smallest singular value of M(0); the largest is 1")
    horizon: float | None = Field(None, gt=0, le=1e12, examples=[10], description="flow time T")
    points: int = Field(61, ge=9, le=10_000, description="times at which everything is checked")
    rtol: float = Field(1e-10, ge=1e-12, le=1e-6, description="relative tolerance of the integrator")


@dataclass(frozen=True)
class Problem:
    """L_0 with features X (d, n) and targets Y (k, n), the start (A, M) (k, d + k), the times to look at."""

    setting: Setting
    X: Array
    Y: Array
    objective: ShallowObjective
    start: Array
    times: Array
    share: tuple[float, float] = (1, 1)  # of dL/dA and dL/dM in what is followed

    @property
    def attained(self) -> bool:
        """Whether E falls at the sharp rate exactly."""
        return self.setting.labels == "aligned" or (
            self.X.shape[0] == len(self.Y) == 1 and self.objective.pl_is_attained
        )

    @property
    def rate(self) -> float:
        """2 mu / ||C||."""
        return float(2 * self.objective.pl_constant / np.linalg.norm(self.start, 2) ** 2)

    def at(self, state: Array) -> tuple[Array, Array, Array, Array, float, float]:
        """A, M, W, G; L - L*, 0 where rounding blurs it; the relative rounding error of W."""
        A, M = np.split(state.reshape(self.start.shape), [-len(self.start)], axis=1)
        W, rounding = np.linalg.solve(M, A), EPS * sum(A.shape) * float(np.linalg.cond(M))
        excess, G = self.objective.excess_and_gradient(W)
        return A, M, W, G, excess * resolvable_excess(self.objective, W, G, rounding), rounding


@dataclass(frozen=True)
class Path:
    """What is seen at p times."""

    times: Array
    A: Array  # (p, k, d)
    M: Array  # (p, k, k)
    W: Array  # (p, k, d)
    G: Array  # (p, k, d)
    excess: Array  # L - L*
    rounding: Array  # of W, relative
    sharp: Array  # 2 mu int_0^t (1 + s^2) / ||M||^2
    quadrature: Array  # its error
    passed: Array  # norm of the errors in (A, M) that the integrator's tests let pass, over rtol
    error: float = 0.0  # of log E and of `sharp`, from a second run
    bias: float = 0.0  # ||W - W_s|| / ||W_s|| at the end, W_s on the flow of the shallow model

    @property
    def C(self) -> Array:  # noqa: N802
        """(p, k, k)."""
        return self.A @ np.swapaxes(self.A, 1, 2) + self.M @ np.swapaxes(self.M, 1, 2)

    @property
    def arrays(self) -> Mapping[str, Array]:
        """For the record."""
        return {name: np.asarray(column) for name, column in vars(self).items()}

    @property
    def rates(self) -> Mapping[str, float]:
        """Of the fall of log E."""
        fall, least, end = np.log(self.excess[0] / self.excess[-1]), self.sharp[-1], self.times[-1]
        found = {"measured": fall / end, "guaranteed": least / end, "tightness": fall / least}
        return {**found, "implicit bias: ||W - W_s|| / ||W_s|| at the end": self.bias}


def build(setting: Setting) -> Problem:
    """A(0) ~ N(0, 1/d), M(0) with singular values from `smallest` to 1; or the start that attains the rate."""
    rng, d, aligned = np.random.default_rng(setting.seed), setting.width, setting.labels == "aligned"
    if setting.smallest == 0:
        raise HypothesisError("M(0) is singular and W = M^{-1} A undefined: use --smallest 0.001")
    if aligned and (setting.loss != "square" or setting.outputs not in (None, d) or setting.smallest > 0.5):
        raise InputError("--labels aligned needs --loss square, no --outputs, and --smallest 0.5 or less")
    one = setting.loss in ("logistic", "hinge") or aligned
    asked = setting.model_dump(exclude={"labels", "smallest"}) | {
        "outputs": setting.outputs or (1 if one else 4)
    }
    shared = LinearSetting.model_construct(**asked | ({"samples": d, "outputs": 1} if aligned else {}))
    drawn = draw_start(shared)
    X, Y = drawn.start.features, drawn.start.targets
    k = d if aligned else len(Y)
    left, right, basis = (np.linalg.qr(rng.standard_normal((m, m)))[0] for m in (k, k, d))
    M, A = left * np.geomspace(setting.smallest, 1, k) @ right.T, rng.standard_normal((k, d)) / np.sqrt(d)
    if aligned:
        W = right * np.append(np.full(k - 1, 0.1), 0) @ basis.T
        A, X = M @ W, np.linalg.qr(X)[0]
        Y = (W - OFFSET * np.outer(right[:, -1], basis[:, -1])) @ X
    objective = shallow_objective(
        shared, replace(drawn, start=replace(drawn.start, features=X, targets=Y)), 1e6
    )
    problem = Problem(setting, X, Y, objective, np.hstack([A, M]), np.zeros(1))
    *_, W, G, excess, _ = problem.at(problem.start)
    if excess <= 0:
        raise HypothesisError("W(0) is optimal already, to rounding: use another --seed")
    fastest = excess / np.linalg.norm(gradient(M, W, G)) ** 2
    horizon = setting.horizon or 12 / problem.rate
    return replace(problem, times=graded_times(horizon, min(fastest, horizon), setting.points))


def gradient(M: Array, W: Array, G: Array, share: tuple[float, float] = (1, 1)) -> Array:
    """(dL/dA, dL/dM), (..., k, d + k), or a share of each: that of falsehoods, and of dW_s/dt = -G at M = I."""
    slope = np.linalg.solve(np.swapaxes(M, -1, -2), G)
    return np.concatenate([share[0] * slope, -share[1] * slope @ np.swapaxes(W, -1, -2)], axis=-1)


def follow(problem: Problem, rtol: float) -> Path:
    """The flow until rounding blurs it.

    Error tests keep the errors of a step, each over its tolerance, below 1 in the root mean square over N unknowns. The
    tolerances are rtol (scale + distance from where the segment began), so that the norm is at most sqrt(N) times the largest.
    """
    segments: list[tuple[FlowPoint, float]] = []

    def field(theta: Array) -> tuple[Array, float]:
        _, M, W, G, excess, _ = problem.at(theta)
        return gradient(M, W, G, problem.share).ravel(), excess

    def stepper(segment: Segment) -> Stepper:
        scale = np.abs(segment.theta(np.ones_like(segment.start)) - segment.begin.theta).max()
        segments.append((segment.begin, scale))
        return cvode(rtol)(segment)

    theta, least = problem.start.ravel(), problem.objective.optimum_error / EXCESS_RESOLUTION
    points = list(
        flow(field, theta, problem.times, least, stepper, EPS * float(np.linalg.norm(theta)) / rtol)
    )
    passed = []
    for (begin, scale), (end, _) in pairwise([*segments, (points[-1], 0.0)]):
        reach = [abs(p.theta - begin.theta).max() for p in (*points, end) if begin.time <= p.time <= end.time]
        passed.append((end.steps - begin.steps + 1) * np.sqrt(theta.size + 2) * (scale + max(reach)))
    points = [point for point in points if point.excess > 0 and point.time in problem.times]
    times = np.array([point.time for point in points])
    A, M, W, G, excess, rounding = map(
        np.array, zip(*(problem.at(point.theta) for point in points), strict=True)
    )
    singular = np.linalg.svd(W, compute_uv=False)
    s = singular[:, -1] if W.shape[1] >= W.shape[2] else 0
    speed = 2 * problem.objective.pl_constant / np.linalg.norm(M, 2, axis=(1, 2)) ** 2
    sharp, quadrature = cumulative_integral(times, speed * (1 + s**2), problem.times[1])
    blur, _ = cumulative_integral(times, speed * 2 * rounding * (1 + singular[:, 0] ** 2), problem.times[1])
    begun = np.searchsorted([begin.time for begin, _ in segments], times, "right") - 1
    return Path(times, A, M, W, G, excess, rounding, sharp, quadrature + abs(blur), np.cumsum(passed)[begun])


def integrate(problem: Problem, progress: Progress) -> Path:
    """Gradient flow, again at a hundredth of the tolerance, and that of the shallow model from W(0)."""
    runs = []
    for share in (1, SHARPER):
        runs.append(follow(problem, share * problem.setting.rtol))
        progress("gradient flow", len(runs), 2)
    p = min(len(run.times) for run in runs)
    path, other = (Path(**{name: x[:p] for name, x in vars(run).items() if np.ndim(x)}) for run in runs)
    error = abs(np.log(path.excess / other.excess)) + abs(path.sharp - other.sharp)
    start = np.hstack([path.W[0], np.eye(len(problem.start))])
    W = follow(replace(problem, start=start, times=path.times, share=(1, 0)), problem.setting.rtol).W[-1]
    return replace(path, error=SHARE * error.max(), bias=np.linalg.norm(path.W[-1] - W) / np.linalg.norm(W))


@CLAIMS.hypothesis("D-M", "M(0) is invertible: sigma_min(M(0)) > 0, as asked for")
def invertible(problem: Problem, factor: float = 1) -> Check:
    """By a singular value decomposition, which knows nothing of how M(0) was made."""
    M, asked = problem.start[:, -len(problem.start) :], problem.setting.smallest
    found = np.linalg.svd(M, compute_uv=False)[-1]
    budget = {"rounding": EPS * problem.start.size}
    return equal("sigma_min(M(0))", found, factor * asked, budget=budget, resolution=RESOLUTION * asked)


invertible.false("a value 0.1% larger", why="it is known to rounding", setting=SMALL, factor=1.001)
invertible.broken("a singular M(0)", why="W is not defined there", setting={**SMALL, "smallest": 0})


@CLAIMS.hypothesis("D-PL", "PL along the path: 1/2 ||G||^2 >= mu (L - L*)")
def pl(problem: Problem, path: Path, factor: float = 1) -> Check:
    """An equality where X is orthogonal and the loss is square."""
    objective, ratio = problem.objective, 0.5 * np.sum(path.G**2, axis=(1, 2)) / path.excess
    sigma, mu = objective.singular_values, objective.pl_constant
    rounding = 4 * EPS * max(problem.X.shape) * sigma[0] / sigma[-1]
    budget = {"rounding": rounding * ratio, "optimum": objective.optimum_error / path.excess * ratio}
    attained = RESOLUTION * mu if objective.pl_is_attained else None
    where = {"time": path.times}
    return at_least(
        "1/2 ||G||^2 / (L - L*), mu", ratio, factor * mu, budget=budget, where=where, attained=attained
    )


pl.false("mu 1% larger", why="X is orthogonal, and PL an equality", setting=ALIGNED, factor=1.01)
pl.broken(
    "cross-entropy without tau",
    why="mu = 0",
    setting={**SMALL, "outputs": 2, "loss": "cross-entropy", "tau": 0},
)
pl.broken("the hinge with n > d", why="no W meets every label", setting={**SMALL, "loss": "hinge"})


@CLAIMS.step("D-G", "dL/dA = M^{-T} G and dL/dM = -M^{-T} G W^T")
def chain_rule(problem: Problem, path: Path, share: tuple[float, float] = (1, 1)) -> Check:
    """Along a random direction, by complex step through M^{-1} A and the loss."""
    direction = np.random.default_rng(problem.setting.seed).standard_normal(problem.start.shape)
    ways = np.split(direction, [-len(direction)], axis=1)
    objective, slopes, blur = problem.objective, [], []
    for A, M, W, rounding in zip(path.A, path.M, path.W, path.rounding, strict=True):
        speed = np.linalg.norm(directional_derivative(np.linalg.solve, (M, A), (ways[1], ways[0])))
        slopes.append(
            directional_derivative(
                lambda A, M: objective.analytic_excess(np.linalg.solve(M, A)), (A, M), ways
            )
        )
        blur.append(speed * (objective.analytic_rounding(W) + objective.gradient_rounding(W, rounding)))
    closed = gradient(path.M, path.W, path.G, share)
    size = np.linalg.norm(closed, axis=(1, 2)) * np.linalg.norm(direction)
    budget = {"rounding": 4 * path.rounding + np.array(blur) / size}
    undecided, where = budget["rounding"] > RESOLUTION / 10, {"time": path.times}
    gap = (np.sum(closed * direction, axis=(1, 2)) - slopes) / size
    return equal(
        "(<closed form, D> - dL along D) / ||closed form|| ||D||",
        gap,
        0,
        budget=budget,
        where=where,
        undecided=undecided,
        resolution=RESOLUTION,
    )


chain_rule.false("dL/dA 1% larger", why="the complex step has the right one", setting=SMALL, share=(1.01, 1))


@CLAIMS.step("D-1", "C = A A^T + M M^T is constant")
def conserved(problem: Problem, path: Path, weight: float = 1) -> Check:
    """A step that errs by e in (A, M) moves C by at most 2 ||(A, M)|| ||e||, and ||(A, M)||^2 = ||C||."""
    C = weight * path.A @ np.swapaxes(path.A, 1, 2) + path.M @ np.swapaxes(path.M, 1, 2)
    return equal(
        "||C(t) - C(0)|| / ||C||",
        np.linalg.norm(C - C[0], axis=(1, 2)) / np.linalg.norm(C[0], 2),
        0,
        budget=drift(problem, path),
        where={"time": path.times},
        trivial=path.times == 0,
        resolution=RESOLUTION,
    )


def drift(problem: Problem, path: Path) -> dict[str, Array | float]:
    """The most that C may drift by the tolerance asked for, and round, relative to ||C||."""
    size = np.linalg.norm(problem.start, 2)
    return {
        "steps": 2 * NEWTON * problem.setting.rtol * path.passed / size,
        "rounding": 2 * EPS * problem.start.size,
    }


conserved.false(
    "A 1% too fast",
    why="then dC/dt is 1% of d(A A^T)/dt",
    setting=SMALL,
    path=lambda problem: integrate(replace(problem, share=(1.01, 1)), silent),
)
conserved.false(
    "a tolerance 1000 times looser",
    why="each step errs by more than was asked for",
    setting=SMALL,
    path=lambda problem: loose(problem),
)
conserved.false("1.0001 A A^T + M M^T", why="A A^T is not constant", setting=SMALL, weight=1.0001)


def loose(problem: Problem) -> Path:
    return integrate(
        replace(problem, setting=problem.setting.model_copy(update={"rtol": 1000 * problem.setting.rtol})),
        silent,
    )


@CLAIMS.step("D-2", "dW/dt = -(M^T M)^{-1} G (I + W^T W)")
def speed(path: Path, swapped: bool = False) -> Check:
    """dW/dt by complex step through M^{-1} A."""
    A, M, W, G = path.A, path.M, path.W, path.G
    way = -gradient(M, W, G)
    found = directional_derivative(np.linalg.solve, (M, A), (way[..., A.shape[2] :], way[..., : A.shape[2]]))
    Mt, Wt = np.swapaxes(M, 1, 2), np.swapaxes(W, 1, 2)
    metric = M @ Mt if swapped else Mt @ M
    law = -np.linalg.solve(metric, G + G @ Wt @ W)
    size, sigma = np.linalg.norm(found, axis=(1, 2)), np.linalg.svd(M, compute_uv=False)
    longest = np.linalg.norm(G, axis=(1, 2)) * (1 + np.linalg.norm(W, axis=(1, 2)) ** 2) / sigma[:, -1] ** 2
    budget = {"rounding": 4 * path.rounding * sigma[:, 0] / sigma[:, -1] * longest / size}
    return equal(
        "||dW/dt - law|| / ||dW/dt||",
        np.linalg.norm(found - law, axis=(1, 2)) / size,
        0,
        budget=budget,
        where={"time": path.times},
        resolution=RESOLUTION,
    )


speed.false(
    "(M M^T)^{-1} for (M^T M)^{-1}", why="M is not symmetric", setting={**SMALL, "outputs": 2}, swapped=True
)


@CLAIMS.step(
    "D-4", "M stays invertible: sigma_min(M)^2 >= lambda_min(C) / (1 + ||W||^2)", given=(invertible,)
)
def stays_invertible(problem: Problem, path: Path, factor: float = 1) -> Check:
    """An equality for k = 1."""
    C = path.C[0]
    least = np.linalg.eigvalsh(C)[0]
    sigma = np.linalg.svd(path.M, compute_uv=False)[:, -1]
    ratio = sigma**2 * (1 + np.linalg.norm(path.W, 2, axis=(1, 2)) ** 2) / least
    spread = np.linalg.norm(C, 2) / least
    budget = {name: ratio * part * spread for name, part in drift(problem, path).items()} | {
        "map": 4 * path.rounding * ratio
    }
    return at_least(
        "sigma_min(M)^2 (1 + ||W||^2) / lambda_min(C)",
        ratio,
        factor,
        budget=budget,
        where={"time": path.times},
        attained=RESOLUTION,
    )


stays_invertible.false("a bound 1% larger", why="for k = 1 both sides are equal", setting=SMALL, factor=1.01)


@CLAIMS.conclusion("D-3", "L(t) - L* <= (L(0) - L*) exp(-2 mu t / ||C||)", given=(invertible, pl))
def conclusion(problem: Problem, path: Path, factor: float = 1) -> Iterator[Check]:
    """In logarithms, and with the larger rate 2 mu int_0^t (1 + s^2) / ||M||^2."""
    fall, how = np.log(path.excess / path.excess[0]), budgets(problem, path)
    crude, attained = problem.rate * path.times, None
    if problem.attained:
        attained = RESOLUTION * path.sharp[-1]
    yield at_most("log E/E(0), 2 mu t / ||C||", fall, -factor * crude, undecided=crude < 1, **how)
    how["budget"]["quadrature"] = path.quadrature
    yield at_most(
        "log E/E(0), 2 mu int (1 + s^2) / ||M||^2",
        fall,
        -factor * path.sharp,
        undecided=path.sharp < 1,
        attained=attained,
        **how,
    )


def budgets(problem: Problem, path: Path) -> dict[str, Any]:
    """How the fall of log E is compared, and by how much it may be off."""
    optimum = problem.objective.optimum_error * (1 / path.excess + 1 / path.excess[0])
    excess = np.array(
        [problem.objective.excess_rounding(*pair) for pair in zip(path.W, path.rounding, strict=True)]
    )
    rounding = excess + excess[0] + EPS * problem.start.size * problem.rate * path.times
    budget = {"integration": path.error, "optimum": optimum, "rounding": rounding}
    return {"budget": budget, "where": {"time": path.times}, "trivial": path.times == 0, "advice": ADVICE}


conclusion.false("rates 1% faster", why="they are attained", setting=ALIGNED, factor=1.01)


@CLAIMS.step(
    "D-3.tight",
    "log E falls no faster than by (1 + a^2)^2 2 mu / ||C|| where labels are aligned",
    required=False,
)
def tight(problem: Problem, path: Path, slower: float = 1) -> Check:
    """The rate is 2 mu (1 + s^2)^2 / ||C||, and |s| < a."""
    fastest = slower * (1 + OFFSET**2) ** 2 * problem.rate * path.times
    if problem.setting.labels == "data":
        return not_applicable("log E/E(0)", "the rate is attained under --labels aligned")
    return at_least(
        "log E/E(0), (1 + a^2)^2 2 mu t / ||C||",
        np.log(path.excess / path.excess[0]),
        -fastest,
        undecided=True,
        **budgets(problem, path),
    )


tight.false("attained by a rate 1% slower", why="log E falls faster", setting=ALIGNED, slower=0.99)


def pictures(problem: Problem, path: Path) -> dict[str, Figure]:
    """The loss under its two bounds."""
    figure, axes = plots.single(
        "Linear DEQ: excess loss and its bounds", "gradient-flow time $t$", "$(L(t) - L^*) / (L(0) - L^*)$"
    )
    curves = {
        "measured": path.excess / path.excess[0],
        r"$e^{-2\mu \int (1 + s^2) / \|M\|^2}$": np.exp(-path.sharp),
        r"$e^{-2\mu t / \|C\|}$": np.exp(-problem.rate * path.times),
    }
    for style, (label, curve) in zip(plots.CURVES, curves.items(), strict=False):
        axes.semilogy(path.times, curve, label=label, **style)
    plots.logarithmic_time(axes, problem.times[1], path.times[-1])
    axes.legend(loc="best")
    return {"loss": figure}
