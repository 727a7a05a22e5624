"""Gradient descent on a strongly convex quadratic converges linearly. A template for theorems of your own.

Setting. f(x) = 1/2 x^T H x in d dimensions, H symmetric, mu I <= H <= L I, 0 < mu <= L; it is least at 0.
Gradient descent with a fixed step: x_{k+1} = x_k - alpha grad f(x_k).

Hypothesis. 0 < alpha < 2/L.

Statement. With rho = max(|1 - alpha mu|, |1 - alpha L|) < 1, ||x_k|| <= rho^k ||x_0|| for every k.

Proof step. x_{k+1} = (I - alpha H) x_k, and I - alpha H has norm rho, attained along an eigenvector of H.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from verify.theorem.claims import Claims
from verify.theorem.compare import Check, at_least, at_most
from verify.theorem.errors import HypothesisError
from verify.theorem.presets import Variant
from verify.theorem.protocol import Progress
from verify.theorem.settings import BaseSetting

NAME = "quadratic-descent"
TITLE = "Gradient descent on a strongly convex quadratic converges linearly"
SOURCES = ("Polyak, Introduction to Optimization, 1987, section 1.4",)
TIGHT = {"start": "slowest"}
PRESETS = {"quick": (Variant("random"), Variant("tight", TIGHT))}
CLAIMS = Claims("Polyak 1987, section 1.4")

RESOLUTION = 1e-2  # where a bound is attained, a wider error budget would pass a rate that is 1% wrong


class Setting(BaseSetting):
    """Every field is an option of the command line. In these ranges, ||x_k||^2 does not underflow."""

    dimension: int = Field(20, ge=3, le=1000, description="dimension d")
    condition: float = Field(10.0, ge=2, le=1e6, description="condition number L/mu (L = 1)")
    step: float | None = Field(None, ge=1e-3, description="step alpha; by default 2/(mu + L)", examples=[1.0])
    steps: int = Field(60, ge=1, le=300, description="how many steps")
    start: Literal["random", "slowest"] = Field("random", description="x_0; `slowest` attains the bound")


@dataclass(frozen=True)
class Problem:
    """A quadratic with known extreme eigenvalues, a start and a step."""

    setting: Setting
    hessian: NDArray[np.float64]  # (d, d)
    start: NDArray[np.float64]  # (d,)
    step: float  # alpha
    rho: float
    error: float  # of an eigenvalue of H, and of H x relative to x


@dataclass(frozen=True)
class Path:
    """How the distance to the minimum falls."""

    step: NDArray[np.int64]  # k, from 1
    fall: NDArray[np.float64]  # log ||x_k|| / ||x_{k-1}||
    rounding: float  # of a step: by norms, and alpha times by H as built and by H x; relative to its bound
    arrays: Mapping[str, NDArray[np.float64]]
    rates: Mapping[str, float]


def build(setting: Setting) -> Problem:
    """A random rotation of a spectrum from mu = 1/condition to L = 1."""
    rng, d = np.random.default_rng(setting.seed), setting.dimension
    spectrum = np.geomspace(1 / setting.condition, 1.0, d)
    step = setting.step or 2 / (spectrum[0] + 1)
    if step >= 2:
        raise HypothesisError(f"the step {step:g} is not below 2/L = 2: use --step 1")
    rotation, factors = np.linalg.qr(rng.standard_normal((d, d)))[0], np.abs(1 - step * spectrum)
    start = rotation[:, factors.argmax()] if setting.start == "slowest" else rng.standard_normal(d)
    error = np.finfo(float).eps * d**1.5  # H x sums d products a row; |H|, by entries, has norm <= sqrt(d)
    hessian = (rotation * spectrum) @ rotation.T
    return Problem(setting, hessian, start, step, factors.max(), error)


def integrate(problem: Problem, progress: Progress) -> Path:
    """Gradient descent; it knows H but not the spectrum."""
    iterates, steps = [problem.start], problem.setting.steps
    for k in range(steps):
        iterates.append(iterates[-1] - problem.step * (problem.hessian @ iterates[-1]))
        progress("descent", k + 1, steps)
    fall = np.diff(np.log(np.linalg.norm(iterates, axis=1)))
    rounding = (1 + 2 * problem.step) * problem.error / problem.rho
    measured, guaranteed = -fall.mean(), -np.log(problem.rho)
    rates = {"measured": measured, "guaranteed": guaranteed, "tightness": measured / guaranteed}
    arrays = {"hessian": problem.hessian, "iterates": np.array(iterates)}
    return Path(np.arange(1, steps + 1), fall, rounding, arrays, rates)


@CLAIMS.hypothesis("Q-H", "mu I <= H <= L I and 0 < alpha < 2/L")
def hypothesis(problem: Problem) -> Iterator[Check]:
    """The eigenvalues of H as it was built, by a solver that knows nothing of how."""
    found, mu = np.linalg.eigvalsh(problem.hessian), 1 / problem.setting.condition
    budget = {"eigenvalue": problem.error}
    yield at_least("lambda_min(H), mu", found[0], mu, budget=budget, attained=RESOLUTION * mu)
    yield at_most("lambda_max(H), L", found[-1], 1, budget=budget, attained=RESOLUTION * mu)
    yield at_most("alpha L", problem.step, 2, budget={})  # both are exact


hypothesis.false(
    "an H larger by 1e-12",
    why="its largest eigenvalue is above L",
    setting=TIGHT,
    problem=lambda problem: replace(problem, hessian=(1 + 1e-12) * problem.hessian),
)
hypothesis.broken("a step of 3/L", why="it doubles the last coordinate of x", setting={"step": 3.0})


@CLAIMS.step("Q-1", "a step contracts x by rho", given=(hypothesis,))
def contraction(problem: Problem, path: Path, power: float = 1) -> Check:
    """It is met ever more nearly, as the slowest direction is what remains."""
    return at_most(
        "log ||x_{k+1}|| / ||x_k||",
        path.fall,
        power * np.log(problem.rho),
        budget={"rounding": path.rounding},
        where={"step": path.step},
        attained=RESOLUTION * path.rates["guaranteed"],
        advice="use the default --step, or lower --condition",
    )


contraction.false("a rate 1% faster", why="the bound is attained", setting=TIGHT, power=1.01)
contraction.false("rho^2 a step", why="that is the rate of f, not of x", setting=TIGHT, power=2)


@CLAIMS.conclusion("Q-T", "||x_k|| <= rho^k ||x_0||", given=(hypothesis,))
def conclusion(problem: Problem, path: Path, power: float = 1) -> Check:
    """The theorem, in logarithms; at k = 0 both sides agree by definition."""
    return at_most(
        "log ||x_k|| / ||x_0||",
        np.cumsum(path.fall),
        power * path.step * np.log(problem.rho),
        budget={"rounding": path.step * path.rounding},
        where={"step": path.step},
        attained=RESOLUTION * path.rates["guaranteed"],
        advice="use the default --step, or lower --condition",
    )


conclusion.false("a rate 1% faster", why="the bound is attained", setting=TIGHT, power=1.01)
