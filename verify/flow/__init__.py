"""Gradient flow ``d theta/dt = -grad L(theta)``, approximated to a known error.

Along exact flow ``L(0) - L(t) = int ||grad L||^2`` and, for the excess ``E = L - L*``, ``log E(0)/E(t) = int
||grad L||^2 / E``. Every integrator carries both integrals. Their residuals say how far the computed path is
from a flow, in the terms of a convergence theorem.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: theta (size,) -> (grad L (size,), excess loss E).
GradientField = Callable[[Array], tuple[Array, float]]


class FlowError(RuntimeError):
    """The integrator could not go on; the text says where and what to change."""


class StepError(RuntimeError):
    """There is nothing where a step leads: a shorter one is to be tried."""


@dataclass(frozen=True)
class FlowPoint:
    """The flow at one time.

    time              flow time
    theta             parameters, (size,)
    excess            E = L - L*
    energy            ``int_0^t ||grad L||^2``
    log_energy        ``int_0^t ||grad L||^2 / E``
    right_hand_sides  evaluated so far
    steps             taken so far
    """

    time: float
    theta: Array
    excess: float
    energy: float
    log_energy: float
    right_hand_sides: int
    steps: int
