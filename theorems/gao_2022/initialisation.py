"""Lemmas about the start: 2.1 on ||A||, 3.2 to 3.4 on G and its limit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from theorems.gao_2022.initial import (
    ASCENTS,
    GRAM_WIDTHS,
    NORM_WIDTHS,
    RANDOM_WEIGHTS,
    neighbouring_grams,
)
from theorems.gao_2022.path import GaoPath
from theorems.gao_2022.premises import PAPER, PREMISES
from theorems.gao_2022.problem import GaoProblem, Start, width_ratio
from theorems.gao_2022.setting import CLOSE, SMALL
from theorems.given_start import drawn
from verify.losses import EPS
from verify.numerics.statistics import STANDARD_ERRORS, power_law
from verify.relu_deq.kernels import angles, arc_cosine_kernel
from verify.theorem.claims import Claims, Constant
from verify.theorem.compare import Check, at_least, at_most, equal

Array = NDArray[np.float64]

CLAIMS = Claims(PAPER)

#: Slopes must be known better than this, or -1/2 could pass for -1.
SLOPE_RESOLUTION = 0.2

#: Probability with which a random matrix may exceed a bound that is called safe here.
RARE = 1e-6

#: ||A|| / (2 sqrt(m)) = 1 - TRACY_WIDOM m^(-2/3): the mean edge of a square Gaussian matrix.
TRACY_WIDOM = 0.38

#: Random features know G^inf to a few parts in a hundred; a term that is missing changes it by more.
KERNEL_RESOLUTION = 0.1

#: Angles of two closing inputs, and what tells 1/4 from 1/5 at the larger one, where t^2 is left out.
CLOSING_ANGLES, CLOSING_RESOLUTION = (1e-1, 1e-3), 0.02


@CLAIMS.step(
    "G-L2.1", "||A|| <= 2 sqrt(m) + t, and grows as sqrt(m)", source=f"{PAPER}, Lemma 2.1", only=drawn
)
def initial_norm(start: Start, factor: float = 2.0) -> Check:
    """Lemma 2.1 for this A(0), with the sharp Gaussian constants.

    ``P(||A|| > 2 sqrt(m) + t) <= exp(-t^2/2)`` (Davidson and Szarek 2001).
    """
    t = np.sqrt(2 * np.log(1 / RARE))
    return at_most(
        f"||A(0)||, {factor:g} sqrt(m) + {t:.3g}",
        start.norms[0],
        factor * np.sqrt(start.width) + t,
        budget={"rounding": start.width * EPS * start.norms[0]},
    )


@initial_norm.also()
def norm_growth(path: GaoPath, power: float = 0.5) -> Check:
    """Lemma 2.1 as a law: how ||A|| grows with m."""
    law = power_law(NORM_WIDTHS, path.initial.matrix_norms)
    finite = TRACY_WIDOM * NORM_WIDTHS[0] ** (-2 / 3) / np.log(NORM_WIDTHS[-1] / NORM_WIDTHS[0])
    return equal(
        f"slope of log ||A|| over log m, {len(NORM_WIDTHS)} widths",
        law.slope,
        power,
        budget={"sampling": law.half_width, "finite width": finite},
        resolution=SLOPE_RESOLUTION,
    )


initial_norm.false("||A|| <= 1.6 sqrt(m) + t", factor=1.6, why="||A|| / sqrt(m) tends to 2", setting=SMALL)
initial_norm.false("||A|| grows as m^0.45", power=0.45, why="||A|| / sqrt(m) tends to 2", setting=SMALL)


@CLAIMS.step("G-L3.2", "lambda_0 = lambda_min(G^inf) > 0, closed form of G^inf", source=f"{PAPER}, Lemma 3.2")
def lambda_positive(problem: GaoProblem) -> Check:
    """Inputs that are not parallel make G^inf positive definite."""
    return at_least(
        "lambda_0 = lambda_min(G^inf)",
        problem.lambda_0,
        0.0,
        budget={"eigenvalue": problem.gram_error},
        advice="inputs are nearly parallel: drop some, or use --perturb",
    )


@lambda_positive.also()
def kernel_form(
    problem: GaoProblem, path: GaoPath, kernel: Callable[[Array], Array] = arc_cosine_kernel
) -> Check:
    """The closed form against the mean over random features, for all entries at once."""
    claimed = kernel(problem.inputs)
    size = float(np.linalg.norm(claimed))
    error = float(np.linalg.norm(path.initial.sampling_error))
    return equal(
        "||G^inf - Monte Carlo||_F / ||G^inf||_F",
        float(np.linalg.norm(path.initial.sampled_kernel - claimed)) / size,
        0.0,
        budget={"sampling": STANDARD_ERRORS * error / size},
        resolution=KERNEL_RESOLUTION,
    )


@lambda_positive.also()
def closing_inputs(leading: float = 0.25, slope: float = 1 / (6 * np.pi)) -> list[Check]:
    """Two inputs at a small angle t: ``lambda_0 / t^2 = 1/4 - t/(6 pi) + O(t^2)``."""
    checks = []
    for angle in CLOSING_ANGLES:
        pair = np.array([[1.0, np.cos(angle)], [0.0, np.sin(angle)]])
        smallest = float(np.linalg.eigvalsh(arc_cosine_kernel(pair))[0])
        checks.append(
            equal(
                f"lambda_0 / t^2 of two inputs at angle t = {angle:g}",
                smallest / angle**2,
                leading - slope * angle,
                budget={"next order": angle**2, "rounding": 4 * EPS / angle**2},
                resolution=CLOSING_RESOLUTION,
            )
        )
    return checks


def without_cosine(inputs: Array) -> Array:
    """G^inf without its second term."""
    return np.sin(angles(inputs)) / (2 * np.pi)


def scaled_kernel(inputs: Array) -> Array:
    """G^inf, a little too large."""
    return 1.05 * arc_cosine_kernel(inputs)


lambda_positive.false(
    "G^inf without its (pi - t) cos t term",
    kernel=without_cosine,
    why="its diagonal, E relu(w^T x)^2 = 1/2, would be 0",
    setting=SMALL,
)
lambda_positive.false(
    "1.05 G^inf", kernel=scaled_kernel, why="its diagonal, E relu(w^T x)^2, is 1/2", setting=SMALL
)
lambda_positive.false(
    "lambda_0 ~ t^2/2 for two inputs at a small angle t",
    leading=0.5,
    why="the expansion of G^inf gives t^2/4",
    setting=SMALL,
)
lambda_positive.false(
    "lambda_0 = t^2/4 + O(t^4)", slope=0.0, why="the next term is -t^3/(6 pi)", setting=SMALL
)


def drawn_gram(start: Start) -> str:
    """What a G(0) far from its limit says of C: of a draw "", of a start file nothing."""
    return "G(0) is not that of a random draw, but of --start: this says nothing of C" if start.given else ""


@CLAIMS.step(
    "G-L3.3",
    "||G(0) - G^inf|| <= lambda_0/4 for m >= C (n^2/lambda_0^2) log(n/delta)",
    source=f"{PAPER}, Lemma 3.3",
    constant=Constant(
        met=width_ratio, condition="m >= C (n^2/lambda_0^2) log(n/delta)", advice="", tells=drawn_gram
    ),
    required=False,
)
def gram_at_start(problem: GaoProblem, share: float = 0.25) -> Check:
    """Lemma 3.3 in this instance; later lemmas only use that it gives lambda_min(G(0)) >= 3/4 lambda_0."""
    return at_most(
        "||G(0) - G^inf|| / lambda_0",
        float(np.linalg.norm(problem.gram - problem.limit, 2)) / problem.lambda_0,
        share,
        budget={"rounding": problem.gram_error / abs(problem.lambda_0)},
    )


gram_at_start.false(
    "||G(0) - G^inf|| <= 0.17 lambda_0",
    share=0.17,
    why="it is 0.178 lambda_0 for this draw of two inputs and 400 units",
    setting=CLOSE,
)


@CLAIMS.step("G-L3.3.law", "||G(0) - G^inf|| falls as m^(-1/2)", source=f"{PAPER}, proof of Lemma 3.3")
def gram_law(path: GaoPath, slope: float = -0.5) -> Check:
    """``(E ||G(0) - G^inf||_F^2)^(1/2)`` falls as ``m^slope``."""
    squares = power_law(GRAM_WIDTHS, path.initial.gram_squares)
    return equal(
        f"slope of log ||G(0) - G^inf||_F over log m, {len(GRAM_WIDTHS)} widths",
        squares.slope / 2,
        slope,
        budget={"sampling": squares.half_width / 2},
        resolution=SLOPE_RESOLUTION,
    )


gram_law.false(
    "||G(0) - G^inf|| falls as m^(-0.6)",
    slope=-0.6,
    why="G(0) is a mean of m independent matrices",
    setting=SMALL,
)


@CLAIMS.step(
    "G-L3.4",
    "||W - W(0)||_F <= R gives lambda_min(G) >= lambda_0/2",
    source=f"{PAPER}, Lemma 3.4",
    given=PREMISES,
)
def weights_near_start(problem: GaoProblem, path: GaoPath, share: float = 0.5) -> Check:
    """Lemma 3.4 on the sphere ``||W - W(0)||_F = R``."""
    return at_least(
        f"lambda_min(G) / lambda_0, {RANDOM_WEIGHTS} random and {ASCENTS} adversarial W at distance R",
        path.initial.neighbours / problem.lambda_0,
        share,
        budget={"eigenvalue": problem.gram_error / abs(problem.lambda_0)},
        advice="lambda_0 is of the size of rounding: drop inputs that are nearly parallel",
    )


def farther(problem: GaoProblem, path: GaoPath) -> GaoPath:
    """The path with W as far from W(0) as the adversary needs."""
    return replace(path, initial=replace(path.initial, neighbours=neighbouring_grams(problem, 200.0)))


weights_near_start.false(
    "||W - W(0)||_F <= 200 R gives as much",
    path=farther,
    why="the adversary needs no more to halve lambda_min(G)",
    setting=SMALL,
)
weights_near_start.false(
    "||W - W(0)||_F <= R gives lambda_min(G) >= 1.107 lambda_0",
    share=1.107,
    why="lambda_min(G(0)) = 1.109 lambda_0 here, and the adversary takes 0.004 of it away",
    setting=SMALL,
)
