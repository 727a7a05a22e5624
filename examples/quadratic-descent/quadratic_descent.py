"""Gradient descent on a strongly convex quadratic converges linearly. A template for theorems of your own.

Setting. f(x) = 1/2 (x - x*)^T H (x - x*) with H symmetric, mu I <= H <= L I, 0 < mu <= L, in d dimensions.
Gradient descent with a fixed step: x_{k+1} = x_k - alpha grad f(x_k).

Hypothesis. 0 < alpha < 2/L.

Statement. With rho = max(|1 - alpha mu|, |1 - alpha L|) < 1, f(x_k) <= rho^{2k} f(x_0) for every k.

Proof step. x_{k+1} - x* = (I - alpha H)(x_k - x*), and I - alpha H commutes with H and has norm rho.
The bound is attained from x_0 - x* along the eigenvector where |1 - alpha lambda| is largest.
"""

from collections.abc import Iterator, Mapping, Sequence
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
STATEMENT = (__doc__ or "").split("\n\n", 1)[1]
SOURCES = ("Polyak, Introduction to Optimization, 1987, section 1.4",)
FORMULAS = (
    ("setting", (r"f(x) = \tfrac12 (x - x^*)^T H (x - x^*)", r"\mu I \preceq H \preceq L I")),
    ("statement", (r"f(x_k) \le \rho^{2k} f(x_0)", r"\rho = \max(|1 - \alpha \mu|, |1 - \alpha L|)")),
)
TIGHT = {"start": "slowest"}
PRESETS = {"quick": (Variant("random"), Variant("tight", TIGHT))}
CLAIMS = Claims("Polyak 1987, section 1.4")

EPS = float(np.finfo(float).eps)
SHARP = 1e-5  # iterates count while rounding moves x_k - x* by less than this, relatively
RESOLUTION = 1e-2  # where a bound is attained, a wider error budget would pass a rate that is 1% wrong


class Setting(BaseSetting):
    """Every field is an option of the command line."""

    dimension: int = Field(20, ge=3, le=2000, description="dimension d")
    condition: float = Field(10.0, ge=1.01, le=1e6, description="condition number L/mu (L = 1)")
    step: float | None = Field(None, gt=0, description="step alpha; by default 2/(mu + L)", examples=[1.0])
    steps: int = Field(60, ge=1, le=100_000, description="how many steps")
    start: Literal["random", "slowest"] = Field("random", description="x_0 - x*; `slowest` attains the bound")


@dataclass(frozen=True)
class Problem:
    """A quadratic with known spectrum, a start and a step."""

    setting: Setting
    spectrum: NDArray[np.float64]  # (d,), ascending, as drawn
    hessian: NDArray[np.float64]  # (d, d)
    minimiser: NDArray[np.float64]  # (d,)
    start: NDArray[np.float64]  # (d,)
    step: float  # alpha
    rho: float


@dataclass(frozen=True)
class Path:
    """What is seen at the iterates that rounding does not blur."""

    where: Mapping[str, NDArray[np.int64]]  # the step k, from 1
    ratio: NDArray[np.float64]  # ||x_k - x*|| / ||x_{k-1} - x*||
    fall: NDArray[np.float64]  # log f(x_k)/f(x_{k-1})
    blur: NDArray[np.float64]  # relative error of x_k - x*
    arrays: Mapping[str, NDArray[np.float64]]
    rates: Mapping[str, float]
    notes: Sequence[str]


def build(setting: Setting) -> Problem:
    """A random rotation of a spectrum from mu = 1/condition to L = 1."""
    rng, d = np.random.default_rng(setting.seed), setting.dimension
    spectrum = np.geomspace(1 / setting.condition, 1.0, d)
    step = setting.step or 2 / (spectrum[0] + spectrum[-1])
    if step * spectrum[-1] >= 2:
        raise HypothesisError(f"the step {step:g} is not below 2/L = {2 / spectrum[-1]:g}: use --step 1")
    rotation, minimiser = np.linalg.qr(rng.standard_normal((d, d)))[0], rng.standard_normal(d)
    factors = np.abs(1 - step * spectrum)
    offset = rotation[:, factors.argmax()] if setting.start == "slowest" else rng.standard_normal(d)
    hessian = (rotation * spectrum) @ rotation.T
    return Problem(setting, spectrum, hessian, minimiser, minimiser + offset, step, float(factors.max()))


