"""Derivatives of the network by complex step, beside the closed forms that the flow is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verify.losses import EPS
from verify.numerics.arrays import AnyArray, norm
from verify.numerics.differentiation import directional_derivative
from verify.relu_deq.gates import NOWHERE, Indices, Places
from verify.relu_deq.model import ImplicitReLU, ReluState
from verify.relu_deq.parameters import Parameters

Array = NDArray[np.float64]

#: After k sweeps an unrolled network misses ``q^k`` of its equilibrium and about ``k q^k`` of its derivative.
#: It is unrolled until ``q^k`` is as small as the first number, or for as many sweeps as the second.
UNROLLED_TRUNCATION, UNROLLED_SWEEPS = 1e-11, 400

#: Length of the move whose direction is compared with ``J^T c``: short enough for the network to stay well
#: posed, long enough to show in the digits of parameters of size 1.
MOVE = 1e-2


@dataclass(frozen=True)
class Probe:
    """Derivatives at one time, by complex step through the unrolled network and by closed forms.

    time            flow time
    velocity        d yhat/dt along ``-grad L``, (n,), by complex step
    residual        r, (n,)
    parts           summands of H, (blocks, n, n), in closed form: ``H r`` should equal ``-velocity``
    derivative      J w, (n,), along a random direction w of the trained parameters, by complex step
    closed          J w, (n,), by the adjoint
    move_along      ``<w, theta' - theta> / MOVE``, where the integrator moves from theta to theta' by
                    ``J^T c`` with a random c scaled to the length `MOVE`
    expected_along  ``<J w, c> / MOVE``, by complex step: what move_along should equal
    rounding        relative error of the derivatives
    """

    time: float
    velocity: Array
    residual: Array
    parts: Array
    derivative: Array
    closed: Array
    move_along: float
    expected_along: float
    rounding: float

    def gap(self, parts: Array) -> float:
        """``||d yhat/dt + H r|| / ||d yhat/dt||`` for H the sum of `parts` (k, n, n)."""
        difference = self.velocity + parts.sum(axis=0) @ self.residual
        size = self._terms / self.cancellation
        return float(np.linalg.norm(difference)) / size if size > 0 else 0.0

    @property
    def cancellation(self) -> float:
        """``||H|| ||r|| / ||d yhat/dt||``: large where r is close to the null space of H; 1e6 at most."""
        speed = float(np.linalg.norm(self.velocity))
        return min(self._terms / speed, 1e6) if speed > 0 else 1e6

    @cached_property
    def _terms(self) -> float:
        return float(np.linalg.norm(self.parts.sum(axis=0), 2) * np.linalg.norm(self.residual))


def probe(
    state: ReluState, targets: Array, contraction: float, time: float, rng: np.random.Generator
) -> Probe:
    """Derivatives at `state`, of NumPy and float64, whose map contracts by `contraction`."""
    model, theta = state.model, state.theta
    residual = state.output - targets
    rate = np.log(max(contraction, 0.01))
    sweeps = min(
        UNROLLED_SWEEPS, int(np.ceil(np.log(UNROLLED_TRUNCATION) / rate)) + 4 if rate < 0 else UNROLLED_SWEEPS
    )
    truncation = sweeps * contraction ** (sweeps - 1)

    conditioning = 1 / max(1 - contraction, EPS)
    # Closed forms inherit the accuracy of Z and P, and are sums of m or m^2 terms.
    rounding = truncation + (10 * state.accuracy + 100 * EPS * np.sqrt(model.width)) * conditioning**2
    unsure = at_kinks(state, rounding)
    opened = unsure.of(state.gates.features, state.gates.states)

    def outputs(*parts: NDArray[Any]) -> NDArray[np.complex128]:
        return unrolled(model, dict(zip(theta.parts, parts, strict=True)), sweeps, unsure, opened)

    def along(change: Parameters) -> Array:
        return np.asarray(
            directional_derivative(outputs, tuple(theta.parts.values()), tuple(change.parts.values()))
        )

    direction = Parameters.random(model.width, len(model.inputs), rng, skip=theta.v is not None)
    direction = direction.only({block.name for block in model.trained})
    derivative = along(direction)
    weights = rng.standard_normal(len(residual))
    change = state.gradients(weights)
    scale = MOVE / np.sqrt(sum(norm(part) ** 2 for part in change.parts.values()))
    after = state.moved((state, scale * weights)).theta
    moves = zip(after.parts.values(), theta.parts.values(), direction.parts.values(), strict=True)
    return Probe(
        time,
        along(state.gradients(-residual)),
        residual,
        state.kernel_parts(state),
        derivative,
        state.directional(direction),
        sum(float(np.vdot(new - old, w)) for new, old, w in moves) / MOVE,
        float(scale / MOVE * (weights @ derivative)),
        rounding,
    )


def at_kinks(state: ReluState, error: float) -> Places:
    """Where the sign of a guard says nothing: held, or within `error` of its sample's guards, a norm."""

    def places(guards: AnyArray, held: Indices) -> Indices:
        near = np.abs(guards) <= error * np.linalg.norm(guards, axis=0)
        near[held[:, 0], held[:, 1]] = True
        return np.argwhere(near)

    held, guards = state.gates.held, state.guards
    return Places(places(guards[0], held.features), places(guards[1], held.states))


def unrolled(
    model: ImplicitReLU,
    parts: Mapping[str, NDArray[Any]],
    sweeps: int,
    kinks: Places = NOWHERE,
    opened: Array | None = None,
) -> NDArray[Any]:
    """Outputs (n,) of the network unrolled `sweeps` times, at real or complex parameters by name.

    relu(x) = x where Re x > 0: analytic away from kinks, so that a complex step through it differentiates the
    network without an equilibrium, an adjoint or a derivative that somebody wrote. At `kinks`, k of them, the
    sign says nothing: there units are as `opened` (k,) has them, 1 or 0, by default closed.
    """
    opened = np.zeros(len(kinks)) if opened is None else opened
    (j, i), (unit, sample), split = kinks.features.T, kinks.states.T, len(kinks.features)
    before = parts["w"] @ model.inputs
    phi = model.features.values(before).copy()
    phi[j, i] = model.features.through(opened[:split], before[j, i])
    z = phi
    for _ in range(sweeps):
        guards = model.coupling * (parts["a"] @ z) + phi
        z = np.where(guards.real > 0, guards, 0.0)
        z[unit, sample] = opened[split:] * guards[unit, sample]
    return parts["u"] @ z + parts["v"] @ phi if "v" in parts else parts["u"] @ z
