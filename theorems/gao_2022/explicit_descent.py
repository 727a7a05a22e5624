"""Theorem 3.2 with every constant in numbers, and descent far enough for its rate to be tested.

Notation is that of `theorems.gao_2022.smooth`. A step of size alpha takes r to

    r' = r - alpha int_0^1 J(theta_s) ds J^T r,    theta_s on the segment of the step.

While no gate changes on it, ||J(theta_s) J^T - H_0|| <= eps, so that ||r'|| <= rho ||r|| with

    rho = max(|1 - alpha lambda_min(H_0)|, |1 - alpha lambda_max(H_0)|) + alpha eps.

Theorem 3.2, explicit. If rho < 1 on a reach whose numbers exceed ||J_b|| alpha ||r_0||/(1 - rho), block by
block, and the margins of no gate are exceeded by alpha ||r_0||/(1 - rho), then no step leaves it (steps are
shorter than the sum of all of them, which is what that bounds), and for all k

    ||r(k)|| <= rho^k ||r_0||,     ||r(k) - (I - alpha H_0)^k r_0|| <= alpha eps k rho^(k-1) ||r_0||.

The printed rate follows where rho^2 <= 1 - alpha lambda_0/2. The step taken here is 2/(lambda_min +
lambda_max), the best on a quadratic, or 1.9/lambda_max, 5% below the limit of stability; printed is
lambda_0/n^2.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from theorems.decays import (
    LATER,
    RATE_RESOLUTION,
    SHAPE_RESOLUTION,
    at_most_or_equal,
    descent_rounding,
)
from theorems.gao_2022.output_weights import COLUMNS
from theorems.gao_2022.path import GaoPath, followed
from theorems.gao_2022.premises import PAPER
from theorems.gao_2022.problem import GaoProblem
from theorems.gao_2022.promise import Lazy, Promise, closest_labels
from theorems.gao_2022.setting import EXPLICIT
from theorems.gao_2022.steps import TELLING_DECAY
from verify.losses import EPS
from verify.relu_deq.descent import Descent
from verify.relu_deq.problem import LeastSquares, residual_rounding
from verify.theorem.claims import Claims
from verify.theorem.compare import Check, at_least, at_most, inconclusive

Array = NDArray[np.float64]

CLAIMS = Claims(f"our own, from the proof of {PAPER}, Theorem 3.2")


@dataclass(frozen=True)
class Subject:
    """A descent of which the explicit theorem speaks: its labels, what was done, what is promised."""

    labels: str
    problem: GaoProblem
    descent: Descent
    promise: Promise
    lazy: Lazy


def subjects(path: GaoPath) -> Iterator[Subject]:
    """Descent from labels near yhat(0), and from the labels at hand."""
    along = path.trained
    for labels, problem, descent, promise in (
        ("near labels", along.near_problem, along.near_explicit, along.near_promised),
        ("given labels", path.problem, along.explicit, along.promised),
    ):
        if descent is not None and promise.descent is not None:
            yield Subject(labels, problem, descent, promise, promise.descent)


def descent_speaks(path: GaoPath) -> str:
    """Says where no labels are known for which descent keeps all gates."""
    if any(subjects(path)):
        return ""
    return (
        "a unit may change its gate, for labels at hand and for the nearest that are resolved, "
        f"{closest_labels(path.problem):.2g} from yhat(0): use --labels aligned with a smaller --alignment, "
        "fewer --samples, or another --seed"
    )


@CLAIMS.conclusion(
    "G-T3.2.explicit",
    "descent: ||r(k)|| <= rho^k ||r(0)|| with a step of order 1/lambda_max(H(0)), to a decay of 1/e",
    given=(followed, descent_speaks),
)
def explicit_rate(path: GaoPath, power: float = 1.0, stable: float = 1.0) -> Iterator[Check]:
    """Theorem 3.2 with constants. The printed rate is checked where rho is below it."""
    for one in subjects(path):
        k = np.arange(len(one.descent.residuals))[LATER]
        budget = {
            "rounding": descent_rounding(one.problem, one.descent),
            "eigenvalue": 2 * k * one.promise.step * one.promise.smooth.error / (1 - one.lazy.rate),
        }
        rho = 1 - one.lazy.rate
        yield at_most_or_equal(
            f"log ||r(k)||^2/||r(0)||^2, 2 k log rho, alpha = {one.descent.step:.3g}, {one.labels}",
            one.descent.log_change[LATER],
            2 * power * k * np.log(rho),
            budget=budget,
            where={"step": k},
            resolution=RATE_RESOLUTION * TELLING_DECAY,
        )
        printed = 1 - one.descent.step * one.problem.lambda_0 / 2
        if rho**2 <= printed:
            yield at_most(
                f"log ||r(k)||^2/||r(0)||^2, k log(1 - alpha lambda_0/2), {one.labels}",
                one.descent.log_change[LATER],
                k * np.log(printed),
                budget=budget,
                where={"step": k},
            )
        yield at_least(
            f"lambda_min(G(k)) / lambda_0, {one.labels}",
            one.descent.gram_minimum / one.problem.lambda_0,
            one.promise.box.gram_root(one.lazy.reach) ** 2 / one.problem.lambda_0,
            budget={"eigenvalue": 2 * one.problem.gram_error / one.problem.lambda_0},
            where={"step": np.arange(len(one.descent.residuals))},
            attained=RATE_RESOLUTION,
        )
        for name, bound in zip("AWuv", one.lazy.reach.array, strict=True):
            yield at_most(
                f"||{name}(k) - {name}(0)||_F, explicit reach, {one.labels}",
                one.descent.distances[LATER, COLUMNS[name]],
                bound,
                budget={"rounding": EPS * one.problem.width * np.sqrt(k)},
                where={"step": k},
                advice="the parameters move less than rounding: raise --alignment",
            )


@explicit_rate.also(given=(followed, descent_speaks))
def explicit_shape(path: GaoPath, step: float = 1.0) -> Iterator[Check]:
    """Every component of r, not its norm alone, is that of descent on a quadratic."""
    for one in subjects(path):
        k = np.arange(len(one.descent.residuals))[LATER]
        smooth = one.promise.smooth
        residual = one.problem.start.output - one.problem.targets
        values, vectors = np.linalg.eigh(smooth.kernel)
        linear = (residual @ vectors * (1 - step * one.descent.step * values) ** k[:, None]) @ vectors.T
        scale = float(np.linalg.norm(residual))
        sizes = one.descent.residuals[LATER]
        at = LeastSquares(one.problem.start, one.problem.targets, one.problem.tolerance)
        bound = one.descent.step * one.lazy.apart * k * (1 - one.lazy.rate) ** (k - 1)
        yield at_most_or_equal(
            f"| ||r(k)|| - ||(I - alpha H(0))^k r(0)|| | / ||r(0)||, alpha eps k rho^(k-1), {one.labels}",
            np.abs(sizes - np.linalg.norm(linear, axis=1)) / scale,
            bound,
            budget={
                "rounding": np.full(len(k), residual_rounding(one.problem, at)),
                "eigenvalue": k * one.descent.step * smooth.error * sizes / scale,
            },
            where={"step": k},
            resolution=SHAPE_RESOLUTION,
        )


explicit_rate.false(
    "rho^1.01",
    power=1.01,
    why="labels along the slowest direction decay by rho, up to 1e-3 of its logarithm",
    setting=EXPLICIT,
)
explicit_rate.false(
    "a step of 1.001 times the size",
    step=1.001,
    why="||r(k)|| is that of descent on a quadratic to 1e-4",
    setting=EXPLICIT,
)


def gentle(path: GaoPath) -> str:
    """What the rate takes of a step, whatever the width."""
    problem, descent = path.problem, path.trained.descent
    at = int(np.argmax(descent.fastest))
    if descent.step * descent.fastest[at] > 1:
        return (
            f"--step {descent.step:.3g} exceeds 1/lambda_max(H({at})) = {1 / descent.fastest[at]:.3g}: "
            "lower it, or raise --width"
        )
    low = np.flatnonzero(descent.gram_minimum < problem.lambda_0 / 2)
    return f"lambda_min(G({low[0]})) is below lambda_0/2: raise --width" if len(low) else ""


@CLAIMS.step(
    "G-T3.2.run",
    "descent, until ||r||^2 has fallen by e: ||r(k)||^2 <= (1 - alpha lambda_0/2)^k ||r(0)||^2 as long as "
    "lambda_min(G) >= lambda_0/2 and alpha lambda_max(H) <= 1",
    given=(followed, gentle),
    required=False,
)
def far_enough(path: GaoPath, rate: float = 1.0) -> Iterator[Check]:
    """Theorem 3.2 over a time that can tell its rate from another; INCONCLUSIVE where that takes too long.

    Where J is constant over a step, ``||r'||^2 = ||r||^2 - 2 alpha r^T H r + alpha^2 ||H r||^2``, which for
    ``alpha lambda_max(H) <= 1`` is at most ``||r||^2 - alpha r^T H r``, and ``H >= G >= lambda_0/2``.
    """
    problem, along = path.problem, path.trained
    descent = along.descent
    fell = float(-descent.log_change[-1])
    if fell < TELLING_DECAY and np.isfinite(fell):
        yield inconclusive(
            f"decay of log ||r||^2 by descent with alpha = {descent.step:.3g}",
            f"{len(descent.residuals) - 1} steps change it by {fell:.2g}: about {along.steps_needed:.2g} "
            "would be needed, more than is affordable: use a larger --step, or fewer --samples",
        )
        return
    k = np.arange(len(descent.residuals))[LATER]
    yield at_most(
        f"log ||r(k)||^2/||r(0)||^2, k log(1 - alpha lambda_0/2), {len(k)} steps",
        descent.log_change[LATER],
        k * np.log1p(-min(rate * descent.step * problem.lambda_0 / 2, 1 - EPS)),
        budget={"rounding": descent_rounding(problem, descent)},
        where={"step": k},
    )


far_enough.false(
    "rate 23 lambda_0",
    rate=23.0,
    why="4 lambda_min(H) = 22.6 lambda_0 here, and labels along its eigenvector decay no faster",
    setting=EXPLICIT,
)