def integrate(problem: Problem, progress: Progress) -> Path:
    """Gradient descent; the gradient knows H and x* but not the spectrum."""
    size = np.linalg.norm(problem.start) + np.linalg.norm(problem.minimiser)
    rounding = EPS * size * (1 + len(problem.start) * problem.step * problem.spectrum[-1])
    error = rounding * min(problem.setting.steps, 1 / (1 - problem.rho))  # later steps contract it, too
    iterates = [problem.start]
    for k in range(problem.setting.steps):
        x = iterates[-1] - problem.step * problem.hessian @ (iterates[-1] - problem.minimiser)
        if error > SHARP * np.linalg.norm(x - problem.minimiser):
            break
        iterates.append(x)
        progress("descent", k + 1, problem.setting.steps)
    offset = np.array(iterates) - problem.minimiser
    distance = np.linalg.norm(offset, axis=1)
    values = np.einsum("ki,ij,kj->k", offset, problem.hessian, offset)
    fall = np.diff(np.log(values))
    measured, guaranteed = -fall.mean(), -2 * np.log(problem.rho)
    rates = {"measured": measured, "guaranteed": guaranteed, "tightness": measured / guaranteed}
    arrays = {"hessian": problem.hessian, "minimiser": problem.minimiser, "iterates": np.array(iterates)}
    where, lost = {"step": np.arange(1, len(iterates))}, problem.setting.steps + 1 - len(iterates)
    notes = [f"the last {lost} iterates lie at the rounding floor: not compared"] if lost else []
    return Path(where, distance[1:] / distance[:-1], fall, error / distance[1:], arrays, rates, notes)


@CLAIMS.hypothesis("Q-H", "mu I <= H <= L I and 0 < alpha < 2/L")
def hypothesis(problem: Problem) -> Iterator[Check]:
    """The eigenvalues of H as it was built, by a solver that knows nothing of how."""
    found, mu, largest = np.linalg.eigvalsh(problem.hessian), problem.spectrum[0], problem.spectrum[-1]
    budget = {"eigenvalue": 10 * len(found) * EPS}
    yield at_least("lambda_min(H), mu", found[0], mu, budget=budget, attained=RESOLUTION * mu)
    yield at_most("lambda_max(H), L", found[-1], largest, budget=budget, attained=RESOLUTION * mu)
    yield at_most("alpha L", problem.step * largest, 2, budget={"rounding": 2 * EPS}, advice="lower --step")


hypothesis.false(
    "an H larger by 1e-12",
    why="its largest eigenvalue is above L",
    setting=TIGHT,
    problem=lambda problem: replace(problem, hessian=(1 + 1e-12) * problem.hessian),
)
hypothesis.broken("a step of 3/L", why="it doubles the last coordinate of x - x*", setting={"step": 3.0})


@CLAIMS.step("Q-1", "a step contracts the distance to x* by rho", given=(hypothesis,))
def contraction(problem: Problem, path: Path, power: float = 1) -> Check:
    """It is met ever more nearly, as the slowest direction is what remains."""
    return at_most(
        "||x_{k+1} - x*|| / ||x_k - x*||",
        path.ratio,
        problem.rho**power,
        budget={"rounding": 2 * path.blur},
        where=path.where,
        attained=RESOLUTION,
    )


contraction.false("a rate 1% faster", why="the bound is attained", setting=TIGHT, power=1.01)
contraction.false("rho^2 a step", why="that is the rate of f, not of x", setting=TIGHT, power=2)


@CLAIMS.conclusion("Q-T", "f(x_k) <= rho^{2k} f(x_0)", given=(hypothesis,))
def conclusion(problem: Problem, path: Path, power: float = 1) -> Check:
    """The theorem, in logarithms; at k = 0 both sides agree by definition."""
    return at_most(
        "log f(x_k)/f(x_0)",
        np.cumsum(path.fall),
        2 * power * path.where["step"] * np.log(problem.rho),
        budget={"rounding": 4 * np.sqrt(problem.setting.condition) * path.blur},
        where=path.where,
        attained=RESOLUTION if problem.setting.start == "slowest" else None,
        advice="lower --condition",
    )


conclusion.false("a rate 1% faster", why="the bound is attained", setting=TIGHT, power=1.01)


def slow(problem: Problem) -> str:
    """Why a tenth is not promised, and the way out; "" where it is."""
    return f"rho^2 = {problem.rho**2:.3g} is above 0.9: lower --condition" if problem.rho**2 > 0.9 else ""


@CLAIMS.step("Q-10", "every step takes a tenth off f, if rho^2 <= 0.9", given=(slow,), required=False)
def tenth(problem: Problem, path: Path, left: float = 0.9) -> Check:
    """An informative claim: where it is not promised, the theorem may be VERIFIED all the same."""
    budget = {"rounding": 4 * np.sqrt(problem.setting.condition) * path.blur}
    return at_most("log f(x_{k+1})/f(x_k)", path.fall, np.log(left), budget=budget, where=path.where)


tenth.false("0.331 off", why="the slowest direction keeps rho^2 = 0.6694 of f", setting=TIGHT, left=0.669)
