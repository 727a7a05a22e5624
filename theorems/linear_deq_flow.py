"""The flow of `theorems.linear_deq`, what is seen along it, and its picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.interpolate import CubicSpline

from verify import plots
from verify.data.start import Start
from verify.flow import FlowPoint
from verify.flow.cvode import cvode
from verify.flow.scaled import Segment, Stepper
from verify.flow.scaled import integrate as gradient_flow
from verify.linear_deq.accuracy import shown_later
from verify.linear_deq.build import draw_data, objective_on
from verify.linear_deq.following import EXCESS_RESOLUTION, SHARPER, resolvable_excess
from verify.linear_deq.setting import LinearSetting
from verify.losses import EPS, Array, ShallowObjective
from verify.numerics.differentiation import directional_derivative
from verify.numerics.quadrature import graded_times
from verify.theorem.protocol import Progress

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FINER = 8  # the rate is seen this many times as often as it is checked: from singular starts it falls steeply
TINY = 1e-300  # no relative error of W = 0
NEWTON = 1.1  # CVODE's error test, and the tenth of it at which Newton's iteration stops


@dataclass(frozen=True)
class Problem:
    """L_0 of features X (d, n) and targets Y (k, n), and the start S = (A, M) (k, d + k)."""

    objective: ShallowObjective
    X: Array
    Y: Array
    S: Array
    points: int
    rtol: float
    seed: int
    smallest: float  # singular value of M(0), as asked for, or by its inverse
    aligned: bool
    horizon: float = 1
    fastest: float = 1  # time scale of the flow at its start
    speeds: tuple[float, float] = (1, 1)  # of A and M, over those of gradient flow
    described: Mapping[str, str] = field(default_factory=dict)  # names a start file for the record
    threads = 1

    @property
    def effective(self) -> Mapping[str, Any]:
        """The values that the run is made with."""
        (d, n), k, mu = self.X.shape, len(self.Y), self.objective.pl_constant
        return {
            "d": d,
            "k": k,
            "n": n,
            "mu": mu,
            "||C||": self.size,
            "sigma_min(M)": self.smallest,
            "T": self.horizon,
            **self.described,
        }

    @property
    def attained(self) -> bool:
        """Whether E falls at the sharp rate."""
        return self.aligned or (self.S.size == 2 and self.objective.pl_is_attained)

    @property
    def direction(self) -> Array:
        """A random one of (A, M)."""
        return np.random.default_rng(self.seed).standard_normal(self.S.shape)

    @property
    def size(self) -> float:
        """||C||, which is ||S||^2."""
        return float(np.linalg.norm(self.S, 2) ** 2)

    @property
    def rate(self) -> float:
        """2 mu / ||C||."""
        return float(2 * self.objective.pl_constant / self.size)

    def at(self, S: Array) -> tuple[Array, Array, Array, Array, float, float]:
        """A, M, W, G; E = L - L*, or 0 where rounding blurs it; the relative rounding error of W."""
        A, M = np.split(S.reshape(self.S.shape), [-len(self.S)], axis=1)
        W: Any = np.linalg.solve(M, A)
        # The integrator's tolerance is EPS ||S|| in each unknown at least; W moves by M^{-1} (dA - dM W).
        cond, size = float(np.linalg.cond(M)), max(float(norm(W)), TINY)
        state = EPS * float(np.linalg.norm(S)) * np.sqrt(S.size) * cond / np.linalg.norm(M, 2)
        rounding = float(EPS * sum(A.shape) * cond + state * np.hypot(1, size) / size)
        E, G = self.objective.excess_and_gradient(W)
        return A, M, W, G, E * resolvable_excess(self.objective, W, G, rounding), rounding


@dataclass(frozen=True)
class Path:
    """What is seen at p times."""

    times: Array
    A: Array  # (p, k, d)
    M: Array  # (p, k, k)
    W: Array  # (p, k, d)
    G: Array  # (p, k, d)
    E: Array  # L - L*
    rounding: Array  # of W, relative
    sharp: Array  # 2 mu int_0^t (1 + s^2) / ||M||^2
    quadrature: Array  # its error
    speed: Array  # (p, k, d), dW/dt by complex step
    solves: Array  # rounding of dW/dt, relative
    slope: Array  # of L along `Problem.direction`, by complex step
    blur: Array  # rounding of that
    error: Array  # of log E and `sharp`, from a second run
    drift: float  # of C over ||C||, the most that the tolerance asked for lets pass
    steps: int
    bias: float = 0  # ||W - W_s|| / ||W_s|| at the end, W_s on the flow of the shallow model

    @property
    def arrays(self) -> Mapping[str, Array]:
        """For the record."""
        return {name: column for name, column in vars(self).items() if np.ndim(column)}

    @property
    def counts(self) -> Mapping[str, int]:
        """Work done."""
        return {"steps": self.steps}

    @property
    def rates(self) -> Mapping[str, float]:
        """Of the fall of log E."""
        fall, least, end = np.log(self.E[0] / self.E[-1]), self.sharp[-1], self.times[-1]
        found = {"measured": fall / end, "guaranteed": least / end, "tightness": fall / least}
        return found | {"implicit bias: ||W - W_s|| / ||W_s|| at the end": self.bias}


def t(X: Array) -> Array:
    """The transposed matrices of a stack."""
    return np.swapaxes(X, -1, -2)


def norm(X: Array) -> Array:
    """The Frobenius norms of a stack."""
    return np.asarray(np.linalg.norm(X, axis=(-2, -1)), dtype=float)


def sigma(X: Array) -> Array:
    """The singular values of a stack, decreasing."""
    return np.asarray(np.linalg.svd(X, compute_uv=False), dtype=float)


def velocity(M: Array, W: Array, G: Array, speeds: tuple[float, float] = (1, 1)) -> Array:
    """(dA/dt, dM/dt), (..., k, d + k)."""
    slope: Any = np.linalg.solve(t(M), G)
    return np.concatenate([-speeds[0] * slope, speeds[1] * slope @ t(W)], axis=-1)


def start(asked: Mapping[str, Any], given: Start | None, aligned: bool, offset: float) -> Problem:
    """Data and losses are those of the suite's other linear model, with their errors for bad input."""
    d, loss, seed, smallest = (asked[name] for name in ("width", "loss", "seed", "smallest"))
    outputs = asked["outputs"]
    if outputs is None and asked["data"] in ("digits", "synthetic"):  # a file has as many as it has
        outputs = 3 if loss in ("square", "cross-entropy") else 1
    if aligned:
        asked, outputs = {**asked, "samples": d}, 1
    shared = LinearSetting.model_construct(**{**asked, "outputs": outputs})
    data, rng = draw_data(shared, given, np.random.default_rng(seed)), np.random.default_rng(seed)
    X, Y = data.features, data.targets
    k = d if aligned else len(Y)
    left, right, basis = (np.linalg.qr(rng.standard_normal((m, m)))[0] for m in (k, k, d))
    M, A = left * np.geomspace(smallest, 1, k) @ right.T, rng.standard_normal((k, d)) / np.sqrt(d)
    if given is not None:
        A, M = given.parameters["A"], given.parameters["M"]
        smallest = least_singular(M)
    if aligned:  # off W by the top of M and the bottom of W, s = 0; the others leave the top of C there
        X, W = np.linalg.qr(X)[0], right * np.append(np.full(k - 1, 0.1), 0) @ basis.T
        A, Y = M @ W, (W - offset * np.outer(right[:, -1], basis[:, -1])) @ X
    objective = objective_on(shared, X, Y, radius=1e6)  # which plays no role where tau > 0
    points, rtol, described = asked["points"], asked["rtol"], given.described if given else {}
    return Problem(
        objective, X, Y, np.hstack([A, M]), points, rtol, seed, smallest, aligned, described=described
    )


