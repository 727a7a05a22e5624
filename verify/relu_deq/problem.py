"""A training problem of the implicit ReLU network, and how the exponential flow sees it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verify.losses import EPS
from verify.numerics.arrays import Placement, norm
from verify.relu_deq.model import ACCURACY, ImplicitReLU, ReluState

Array = NDArray[np.float64]

#: Products m^2 n up to which one BLAS thread is used. A second one saves at most a third there, and on
#: a machine with other work its waiting made a run ten times slower.
SINGLE_THREAD_UP_TO = 10**8

#: Error of the equilibria over the error that a step may make.
EQUILIBRIUM_SHARE = 1e-5

#: The lowest accuracy of equilibria in a flow: H and its smallest eigenvalues are computed from them.
LOOSEST_ACCURACY = 1e-9


@dataclass(frozen=True)
class ReluProblem:
    """A network at its start, labels, and how to train it.

    start      the network, in NumPy and float64
    targets    labels y, (n,)
    norms      ``||A(0)||`` and ``||W(0)||``, spectral
    horizon    flow time at which training ends
    points     number of checked times
    tolerance  of the integrator, on its step error
    seed       of the random vectors of the checks
    placement  device and precision with which the flow is computed
    described  names the data for the record
    notes      what a reader of the report must know of the data
    """

    start: ReluState
    targets: Array
    norms: tuple[float, float]
    horizon: float
    points: int
    tolerance: float
    seed: int
    placement: Placement
    described: Mapping[str, Any] = field(default_factory=dict)
    notes: Sequence[str] = ()

    @property
    def effective(self) -> Mapping[str, Any]:
        """The values that the run is made with."""
        return {
            "m": self.model.width,
            "n": self.samples,
            "d": len(self.model.inputs),
            "T": self.horizon,
            "precision": self.placement.dtype,
            **self.described,
        }

    @property
    def model(self) -> ImplicitReLU:
        return self.start.model

    @property
    def samples(self) -> int:
        return len(self.targets)

    @property
    def threads(self) -> int:
        """One BLAS thread for small networks; for large ones the products are worth all cores."""
        small = self.model.width**2 * self.samples <= SINGLE_THREAD_UP_TO
        return 1 if small else os.cpu_count() or 1

    @property
    def initial_residual(self) -> float:
        """``||r(0)||``."""
        return float(np.linalg.norm(self.start.output - self.targets))


@dataclass(frozen=True)
class LeastSquares:
    """A network state with labels, as the integrator sees it.

    States that it moves to are as accurate as steps of the given `tolerance` can tell.
    """

    state: ReluState
    targets: Array
    tolerance: float

    @property
    def residual(self) -> Array:
        return self.state.output - self.targets

    def kernel(self, other: LeastSquares) -> Array:
        return self.state.kernel_parts(other.state).sum(axis=0)

    def moved(self, *moves: tuple[LeastSquares, Array]) -> LeastSquares:
        state = self.state
        # An error eps ||Phi|| of Z is one of eps ||Phi|| ||u|| of the outputs.
        output = float(np.linalg.norm(state.phi)) * float(np.linalg.norm(state.theta.u))
        wanted = EQUILIBRIUM_SHARE * self.tolerance * float(np.linalg.norm(self.residual)) / output
        accuracy = min(max(wanted, ACCURACY), LOOSEST_ACCURACY)
        return replace(self, state=state.moved(*((at.state, c) for at, c in moves), accuracy=accuracy))


def residual_rounding(problem: ReluProblem, point: LeastSquares) -> float:
    """Relative error of ``||r||^2`` that comes from the equilibria and from float64 sums of m terms."""
    state, size = point.state, float(np.linalg.norm(point.residual))
    slack = max(1 - problem.model.coupling * problem.norms[0], 0.01)
    of_output = norm(state.theta.u) * (
        state.accuracy * norm(state.phi) / slack + 4 * EPS * np.sqrt(state.model.width) * norm(state.z)
    )
    return 2 * of_output / size if size > 0 else np.inf
