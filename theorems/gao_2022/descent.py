"""Gradient descent: Lemma 3.6 and Theorem 3.2."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from theorems.decays import LATER, descent_rounding
from theorems.gao_2022.output_weights import (
    DESCENT_U,
    DESCENT_V,
    GIVEN,
    NEAR,
    moved_by_descent,
    printed_refuted,
)
from theorems.gao_2022.path import GaoPath, followed
from theorems.gao_2022.premises import PAPER, PREMISES, drawn_width
from theorems.gao_2022.problem import GaoProblem, printed_step, width_ratio
from theorems.gao_2022.setting import SMALL
from theorems.given_start import drawn
from verify.losses import EPS
from verify.theorem.claims import Claims, Constant
from verify.theorem.compare import Check, at_least, at_most

Array = NDArray[np.float64]

CLAIMS = Claims(PAPER)

#: What all of Lemma 3.6 rests on.
GIVEN_LEMMA = (followed, *PREMISES)


@CLAIMS.step(
    "G-L3.6",
    "descent: lambda_min(G(k)) >= lambda_0/2 and ||A(k)||, ||W(k)|| <= 2 c sqrt(m)",
    source=f"{PAPER}, Lemma 3.6",
    given=GIVEN_LEMMA,
    constant=GIVEN,
)
def along_descent(
    problem: GaoProblem, path: GaoPath, share: float = 0.5, factor: float = 2.0
) -> Iterator[Check]:
    """Lemma 3.6 without its items on u and v."""
    descent = path.trained.descent
    where = {"step": np.arange(len(descent.residuals))}
    bound = factor * problem.norm_constant * np.sqrt(problem.width)
    yield at_least(
        "lambda_min(G(k)) / lambda_0",
        descent.gram_minimum / problem.lambda_0,
        share,
        budget={"eigenvalue": problem.gram_error / abs(problem.lambda_0)},
        where=where,
    )
    for column, name in enumerate("AW"):
        yield at_most(
            f"||{name}(0)|| + ||{name}(k) - {name}(0)||_F, 2 c sqrt(m)",
            problem.norms[column] + descent.distances[:, column],
            bound,
            budget={"rounding": problem.width * EPS * bound},
            where=where,
        )


along_descent.false(
    "lambda_min(G(k)) >= 1.12 lambda_0",
    share=1.12,
    why="lambda_min(G(0)) = 1.109 lambda_0 here, and G moves by less than a thousandth",
    setting=SMALL,
)
along_descent.false(
    "||A(k)|| <= 0.9999 c sqrt(m)", factor=0.9999, why="||A(0)|| = c sqrt(m) here", setting=SMALL
)


@CLAIMS.erratum(
    "G-L3.6.u",
    "descent: ||u(k) - u(0)|| <= (16 c sqrt(n)/lambda_0) ||r(0)||; false as printed, for ||u(k)||",
    source=f"{PAPER}, Lemma 3.6, repaired",
    given=(followed,),
    only=drawn,
)
def u_printed(problem: GaoProblem, path: GaoPath, printed: float = 2 * DESCENT_U) -> Iterator[Check]:
    """The printed form fails at the start exactly where m > 1024 c^2 n ||r(0)||^2/lambda_0^2.

    By the premise of Lemma 3.5 on m that is so wherever C ||X||^2/lambda_0 > 1024.
    """
    return printed_refuted(problem, "u", path.flow.norms[0, 2], printed, width=1024)


@u_printed.also(given=GIVEN_LEMMA, constant=GIVEN)
def u_given(problem: GaoProblem, path: GaoPath, constant: float = DESCENT_U) -> Check:
    """The repaired form, for the given labels."""
    return moved_by_descent(problem, path.trained.descent, "u", constant, "given")


@u_printed.also(given=GIVEN_LEMMA, constant=NEAR)
def u_near(path: GaoPath) -> Check:
    """The repaired form, for labels near yhat(0)."""
    return moved_by_descent(path.trained.near_problem, path.trained.near_descent, "u", DESCENT_U, "near")


u_printed.false(
    "||u(k) - u(0)|| <= (8e-4 c sqrt(n)/lambda_0) ||r(0)||",
    constant=8e-4,
    why="222 steps move it by 8.1e-4 of that here",
    setting=SMALL,
)
u_printed.false(
    "(64.1 c sqrt(n)/lambda_0) ||r(0)|| is refuted as well",
    printed=64.1,
    why="those labels are where that bound of ||u(0)|| with 64 is met with equality",
    setting=SMALL,
)


@CLAIMS.erratum(
    "G-L3.6.v",
    "descent: ||v(k) - v(0)|| <= (8 c sqrt(n)/lambda_0) ||r(0)||; false as printed, for ||v(k)||",
    source=f"{PAPER}, Lemma 3.6, repaired",
    given=(followed,),
    only=drawn,
)
def v_printed(problem: GaoProblem, path: GaoPath, printed: float = 2 * DESCENT_V) -> Iterator[Check]:
    """The printed form fails at the start exactly where m > 256 c^2 n ||r(0)||^2/lambda_0^2.

    By the premise of Lemma 3.5 on m that is so wherever C ||X||^2/lambda_0 > 256.
    """
    return printed_refuted(problem, "v", path.flow.norms[0, 3], printed, width=256)


@v_printed.also(given=GIVEN_LEMMA, constant=GIVEN)
def v_given(problem: GaoProblem, path: GaoPath, constant: float = DESCENT_V) -> Check:
    """The repaired form, for the given labels."""
    return moved_by_descent(problem, path.trained.descent, "v", constant, "given")


@v_printed.also(given=GIVEN_LEMMA, constant=NEAR)
def v_near(path: GaoPath) -> Check:
    """The repaired form, for labels near yhat(0)."""
    return moved_by_descent(path.trained.near_problem, path.trained.near_descent, "v", DESCENT_V, "near")


v_printed.false(
    "||v(k) - v(0)|| <= (8e-4 c sqrt(n)/lambda_0) ||r(0)||",
    constant=8e-4,
    why="222 steps move it by 8.1e-4 of that here",
    setting=SMALL,
)
v_printed.false(
    "(64.1 c sqrt(n)/lambda_0) ||r(0)|| is refuted as well",
    printed=64.1,
    why="those labels are where that bound of ||v(0)|| with 64 is met with equality",
    setting=SMALL,
)


@CLAIMS.conclusion(
    "G-T3.2",
    "descent: ||r(k)||^2 <= (1 - alpha lambda_0/2)^k ||r(0)||^2",
    source=f"{PAPER}, Theorem 3.2",
    given=(followed, *PREMISES),
    constant=Constant(met=width_ratio, advice="raise --width, or lower --step", tells=drawn_width),
)
def descent_rate(problem: GaoProblem, path: GaoPath) -> Check:
    """Theorem 3.2 for the step of the setting."""
    descent = path.trained.descent
    k = np.arange(len(descent.residuals))
    return at_most(
        f"log ||r(k)||^2/||r(0)||^2, k log(1 - alpha lambda_0/2), alpha = {descent.step:.3g}",
        descent.log_change[LATER],
        (k * np.log1p(-min(descent.step * problem.lambda_0 / 2, 1 - EPS)))[LATER],
        budget={"rounding": descent_rounding(problem, descent)},
        where={"step": k[LATER]},
        advice="a step changes less than rounding: use a larger --step",
    )


@descent_rate.also(given=(followed, *PREMISES), constant=Constant(met=width_ratio, tells=drawn_width))
def room_for_steps(problem: GaoProblem, path: GaoPath) -> Iterator[Check]:
    """The largest step that keeps the rate of Theorem 3.2, which is no smaller than the theorem says."""
    low, high = path.trained.largest_step
    check = at_least(
        f"largest step that keeps the rate for {problem.steps} steps, lambda_0/n^2",
        low,
        printed_step(problem.lambda_0, problem.samples),
        budget={"bisection": high - low},
    )
    scale = f"2/lambda_max(H(0)) = {2 / path.trained.largest_eigenvalue:.3g}"
    yield replace(check, message="; ".join(filter(None, [scale, check.message])))
    largest = path.trained.at_largest
    k = np.arange(len(largest.residuals))[LATER]
    fell = float(-largest.log_change[-1])
    if low > 0:
        yield at_most(
            f"log ||r(k)||^2/||r(0)||^2 with that step, k log(1 - alpha lambda_0/2); {fell:.3g} in all",
            largest.log_change[LATER],
            k * np.log1p(-min(low * problem.lambda_0 / 2, 1 - EPS)),
            budget={"rounding": descent_rounding(problem, largest)},
            where={"step": k},
            attained=1.0,
        )


def too_fast(problem: GaoProblem) -> GaoProblem:
    """The problem with a lambda_0 that promises a slightly faster decay than there is."""
    return replace(problem, lambda_0=4.02 * float(np.linalg.eigvalsh(problem.kernel)[0]))


descent_rate.false(
    "rate 4.02 lambda_min(H(0)) for lambda_0",
    problem=too_fast,
    why="r decays along the slowest direction, by 2 alpha lambda_min(H) a step",
    setting=SMALL,
)
