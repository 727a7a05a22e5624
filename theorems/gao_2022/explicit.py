"""Lemma 3.5 and Theorem 3.1 with every constant in numbers, so that they can be false.

Both ask for m >= C (...) with a C that is nowhere given, hence no instance can refute them. Their proof has a
constant for every step. Notation is that of `theorems.gao_2022.box`; r_0 = r(0).

Lemma 3.5, explicit. Let a reach (a, w, u, v) have q < 1 and sqrt(lambda_min(G(0))) - x w/s >
sqrt(lambda_0/2), and let each of its four numbers exceed its `speed` times 2 ||r_0||/lambda_0. Then for all t
no parameter is farther from its start than that, lambda_min(G(t)) > lambda_0/2 and ||r(t)||^2 <=
exp(-lambda_0 t) ||r_0||^2.

Proof. As long as the path is inside, singular values of Phi have moved by x w/s at most (Weyl), so that
lambda_min(G) > lambda_0/2. H is G plus three more positive semidefinite matrices; where the flow slides along
kinks the normals that are projected out have parts in A and W only, so that H >= G still. Hence ||r(s)|| <=
exp(-lambda_0 s/2) ||r_0||, its integral is below 2 ||r_0||/lambda_0, and each parameter has moved by less
than its number: a first time on the border there is not. So it is inside forever.

In closed form, with ||u||, ||v|| <= 2 s and q <= 1/2: speeds are below 6 x for W, 2 ||Phi|| for u and so on,
and lambda_min(G(0)) >= 3/4 lambda_0 leaves 12 x^2 ||r_0||/lambda_0 <= (sqrt(3/4) - sqrt(1/2)) s
sqrt(lambda_0), or m >= 5703 x^4 ||r_0||^2/lambda_0^3. Numbers of the start in place of 2 s and 1/2 allow
labels a few times as far.

Sharp form, ours. Where in addition no gate changes, by the margins of `theorems.gao_2022.smooth`, the reach
needs only speeds ||J_b|| and the integral ||r_0||/mu, and for all t

    ||r(t)||^2 <= exp(-2 mu t) ||r_0||^2,    ||r(t) - exp(-t H(0)) r_0|| <= eps t exp(-mu t) ||r_0||,

mu = (sqrt(lambda_min(H(0))) - e)^2, which tends to lambda_min(H(0)) as the labels come near: no rate is
sharper for every r_0. The second is Duhamel's formula, r(t) = exp(-tH_0) r_0 - int exp(-(t-s)H_0) (H - H_0) r
ds, both exponentials being below exp(-mu (t-s)) and exp(-mu s).
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
    decay_budget,
)
from theorems.gao_2022.box import STRICT
from theorems.gao_2022.output_weights import COLUMNS
from theorems.gao_2022.path import GaoPath, followed
from theorems.gao_2022.premises import PAPER
from theorems.gao_2022.problem import GaoProblem
from theorems.gao_2022.promise import Lazy, Promise, closest_labels
from theorems.gao_2022.setting import EXPLICIT
from verify.relu_deq.path import ReluPath
from verify.theorem.claims import Claims
from verify.theorem.compare import Check, at_least, at_most, equal

Array = NDArray[np.float64]

CLAIMS = Claims(f"our own, from the proof of {PAPER}, Theorem 3.1")

#: The slowest eigenvector of H(0) is met by r_0 up to this: 1 - cos. The sharp rate must then be attained.
ALIGNED = 1e-6


@dataclass(frozen=True)
class Subject:
    """A flow of which the explicit theorems speak.

    labels    which labels it is made with
    problem   those labels
    flow      the flow
    promised  what is promised of it
    """

    labels: str
    problem: GaoProblem
    flow: ReluPath
    promised: Promise


def subjects(path: GaoPath) -> Iterator[Subject]:
    """The flow from labels near yhat(0), and that from the labels at hand."""
    along = path.trained
    yield Subject("near labels", along.near_problem, along.near, along.near_promised)
    yield Subject("given labels", path.problem, path.flow, along.promised)


def lemma_speaks(path: GaoPath) -> str:
    """Says where no labels are known for which the explicit lemma speaks."""
    if any(one.promised.lemma and len(one.flow.times) > 1 for one in subjects(path)):
        return ""
    problem, along = path.problem, path.trained
    return (
        f"the explicit premises hold neither for ||r(0)|| = {problem.initial_residual:.2g} nor for "
        f"{along.near_problem.initial_residual:.2g}, and nothing closer than {closest_labels(problem):.2g} "
        "is resolved: drop inputs that are nearly parallel, or raise --width"
    )


def lazy_speaks(path: GaoPath) -> str:
    """Says where no labels are known for which the flow keeps all gates."""
    if any(one.promised.flow and len(one.flow.times) > 1 for one in subjects(path)):
        return ""
    return (
        "a unit may change its gate, for labels at hand and for the nearest that are resolved, "
        f"{closest_labels(path.problem):.2g} from yhat(0): use --labels aligned with a smaller --alignment, "
        "fewer --samples, or another --seed"
    )


@CLAIMS.step(
    "G-L3.5.explicit",
    "flow: A, W, u, v stay in a reach known at time 0, and lambda_min(G(t)) > lambda_0/2",
    given=(followed, lemma_speaks),
)
def stays_inside(path: GaoPath, share: float = 1.0, gram_share: float = 0.5) -> Iterator[Check]:
    """Lemma 3.5 with constants, for all labels that it speaks of."""
    for one in subjects(path):
        reach, flow = one.promised.lemma, one.flow
        if reach is None or len(flow.times) < 2:
            continue
        for name, bound in zip("AWuv", reach.array, strict=True):
            yield at_most(
                f"||{name}(t) - {name}(0)||_F, explicit reach, {one.labels}",
                flow.distances[LATER, COLUMNS[name]],
                share * bound,
                budget={"rounding": _moved_rounding(one)},
                where={"time": flow.times[LATER]},
                advice="the parameters move less than rounding: raise --alignment, or use float64",
            )
        yield at_least(
            f"lambda_min(G(t)) / lambda_0, {one.labels}",
            flow.gram_minimum / one.problem.lambda_0,
            gram_share,
            budget={"eigenvalue": flow.gram_error / one.problem.lambda_0},
            where={"time": flow.times},
        )
        needed = one.promised.box.speeds(reach) * 2 * one.problem.initial_residual / one.problem.lambda_0
        yield equal(
            f"reach over speed 2 ||r(0)||/lambda_0, {one.labels}",
            reach.array / needed,
            1.0,
            # A reach is that much larger than what the one before needed.
            budget={"iteration": 3 * STRICT},
            resolution=RATE_RESOLUTION,
        )
        root = one.promised.box.gram_root(reach)
        yield at_least(
            f"explicit bound of lambda_min(G) / lambda_0, {one.labels}",
            root**2 / one.problem.lambda_0,
            gram_share,
            budget={"eigenvalue": one.problem.gram_error / one.problem.lambda_0},
            attained=RATE_RESOLUTION,
        )
        yield at_least(
            f"lambda_min(G(t)), explicit bound of it, {one.labels}",
            flow.gram_minimum,
            root**2,
            budget={"eigenvalue": flow.gram_error + one.problem.gram_error},
            where={"time": flow.times},
            attained=one.problem.lambda_0 * RATE_RESOLUTION,
        )


def _moved_rounding(one: Subject) -> Array:
    """Rounding of a distance, each step rounding every entry that it moves."""
    flow = one.flow
    size = np.sqrt(one.problem.width) * max(one.problem.width, len(one.problem.inputs)) ** 0.5
    return np.asarray(flow.precision * size * (1 + np.sqrt(flow.steps[LATER])))


stays_inside.false(
    "a reach thirty times smaller",
    share=1 / 30,
    why="the flow goes 0.038 of its reach in v here: its rate is eleven times lambda_0",
    setting=EXPLICIT,
)
stays_inside.false(
    "lambda_min(G(t)) >= 1.08 lambda_0",
    gram_share=1.08,
    why="lambda_min(G(0)) = 1.079 lambda_0 here",
    setting=EXPLICIT,
)


@CLAIMS.conclusion(
    "G-T3.1.explicit",
    "flow: ||r(t)||^2 <= exp(-lambda_0 t) ||r(0)||^2 where the explicit premises hold",
    given=(followed, lemma_speaks),
)
def explicit_decay(path: GaoPath, rate: float = 1.0) -> Iterator[Check]:
    """Theorem 3.1 with constants: VIOLATED where it fails."""
    for one in subjects(path):
        flow = one.flow
        if one.promised.lemma is None or len(flow.times) < 2:
            continue
        yield at_most(
            f"log ||r||^2/||r(0)||^2, -lambda_0 t, {one.labels}",
            -flow.log_decay[LATER],
            -rate * one.problem.lambda_0 * flow.times[LATER],
            budget=decay_budget(flow),
            where={"time": flow.times[LATER]},
            advice="tighten --tolerance",
        )


explicit_decay.false(
    "rate 11.4 lambda_0",
    rate=11.4,
    why="2 lambda_min(H) = 11.31 lambda_0 here, and labels along its eigenvector decay no faster",
    setting=EXPLICIT,
)


@CLAIMS.conclusion(
    "G-T3.1.lazy",
    "flow near its start: ||r(t)||^2 <= exp(-2 mu t) ||r(0)||^2, and r(t) = exp(-t H(0)) r(0) up to eps t",
    given=(followed, lazy_speaks),
)
def lazy_decay(path: GaoPath, rate: float = 1.0, fastest: float = 1.0) -> Iterator[Check]:
    """The sharp form. Labels along the slowest direction decay no faster than it allows.

    There ||exp(-t H(0)) r(0)|| is the slowest decay, and r is not farther from it than eps t exp(-mu t).
    """
    for one, lazy in _lazy(path):
        flow, smooth = one.flow, one.promised.smooth
        t = flow.times[LATER]
        bound = 2 * lazy.rate * t
        budget = {**decay_budget(flow), "eigenvalue": 2 * smooth.error * t}
        yield at_most_or_equal(
            f"log ||r||^2/||r(0)||^2, -2 mu t, {one.labels}",
            -flow.log_decay[LATER],
            -rate * bound,
            budget=budget,
            where={"time": t},
            resolution=RATE_RESOLUTION * float(bound[-1]),
            advice="tighten --tolerance",
        )
        residual = flow.residuals[0]
        values, vectors = np.linalg.eigh(smooth.kernel)
        shares = vectors.T @ residual / np.linalg.norm(residual)
        linear = float(np.linalg.norm(shares * np.exp(-t[-1] * values)))
        least = linear - lazy.apart * t[-1] * np.exp(-lazy.rate * t[-1])
        if abs(shares[0]) >= 1 - ALIGNED and least > 0:
            yield at_most(
                f"log ||r(0)||^2/||r||^2 at the end, of exp(-t H(0)) r(0) less eps t, {one.labels}",
                flow.log_decay[-1],
                fastest * -2 * np.log(least),
                budget={name: part[-1] for name, part in budget.items()},
                where={"time": flow.times[-1]},
            )


@lazy_decay.also(given=(followed, lazy_speaks))
def lazy_shape(path: GaoPath, speed: float = 1.0) -> Iterator[Check]:
    """Every component of r, not its norm alone, is that of the linear flow."""
    for one, lazy in _lazy(path):
        flow = one.flow
        t, scale = flow.times[LATER], float(np.linalg.norm(flow.residuals[0]))
        values, vectors = np.linalg.eigh(one.promised.smooth.kernel)
        linear = (flow.residuals[0] @ vectors * np.exp(-speed * np.outer(t, values))) @ vectors.T
        gap = np.linalg.norm(flow.residuals[LATER] - linear, axis=1) / scale
        size = np.linalg.norm(flow.residuals[LATER], axis=1) / scale
        error = sum(decay_budget(flow).values()) * size + flow.rounding[0]
        yield at_most_or_equal(
            f"||r(t) - exp(-t H(0)) r(0)|| / ||r(0)||, eps t exp(-mu t), {one.labels}",
            gap,
            lazy.apart * t * np.exp(-lazy.rate * t),
            budget={"flow": error, "eigenvalue": one.promised.smooth.error * t * size},
            where={"time": t},
            resolution=SHAPE_RESOLUTION,
        )


@lazy_decay.also(given=(followed, lazy_speaks))
def lazy_gates(path: GaoPath, share: float = 1.0) -> Iterator[Check]:
    """No unit can change its gate, since the path stays in its reach, and the arguments of units too."""
    for one, lazy in _lazy(path):
        flow = one.flow
        smooth, length = one.promised.smooth, one.problem.initial_residual / lazy.rate
        for of, guard, moved in zip(
            ("W X", "the arguments of z"), smooth.guards, smooth.guards_moved(lazy.reach, length), strict=True
        ):
            yield at_least(
                f"least size of {of} over how far it can move, {one.labels}",
                float((np.abs(guard) / moved).min()),
                1.0,
                budget={"rounding": 1e-9},
            )
        for name, bound in zip("AWuv", lazy.reach.array, strict=True):
            yield at_most(
                f"||{name}(t) - {name}(0)||_F, reach of the sharp form, {one.labels}",
                flow.distances[LATER, COLUMNS[name]],
                share * bound,
                budget={"rounding": _moved_rounding(one)},
                where={"time": flow.times[LATER]},
                advice="the parameters move less than rounding: raise --alignment, or use float64",
            )


def _lazy(path: GaoPath) -> Iterator[tuple[Subject, Lazy]]:
    for one in subjects(path):
        if one.promised.flow is not None and len(one.flow.times) > 1:
            yield one, one.promised.flow


lazy_decay.false(
    "rate 2.02 mu",
    rate=1.01,
    why="mu is 2e-5 below lambda_min(H), which labels along its eigenvector attain",
    setting=EXPLICIT,
)
lazy_decay.false(
    "a decay at 0.999 of the fastest that eps allows",
    fastest=0.999,
    why="labels along the eigenvector attain it, to 2e-4 or less",
    setting=EXPLICIT,
)
lazy_decay.false(
    "r(t) = exp(-1.0001 t H(0)) r(0)", speed=1.0001, why="the flow is linear to 1e-6", setting=EXPLICIT
)
lazy_decay.false(
    "half of the reach",
    share=0.5,
    why="W goes 0.68 of it: its speed is ||J_W||, and r a little off the direction that has it",
    setting=EXPLICIT,
)
