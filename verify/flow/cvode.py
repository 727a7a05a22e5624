"""Backward differentiation formulas with Newton-GMRES, by SUNDIALS CVODE: for stiff, smooth flow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from verify.flow import Array, FlowError
from verify.flow.scaled import Segment, StepperFactory

if TYPE_CHECKING:
    from sksundae.cvode import CVODEPrecond


class Preconditioner(Protocol):
    """An approximation of ``I + c H``, H the Hessian of L."""

    def linearise(self, theta: Array) -> None:
        """Take H at `theta`."""

    def factorise(self, c: float) -> None:
        """Prepare solves with ``I + c H``."""

    def solve(self, vector: Array) -> Array:
        """``(I + c H)^{-1} vector``."""


class _CvodeStepper:
    def __init__(self, segment: Segment, rtol: float, preconditioner: Preconditioner | None) -> None:
        from sksundae.cvode import CVODE  # here, since it loads much of SciPy

        def fill(time: float, y: Array, out: Array) -> None:
            out[:] = segment.rhs(time, y)

        self._solver = CVODE(
            fill,
            method="BDF",
            linsolver="gmres",
            krylov_dim=10,
            rtol=rtol,
            atol=segment.tolerances(rtol),
            precond=None if preconditioner is None else _wrap(preconditioner, segment),
        )
        self._begin = segment.begin.time
        self._start = segment.start
        self._end = segment.end
        self._solver.init_step(self._begin, self._start)

    def step(self) -> float:
        return float(self._advance(self._end, "onestep").t)

    def interpolate(self, time: float) -> Array:
        if time == self._begin:
            return self._start
        return np.array(self._advance(time, "normal").y)

    def _advance(self, time: float, method: str) -> Any:
        result = self._solver.step(time, method=method)
        if not result.success:
            raise FlowError(f"CVODE stopped on the way to time {time:.4g}: {result.message}")
        return result


def _wrap(preconditioner: Preconditioner, segment: Segment) -> CVODEPrecond:
    """CVODE's two functions, which fill arrays that it owns; the energy integrals pass unchanged."""
    from sksundae.cvode import CVODEPrecond

    def setup(_t: float, y: Array, _yp: Array, reusable: int, renewed: list[int], c: float) -> None:
        if not reusable:
            preconditioner.linearise(segment.theta(y))
        renewed[0] = 0 if reusable else 1
        preconditioner.factorise(c)

    def solve(
        _t: float, _y: Array, _yp: Array, right: Array, out: Array, _c: float, _delta: float, _side: int
    ) -> None:
        out[:-2] = preconditioner.solve(right[:-2])
        out[-2:] = right[-2:]

    return CVODEPrecond(setup, solve, side="left")


def cvode(rtol: float, preconditioner: Preconditioner | None = None) -> StepperFactory:
    """CVODE with tolerance `rtol` on the scaled path, to be driven by `scaled.integrate`."""
    return lambda segment: _CvodeStepper(segment, rtol, preconditioner)
