"""Explicit Runge-Kutta of order 8 (DOP853), by SciPy: the cross-check that shares nothing with CVODE."""

from __future__ import annotations

import numpy as np
import scipy

from verify.flow import Array, FlowError
from verify.flow.scaled import Segment, StepperFactory


class _RungeKuttaStepper:
    def __init__(self, segment: Segment, rtol: float) -> None:
        self._solver = scipy.integrate.DOP853(
            segment.rhs,
            segment.begin.time,
            segment.start,
            segment.end,
            rtol=rtol,
            atol=segment.tolerances(rtol),
        )

    def step(self) -> float:
        message = self._solver.step()
        if self._solver.status == "failed":
            raise FlowError(f"DOP853 stopped at time {self._solver.t:.4g}: {message}")
        return float(self._solver.t)

    def interpolate(self, time: float) -> Array:
        if time == self._solver.t:
            return np.array(self._solver.y)
        return np.array(self._solver.dense_output()(time))


def runge_kutta(rtol: float) -> StepperFactory:
    """DOP853 with tolerance `rtol` on the scaled path, to be driven by `scaled.integrate`."""
    return lambda segment: _RungeKuttaStepper(segment, rtol)
