"""The gradient flow of a least-squares problem by adaptive exponential steps, kinks and slides included.

Kinks of small effect, as those of the single units of a wide network, are passed many in a step. A step is
cut at a kink whose effect exceeds the tolerance, and where a slide ends that is as important.

Along exact flow ``log ||r(0)||^2 / ||r(t)||^2 = int 2 r^T H r / ||r||^2``. Both sides are followed; the
second is integrated from H and an interpolant of r between the ends of the steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

import numpy as np

from verify.flow import Array, FlowError, StepError
from verify.flow.exponential import Linearisation, Spectrum, Step, step
from verify.flow.kinks import Crossing, at_once, first

#: Growth and fall of the step between two attempts, and the safety factor on it.
LARGEST_GROWTH, LARGEST_FALL, SAFETY = 4.0, 0.1, 0.9

#: The error estimate is that of a stage of second order: it falls with the third power of the step.
STEP_EXPONENT = 1 / 3

#: Error of ``log ||r||^2`` over the relative one of r.
LOG_OF_SQUARE = 2

#: Norms are no smaller, so that they can be divided by.
TINY = float(np.finfo(float).tiny)

#: A kink is taken to be met already where what it does before it is met is this share of the tolerance.
MET_SHARE = 0.1

#: Turns at one time, beyond kinks or off slides, after which a step is halved instead: where the two lead to
#: each other, what either does in a short enough step is too small for a turn.
MAXIMUM_TURNS = 8

#: Gauss points of the energy integral over a step, in the logarithm of time over the fastest scale.
#: An integrand that decays from scale to scale is smooth there: 32 points leave about 1e-10 of it.
ENERGY_NODES = 32

#: Evaluations after which the integrator is taken to be stuck.
MAXIMUM_EVALUATIONS = 40_000

#: Attempts without a step after which it is stuck, too.
MAXIMUM_ATTEMPTS = 60

P = TypeVar("P", bound=Linearisation)


@dataclass(frozen=True)
class ExponentialPoint(Generic[P]):
    """The flow at one time.

    time          flow time
    at            the least-squares problem at the parameters of that time
    kernel        H, (n, n)
    eigenvalues   of H, (n,), increasing
    eigenvectors  of H, (n, n)
    log_energy    ``int 2 r^T H r / ||r||^2``
    energy_error  estimate of its error, a sum over the steps
    lowest        ``int lambda_min(H)``, by the trapezoidal rule over the steps
    lowest_error  estimate of its error, a sum over the steps
    estimated     sum of the error estimates of the steps, in units of ``log ||r||^2``, and of what they did
                  at kinks that they did not pass in the end
    steps         steps accepted
    evaluations   of the network
    """

    time: float
    at: P
    kernel: Array
    eigenvalues: Array
    eigenvectors: Array
    log_energy: float
    energy_error: float
    lowest: float
    lowest_error: float
    estimated: float
    steps: int
    evaluations: int


@dataclass
class _Flow(Generic[P]):
    """The flow as far as it has come."""

    point: P
    spectrum: Spectrum
    tolerance: float
    now: float = 0.0
    energy: float = 0.0
    energy_error: float = 0.0
    lowest: float = 0.0
    lowest_error: float = 0.0
    estimated: float = 0.0
    steps: int = 0
    evaluations: int = 1
    turns: int = 0
    attempts: int = 0

    def shown(self) -> ExponentialPoint[P]:
        s = self.spectrum
        return ExponentialPoint(
            self.now,
            self.point,
            s.kernel,
            s.values,
            s.vectors,
            self.energy,
            self.energy_error,
            self.lowest,
            self.lowest_error,
            self.estimated,
            self.steps,
            self.evaluations,
        )

    def turn(self, point: P) -> None:
        """Go on from another point at the same time."""
        self.point, self.spectrum = point, Spectrum.of(point)
        self.evaluations, self.turns = self.evaluations + 1, self.turns + 1

    def attempt(self, size: float) -> tuple[Step[P] | None, float]:
        """A step of length `size`, or None and the length to try next.

        That is the time of the first event that matters too much, or, after a turn there, `size`.
        """
        tried = step(self.point, self.spectrum, size)
        self.evaluations += 2
        self.attempts += 1
        r, ahead = self.point.residual, tried.ahead.residual
        change = min(1.0, float(np.linalg.norm(ahead - r) / np.linalg.norm(r)))
        scale = max(float(np.linalg.norm(ahead)), TINY) / max(change, TINY)
        if (crossing := tried.crossing) is not None:
            kinks = crossing.kinks
            effects = np.abs(crossing.pushes) * np.linalg.norm(kinks.images, axis=0) / scale
            if (k := first(effects, crossing.times, self.tolerance)) is not None:
                # Gates turned too early take away what passes through them.
                early = max(
                    effects[k] * crossing.times[k] / size, abs(kinks.start[k] * kinks.strengths[k]) / scale
                )
                turned = partial(self.point.crossed, crossing=at_once(kinks.only(k), r))
                return None, self.cut(size, float(crossing.times[k]), early, turned)
        slides = self.point.slides
        if len(slides.pushes):
            effects, times = slides.ends(tried.ahead.slides, size)
            effects = effects / scale
            if (k := first(effects, times, self.tolerance)) is not None:
                turned = partial(self.point.left, np.arange(len(effects)) == k)
                return None, self.cut(size, float(times[k]), effects[k] * times[k] / size, turned)
        return tried, size

    def cut(self, size: float, time: float, early: float, turned: Callable[[], P]) -> float:
        """The length to try after a step of length `size` met an event at `time`.

        Where nothing is lost by it, `early`, the path turns there now.
        """
        if early > MET_SHARE * self.tolerance and time > 0:
            return time
        if self.turns >= MAXIMUM_TURNS:
            return size / 2
        self.turn(turned())
        return size

    def advance(self, size: float) -> tuple[float, float]:
        """Try a step of length `size`: the length that was taken, 0 for none, and the one to try next."""
        try:
            tried, cut = self.attempt(size)
            while tried is None:
                size = cut
                self.require_progress(size)
                tried, cut = self.attempt(size)
            after, error = tried.end(self.point)
        except StepError:
            if self.now + size * LARGEST_FALL == self.now:
                raise
            self.evaluations += 1
            return 0.0, size * LARGEST_FALL
        self.evaluations += 1
        factor = SAFETY * (self.tolerance / max(error, self.tolerance * 1e-6)) ** STEP_EXPONENT
        if not error <= self.tolerance:
            return 0.0, size * (max(factor, LARGEST_FALL) if np.isfinite(error) else LARGEST_FALL)
        self.accept(after, size, tried)
        self.estimated += LOG_OF_SQUARE * error
        return size, size * min(factor, LARGEST_GROWTH)

    def require_progress(self, size: float) -> None:
        """Raise FlowError where a step of length `size` is none, or too much work was done."""
        spent = self.evaluations > MAXIMUM_EVALUATIONS or self.attempts > MAXIMUM_ATTEMPTS
        if self.now + size == self.now or spent:
            raise FlowError(f"the integrator is stuck at time {self.now:.4g}: loosen --tolerance")

    def accept(self, after: P, size: float, tried: Step[P]) -> None:
        """Take the step to `after`, and leave the slides that end there."""
        reached = Spectrum.of(after)
        kernels = tried.half.kernel(tried.half), reached.kernel
        energy, error = log_energy(
            self.point.residual, self.spectrum, after.residual, kernels, size, tried.crossing
        )
        undone = LOG_OF_SQUARE * after.undone / max(float(np.linalg.norm(after.residual)), TINY)
        self.estimated += undone
        self.energy, self.energy_error = self.energy + energy, self.energy_error + error + undone
        mean = float(self.spectrum.values[0] + reached.values[0]) / 2
        self.lowest += size * mean
        self.lowest_error += size * abs(mean - lowest(kernels[0]))
        if tried.crossing is not None:  # where in the step it jumps is not asked
            jump = float(reached.values[0]) - lowest(tried.ahead.kernel(tried.ahead))
            self.lowest_error += size * abs(jump) / 2
        self.point, self.spectrum, self.steps = after, reached, self.steps + 1
        while (leaving := self.point.slides.leaving).any():
            self.turn(self.point.left(leaving))
        self.turns = self.attempts = 0


def lowest(kernel: Array) -> float:
    """The smallest eigenvalue of a symmetric matrix (n, n)."""
    return float(np.linalg.eigvalsh(kernel)[0])


def log_energy(
    before: Array,
    spectrum: Spectrum,
    after: Array,
    kernels: tuple[Array, Array],
    size: float,
    crossing: Crossing | None = None,
) -> tuple[float, float]:
    """``int 2 r^T H r / ||r||^2`` over a step, along an interpolant of r between its ends, and its error.

    The interpolant is ``exp(-s H) r_0``, which has the slope of r at the start, plus a term quadratic in s
    that makes it meet r_1; H is linear between its ends, but for the jumps at kinks. `kernels` are H in
    the middle, by the stage there, and at the end. The error is told by a linear term in place of the
    quadratic one, by an H that is linear, and by all that the jumps do.
    """
    x, weight = np.polynomial.legendre.leggauss(ENERGY_NODES)
    fastest = 1 / max(float(spectrum.values[-1]), 1 / size)
    span = np.log1p(size / fastest)
    s = fastest * np.expm1(span * (x + 1) / 2)
    weight = weight * (span / 2) * (s + fastest)
    v = spectrum.vectors
    start = v.T @ before
    decayed = np.exp(-np.outer(spectrum.values, s)) * start[:, None]
    rest = v.T @ after - np.exp(-size * spectrum.values) * start
    middle, end = (v.T @ kernel @ v for kernel in kernels)
    change = end - np.diag(spectrum.values)
    bend = middle - np.diag(spectrum.values) - change / 2
    x = s / size

    def along(power: int) -> tuple[float, float, float]:
        path = decayed + rest[:, None] * x**power
        weights = 2 * weight / np.sum(path**2, axis=0)
        form = spectrum.values @ path**2 + np.sum(path * (change @ path), axis=0) * x
        bent = float(weights @ (np.sum(path * (bend @ path), axis=0) * 4 * x * (1 - x)))
        jumps = 0.0
        if crossing is not None:
            since = (s > crossing.times[:, None]) - x
            jumps = float(weights @ np.sum(crossing.energy_jumps(v @ path) * since, axis=0))
        return float(weights @ form), bent, jumps

    smooth, bent, jumps = along(2)
    return smooth + jumps, abs(smooth - along(1)[0]) + abs(bent) + abs(jumps)


def integrate(
    start: P, times: Sequence[float] | Array, tolerance: float, stop: Callable[[P], bool]
) -> Iterator[ExponentialPoint[P]]:
    """The flow from `start` at each of `times` (increasing, first one 0), by adaptive steps.

    A step is accepted when its error estimate is at most `tolerance`. The path ends early, with a
    last point, where `stop` says so. Raises FlowError when stuck; what points raise passes through.
    """
    flow = _Flow(start, Spectrum.of(start), tolerance)
    yield flow.shown()
    shown = 0.0
    planned = tolerance**STEP_EXPONENT / max(float(flow.spectrum.values[-1]), 1 / float(times[-1]))
    for time in map(float, times[1:]):
        while flow.now < time:
            if stop(flow.point):
                if flow.now > shown:
                    yield flow.shown()
                return
            left = time - flow.now
            taken, best = flow.advance(left if left <= planned * (1 + 1e-9) else planned)
            # A step that was cut short says nothing against the length that was planned.
            planned = max(planned, best) if 0 < taken < planned else best
            flow.now = time if taken == left else flow.now + taken
            flow.require_progress(planned)
        yield flow.shown()
        shown = flow.now
