"""A deep equilibrium linear model at its start, and the problem of following the flow from there."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from verify.linear_deq.model import DeepEquilibriumLinear
from verify.losses import EPS, ShallowObjective

Array = NDArray[np.float64]

Integrator = Literal["cvode", "runge-kutta", "descent"]

#: Widths up to which one BLAS thread is fastest.
SINGLE_THREAD_UP_TO = 256

#: Largest path stored whole, in bytes; above it only the first and the last parameters are.
STORED_BYTES = 50 * 2**20


def kappa_of_u(gamma: float) -> float:
    """Bound of ``kappa_1(U)``: ``||U||_1 <= 1 + gamma`` and ``||U^{-1}||_1 <= 1/(1 - gamma)``."""
    return (1 + gamma) / (1 - gamma)


@dataclass(frozen=True)
class LinearStart:
    """A model at its start, with its data.

    model      the model without its parameters
    objective  L_0; None where the theorem says nothing of it
    features   Phi, (m, n)
    targets    Y, (m_y, n)
    theta      A and B at time 0, (size,)
    seed       of the random vectors of the checks
    """

    model: DeepEquilibriumLinear
    objective: ShallowObjective | None
    features: Array
    targets: Array
    theta: Array
    seed: int


@dataclass(frozen=True)
class LinearProblem(LinearStart):
    """A start, an objective and how to follow the flow from it.

    objective   L_0
    horizon     flow time at which training ends
    points      number of checked times
    rtol        relative tolerance of the integrator
    integrator  its name
    described   names loss, tau and data for the record
    notes       what a reader of the report must know of the data
    """

    objective: ShallowObjective
    horizon: float
    points: int
    rtol: float
    integrator: Integrator
    described: Mapping[str, Any] = field(default_factory=dict)
    notes: Sequence[str] = ()

    @property
    def effective(self) -> Mapping[str, Any]:
        """The values that the run is made with."""
        radius = self.objective.radius
        return {
            "m": self.model.width,
            "n": self.features.shape[1],
            "m_y": self.model.outputs,
            "gamma": self.model.gamma,
            "R": radius if np.isfinite(radius) else None,
            "T": self.horizon,
            **self.described,
        }

    @property
    def threads(self) -> int:
        """One BLAS thread for small models: with two, NumPy's and SciPy's pools fight over the cores."""
        return 1 if self.model.width <= SINGLE_THREAD_UP_TO else os.cpu_count() or 1

    @property
    def map_error(self) -> float:
        """Relative rounding error of Q: the backward error of a solve times ``kappa_1(U)``."""
        return 4 * EPS * self.conditioning

    @property
    def conditioning(self) -> float:
        """The bound of ``kappa_1(U)``."""
        return kappa_of_u(self.model.gamma)

    @property
    def identity_rounding(self) -> float:
        """Relative rounding of an identity between products of U^{-1}, summed over m entries."""
        return 100 * EPS * np.sqrt(self.model.width) * self.conditioning**2
