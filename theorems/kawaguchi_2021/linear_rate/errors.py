"""Second opinions on what a path says of itself: its errors, its integrals, the shallow flow beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from functools import cache

import numpy as np
import scipy

from theorems.kawaguchi_2021.linear_rate.path import RatePath, rate_path
from theorems.kawaguchi_2021.linear_rate.problem import RateProblem
from verify.linear_deq.accuracy import path_error
from verify.linear_deq.model import DeepEquilibriumLinear, softmax
from verify.linear_deq.path import LinearPath, linear_path
from verify.linear_deq.problem import Integrator
from verify.linear_deq.shallow import shallow_path
from verify.losses import Array
from verify.losses.square import SquareObjective
from verify.numerics.quadrature import cumulative_integral, graded_times
from verify.theorem.claims import Claims
from verify.theorem.compare import Check, at_least, at_most, equal

CLAIMS = Claims("our own, on Kawaguchi 2021, Theorem 1")

GAMMA = 0.5

#: An identity whose error budget is wider than this would pass a formula that is 0.1% wrong.
RESOLUTION = 1e-3

#: What a tolerance promises of the error of log E over two decay times, in units of it; CVODE takes half.
ERROR_OVER_RTOL = 10.0

#: Draws of parameters of which the largest rounding error is taken.
DRAWS = 8

#: An error estimate that is this many times as large as the error says too little.
NEAR = 100.0


def _problem(
    width: int, outputs: int, integrator: Integrator, rtol: float, horizon: float, points: int
) -> RateProblem:
    """A small problem for the square loss, with five samples drawn."""
    rng = np.random.default_rng(0)
    model = DeepEquilibriumLinear(width, outputs, GAMMA)
    features, targets = rng.standard_normal((width, 5)), rng.standard_normal((outputs, 5))
    theta = rng.standard_normal(model.size)
    objective = SquareObjective(features, targets)
    return RateProblem(
        model=model,
        objective=objective,
        features=features,
        targets=targets,
        theta=theta,
        seed=0,
        horizon=horizon,
        points=points,
        rtol=rtol,
        integrator=integrator,
    )


def _scalar(integrator: Integrator, rtol: float) -> tuple[LinearPath, float]:
    """The model with m = m_y = 1, where S = 1 and B alone moves: its path for two decay times and its rate.

    There ``Q - Q*`` decays at the rate ``2 ||Phi||^2 / (1 - gamma)^2`` exactly, and log E twice as fast.
    """
    rate = 4 * _problem(1, 1, integrator, rtol, 1.0, 9).objective.singular_values[0] ** 2 / (1 - GAMMA) ** 2
    return linear_path(_problem(1, 1, integrator, rtol, 2 / rate, 9), lambda share: None), rate


@CLAIMS.step("K-E.residual", "under descent the residual of the energy identity is that of Euler's method")
def residual(factor: float = 1.0) -> Iterator[Check]:
    """For m = 1 a step of size 1/(20 k) takes -2 log(1 - 1/20) off log E, and 2/20 by the integral."""
    path, rate = _scalar("descent", 1e-10)
    steps = 20 * rate / 2 * path.times[-1]
    euler = steps * (-2 * np.log1p(-1 / 20) - 2 / 20)
    yield equal(
        "residual of the energy identity, reported over twice that of Euler's method",
        factor * path.energy_residual[-1] / (2 * euler),
        1.0,
        budget={"rounding": 1e-9},
        resolution=RESOLUTION,
    )


residual.false("no residual", why="descent is no flow", setting={}, factor=0.0)


@CLAIMS.step("K-E.error", "the error estimated of a path covers the true one, and is not far above it")
def error(factor: float = 1.0) -> Iterator[Check]:
    """For m = 1, where log E(0)/E(t) is known: by every integrator, at a loose tolerance."""
    settings: tuple[tuple[Integrator, float], ...] = (
        ("cvode", 1e-4),
        ("runge-kutta", 1e-4),
        ("descent", 1e-10),
    )
    for integrator, rtol in settings:
        path, rate = _scalar(integrator, rtol)
        flow, last = rate * path.times, -1
        true = (np.abs(path.log_decay - flow) + np.abs(path.log_energy - flow))[last]
        share = factor * path_error(path).log[last] / true
        name = f"{integrator}, --rtol {rtol:g}: error of log E, estimated over true"
        yield at_least(name, share, 1.0, budget={"rounding": 1e-6})
        yield at_most(name, share, NEAR, budget={"rounding": 1e-6})
        if integrator != "descent":
            yield at_most(
                f"{integrator}: error of log E over --rtol",
                true / rtol,
                ERROR_OVER_RTOL,
                budget={"rounding": 1e-6},
            )


error.false("no error", why="an integrator errs", setting={}, factor=0.0)
error.false(
    "an error 100 times as large", why="the second run errs ten times as much", setting={}, factor=100.0
)

#: (times, values, fastest) -> the integral at every time, and its error.
Quadrature = Callable[[Array, Array, float], tuple[Array, Array]]


def without_error(times: Array, values: Array, fastest: float) -> tuple[Array, Array]:
    """False: an integral that is exact."""
    return cumulative_integral(times, values, fastest)[0], np.zeros_like(times)


def trapezoids(times: Array, values: Array, fastest: float) -> tuple[Array, Array]:
    """False: an integral of a lower order, with the error of a higher one."""
    steps = np.diff(times) * (values[1:] + values[:-1]) / 2
    return np.append(0.0, np.cumsum(steps)), cumulative_integral(times, values, fastest)[1]


@CLAIMS.step("K-E.quadrature", "the error estimated of an integral covers the true one, and is near it")
def quadrature(rule: Quadrature = cumulative_integral) -> Iterator[Check]:
    """Known integrals, from as few times as a path may have."""
    times = graded_times(20.0, 0.5, 15)
    known: dict[str, tuple[Array, Array]] = {
        "e^-t": (np.exp(-times), 1 - np.exp(-times)),
        "1/(1+t)^2": (1 / (1 + times) ** 2, 1 - 1 / (1 + times)),
        "|t - 5|": (np.abs(times - 5), (25 + (times - 5) * np.abs(times - 5)) / 2),
    }
    for name, (values, integral) in known.items():
        found, estimate = rule(times, values, 0.5)
        true = np.abs(found - integral)
        yield at_least(
            f"int {name}: largest error, estimated over true", estimate.max() / true.max(), 1.0, budget={}
        )
        yield at_most(
            f"int {name}: largest error, estimated over true", estimate.max() / true.max(), NEAR, budget={}
        )


quadrature.false("an integral without error", why="15 times do not tell all", setting={}, rule=without_error)
quadrature.false(
    "trapezoids with the error of a spline", why="their order is lower", setting={}, rule=trapezoids
)


@cache
def observed(points: int) -> RatePath:
    """The path of a small problem, checked at so many times."""
    return rate_path(_problem(2, 2, "cvode", 1e-6, 3.0, points), lambda share: None)


@CLAIMS.step("K-E.lambda", "the error of int lambda_min(D) covers what a finer grid changes")
def integrated_lambda(factor: float = 1.0) -> Iterator[Check]:
    """The same path checked at 9 times and at 33."""
    coarse, fine = observed(9), observed(33)
    value, estimate = coarse.integrated_lambda
    share = factor * estimate[-1] / abs(value[-1] - fine.integrated_lambda[0][-1])
    yield at_least("error of int lambda_min(D), estimated over true", share, 1.0, budget={"grid": 0.1})
    yield at_most("error of int lambda_min(D), estimated over true", share, NEAR, budget={"grid": 0.1})
    half = replace(coarse, lambda_error=0.5 * coarse.lambda_min)
    yield at_least(
        "error of int lambda_min(D) over it, of eigenvalues known to a half",
        factor * half.integrated_lambda[1][-1] / value[-1],
        0.499,
        budget={"rounding": 1e-6},
    )


integrated_lambda.false("no error", why="9 times do not tell all", setting={}, factor=0.0)


def exact_map(s: Array, b: Array, gamma: float) -> list[list[Fraction]]:
    """``B (I - gamma S)^{-1}`` (m_y, m) without rounding, by elimination; columns of S sum to 1."""
    m, g = len(s), Fraction(gamma)
    rows = [
        [Fraction(int(i == j)) - g * Fraction(float(s[j, i])) for j in range(m)]
        + [Fraction(float(x)) for x in b[:, i]]
        for i in range(m)
    ]
    for k in range(m):  # its columns are dominated by their diagonals: no pivot is 0
        rows[k] = [x / rows[k][k] for x in rows[k]]
        for i in range(m):
            if i != k:
                rows[i] = [x - rows[i][k] * y for x, y in zip(rows[i], rows[k], strict=True)]
    return [[rows[i][m + j] for i in range(m)] for j in range(len(b))]


@CLAIMS.step("K-E.rounding", "the rounding error reported of Q covers the true one, and is not far above it")
def rounding_of_map(factor: float = 1.0) -> Iterator[Check]:
    """Q in float64 and in fractions, for the same S: the largest error of several draws."""
    for gamma in (0.5, 0.9, 0.999):
        problem = _problem(6, 2, "cvode", 1e-10, 1.0, 9)
        problem = replace(problem, model=DeepEquilibriumLinear(6, 2, gamma))
        largest = 0.0
        for seed in range(DRAWS):
            rng = np.random.default_rng(seed)
            a, b = 3.0 * rng.standard_normal((6, 6)), rng.standard_normal((2, 6))
            found = problem.model.at(problem.model.pack(a, b)).q
            pairs = zip(exact_map(softmax(a), b, gamma), found, strict=True)
            off = [[float(x - Fraction(float(y))) for x, y in zip(*rows, strict=True)] for rows in pairs]
            largest = max(largest, float(np.linalg.norm(off) / np.linalg.norm(found)))
        # The true error is another one with every BLAS: the record says no more than whether it is covered.
        yield equal(
            f"gamma = {gamma:g}: 1 where the rounding of Q is reported 1 to {NEAR:g} times as large",
            float(1 <= factor * problem.map_error / largest <= NEAR),
            1.0,
            budget={"rounding": 0.0},
            resolution=0.5,
        )


rounding_of_map.false("a thousandth of it", why="a solve errs by the condition of U", setting={}, factor=1e-3)
rounding_of_map.false("a thousand times as much", why="it is near the true one", setting={}, factor=1e3)


@CLAIMS.step("K-E.shallow", "the shallow flow is that of a linear equation, by a matrix exponential")
def shallow(factor: float = 1.0) -> Check:
    """For the square loss ``W - W* = (W(0) - W*) exp(-2 Phi Phi^T t)``."""
    problem, times = _problem(3, 2, "cvode", 1e-10, 1.0, 9), np.linspace(0.0, 1.0, 5)
    start = problem.model.at(problem.theta).q
    best = problem.targets @ np.linalg.pinv(problem.features)
    gram = problem.features @ problem.features.T
    expected = [best + (start - best) @ scipy.linalg.expm(-2 * factor * t * gram) for t in times]
    gaps = np.linalg.norm(shallow_path(problem, times) - expected, axis=(1, 2)) / np.linalg.norm(start)
    return equal(
        "||W_t - W* - (W_0 - W*) exp(-2 Phi Phi^T t)|| / ||W_0||",
        gaps,
        0.0,
        # A relative tolerance of 1e-10 a step.
        budget={"integration": 1e-7},
        where={"time": times},
        trivial=times == 0,
        resolution=RESOLUTION,
    )


shallow.false(
    "a flow 1% faster", why="its rates are twice the eigenvalues of Phi Phi^T", setting={}, factor=1.01
)
