"""What is observed of a flow at its checked times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from verify.flow.adaptive import ExponentialPoint
from verify.losses import EPS
from verify.numerics.arrays import AnyArray, epsilon, host, norm
from verify.relu_deq.model import ReluState
from verify.relu_deq.probe import Probe, probe
from verify.relu_deq.problem import LeastSquares, ReluProblem, residual_rounding
from verify.relu_deq.slides import sides_apart

Array = NDArray[np.float64]

#: Widths up to which spectral norms are computed at every checked time; beyond, Weyl's inequality
#: encloses them by the distance from the start, which a wide network hardly leaves.
EXACT_NORMS_UP_TO = 256


@dataclass(frozen=True)
class Seen:
    """All that an `Observer` saw of a flow.

    last     the flow at the last checked time
    sweeps   products with A and A^T at all checked times
    probes   derivatives by complex step
    columns  an array for each quantity of `verify.relu_deq.path.ReluPath`, by name
    """

    last: ExponentialPoint[LeastSquares]
    sweeps: int
    probes: Sequence[Probe]
    columns: Mapping[str, Array]


class Observer:
    """Turns points of the flow into columns; `verify.relu_deq.path.ReluPath` says what they are."""

    def __init__(self, problem: ReluProblem, start: ReluState, probed: Set[int]) -> None:
        self._problem = problem
        self._start = start
        self._probed = probed
        self._rng = np.random.default_rng(problem.seed)
        self._rows: list[dict[str, object]] = []
        self._probes: list[Probe] = []
        self._last: ExponentialPoint[LeastSquares] | None = None
        self._balance = start.theta.units.balance
        self._lengths = np.zeros(problem.model.width)
        self._sweeps = 0

    def __call__(self, point: ExponentialPoint[LeastSquares]) -> None:
        problem, on_piece = self._problem, point.at.state
        # The flow continues units a little beyond their kinks; what is observed is the network itself.
        state = on_piece.model.at(on_piece.theta, (on_piece.z, on_piece.p), on_piece.accuracy)
        beyond = float(np.linalg.norm(state.output - on_piece.output))
        size = float(np.linalg.norm(point.at.residual))
        width, n = problem.model.width, problem.samples
        parts = state.kernel_parts(state)
        distances = state.theta.distances(self._start.theta)
        norms, errors = self._spectral_norms(state, distances)
        contraction = problem.model.coupling * norms[0]
        trace = float(np.trace(parts.sum(axis=0)))
        slack = max(1 - contraction, 0.01)
        minima = [float(np.linalg.eigvalsh(part)[0]) for part in parts]
        # Singular values of Phi move by no more than the rounding of W X, those of Z by its own error.
        gram = state.gram
        gram_minimum = float(np.linalg.eigvalsh(gram)[0])
        column_error = 4 * epsilon(state.phi) * norm(state.phi)
        if state.theta.v is None:
            column_error += state.accuracy * norm(state.phi) / slack
        _, _, *vectors = state.theta.parts.values()
        self._rows.append(
            {
                "times": point.time,
                "residuals": state.output - problem.targets,
                "log_energy": point.log_energy,
                "lowest": point.lowest,
                "log_error": point.estimated + (2 * beyond / size if size > 0 else 0.0),
                "energy_error": point.energy_error,
                "lowest_error": point.lowest_error,
                "steps": point.steps,
                "held": len(on_piece.gates.held),
                "sides": sides_apart(point.at.slide),
                "kernel_spectrum": point.eigenvalues,
                "part_minima": minima,
                # Weyl: an eigenvalue moves by no more than the norm of the change. A Gram matrix changes by
                # twice the relative error of its factors, and H is made of products of two Gram matrices.
                "kernel_error": (4 * state.accuracy / slack + n * EPS) * trace,
                "gram_minimum": gram_minimum,
                "gram_error": 4 * (n + np.sqrt(width)) * EPS * float(np.trace(gram))
                + 2 * column_error * np.sqrt(max(gram_minimum, 0.0))
                + column_error**2,
                "norms": [*norms, *(norm(part) for part in vectors)],
                "norm_errors": errors,
                "distances": distances,
                "growth": _largest_ratio(state.z, state.phi),
                "rounding": residual_rounding(problem, point.at),
                "imbalance": self._imbalance(on_piece),
            }
        )
        if len(self._rows) - 1 in self._probed:
            self._probe(point)
        self._sweeps += state.sweeps + state.adjoint_sweeps
        self._last = point

    def __len__(self) -> int:
        return len(self._rows)

    def _imbalance(self, state: ReluState) -> tuple[float, float, float, float]:
        """The change of `Units.balance` since the start, and what it is compared with."""
        before = self._last.at.state if self._last else self._start
        self._lengths += state.theta.minus(before.theta).units.norms
        units = state.theta.units
        return (
            float(np.linalg.norm(units.balance - self._balance)),
            2 * float(np.linalg.norm(units.norms * self._lengths)),
            2 * float(np.linalg.norm(self._lengths**2)),
            epsilon(state.theta.a) * float(np.linalg.norm(units.norms**2)),
        )

    def _probe(self, point: ExponentialPoint[LeastSquares]) -> None:
        norms = self._rows[-1]["norms"]
        contraction = self._problem.model.coupling * norms[0]  # type: ignore[index]
        self._probes.append(
            probe(point.at.state.on_host(), self._problem.targets, contraction, point.time, self._rng)
        )

    def _spectral_norms(
        self, state: ReluState, distances: tuple[float, ...]
    ) -> tuple[tuple[float, float], tuple[float, float]]:
        if state.model.width <= EXACT_NORMS_UP_TO:
            norms = (
                float(np.linalg.norm(host(state.theta.a), 2)),
                float(np.linalg.norm(host(state.theta.w), 2)),
            )
            return norms, (norms[0] * state.model.width * EPS, norms[1] * state.model.width * EPS)
        # How far rounding of every entry can move the spectral norms of A and W.
        rounding = epsilon(state.theta.a) * np.sqrt(state.model.width)
        a, w = self._problem.norms
        return (a, w), (distances[0] + rounding * a, distances[1] + rounding * w)

    def finish(self) -> Seen:
        """All that was seen; derivatives are also taken at the last time."""
        assert self._last is not None
        if self._probes and self._probes[-1].time < self._last.time:
            self._probe(self._last)
        columns = {name: np.array([row[name] for row in self._rows]) for name in self._rows[0]}
        return Seen(self._last, self._sweeps, self._probes, columns)


def _largest_ratio(z: AnyArray, phi: AnyArray) -> float:
    """Largest ``||z_i|| / ||phi_i||`` over the samples whose features are not zero."""
    of_z, of_phi = (np.sqrt(host((array * array).sum(axis=0))) for array in (z, phi))
    return float(np.max(of_z[of_phi > 0] / of_phi[of_phi > 0], initial=0.0))
