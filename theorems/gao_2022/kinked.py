"""The integrator against descent with tiny steps, on tiny networks whose flow crosses kinks and slides.

Descent by the printed gradients, in 500 and 1000 steps, knows no kink: along one it goes to and
fro, and follows the slide as its steps tend to 0. It shares no formula with the integrator.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from theorems.gao_2022.premises import PAPER
from theorems.gao_2022.setting import SMALL
from verify.flow.adaptive import LOG_OF_SQUARE, ExponentialPoint, integrate
from verify.losses import EPS
from verify.numerics.arrays import Placement
from verify.numerics.quadrature import graded_times
from verify.relu_deq.model import ImplicitReLU
from verify.relu_deq.parameters import Parameters
from verify.relu_deq.path import ReluPath, relu_path
from verify.relu_deq.problem import LeastSquares, ReluProblem
from verify.theorem.claims import Claims
from verify.theorem.compare import Check, at_least, at_most, equal

Array = NDArray[np.float64]

CLAIMS = Claims(f"our own, for {PAPER}")

#: Width, inputs and samples; the draws of which the flow enters slides and leaves them. Along the last one
#: jumps of H at kinks make more of the energy integral than all of its error.
SIZES, DRAWS = (4, 2, 3), (7, 15, 27)

#: ``gamma~ ||A(0)||``, distance of labels from yhat(0), and fastest time scales followed.
CONTRACTION, LABELS, SCALES = 0.4, 2.0, 20.0

#: A draw that loses its contraction half way to the horizon, and how much farther its labels are.
RESTLESS, FARTHER = 1, 30.0

#: Steps of descent, sweeps to the equilibrium in each, from that of the step before.
STEPS, SWEEPS = 500, 3

#: Tolerances of the path that is judged, and of one that tells its integral of lambda_min(H).
TOLERANCE, FINER = 1e-2, 2e-3

#: Draws of which a first attempt at some step errs by more than the tolerance, and that tolerance.
RETRIED = ((15, 1e-3), (3, 1e-4))

#: A draw that leaves a slide within a step, its tolerance, one that is as good as exact, and how many of the
#: first tolerances log ||r||^2 may be off by at the end.
LEFT, FAR = (7, 1e-4, 1e-6), 5.0

#: Resolution of log ||r||^2, which falls by 0.9 or more.
RESOLUTION = 0.2

#: An error estimate that is this many times as large as the error says too little.
NEAR = 10.0


def problem(draw: int, tolerance: float = TOLERANCE) -> ReluProblem:
    """A tiny network at its start, with labels drawn."""
    m, d, n = SIZES
    rng = np.random.default_rng(draw)
    inputs = rng.standard_normal((d, n))
    inputs /= np.linalg.norm(inputs, axis=0)
    theta = Parameters.random(m, d, rng)
    norms = (float(np.linalg.norm(theta.a, 2)), float(np.linalg.norm(theta.w, 2)))
    start = ImplicitReLU.scaled(inputs, m, CONTRACTION * float(np.sqrt(m)) / norms[0]).at(theta)
    fastest = 1 / float(np.linalg.eigvalsh(start.kernel)[-1])
    return ReluProblem(
        start=start,
        targets=start.output - LABELS * rng.standard_normal(n) / np.sqrt(n),
        norms=norms,
        horizon=SCALES * fastest,
        points=9,
        tolerance=tolerance,
        seed=0,
        placement=Placement("float64"),
    )


def descended(of: ReluProblem, steps: int) -> Array:
    """``log ||r(0)||^2 / ||r(t)||^2`` (steps + 1,) of descent to the horizon, by Lemma 2.3's gradients."""
    theta, x, y, c = of.start.theta, of.model.inputs, of.targets, of.model.coupling
    a, w, u, v = theta.a, theta.w, theta.u, theta.v
    assert v is not None
    root, h = float(np.sqrt(len(u))), of.horizon / steps
    z, p = of.start.z, of.start.p
    sizes = []
    for _ in range(steps + 1):
        before = w @ x
        phi = np.maximum(before, 0.0) / root
        for _ in range(SWEEPS):
            z = np.maximum(c * (a @ z) + phi, 0.0)
        for _ in range(SWEEPS):
            p = (z > 0) * (c * (a.T @ p) + u[:, None])
        r = u @ z + v @ phi - y
        sizes.append(float(r @ r))
        back = p * r
        in_w = (before > 0) * (back + np.outer(v, r)) / root
        a, w, u, v = a - h * c * (back @ z.T), w - h * (in_w @ x.T), u - h * (z @ r), v - h * (phi @ r)
    return np.log(sizes[0] / np.array(sizes))


@dataclass(frozen=True)
class Seen:
    """A path, and what descent and a finer path say of it.

    path   at the tolerance judged
    decay  (k,), ``log ||r(0)||^2 / ||r(t)||^2`` by descent, extrapolated to steps of size 0
    error  (k,), of this
    """

    path: ReluPath
    decay: Array
    error: Array


@cache
def seen(draw: int) -> Seen:
    """The path of a draw."""
    one = problem(draw)
    path = relu_path(one, lambda _: None, probed=False)
    coarse, fine = (
        np.interp(path.times, np.linspace(0.0, one.horizon, steps + 1), descended(one, steps))
        for steps in (STEPS, 2 * STEPS)
    )
    # Descent errs by its step; where it goes to and fro at a kink what is left is as large as the correction.
    error = 2 * np.maximum.accumulate(np.abs(fine - coarse))
    return Seen(path, 2 * fine - coarse, error)