def least_singular(M: Array) -> float:
    """1 / ||M^{-1}||, without a decomposition into singular values; 0 where M is singular to rounding."""
    try:
        found = 1 / float(np.linalg.norm(np.linalg.inv(M), 2))
    except np.linalg.LinAlgError:
        return 0.0
    return found if found > EPS * len(M) * float(np.linalg.norm(M)) else 0.0


def follow(problem: Problem, rtol: float) -> Path:
    """The flow at tolerance `rtol`, until rounding blurs it.

    Error tests keep the errors of a step in the N unknowns, each over its tolerance, below 1 in the root mean
    square. So their norm is at most sqrt(N) times the largest tolerance, rtol (scale + way since the segment
    began). C moves by 2 ||S|| times that, ||S||^2 = ||C||, and is constant on exact flow: errors just add up.
    """
    segments: list[tuple[FlowPoint, float]] = []

    def field(S: Array) -> tuple[Array, float]:
        _, M, W, G, E, _ = problem.at(S)
        return -velocity(M, W, G, problem.speeds).ravel(), E

    def stepper(segment: Segment) -> Stepper:
        segments.append(
            (segment.begin, float((segment.theta(segment.start + 1) - segment.begin.theta).max()))
        )
        return cvode(rtol)(segment)

    least, coarsest = problem.objective.optimum_error / EXCESS_RESOLUTION, EPS * float(norm(problem.S)) / rtol
    times = graded_times(problem.horizon, problem.fastest, FINER * (problem.points - 1) + 1)
    points = list(gradient_flow(field, problem.S.ravel(), times, least, stepper, coarsest))
    passed = 0.0
    for (begin, scale), (end, _) in zip(segments, [*segments[1:], (points[-1], 0.0)], strict=True):
        way = max(
            np.abs(p.theta - begin.theta).max() for p in (*points, end) if begin.time <= p.time <= end.time
        )
        passed += (end.steps - begin.steps + 1) * np.sqrt(problem.S.size + 2) * (scale + float(way))
    drift = 2 * NEWTON * problem.rtol * passed / float(np.linalg.norm(problem.S, 2))
    seen = [point for point in points if point.excess > 0 and point.time in times]
    times = times[: len(seen)]
    A, M, W, G, E, rounding = map(np.array, zip(*(problem.at(point.theta) for point in seen), strict=True))
    s = sigma(W)[:, -1] * (W.shape[1] >= W.shape[2])
    rate = 2 * problem.objective.pl_constant * (1 + s**2) / sigma(M)[:, 0] ** 2
    # `cumulative_integral` takes deviations from the first rate, which may be a million times the last.
    u = np.log1p(times / problem.fastest)
    fine, coarse = (
        CubicSpline(u[::n], (rate * (times + problem.fastest))[::n]).antiderivative() for n in (1, 2)
    )
    sharp = fine(u)
    quadrature = np.maximum.accumulate(abs(sharp - coarse(u)))
    columns = (column[::FINER] for column in (times, A, M, W, G, E, rounding, sharp, quadrature))
    times, A, M, W, G, E, rounding, sharp, quadrature = columns
    compared = derivatives(problem, A, M, W, G, rounding)
    seen_so = (times, A, M, W, G, E, rounding, sharp, quadrature, *compared)
    return Path(*seen_so, np.zeros_like(times), drift, points[-1].steps)


