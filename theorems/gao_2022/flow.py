"""Gradient flow: Lemma 3.5, the links of the proof, and Theorem 3.1."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from theorems.decays import above_gram, at_rate, energy_identity, lowest_rate
from theorems.gao_2022.output_weights import FLOW_U, FLOW_V, GIVEN, NEAR, moved_by_flow, printed_refuted
from theorems.gao_2022.path import GaoPath, followed
from theorems.gao_2022.premises import PAPER, PREMISES, drawn_width
from theorems.gao_2022.problem import GaoProblem, width_ratio
from theorems.gao_2022.setting import SMALL
from theorems.given_start import drawn
from verify.theorem.claims import Claims, Constant
from verify.theorem.compare import Check, at_least, at_most, equal, inconclusive

CLAIMS = Claims(PAPER)

#: What all of Lemma 3.5 rests on.
GIVEN_LEMMA = (followed, *PREMISES)

#: Resolution of H from both sides of a kink, relative to its largest eigenvalue.
SIDES_RESOLUTION = 0.01


@CLAIMS.step(
    "G-L3.5.i",
    "flow: lambda_min(G(t)) >= lambda_0/2",
    source=f"{PAPER}, Lemma 3.5 (i)",
    given=GIVEN_LEMMA,
    constant=GIVEN,
)
def gram_along_flow(problem: GaoProblem, path: GaoPath, share: float = 0.5) -> Check:
    """Lemma 3.5 (i)."""
    return at_least(
        "lambda_min(G(t)) / lambda_0",
        path.flow.gram_minimum / problem.lambda_0,
        share,
        budget={"eigenvalue": path.flow.gram_error / abs(problem.lambda_0)},
        where={"time": path.flow.times},
        advice="lambda_0 is of the size of rounding: drop inputs that are nearly parallel",
    )


gram_along_flow.false(
    "lambda_min(G(t)) >= 1.12 lambda_0",
    share=1.12,
    why="lambda_min(G(0)) = 1.109 lambda_0 here, and G moves by a thousandth",
    setting=SMALL,
)


@CLAIMS.erratum(
    "G-L3.5.ii",
    "flow: ||u(t) - u(0)|| <= (8 c sqrt(n)/lambda_0) ||r(0)||; false as printed, for ||u(t)||",
    source=f"{PAPER}, Lemma 3.5 (ii), repaired",
    given=(followed,),
    only=drawn,
)
def u_printed(problem: GaoProblem, path: GaoPath, printed: float = 2 * FLOW_U) -> Iterator[Check]:
    """The printed form fails at the start exactly where m > 256 c^2 n ||r(0)||^2/lambda_0^2.

    The lemma asks for m >= C c^2 n ||X||^2 ||r(0)||^2/lambda_0^3: wherever C ||X||^2/lambda_0 > 256 its own
    premise makes it false. Labels near yhat(0) show that at any width.
    """
    return printed_refuted(problem, "u", path.flow.norms[0, 2], printed, width=256)


@u_printed.also(given=GIVEN_LEMMA, constant=GIVEN)
def u_given(problem: GaoProblem, path: GaoPath, constant: float = FLOW_U) -> Check:
    """The repaired form, for the given labels."""
    return moved_by_flow(problem, path.flow, "u", constant, "given")


@u_printed.also(given=GIVEN_LEMMA, constant=NEAR)
def u_near(path: GaoPath, near_constant: float = FLOW_U, itself: bool = False) -> Check:
    """The repaired form, for labels near yhat(0)."""
    along = path.trained
    return moved_by_flow(along.near_problem, along.near, "u", near_constant, "near", itself=itself)


u_printed.false(
    "||u(t)|| <= (16 c sqrt(n)/lambda_0) ||r(0)||, as printed",
    near_constant=16.0,
    itself=True,
    why="labels near yhat(0) make it smaller than ||u(0)|| = sqrt(m)",
    setting=SMALL,
)
u_printed.false(
    "||u(t) - u(0)|| <= (0.006 c sqrt(n)/lambda_0) ||r(0)||",
    constant=0.006,
    why="the flow moves it by 0.0065 of that here",
    setting=SMALL,
)
u_printed.false(
    "(64.1 c sqrt(n)/lambda_0) ||r(0)|| is refuted as well",
    printed=64.1,
    why="those labels are where that bound of ||u(0)|| with 64 is met with equality",
    setting=SMALL,
)


@CLAIMS.erratum(
    "G-L3.5.iii",
    "flow: ||v(t) - v(0)|| <= (4 c sqrt(n)/lambda_0) ||r(0)||; false as printed, for ||v(t)||",
    source=f"{PAPER}, Lemma 3.5 (iii), repaired",
    given=(followed,),
    only=drawn,
)
def v_printed(problem: GaoProblem, path: GaoPath, printed: float = 2 * FLOW_V) -> Iterator[Check]:
    """The printed form fails at the start exactly where m > 64 c^2 n ||r(0)||^2/lambda_0^2.

    By the lemma's own premise on m that is so wherever C ||X||^2/lambda_0 > 64.
    """
    return printed_refuted(problem, "v", path.flow.norms[0, 3], printed, width=64)


@v_printed.also(given=GIVEN_LEMMA, constant=GIVEN)
def v_given(problem: GaoProblem, path: GaoPath, constant: float = FLOW_V) -> Check:
    """The repaired form, for the given labels."""
    return moved_by_flow(problem, path.flow, "v", constant, "given")


@v_printed.also(given=GIVEN_LEMMA, constant=NEAR)
def v_near(path: GaoPath, near_constant: float = FLOW_V, itself: bool = False) -> Check:
    """The repaired form, for labels near yhat(0)."""
    along = path.trained
    return moved_by_flow(along.near_problem, along.near, "v", near_constant, "near", itself=itself)


v_printed.false(
    "||v(t)|| <= (8 c sqrt(n)/lambda_0) ||r(0)||, as printed",
    near_constant=8.0,
    itself=True,
    why="labels near yhat(0) make it smaller than ||v(0)|| = sqrt(m)",
    setting=SMALL,
)
v_printed.false(
    "||v(t) - v(0)|| <= (0.006 c sqrt(n)/lambda_0) ||r(0)||",
    constant=0.006,
    why="the flow moves it by 0.0065 of that here",
    setting=SMALL,
)
v_printed.false(
    "(64.1 c sqrt(n)/lambda_0) ||r(0)|| is refuted as well",
    printed=64.1,
    why="those labels are where that bound of ||v(0)|| with 64 is met with equality",
    setting=SMALL,
)


def _matrix_norm(problem: GaoProblem, path: GaoPath, name: str, column: int, factor: float) -> Check:
    return at_most(
        f"||{name}(t)||, 2 c sqrt(m)",
        path.flow.norms[:, column],
        factor * problem.norm_constant * np.sqrt(problem.width),
        budget={"norm": path.flow.norm_errors[:, column]},
        where={"time": path.flow.times},
    )


@CLAIMS.step(
    "G-L3.5.iv",
    "flow: ||W(t)|| <= 2 c sqrt(m)",
    source=f"{PAPER}, Lemma 3.5 (iv)",
    given=GIVEN_LEMMA,
    constant=GIVEN,
)
def w_norm(problem: GaoProblem, path: GaoPath, factor: float = 2.0) -> Check:
    """Lemma 3.5 (iv)."""
    return _matrix_norm(problem, path, "W", 1, factor)


w_norm.false(
    "||W(t)|| <= 0.63 c sqrt(m)",
    factor=0.63,
    why="||W(0)||/sqrt(m) is about 1 + sqrt(d/m) = 1.32, and c = 1.98 is that of A",
    setting=SMALL,
)


@CLAIMS.step(
    "G-L3.5.v",
    "flow: ||A(t)|| <= 2 c sqrt(m)",
    source=f"{PAPER}, Lemma 3.5 (v)",
    given=GIVEN_LEMMA,
    constant=GIVEN,
)
def a_norm(problem: GaoProblem, path: GaoPath, factor: float = 2.0) -> Check:
    """Lemma 3.5 (v)."""
    return _matrix_norm(problem, path, "A", 0, factor)


a_norm.false("||A(t)|| <= 0.9999 c sqrt(m)", factor=0.9999, why="||A(0)|| = c sqrt(m) here", setting=SMALL)


@CLAIMS.step(
    "G-T3.1.chain", "H >= G along the flow", source=f"{PAPER}, proof of Theorem 3.1", given=(followed,)
)
def kernel_above_gram(path: GaoPath, factor: float = 1.0) -> Check:
    """G is one of the four summands of H, and none of them is negative."""
    return above_gram(path.flow, factor)


kernel_above_gram.false(
    "H >= 6.8 G", factor=6.8, why="lambda_min(H) = 6.73 lambda_min(G) here", setting=SMALL
)


def slides(path: GaoPath) -> str:
    """Says where the flow slides along no kink, at the times at which it is looked at."""
    return "" if path.flow.held.any() else "the flow slides along no kink at these times"


@CLAIMS.step(
    "G-T3.1.slides",
    "on slides along kinks H = J P J^T is the same from both sides",
    source="our own",
    given=(followed, slides),
    required=False,  # many flows slide along nothing
)
def same_from_both_sides(path: GaoPath, projected: bool = True) -> Check:
    """The gates of the kinks slid along closed, and open: with normals projected out H does not change."""
    flow = path.flow
    here = flow.held > 0
    apart, plain, passed = flow.sides[here].T
    return equal(
        "||H - H of the other side||_F",
        apart if projected else plain,
        np.zeros_like(apart),
        budget={"eigenvalue": 2 * flow.kernel_error[here], "guards": passed},
        where={"time": flow.times[here]},
        resolution=SIDES_RESOLUTION * float(flow.kernel_spectrum[0, -1]),
        advice="tighten --tolerance",
    )


same_from_both_sides.false(
    "H is the same from both sides, nothing projected out",
    projected=False,
    why="C and P of a unit appear and disappear with its gate",
    setting={"width": 100, "samples": 4, "seed": 2, "points": 9, "tolerance": 1e-3},
)


@CLAIMS.step(
    "G-T3.1.sharp",
    "d||r||^2/dt = -2 r^T H r, integrated, and <= -2 lambda_min(H) ||r||^2, slides along kinks included",
    source="our own, from the proof of Theorem 3.1",
    given=(followed,),
)
def sharp(path: GaoPath, factor: float = 2.0) -> Check:
    """The measured decay against ``int 2 r^T H r / ||r||^2``, slides included."""
    return energy_identity(path.flow, factor)


@sharp.also(given=(followed,))
def slowest(path: GaoPath, rate: float = 2.0) -> Check:
    """The measured decay against ``2 int lambda_min(H)``."""
    return lowest_rate(path.flow, rate)


sharp.false("d log ||r||^2/dt = -2.0002 r^T H r/||r||^2", factor=2.0002, why="the factor is 2", setting=SMALL)
sharp.false(
    "||r||^2 <= exp(-2.0002 int lambda_min(H)) ||r(0)||^2",
    rate=2.0002,
    why="r stays along the slowest direction of H",
    setting=SMALL,
)


@CLAIMS.conclusion(
    "G-T3.1",
    "flow: ||r(t)||^2 <= exp(-lambda_0 t) ||r(0)||^2",
    source=f"{PAPER}, Theorem 3.1",
    given=(followed, *PREMISES),
    constant=Constant(met=width_ratio, tells=drawn_width),
)
def decay(problem: GaoProblem, path: GaoPath) -> Iterator[Check]:
    """Theorem 3.1, which is also Lemma 3.5 (vi), for this width, up to the horizon."""
    flow = path.flow
    yield at_rate(flow, problem.lambda_0)
    if flow.lost:
        yield inconclusive(
            f"log ||r||^2/||r(0)||^2 from time {flow.times[-1]:.4g} to the horizon {problem.horizon:.4g}",
            f"the flow was not followed to there: {flow.lost}",
        )


def too_fast(problem: GaoProblem) -> GaoProblem:
    """The problem with a lambda_0 that promises a slightly faster decay than there is."""
    return replace(problem, lambda_0=2.001 * float(np.linalg.eigvalsh(problem.kernel)[0]))


decay.false(
    "rate 2.001 lambda_min(H(0)) for lambda_0",
    problem=too_fast,
    why="r decays along the slowest direction, at 2 lambda_min(H)",
    setting=SMALL,
)