@CLAIMS.step("G-T3.1.path", "the flow is what descent with tiny steps tends to, kinks and slides included")
def followed_closely(faster: float = 1.0) -> Iterator[Check]:
    """Both sides of the energy identity, against descent, at eight times."""
    for draw in DRAWS:
        one = seen(draw)
        times = one.path.times
        for name, found, error in (
            ("log ||r(0)||^2/||r(t)||^2", one.path.log_decay, one.path.log_error),
            ("int 2 r^T H r/||r||^2", one.path.log_energy, one.path.energy_error),
        ):
            yield equal(
                f"draw {draw}: {name}, by descent",
                faster * found,
                one.decay,
                budget={"path": error, "descent": one.error},
                where={"time": times},
                trivial=times == 0,
                undecided=True,
                resolution=RESOLUTION,
            )


followed_closely.false("a decay 5% larger", faster=1.05, why="it is known to 1%", setting=SMALL)


@CLAIMS.step("G-T3.1.pathError", "errors estimated of a path cover the true ones, and are not far above them")
def errors_cover(factor: float = 1.0) -> Iterator[Check]:
    """The largest of either side of the energy identity over all draws; ``int lambda_min(H)`` of one."""
    paths = [seen(draw) for draw in DRAWS]
    decay, known = (
        np.concatenate(rows) for rows in zip(*((one.decay, one.error) for one in paths), strict=True)
    )
    first = paths[0].path
    finer = relu_path(problem(DRAWS[0], FINER), lambda _: None, probed=False).lowest[: len(first.times)]
    lowest, lowest_error = (part[: len(finer)] for part in first.integrated_lambda)
    for name, found, estimated, expected, error in (
        (
            "log ||r||^2",
            np.concatenate([one.path.log_decay for one in paths]),
            np.concatenate([one.path.log_error for one in paths]),
            decay,
            known,
        ),
        (
            "int 2 r^T H r/||r||^2",
            np.concatenate([one.path.log_energy for one in paths]),
            np.concatenate([one.path.energy_error for one in paths]),
            decay,
            known,
        ),
        ("int lambda_min(H)", lowest, lowest_error, finer, 0.0 * finer),
    ):
        # A path that was not followed has no error; it then comes out as one that is not covered.
        largest = max(float(np.abs(found - expected).max()), EPS)
        share = factor * float(estimated.max()) / largest
        budget = {"reference": float(error.max()) / largest}
        yield at_least(f"error of {name}, estimated over true", share, 1.0, budget=budget)
        yield at_most(f"error of {name}, estimated over true", share, NEAR, budget=budget)


errors_cover.false("no error", factor=0.0, why="an integrator errs", setting=SMALL)
errors_cover.false(
    "errors 100 times as large", factor=100.0, why="they are near the true ones", setting=SMALL
)


def followed(draw: int, tolerance: float) -> list[ExponentialPoint[LeastSquares]]:
    """The flow of a draw, at its checked times."""
    one = problem(draw, tolerance)
    times = graded_times(one.horizon, one.horizon / SCALES, one.points)
    return list(integrate(LeastSquares(one.start, one.targets, tolerance), times, tolerance, lambda _: False))


@CLAIMS.step(
    "G-T3.1.steps",
    "no step of a path errs by more than the tolerance, as it is estimated, nor a path by five",
)
def steps_within_tolerance(share: float = 1.0) -> Iterator[Check]:
    """The estimates summed from one checked time to the next, over the tolerance times the steps between."""
    for draw, tolerance in RETRIED:
        points = followed(draw, tolerance)
        errors, steps = np.diff([(point.estimated, point.steps) for point in points], axis=0).T
        yield at_most(
            f"draw {draw}, --tolerance {tolerance:g}: estimated error of log ||r||^2 a step, over twice that",
            errors / (LOG_OF_SQUARE * tolerance * steps),
            share,
            budget={"rounding": 1e-9},
            where={"time": np.array([point.time for point in points[1:]])},
        )
    draw, tolerance, exact = LEFT
    sizes = [np.linalg.norm(followed(draw, one)[-1].at.residual) for one in (tolerance, exact)]
    yield at_most(
        f"draw {draw}: log ||r||^2 at the end, --tolerance {tolerance:g} and {exact:g}, apart over the first",
        abs(2 * float(np.log(sizes[0] / sizes[1]))) / tolerance,
        FAR * share,
        budget={"rounding": 1e-6},
    )


steps_within_tolerance.false("half of it", share=0.5, why="the steps are as long as it allows", setting=SMALL)


@cache
def restless() -> ReluPath:
    """A path with labels far away, which take A beyond any contraction before the horizon."""
    one = problem(RESTLESS)
    away = one.start.output + FARTHER * (one.targets - one.start.output)
    return relu_path(replace(one, targets=away), lambda _: None, probed=False)


@CLAIMS.step("G-T3.1.posed", "a path ends where gamma~ ||A(t)|| reaches 1, and says so")
def ends_in_time(larger: float = 1.0) -> Iterator[Check]:
    """A norm of A that grows from 0.4 to beyond 1."""
    path = restless()
    says = float(not path.well_posed)
    yield equal(
        "1 where the path says why it ends", says, 1.0, budget={"rounding": 0.0}, resolution=RESOLUTION
    )
    yield at_most(
        "gamma~ ||A(t)|| while it is followed",
        larger * path.contraction,
        1.0,
        budget={"rounding": 1e-3},
        where={"time": path.times},
    )


ends_in_time.false("a norm twice as large", larger=2.0, why="it comes near 1", setting=SMALL)
