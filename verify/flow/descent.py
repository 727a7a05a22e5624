"""Plain gradient descent with a fixed step: the papers' own discretisation of the flow.

A step of size h is an Euler step of flow time h. The energy integrals are left Riemann sums, so their
residuals show the O(h) distance between descent and flow.
"""

from __future__ import annotations

from verify.flow import Array
from verify.flow.scaled import Segment, StepperFactory


class _EulerStepper:
    def __init__(self, segment: Segment, size: float) -> None:
        self._segment, self._size = segment, size
        self._before = self._after = (segment.begin.time, segment.start)
        self._slope = segment.start

    def step(self) -> float:
        time, y = self._before = self._after
        self._slope = self._segment.rhs(time, y)
        size = min(self._size, self._segment.end - time)
        self._after = (time + size, y + size * self._slope)
        return self._after[0]

    def interpolate(self, time: float) -> Array:
        if time == self._after[0]:
            return self._after[1]
        return self._before[1] + (time - self._before[0]) * self._slope


def descent(size: float) -> StepperFactory:
    """Gradient descent with steps of `size` in flow time, to be driven by `scaled.integrate`."""
    return lambda segment: _EulerStepper(segment, size)
