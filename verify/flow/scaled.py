"""The common drive of all integrators: gradient flow in coordinates that shrink with the excess.

An integrator with absolute tolerance tol loses the excess E once it falls below tol^2: the path is
then right and E is noise. Linear convergence offers a remedy. ``ell = E / ||grad L||`` is the length
over which E changes by its own size, and it shrinks along the path. So the flow is integrated in
segments, each in the unknown ``eta = (theta - theta_k) / s_k`` with ``s_k`` a tenth of ell; a new one
starts when E has fallen by `SEGMENT_DROP`. Tolerances on eta then mean the same relative accuracy of
E at every decade.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import numpy as np

from verify.flow import Array, FlowError, FlowPoint, GradientField

#: Fall of the excess after which the coordinates are rescaled. Measured: with 1e-2 the same accuracy costs a
#: quarter more right-hand sides; with 1e-7 a quarter less, but loose tolerances lose the excess.
SEGMENT_DROP = 1e-4

#: Steps after which an integrator is taken to be stuck.
MAXIMUM_STEPS = 400_000

#: Tolerance of the energy integrals over that of the path. The integrand grows without bound where
#: the path runs into a boundary of the set over which L* is least, and the path's own steps miss that.
LOG_ENERGY_TOLERANCE = 10.0

#: The log-energy tolerance grows where rounding of theta comes within this factor of the path's tolerance: a
#: smaller step is no more accurate when its integrand is noise.
NOISE_MARGIN = 100.0

#: Scale of a segment over its length ``E / ||grad L||``. Measured: 1 costs a tenth fewer right-hand
#: sides than 0.1 and leaves an energy residual ten to a hundred times as large.
LENGTH_FRACTION = 0.1

TINY = float(np.finfo(float).tiny)


def log_energy_tolerance(length: Array | float, smallest_scale: float) -> Array | float:
    """Tolerance of the log-energy integral over that of the path; E changes by its own size over `length`."""
    noise = smallest_scale / (LENGTH_FRACTION * length)
    return LOG_ENERGY_TOLERANCE * np.maximum(1.0, NOISE_MARGIN * noise)


class Stepper(Protocol):
    """An integrator at work on one segment."""

    def step(self) -> float:
        """Advance one step; the time reached."""

    def interpolate(self, time: float) -> Array:
        """The state at a time within the last step."""


#: Puts an integrator to work on a segment.
StepperFactory = Callable[["Segment"], Stepper]


class _Counted:
    """A gradient field that counts its evaluations."""

    def __init__(self, field: GradientField) -> None:
        self._field = field
        self.evaluations = 0

    def __call__(self, theta: Array) -> tuple[Array, float]:
        self.evaluations += 1
        return self._field(theta)


class Segment:
    """Coordinates of one segment and its right-hand side; y = (eta, energy / E_k, log energy)."""

    def __init__(
        self, field: GradientField, begin: FlowPoint, length: float, smallest_scale: float, end: float
    ) -> None:
        self._field = field
        self.begin = begin
        self._scale = max(LENGTH_FRACTION * length, smallest_scale)
        self._log_energy = float(log_energy_tolerance(length, smallest_scale))
        self.end = end
        self.excess = self._positive = begin.excess
        self.start = np.zeros(begin.theta.size + 2)

    def theta(self, y: Array) -> Array:
        """The parameters at y."""
        return self.begin.theta + self._scale * y[:-2]

    def rhs(self, _: float, y: Array) -> Array:
        """``dy/dt``; its Jacobian in eta is that of ``-grad L`` in theta."""
        gradient, self.excess = self._field(self.theta(y))
        self._positive = self.excess if self.excess > 0 else self._positive
        out = np.empty_like(y)
        np.multiply(gradient, -1.0 / self._scale, out=out[:-2])
        squared_norm = float(np.vdot(gradient, gradient))
        out[-2] = squared_norm / self.begin.excess
        out[-1] = squared_norm / self._positive
        return out

    def tolerances(self, rtol: float) -> Array:
        """Absolute tolerances (size,) of y; the one of eta is relative to the segment's scale."""
        result = np.full(self.start.size, rtol)
        result[-2:] = self._log_energy * rtol
        return result

    def due(self) -> bool:
        """Whether the last excess is so small that new coordinates are due."""
        return self.excess <= SEGMENT_DROP * self.begin.excess

    def point(self, time: float, y: Array, steps: int, counted: _Counted) -> FlowPoint:
        theta = self.theta(y)
        excess = counted(theta)[1]
        energy = self.begin.energy + self.begin.excess * float(y[-2])
        log_energy = self.begin.log_energy + float(y[-1])
        return FlowPoint(time, theta, excess, energy, log_energy, counted.evaluations, steps)


def integrate(
    field: GradientField,
    theta: Array,
    times: Sequence[float] | Array,
    smallest_excess: float,
    stepper: StepperFactory,
    smallest_scale: float,
) -> Iterator[FlowPoint]:
    """The flow from `theta` at each of `times` (increasing, first one 0).

    It ends early, with a last point at the time reached, when the excess falls below `smallest_excess`,
    because rounding hides the rest. A field whose values rounding has blurred says so by the excess 0.
    Coordinates shrink no further than to `smallest_scale`, where the tolerance meets the rounding of theta.
    Raises FlowError when the integrator fails or is stuck.
    """
    counted = _Counted(field)
    here = FlowPoint(0.0, theta, counted(theta)[1], 0.0, 0.0, 1, 0)
    now, steps = 0.0, 0
    yield here
    if here.excess <= smallest_excess:
        return

    def open_segment(begin: FlowPoint) -> tuple[Segment, Stepper]:
        gradient, excess = counted(begin.theta)
        length = max(excess, TINY) / max(float(np.linalg.norm(gradient)), TINY)
        segment = Segment(counted, begin, length, smallest_scale, float(times[-1]))
        return segment, stepper(segment)

    segment, solver = open_segment(here)
    for time in map(float, times[1:]):
        while now < time:
            now = solver.step()
            steps += 1
            if steps > MAXIMUM_STEPS:
                raise FlowError(
                    f"the integrator is stuck at time {now:.4g} after {steps} steps: loosen --rtol "
                    "or shorten --horizon"
                )
            if segment.due() or segment.excess <= smallest_excess:
                now = min(now, time)
                here = segment.point(now, solver.interpolate(now), steps, counted)
                if here.excess <= smallest_excess:
                    yield here
                    return
                segment, solver = open_segment(here)
        yield segment.point(time, solver.interpolate(time), steps, counted)
