"""A training problem of the implicit ReLU network, and how the exponential flow sees it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verify.flow.kinks import Crossing, Slides
from verify.losses import EPS
from verify.numerics.arrays import AnyArray, Placement, norm
from verify.relu_deq.gates import Gates, Mask, passed
from verify.relu_deq.model import ACCURACY, SIGN_ROUNDS, ImplicitReLU, ReluState
from verify.relu_deq.parameters import Move
from verify.relu_deq.slides import GateKinks, Slide, on_kinks, strengths

Array = NDArray[np.float64]

#: Products m^2 n up to which one BLAS thread is used. A second one saves at most a third there, and on
#: a machine with other work its waiting made a run ten times slower.
SINGLE_THREAD_UP_TO = 10**8

#: The default horizon lets exp(-2 lambda_min(H(0)) t) fall by exp(-HORIZON_EXPONENT).
HORIZON_EXPONENT = 6.0

#: Error of the equilibria over the error that a step may make.
EQUILIBRIUM_SHARE = 1e-5

#: The lowest accuracy of equilibria in a flow: H and its smallest eigenvalues are computed from them.
LOOSEST_ACCURACY = 1e-9

#: Stands for the outputs' size where they do not depend on Z, as with u = 0.
TINY = float(np.finfo(float).tiny)

#: What a gate that is not as its guard's sign has it may change of the outputs, over the error that a step
#: may make.
SIGN_SHARE = 0.1


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

    States that it moves to are as accurate as steps of the given `tolerance` can tell. `undone` is the norm
    of what impulses changed of r that the step to here took at kinks which it did not pass in the end.
    """

    state: ReluState
    targets: Array
    tolerance: float
    undone: float = 0.0

    @property
    def residual(self) -> Array:
        return self.state.output - self.targets

    @cached_property
    def slide(self) -> Slide:
        """The kinks that the path slides along."""
        return Slide(self.state)

    @cached_property
    def slides(self) -> Slides:
        return self.slide.slides(self.residual)

    def kernel(self, other: LeastSquares) -> Array:
        return self.slide.kernel(other.slide)

    def continued(self, *moves: tuple[LeastSquares, Array]) -> LeastSquares:
        return self._at(self._moves(moves), self.state.gates, _near(moves))

    def kinks(self, ahead: LeastSquares) -> GateKinks | None:
        places = passed(self.state.gates, ahead.state.guards, self.state.guards)
        return GateKinks.between(self.slide, places, ahead.state) if len(places) else None

    def crossed(self, *moves: tuple[LeastSquares, Array], crossing: Crossing | None) -> LeastSquares:
        gates, steps = self.state.gates, self._moves(moves)
        if crossing is None:
            return self._at(steps, gates, _near(moves))._by_sign()
        kinks = crossing.kinks
        assert isinstance(kinks, GateKinks)
        steps.append(kinks.move(crossing.pushes))
        there = self._at(steps, gates.beyond(kinks.places, crossing.sliding), _near(moves))._by_sign()
        now, before = (kinks.places.of(at.features, at.states) for at in (there.state.gates, gates))
        back = (now == before) & ~crossing.sliding
        undone = float(np.linalg.norm(kinks.images[:, back] @ crossing.pushes[back]))
        return replace(there, undone=undone)

    def left(self, leaving: Mask) -> LeastSquares:
        slides = self.slides
        opened = slides.pushes * np.sign(slides.forces) > 0.5 * np.abs(slides.forces)
        gates = self.state.gates.without(leaving, opened.astype(float))
        return self._at([], gates)

    def _by_sign(self) -> LeastSquares:
        """With the gates as the signs of their guards have them, where that matters.

        A gate that was turned at its kink may have a guard that is a little off; it is not turned back.
        """
        at = self
        for _ in range(SIGN_ROUNDS):
            gates, guards = at.state.gates, at.state.guards
            wrong = passed(gates, guards)
            effects = np.abs(wrong.of(*guards) * strengths(at.state, wrong))
            matter = effects > SIGN_SHARE * self.tolerance * float(np.linalg.norm(at.residual))
            if not matter.any():
                break
            at = at._at([], gates.beyond(wrong.only(matter), np.zeros(int(matter.sum()), dtype=bool)))
        return at

    @property
    def unsettled(self) -> float:
        return self.slide.unsettled

    def _moves(self, moves: Sequence[tuple[LeastSquares, Array]]) -> list[Move]:
        """The moves, and back to the kinks that it slides along, from which steps stray."""
        steps = [at.slide.move(c) for at, c in moves]
        return [*steps, self.slide.settling] if moves and len(self.slide.places) else steps

    def _at(
        self, moves: Sequence[Move], gates: Gates, near: tuple[AnyArray, AnyArray] | None = None
    ) -> LeastSquares:
        state = self.state
        # An error eps ||Phi|| of Z is one of eps ||Phi|| ||u|| of the outputs.
        output = norm(state.phi) * norm(state.theta.u)
        wanted = EQUILIBRIUM_SHARE * self.tolerance * float(np.linalg.norm(self.residual)) / max(output, TINY)
        accuracy = min(max(wanted, ACCURACY), LOOSEST_ACCURACY)
        theta = state.parameters_after(moves) if moves else state.theta
        theta = on_kinks(state.model, theta, gates.held.features)
        moved = state.model.at(theta, near or (state.z, state.p), accuracy, gates, continued=True)
        return replace(self, state=moved, undone=0.0)


def _near(moves: Sequence[tuple[LeastSquares, Array]]) -> tuple[AnyArray, AnyArray] | None:
    """Z and P of the last of the points that moves come from: the one that is nearest."""
    return (moves[-1][0].state.z, moves[-1][0].state.p) if moves else None


def residual_rounding(problem: ReluProblem, point: LeastSquares) -> float:
    """Relative error of ``||r||^2`` that comes from the equilibria and from float64 sums of m terms."""
    state, size = point.state, float(np.linalg.norm(point.residual))
    slack = max(1 - problem.model.coupling * problem.norms[0], 0.01)
    of_output = norm(state.theta.u) * (
        state.accuracy * norm(state.phi) / slack + 4 * EPS * np.sqrt(state.model.width) * norm(state.z)
    )
    return 2 * of_output / size if size > 0 else np.inf


def default_horizon(values: Array) -> float:
    """When ``exp(-2 lambda_min(H(0)) t)`` has fallen as far as it should, from the eigenvalues of H(0)."""
    return HORIZON_EXPONENT / (2 * float(max(values[0], EPS * values[-1])))
