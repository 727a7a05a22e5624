"""Kinks of the network: their normals, what crossing them does, and the projection on slides along them.

The normal of the guard of feature (j, i), an entry of W X, is x_i in row j of W. That of the guard of state
(j, i), an entry of ``gamma~ A Z + Phi``, takes one adjoint solve: with ``s = e_j + D (I - gamma~ D A)^{-T}
gamma~ A_j`` it is ``gamma~ s z_i^T`` in A and, through the features, ``s x_i^T`` in W. Opening a gate adds to
the gradient of the loss a multiple of its normal: ``r_i`` times what the gate holds back of the adjoint.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from array_api_compat import array_namespace
from numpy.typing import NDArray

from verify.flow.kinks import DEPENDENT, Slides
from verify.numerics.arrays import AnyArray, host, like
from verify.relu_deq.gates import Indices, Mask, Normals, Places
from verify.relu_deq.model import ImplicitReLU, ReluState, iterate
from verify.relu_deq.parameters import Move, Parameters

Array = NDArray[np.float64]

#: Accuracy of the adjoints that normals are made of, relative to ``gamma~ ||A_j||``.
NORMAL_ACCURACY = 1e-11

#: Squared norms of projected normals are no smaller, so that they can be divided by.
LEAST_SIZE = 1e-12


def normals(state: ReluState, places: Places) -> Normals:
    """The normals of the guards at `places`."""
    xp = array_namespace(state.z)
    unit, sample = places.states[:, 0], places.states[:, 1]
    gates = state.gates.states[:, sample]
    source = gates * (state.coupling * state.theta.a[unit, :].T)
    coupled = state.coupling * state.theta.a.T

    def backward(s: AnyArray) -> AnyArray:
        return gates * (coupled @ s) + source

    width, split = state.model.width, len(places.features)
    of_states = source
    if len(unit):
        scale = max(float(xp.max(xp.abs(source))), float(np.finfo(np.float64).tiny))
        of_states, _ = iterate(backward, source, max(NORMAL_ACCURACY, state.accuracy) * scale * len(source))
    of_states = of_states + like(_columns(width, unit), state.z)
    through = state.model.features.through(state.gates.features[:, sample], of_states)
    in_w = xp.concat([like(_columns(width, places.features[:, 0]), state.z), through], axis=1)
    in_a = xp.concat([xp.zeros_like(in_w[:, :split]), of_states], axis=1)
    trained = {str(block.name) for block in state.model.trained}
    lefts = {name: left for name, left in (("a", in_a), ("w", in_w)) if name in trained}
    return Normals(places.samples, lefts)


def _columns(width: int, units: Indices) -> Array:
    """The unit vectors e_j as columns (m, k)."""
    return (np.arange(width)[:, None] == units).astype(float)


def strengths(state: ReluState, places: Places) -> Array:
    """What each gate holds back of the adjoint, (k,)."""
    j, i = places.features[:, 0], places.features[:, 1]
    adjoint = state.p if state.theta.v is None else state.p + state.theta.v[:, None]
    ones = array_namespace(adjoint).ones_like(adjoint)
    of_features = host(state.model.features.through(ones, adjoint)[j, i])
    j, i = places.states[:, 0], places.states[:, 1]
    theta = state.theta
    of_states = host(state.coupling * (theta.a[:, j] * state.p[:, i]).sum(0) + theta.u[j])
    return np.concatenate([of_features, of_states])


def jumps(state: ReluState, places: Places, found: Normals) -> Array:
    """Times r_i and the normals `found`, what opening each gate adds to the gradient, (k,).

    A state acts on its own argument, by l with its gate closed: so that argument's normal is 1/(1 - l) times
    as large on the open side, and so is what the gate holds back. Their product jumps by one of them only.
    """
    held_back = strengths(state, places)
    if "a" not in found.lefts or not len(places.states):
        return held_back
    split, (unit, sample) = len(places.features), places.states.T
    acting = state.coupling * (found.lefts["a"][:, split:] * state.theta.a[:, unit]).sum(0)
    sides = 2 * state.gates.states[unit, sample] - 1
    held_back[split:] /= host(1 + sides * acting)
    return held_back


def products(state: ReluState, here: Normals, other: ReluState, there: Normals) -> Array:
    """Products (k, l) of normals at one state with normals at another."""
    total = np.zeros((len(here.samples), len(there.samples)))
    for block in state.model.trained:
        if block.right is not None and block.name in there.lefts:
            rights = state.products(other, block.right)
            left, right = here.lefts[block.name], there.lefts[block.name]
            total += block.normal_products(state, left, right, rights, here.samples, there.samples)
    return total


def images(state: ReluState, other: ReluState, there: Normals) -> Array:
    """Derivatives ``J n`` (n, k) of the outputs here along normals at another state."""
    # Rows of J in a matrix have the form of normals.
    rows: dict[str, AnyArray] = {
        block.name: getattr(state, block.left) for block in state.model.trained if block.right is not None
    }
    return products(state, Normals(np.arange(len(state.output)), rows), other, there)


@dataclass(frozen=True)
class Slide:
    """A state that slides along kinks, k of them."""

    state: ReluState

    @property
    def places(self) -> Places:
        return self.state.gates.held

    @cached_property
    def normals(self) -> Normals:
        """N."""
        return normals(self.state, self.places)

    @cached_property
    def images(self) -> Array:
        """``J N`` (n, k)."""
        return images(self.state, self.state, self.normals)

    @cached_property
    def inverse(self) -> Array:
        """``(N^T N)^{-1}`` (k, k), of what is not dependent."""
        gram = products(self.state, self.normals, self.state, self.normals)
        sizes = np.sqrt(np.maximum(np.diag(gram), LEAST_SIZE))
        # Where nothing reaches a unit its normal is 0, or as good as that.
        values, vectors = np.linalg.eigh(gram / np.outer(sizes, sizes))
        kept = vectors[:, values > DEPENDENT] / sizes[:, None]
        return np.asarray(kept / values[values > DEPENDENT] @ kept.T)

    @cached_property
    def multipliers(self) -> Array:
        """``-(N^T N)^{-1} (J N)^T`` (k, n): ``P J^T c = J^T c + N (multipliers c)``."""
        return -self.inverse @ self.images.T

    def slides(self, residual: Array) -> Slides:
        """What keeps it on the kinks, at `residual`."""
        forces = jumps(self.state, self.places, self.normals) * residual[self.places.samples]
        return Slides(self.multipliers @ residual, forces, self.images)

    def move(self, weights: Array) -> Move:
        """``P J^T weights``."""
        return Move(self.state, weights, [(self.normals, self.multipliers @ weights)])

    @cached_property
    def settling(self) -> Move:
        """The shortest way back to the kinks, to first order."""
        along = -self.inverse @ self.places.of(*self.state.guards)
        return Move(self.state, np.zeros(len(self.state.output)), [(self.normals, along)])

    @property
    def unsettled(self) -> float:
        """What that way would change of the outputs, its norm."""
        return float(np.linalg.norm(self.images @ self.settling.along[0][1]))

    def kernel(self, other: Slide) -> Array:
        """``J P (J' P')^T`` (n, n)."""
        here, there = self.state, other.state
        kernel = here.kernel_parts(there).sum(axis=0)
        if len(other.places):
            kernel = kernel + images(here, there, other.normals) @ other.multipliers
        if len(self.places):
            kernel = kernel + self.multipliers.T @ images(there, here, self.normals).T
            if len(other.places):
                between = products(here, self.normals, there, other.normals)
                kernel = kernel + self.multipliers.T @ between @ other.multipliers
        return kernel


def sides_apart(slide: Slide) -> tuple[float, float, float]:
    """How far H of the closed side is from H of the open side, ``||.||_F``, on the kinks slid along.

    With the normals projected out, without, and what it may be because guards are not quite 0: these pass
    into Z and Phi of the open side.
    """
    state, held = slide.state, slide.places
    if not len(held):
        return 0.0, 0.0, 0.0
    gates = replace(state.gates.set(held, np.ones(len(held))), held=held)
    opened = state.model.at(state.theta, (state.z, state.p), state.accuracy, gates, continued=True)
    other = Slide(opened)
    projected = float(np.linalg.norm(slide.kernel(slide) - other.kernel(other)))
    parts = [at.kernel for at in (state, opened)]
    passed = np.linalg.norm(held.of(*state.guards)) + np.linalg.norm(held.of(*opened.guards))
    scale = 2 * float(np.sqrt(max(np.trace(part) for part in parts)))
    return projected, float(np.linalg.norm(parts[0] - parts[1])), scale * float(passed)


@dataclass(frozen=True)
class GateKinks:
    """Kinks that the continuation of a path passes, as `verify.flow.kinks.Kinks` describes them.

    Normals point to the side from which the path comes.
    """

    slide: Slide
    places: Places
    normals: Normals
    sides: Array
    start: Array
    end: Array

    @classmethod
    def between(cls, slide: Slide, places: Places, ahead: ReluState) -> GateKinks:
        """The kinks at `places` between the state of `slide` and one ahead of it."""
        state = slide.state
        sides = 2 * places.of(state.gates.features, state.gates.states) - 1
        start, end = (sides * places.of(*at.guards) for at in (state, ahead))
        return cls(slide, places, normals(state, places), sides, start, end)

    @property
    def samples(self) -> Indices:
        return self.places.samples

    @cached_property
    def strengths(self) -> Array:
        return jumps(self.slide.state, self.places, self.normals)

    @cached_property
    def _held(self) -> Array:
        """Products of the normals of the slide with these, (l, k)."""
        state = self.slide.state
        return products(state, self.slide.normals, state, self.normals) * self.sides

    @cached_property
    def images(self) -> Array:
        state = self.slide.state
        plain = images(state, state, self.normals) * self.sides
        return plain + self.slide.multipliers.T @ self._held if len(self.slide.places) else plain

    @cached_property
    def sizes(self) -> Array:
        every = np.arange(len(self.places))
        return np.maximum(np.diag(self.gram(every, every)), LEAST_SIZE)

    def gram(self, rows: Indices, columns: Indices) -> Array:
        state = self.slide.state
        here, there = (_some(self.normals, k) for k in (rows, columns))
        plain = products(state, here, state, there) * np.outer(self.sides[rows], self.sides[columns])
        if not len(self.slide.places):
            return plain
        return np.asarray(plain - self._held[:, rows].T @ self.slide.inverse @ self._held[:, columns])

    def only(self, k: int) -> GateKinks:
        kept: Mask = np.arange(len(self.places)) == k
        return GateKinks(
            self.slide,
            self.places.only(kept),
            _some(self.normals, np.array([k])),
            self.sides[kept],
            self.start[kept],
            self.end[kept],
        )

    def move(self, pushes: Array) -> Move:
        """The impulses along the normals, projected on the slide."""
        state = self.slide.state
        along = [(self.normals, self.sides * pushes)]
        if len(self.slide.places):
            along.append((self.slide.normals, -self.slide.inverse @ (self._held @ pushes)))
        return Move(state, np.zeros(len(state.output)), along)


def on_kinks(model: ImplicitReLU, theta: Parameters, places: Indices) -> Parameters:
    """The nearest parameters at which guards of features, linear in W, are 0 at `places` (k, 2)."""
    if not len(places) or "w" not in {block.name for block in model.trained}:
        return theta
    j, i = places[:, 0], places[:, 1]
    inputs, rows = host(model.inputs), host(theta.w[j])
    gram = model.input_gram[np.ix_(i, i)] * (j[:, None] == j)
    off = np.sum(rows * inputs[:, i].T, axis=1)
    along = np.linalg.lstsq(gram, -off, rcond=DEPENDENT)[0]
    change = _columns(model.width, j) @ (along[:, None] * inputs[:, i].T)
    return replace(theta, w=theta.w + like(change, theta.w))


def _some(found: Normals, k: Indices) -> Normals:
    return Normals(found.samples[k], {name: left[:, k] for name, left in found.lefts.items()})
