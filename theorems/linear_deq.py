"""Gradient flow of a linear deep equilibrium model converges from any start, for it conserves a matrix.

Setting. z = B z + A x in R^k, x in R^d, with M = I - B invertible: z = W x, W = M^{-1} A. L(A, B) = L_0(W) =
sum_i loss(W x_i, y_i) follows gradient flow: for G = grad L_0(W), dA/dt = -M^{-T} G, dM/dt = M^{-T} G W^T.

Hypotheses. M(0) is invertible. L_0 satisfies PL with mu > 0: 1/2 ||G||_F^2 >= mu (L_0 - L*) for all W.
Statement. C = A A^T + M M^T is constant, and L(t) - L* <= (L(0) - L*) exp(-2 mu t / ||C||_2).

Proof. D-1: C is constant, for every loss. D-2: dW/dt = -(M^T M)^{-1} G (I + W^T W). D-4: M stays invertible,
as C = M (I + W W^T) M^T. D-3: M M^T <= C, so -dL/dt = <G, (M^T M)^{-1} G (I + W^T W)> >= ||G||^2 / ||C||. Or
-dL/dt >= ||G||^2 (1 + s^2) / ||M||^2 with s^2 = lambda_min(W^T W), and this is met where X is orthogonal,
W(0) - W* = a u v^T, u on top of M, and u, v the least singular pair of W: M and W keep their bases.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from pydantic import Field

from theorems.bibliography import DANDAPANTHULA_2025
from theorems.linear_deq_flow import Path, Problem, fall, integrate, norm, pictures, sigma, start, t, velocity
from theorems.linear_deq_search import SEARCH
from verify.data.start import FEATURES, TARGETS, StartFormat, StartSetting, started
from verify.data.stored import DataHome
from verify.linear_deq.setting import Loss
from verify.losses import EPS
from verify.theorem.claims import Claims
from verify.theorem.compare import Check, at_least, at_most, equal, not_applicable
from verify.theorem.errors import HypothesisError, InputError
from verify.theorem.presets import Variant
from verify.theorem.protocol import silent

__all__ = ["SEARCH", "pictures"]
NAME = "linear-deq"
TITLE = "Global convergence of linear deep equilibrium models from any start"
SOURCES = ("ours; on conserved norms cf. Dandapanthula and Ramdas, arXiv 2511.16976",)
REFERENCES = (DANDAPANTHULA_2025,)
FORMULAS = (("statement", (r"L(t) - L^* \le (L(0) - L^*)\,e^{-2 \mu t / \|C\|}", r"C = A A^T + M M^T")),)
CLAIMS = Claims("ours")
SMALL: Mapping[str, Any] = {"width": 2, "outputs": 2, "samples": 9, "points": 15, "rtol": 1e-8}
SCALAR: Mapping[str, Any] = {**SMALL, "width": 1, "outputs": 1}
ALIGNED: Mapping[str, Any] = {"labels": "aligned", "width": 3, "points": 31, "rtol": 1e-8}
DIGITS: Mapping[str, Any] = {"data": "digits", "width": 4, "outputs": 3, "points": 21, "rtol": 1e-8}
SINGULAR: Mapping[str, Any] = {**DIGITS, "smallest": 1e-3}
QUICK = (Variant("singular", SINGULAR), Variant("aligned", ALIGNED))
LOSSES = [Variant(loss, {"loss": loss}, seeds=3) for loss in ("square", "logistic", "cross-entropy", "hinge")]
PRESETS = {
    "quick": QUICK,
    "standard": (*QUICK, Variant("digits", DIGITS), Variant("synthetic")),
    "thorough": (*QUICK, *LOSSES),
}
RESOLUTION = 1e-3  # a wider error budget would pass a constant that is 0.1% wrong
OFFSET = 0.03  # a: |s| grows from 0 to it, and the rate from 2 mu / ||C|| to (1 + a^2)^2 times that


class Setting(StartSetting):
    """Every field is an option of the command line."""

    START = StartFormat(
        {"A": ("k", "d"), "M": ("k", "k")},
        {"d": "width", "k": "outputs", "n": "samples"},
        {FEATURES: ("d", "n"), TARGETS: ("k", "n")},
    )
    start: str | None = Field(
        None, examples=["checkpoint.npz"], description="A(0) (k, d) and M(0) (k, k), FILE.npz; default: drawn"
    )
    width: int = Field(5, ge=1, le=100, description="features d")
    outputs: int | None = Field(
        None, ge=1, le=50, examples=[1], description="outputs k; default 3 or 1, or as many as a file has"
    )
    samples: int | None = Field(None, ge=1, le=10_000, examples=[9], description="n; default 100, hinge d/2")
    data: str = Field(
        "synthetic", examples=["mine.npz"], description="synthetic, digits, images by name, or FILE.npz"
    )
    data_home: DataHome = None
    loss: Loss = Field("square", description="loss function")
    tau: float = Field(0.1, ge=0, le=1e3, description="weight of tau ||q||^2 in logistic and cross-entropy")
    labels: Literal["data", "aligned"] = Field("data", description="aligned: k = d and the rate is attained")
    smallest: float = Field(0.3, ge=0, le=1, description="smallest singular value of M(0); the largest is 1")
    horizon: float | None = Field(None, gt=0, le=1e12, examples=[10], description="flow time T")
    points: int = Field(61, ge=9, le=10_000, description="times at which everything is checked")
    rtol: float = Field(1e-9, ge=1e-12, le=1e-7, description="relative tolerance of the integrator")


def build(setting: Setting) -> Problem:
    """A(0) ~ N(0, 1/d), M(0) with singular values from `smallest` to 1, or those of a file.

    With aligned labels a start that attains the rate.
    """
    d, aligned = setting.width, setting.labels == "aligned"
    if setting.smallest == 0:
        raise HypothesisError("M(0) is singular, so that W = M^{-1} A is undefined: use --smallest 0.001")
    if setting.loss == "logistic" and setting.tau == 0:
        raise HypothesisError("the logistic loss without tau has no mu > 0 for all W: use --tau 0.1")
    if aligned and (setting.loss != "square" or setting.outputs not in (None, d) or setting.smallest > 0.5):
        raise InputError("--labels aligned needs --loss square, --smallest 0.5 or less, and no --outputs")
    if setting.start is not None and (aligned or "smallest" in setting.model_fields_set):
        raise InputError(
            "--labels aligned and --smallest say how M(0) is made, --start has it: leave one out"
        )
    setting, given = started(setting)
    problem = start(setting.model_dump(), given, aligned, OFFSET)
    if problem.smallest == 0:
        raise HypothesisError(
            "M(0) is singular, so that W = M^{-1} A is undefined: give --start another file"
        )
    _, M, W, G, E, _ = problem.at(problem.S)
    if E <= 0:
        raise HypothesisError("W(0) is optimal already, to rounding: use another --seed or --start")
    horizon = setting.horizon or 12 / problem.rate  # when the bound has fallen by exp(-12)
    return replace(problem, fastest=min(horizon, E / float(norm(velocity(M, W, G))) ** 2), horizon=horizon)


@CLAIMS.hypothesis("D-M", "M(0) is invertible: sigma_min(M(0)) > 0, as asked for")
def invertible(problem: Problem, factor: float = 1) -> Check:
    """Its decomposition knows nothing of how M(0) was made."""
    found, asked = sigma(problem.S[:, -len(problem.S) :]), problem.smallest
    budget = {"rounding": EPS * problem.S.size * found[0]}
    return equal("sigma_min(M(0))", found[-1], factor * asked, budget=budget, resolution=RESOLUTION * asked)


invertible.false("a value 0.01% larger", why="it is known to rounding", setting=SMALL, factor=1.0001)
invertible.broken("a singular M(0)", why="there is no W", setting={**SMALL, "smallest": 0})


@CLAIMS.hypothesis("D-PL", "PL along the path: 1/2 ||G||^2 >= mu (L - L*)")
def pl(problem: Problem, path: Path, factor: float = 1) -> Check:
    """An equality where X is orthogonal and the loss square. True at every W, so at a rounded one, too."""
    objective, ratio = problem.objective, norm(path.G) ** 2 / 2 / path.E
    mu, spread = objective.pl_constant, objective.singular_values[0] / objective.singular_values[-1]
    rounding = 4 * EPS * max(problem.X.shape) * spread * ratio
    budget = {"rounding": rounding, "optimum": objective.optimum_error / path.E * ratio}
    attained = RESOLUTION * mu if objective.pl_is_attained else None
    return at_least("1/2 ||G||^2 / (L - L*)", ratio, factor * mu, budget=budget, attained=attained)


pl.false("mu 0.1% larger", why="PL is an equality", setting=ALIGNED, factor=1.001)
pl.broken("cross-entropy without tau", why="mu = 0", setting={**SMALL, "loss": "cross-entropy", "tau": 0})
pl.broken("hinge with n > d", why="no W meets all labels", setting={**SCALAR, "loss": "hinge"})


@CLAIMS.step("D-G", "dL/dA = M^{-T} G, dL/dM = -M^{-T} G W^T")
def slopes(problem: Problem, path: Path, speeds: tuple[float, float] = (1, 1)) -> Check:
    """Along a random direction; rounding blurs G towards the end."""
    downhill = velocity(path.M, path.W, path.G, speeds)
    size = norm(downhill) * norm(problem.direction)
    gap, blur = (path.slope + np.sum(downhill * problem.direction, (1, 2))) / size, path.blur / size
    what, late = "<grad L - closed form, D> / ||grad L|| ||D||", blur > RESOLUTION / 10
    budget, where = {"blur": blur, "rounding": 4 * path.rounding}, {"time": path.times}
    return equal(what, gap, 0, budget=budget, where=where, undecided=late, resolution=RESOLUTION)


slopes.false("dL/dA 0.1% larger", why="that is not what is found", setting=SMALL, speeds=(1.001, 1))


@CLAIMS.step("D-1", "C = A A^T + M M^T is constant")
def conserved(path: Path, weight: float = 1) -> Check:
    """To what the tolerance asked for lets pass. Seen: 0.0001 to 0.03 of it, by any loss, start and rtol."""
    C = weight * path.A @ t(path.A) + path.M @ t(path.M)
    gap = norm(C - C[0])[1:] / np.linalg.norm(C[0], 2)
    budget, where = {"steps": path.drift, "rounding": 8 * EPS * path.A[0].size}, {"time": path.times[1:]}
    return equal("||C(t) - C(0)||_F / ||C||", gap, 0, budget=budget, where=where, resolution=10 * RESOLUTION)


def uneven(problem: Problem) -> Path:
    """The path along which A moves 1% too fast."""
    return integrate(replace(problem, speeds=(1.01, 1)), silent)


def loose(problem: Problem) -> Path:
    """The path of an integrator with 1000 times the tolerance asked for."""
    return integrate(problem, silent, looser=1000)


conserved.false("dA/dt 1% larger", why="it is then not what M M^T gives up", setting=SCALAR, path=uneven)
conserved.false("a tolerance 1000 times looser", why="more errors pass", setting=SCALAR, path=loose)
conserved.false("A A^T alone, 0.1%", why="only the sum is constant", setting=SCALAR, weight=1.001)


@CLAIMS.step("D-2", "dW/dt = -(M^T M)^{-1} G (I + W^T W)")
def speed(path: Path, swapped: bool = False) -> Check:
    """Of M^{-1} A along the flow, and by the law."""
    first, second = (path.M, t(path.M)) if swapped else (t(path.M), path.M)
    law = -np.linalg.solve(second, np.linalg.solve(first, path.G + path.G @ t(path.W) @ path.W))
    gap = norm(path.speed - law) / norm(path.speed)
    budget, where = {"rounding": 4 * path.solves}, {"time": path.times}
    return equal("||dW/dt - law|| / ||dW/dt||", gap, 0, budget=budget, where=where, resolution=RESOLUTION)


speed.false("(M M^T)^{-1} for (M^T M)^{-1}", why="M is not symmetric", setting=SMALL, swapped=True)


@CLAIMS.step("D-4", "M stays invertible: sigma_min(M)^2 >= lambda_min(C) / (1 + ||W||^2)", given=[invertible])
def stays(path: Path, factor: float = 1) -> Check:
    """With C at that time; by D-1 it is C(0). An equality where k = 1."""
    S, M = sigma(np.concatenate([path.A, path.M], axis=2)), sigma(path.M)
    ratio = (M[:, -1] / S[:, -1]) ** 2 * (1 + sigma(path.W)[:, 0] ** 2)
    rounding = 4 * ratio * (path.rounding + EPS * S[:, 0] / S[:, -1])
    what, where = "sigma_min(M)^2 (1 + ||W||^2) / lambda_min(C)", {"time": path.times}
    return at_least(what, ratio, factor, budget={"rounding": rounding}, where=where, attained=RESOLUTION)


stays.false("a bound 0.1% larger", why="for k = 1 both sides agree", setting=SCALAR, factor=1.001)


@CLAIMS.conclusion("D-3", "L(t) - L* <= (L(0) - L*) exp(-2 mu t / ||C||)", given=(invertible, pl))
def conclusion(problem: Problem, path: Path, factor: float = 1) -> Iterator[Check]:
    """By the rate printed, and by the sharp one, which may be attained."""
    found, how = fall(problem, path)
    printed, sharp = factor * problem.rate * path.times, factor * path.sharp
    how["attained"] = -RESOLUTION * found[-1] if problem.attained else None
    exact = {**how, "budget": {**how["budget"], "quadrature": path.quadrature}}
    early = problem.attained or printed < 1, problem.attained or path.sharp < 1  # both sides are 0 at first
    yield at_most("log E/E(0), 2 mu t / ||C||", found, -printed, undecided=early[0], **how)
    yield at_most("log E/E(0), 2 mu int (1 + s^2) / ||M||^2", found, -sharp, undecided=early[1], **exact)


conclusion.false("rates 0.1% faster", why="the sharp one is attained", setting=ALIGNED, factor=1.001)


@CLAIMS.step("D-3.tight", "log E falls by (1 + a^2)^2 2 mu t / ||C|| at most: no faster rate", required=False)
def tight(problem: Problem, path: Path, slower: float = 1) -> Check:
    """Under aligned labels its rate is 2 mu (1 + s^2)^2 / ||C||, and |s| < a."""
    found, how = fall(problem, path)
    if not problem.aligned:
        return not_applicable("log E/E(0)", "the rate is attained under --labels aligned")
    fastest = slower * (1 + OFFSET**2) ** 2 * problem.rate * path.times
    return at_least("log E/E(0), (1 + a^2)^2 2 mu t / ||C||", found, -fastest, undecided=fastest < 1, **how)


tight.false("no more than a rate 1% slower", why="it is faster", setting=ALIGNED, slower=0.99)