def integrate(problem: Problem, progress: Progress, looser: float = 1) -> Path:
    """The flow, again at a hundredth of the tolerance, and dW_s/dt = -grad L_0(W_s), where M rests at I."""
    shallow = replace(problem, S=np.hstack([problem.at(problem.S)[2], np.eye(len(problem.S))]), speeds=(1, 0))
    runs: list[Path] = []
    for one, share in ((problem, 1.0), (problem, SHARPER), (shallow, 1.0)):
        runs.append(follow(one, looser * share * problem.rtol))
        progress("gradient flow", len(runs), 3)
    p = min(len(run.times) for run in runs[:2])  # rounding may end the second run first
    cut: Any = [{name: column[:p] for name, column in run.arrays.items()} for run in runs[:2]]
    path, other = (replace(run, **columns) for run, columns in zip(runs, cut, strict=False))
    distance, W = abs(np.log(path.E / other.E)) + abs(path.sharp - other.sharp), runs[2].W[-1]
    error = shown_later(distance, np.log(path.E[0] / path.E))
    return replace(path, error=error, bias=float(norm(path.W[-1] - W) / norm(W)))


def derivatives(
    problem: Problem, A: Array, M: Array, W: Array, G: Array, rounding: Array
) -> tuple[Array, Array, Array, Array]:
    """What the claims compare with formulas of the theorem, by complex step through M^{-1} A; see `Path`."""
    L, k = problem.objective, len(problem.S)
    down, away = velocity(M, W, G), (problem.direction[:, -k:], problem.direction[:, :-k])
    dW = directional_derivative(np.linalg.solve, (M, A), (down[..., -k:], down[..., :-k]))
    # dW/dt and its law take two solves: M^{-1} amplifies the error of the first, (M^T M)^{-1} what is solved.
    of_m, size = sigma(M), (1 + norm(W) ** 2) / norm(dW)
    largest, least = of_m[:, 0], of_m[:, -1]
    solves = rounding * (1 + size * (norm(down[..., :-k]) / least + norm(G) / (least * largest)))
    slope, blur = np.zeros(len(A)), np.zeros(len(A))
    for i, start in enumerate(zip(M, A, strict=True)):
        slope[i] = directional_derivative(lambda *S: L.analytic_excess(np.linalg.solve(*S)), start, away)
        speed = norm(directional_derivative(np.linalg.solve, start, away))
        blur[i] = speed * (L.analytic_rounding(W[i]) + L.gradient_rounding(W[i], rounding[i]))
    return dW, solves, slope, blur


def fall(problem: Problem, path: Path) -> tuple[Array, dict[str, Any]]:
    """log E/E(0), and how to compare it: how far it and the exponents of its bounds may be off, and where."""
    optimum = problem.objective.optimum_error * (1 / path.E + 1 / path.E[0])
    seen = zip(path.W, path.rounding, strict=True)
    rounding = np.array([problem.objective.excess_rounding(*at) for at in seen])
    rounding = rounding + rounding[0] + abs(path.sharp) * np.max(path.rounding * (1 + norm(path.W)))
    return np.log(path.E / path.E[0]), {
        "budget": {"integration": path.error, "optimum": optimum, "rounding": rounding},
        "where": {"time": path.times},
        "trivial": path.times == 0,
        "advice": "tighten --rtol, add --points, or use another --seed",
    }


def pictures(problem: Problem, path: Path) -> dict[str, Figure]:
    """The loss under its two bounds."""
    title = f"Linear DEQ: excess loss and bounds, $d={path.W.shape[2]}$, $k={path.W.shape[1]}$"
    figure, axes = plots.single(title, "gradient-flow time $t$", "$(L(t) - L^*) / (L(0) - L^*)$")
    curves = {
        "measured": path.E / path.E[0],
        r"$\exp(-2\mu\int_0^t (1 + s^2) / \|M\|^2)$": np.exp(-path.sharp),
        r"$\exp(-2\mu t / \|C\|)$": np.exp(-problem.rate * path.times),
    }
    for style, (label, curve) in zip(plots.CURVES, curves.items(), strict=False):
        axes.semilogy(path.times, curve, label=label, **style)
    axes.legend(loc="best")
    return {"loss": figure}
