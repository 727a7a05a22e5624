"""Gradient descent on a strongly convex quadratic converges linearly.

Polyak, "Introduction to Optimization", 1987, section 1.4; a template for theorems of your own.

Setting. f(x) = 1/2 (x - x*)^T H (x - x*) with H symmetric, mu I <= H <= L I, 0 < mu <= L, in d dimensions.
Gradient descent with a fixed step: x_{k+1} = x_k - alpha grad f(x_k).

Hypothesis. 0 < alpha < 2/L.

Statement. With rho = max(|1 - alpha mu|, |1 - alpha L|) < 1, for every k,

    f(x_k) <= rho^{2k} f(x_0),

and with alpha = 2/(mu + L) that is rho = (L/mu - 1)/(L/mu + 1).

Proof step. x_{k+1} - x* = (I - alpha H)(x_k - x*), and I - alpha H commutes with H and has norm rho.

The bound is attained from x_0 - x* along the eigenvector where |1 - alpha lambda| is largest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from verify import plots
from verify.theorem.claims import Claim, Planted
from verify.theorem.compare import Check, at_least, at_most, not_applicable
from verify.theorem.errors import HypothesisError
from verify.theorem.presets import Variant
from verify.theorem.protocol import Progress
from verify.theorem.settings import BaseSetting

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAME = "quadratic-descent"
TITLE = "Gradient descent on a strongly convex quadratic converges linearly"
STATEMENT = (__doc__ or "").split("\n\n", 1)[1]
SOURCES = ("Polyak, Introduction to Optimization, 1987, section 1.4",)
FORMULAS = (
    ("setting", (r"f(x) = \tfrac12 (x - x^*)^T H (x - x^*)", r"\mu I \preceq H \preceq L I")),
    ("statement", (r"f(x_k) \le \rho^{2k} f(x_0)", r"\rho = \max(|1 - \alpha \mu|, |1 - \alpha L|)")),
)
PRESETS = {"quick": (Variant("random"), Variant("tight", {"start": "slowest"}))}

PAPER = "Polyak 1987, section 1.4"

CLAIMS = (
    Claim("Q-H", "mu I <= H <= L I", PAPER, "hypothesis"),
    Claim("Q-1", "a step contracts the distance to x* by rho", PAPER, "step"),
    Claim("Q-T", "f(x_k) <= rho^{2k} f(x_0)", PAPER, "conclusion"),
    Claim("Q-10", "every step takes a tenth off f, if rho^2 <= 0.9", "our own", "step", required=False),
)

EPS, TINY = float(np.finfo(float).eps), float(np.finfo(float).tiny)

#: Iterates are compared while rounding blurs x_k - x* by less than this, relatively.
SHARP = 1e-5

#: Where a bound is attained, an error budget wider than this would pass a rate that is 1% wrong.
RESOLUTION = 1e-2

Array = NDArray[np.float64]


class Setting(BaseSetting):
    """Every field is an option of the command line."""

    dimension: int = Field(20, ge=3, le=2000, description="dimension d")
    condition: float = Field(10.0, ge=1.01, le=1e6, description="condition number L/mu (L = 1)")
    step: float | None = Field(None, gt=0, description="step alpha; by default 2/(mu + L)", examples=[1.0])
    steps: int = Field(60, ge=1, le=100_000, description="how many steps")
    start: Literal["random", "slowest"] = Field(
        "random", description="where x_0 - x* points; from `slowest` the bound is attained"
    )


@dataclass(frozen=True)
class Problem:
    """A quadratic with known spectrum, a start and a step."""

    hessian: Array  # (d, d)
    spectrum: Array  # (d,), ascending, as drawn
    minimiser: Array  # (d,)
    start: Array  # (d,)
    step: float
    steps: int
    attained: bool

    threads = 1

    @property
    def rho(self) -> float:
        return float(np.abs(1 - self.step * self.spectrum).max())

    @property
    def root(self) -> float:
        """sqrt(L/mu): relative errors of x - x* count that much, twice, in f."""
        return float(np.sqrt(self.spectrum[-1] / self.spectrum[0]))

    @property
    def rounding(self) -> float:
        """How far one computed step can be from the exact one, in norm."""
        size = float(np.linalg.norm(self.start) + np.linalg.norm(self.minimiser))
        return EPS * size * (1 + len(self.start) * self.step * self.spectrum[-1])


@dataclass(frozen=True)
class Trajectory:
    """The iterates, and how far rounding has moved them."""

    problem: Problem
    iterates: Array  # (steps + 1, d)

    @cached_property
    def distance(self) -> Array:
        return np.linalg.norm(self.iterates - self.problem.minimiser, axis=1)

    @cached_property
    def blur(self) -> Array:
        """Relative error of x_k - x*: one rounding a step, each contracted by rho later on."""
        steps = np.arange(len(self.iterates)) + 1
        moved = self.problem.rounding * np.minimum(steps, 1 / (1 - self.problem.rho))
        return moved / np.maximum(self.distance, TINY)

    @cached_property
    def sharp(self) -> int:
        """How many iterates are not yet blurred."""
        return int(np.argmin(np.append(self.blur < SHARP, False)))

    @cached_property
    def log_decay(self) -> Array:
        """``log f(x_k)/f(x_0)`` of the sharp iterates."""
        offset = (self.iterates - self.problem.minimiser)[: self.sharp]
        values = np.einsum("ki,ij,kj->k", offset, self.problem.hessian, offset)
        return np.log(values / values[0])

    @property
    def arrays(self) -> Mapping[str, Array]:
        return {
            "hessian": self.problem.hessian,
            "minimiser": self.problem.minimiser,
            "iterates": self.iterates,
        }

    @property
    def rates(self) -> Mapping[str, float]:
        guaranteed = -2 * np.log(self.problem.rho)
        measured = float(-self.log_decay[-1] / (self.sharp - 1)) if self.sharp > 1 else guaranteed
        return {"measured": measured, "guaranteed": guaranteed, "tightness": measured / guaranteed}

    @property
    def counts(self) -> Mapping[str, int]:
        return {"gradients": len(self.iterates) - 1}

    @property
    def notes(self) -> Sequence[str]:
        blurred = len(self.iterates) - self.sharp
        return [f"the last {blurred} iterates lie at the rounding floor: not compared"] if blurred else []


def build(setting: Setting) -> Problem:
    """A random rotation of a spectrum from mu = 1/condition to L = 1."""
    rng = np.random.default_rng(setting.seed)
    spectrum = np.geomspace(1 / setting.condition, 1.0, setting.dimension)
    step = setting.step if setting.step is not None else 2 / (spectrum[0] + spectrum[-1])
    if step * spectrum[-1] >= 2:
        raise HypothesisError(f"the step {step:g} is not below 2/L = {2 / spectrum[-1]:g}: use --step 1")
    rotation = np.linalg.qr(rng.standard_normal((setting.dimension, setting.dimension)))[0]
    minimiser = rng.standard_normal(setting.dimension)
    slowest = rotation[:, np.argmax(np.abs(1 - step * spectrum))]
    offset = slowest if setting.start == "slowest" else rng.standard_normal(setting.dimension)
    return Problem(
        hessian=(rotation * spectrum) @ rotation.T,
        spectrum=spectrum,
        minimiser=minimiser,
        start=minimiser + offset,
        step=step,
        steps=setting.steps,
        attained=setting.start == "slowest",
    )


def integrate(problem: Problem, progress: Progress) -> Trajectory:
    """Gradient descent; the gradient knows H and x* but not the spectrum."""
    iterates = [problem.start]
    for k in range(problem.steps):
        iterates.append(iterates[-1] - problem.step * problem.hessian @ (iterates[-1] - problem.minimiser))
        progress("descent", k + 1, problem.steps)
    return Trajectory(problem, np.array(iterates))


def check(problem: Problem, trajectory: Trajectory) -> list[Check]:
    """Every claim; one function a claim, so that planted false claims go through the same code."""
    return [
        *spectrum(problem),
        contraction(problem, trajectory, problem.rho),
        conclusion(problem, trajectory, problem.rho),
        tenth(problem, trajectory),
    ]


def spectrum(problem: Problem) -> list[Check]:
    """The eigenvalues of H as it was built, by a solver that knows nothing of how."""
    found = np.linalg.eigvalsh(problem.hessian)
    budget = {"eigenvalue": 10 * len(found) * EPS}
    low, high = problem.spectrum[0], problem.spectrum[-1]
    how = {"budget": budget, "attained": True, "resolution": RESOLUTION * low}
    return [
        at_least("Q-H", "lambda_min(H), mu", found[0], low, **how),
        at_most("Q-H", "lambda_max(H), L", found[-1], high, **how),
    ]


def contraction(problem: Problem, trajectory: Trajectory, rho: float) -> Check:
    """``||x_{k+1} - x*|| / ||x_k - x*|| <= rho`` along the path."""
    sharp = trajectory.sharp
    ratio = trajectory.distance[1:sharp] / trajectory.distance[: sharp - 1]
    return at_most(
        "Q-1",
        "||x_{k+1} - x*|| / ||x_k - x*||",
        ratio,
        rho,
        budget={"rounding": 2 * trajectory.blur[1:sharp]},
        where={"step": np.arange(len(ratio))},
        attained=True,  # ever more nearly, as the slowest direction is what remains
        resolution=RESOLUTION,
    )


def conclusion(problem: Problem, trajectory: Trajectory, rho: float) -> Check:
    """The theorem, in logarithms; at k = 0 both sides agree by definition."""
    later = np.arange(1, trajectory.sharp)
    return at_most(
        "Q-T",
        "log f(x_k)/f(x_0)",
        trajectory.log_decay[later],
        2 * later * np.log(rho),
        budget={"rounding": 4 * problem.root * trajectory.blur[later]},
        where={"step": later},
        attained=problem.attained,
        resolution=RESOLUTION if problem.attained else None,
        advice="lower --condition",
    )


def tenth(problem: Problem, trajectory: Trajectory) -> Check:
    """An informative claim, and what to return where a statement promises nothing."""
    if problem.rho**2 > 0.9:
        message = f"rho^2 = {problem.rho**2:.3g} is above 0.9: lower --condition"
        return not_applicable("Q-10", "log f(x_{k+1})/f(x_k)", message)
    falls = np.diff(trajectory.log_decay)
    return at_most(
        "Q-10",
        "log f(x_{k+1})/f(x_k)",
        falls,
        np.log(0.9),
        budget={"rounding": 4 * problem.root * trajectory.blur[1 : trajectory.sharp]},
        where={"step": np.arange(len(falls))},
    )


def planted() -> list[Planted]:
    """False claims, each in a setting where it is false; `verify power` shows that the checks catch them."""
    tight = build(Setting(start="slowest"))
    path = integrate(tight, lambda *_: None)
    return [
        Planted("Q-T", "a rate 1% faster", "the bound is attained", conclusion(tight, path, tight.rho**1.01)),
        Planted(
            "Q-T",
            "the accelerated rate, sqrt(L/mu) for L/mu",
            "without momentum a fixed step cannot reach it",
            conclusion(tight, path, (tight.root - 1) / (tight.root + 1)),
        ),
        Planted(
            "Q-1", "rho^2 a step", "that is the rate of f, not of x", contraction(tight, path, tight.rho**2)
        ),
    ]


def figures(problem: Problem, trajectory: Trajectory) -> dict[str, Figure]:
    """The excess under its bound."""
    figure, axes = plots.single("Gradient descent under its bound", "step $k$", "$f(x_k)/f(x_0)$")
    k = np.arange(trajectory.sharp)
    axes.semilogy(k, np.exp(trajectory.log_decay), label="measured", **plots.CURVES[0])
    axes.semilogy(k, problem.rho ** (2.0 * k), label=r"$\rho^{2k}$", **plots.CURVES[1])
    axes.legend()
    return {"descent": figure}
