"""Kinks of a piecewise smooth gradient flow, within one step of an integrator.

At a kink {guard = 0} the gradient jumps by a multiple of the guard's normal. A path that comes to it crosses
where the velocity beyond leads away; where the velocities of both sides lead to it, the path slides along it
(Filippov). Either way the kink adds an impulse along its normal to the smooth continuation of the path from
before: so much that the guard ends where the velocity beyond takes it, or at 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from verify.flow.phi import phi

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: Times at which the guards of a step are looked at, equally spaced in the logarithm over the fastest scale.
GUARD_NODES = 24

#: Rounds in which kinks that turn out not to be slid along are taken from those that are.
SLIDE_ROUNDS = 8

#: Relative singular values below this are taken to be 0: normals may be parallel.
DEPENDENT = 1e-10


class Kinks(Protocol):
    """The kinks, k of them, that the continuation of a path passes; a guard is positive before its kink.

    start      guards at the start of the step, (k,)
    end        guards at its end, on the continuation, (k,)
    images     derivatives ``J P n`` of the residual along the normals n, (n, k)
    strengths  (k,): crossing adds ``strength * r_i`` times n to the velocity
    samples    the i of these r_i, (k,)
    sizes      ``n^T P n``, (k,)
    """

    @property
    def start(self) -> Array: ...
    @property
    def end(self) -> Array: ...
    @property
    def images(self) -> Array: ...
    @property
    def strengths(self) -> Array: ...
    @property
    def samples(self) -> NDArray[np.int64]: ...
    @property
    def sizes(self) -> Array: ...

    def only(self, k: int) -> Kinks:
        """The k-th of them alone."""

    def gram(self, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> Array:
        """Products ``n^T P n'`` of some of the normals with some others."""


@dataclass(frozen=True)
class Slides:
    """The kinks, k of them, along which a path slides: as long as each push is a share of its force.

    pushes  of the open side, along the normals, (k,): what keeps the path on the kinks
    forces  what the open side would push if it had the path alone, (k,)
    images  derivatives of the residual along the normals, (n, k)
    """

    pushes: Array
    forces: Array
    images: Array

    def margins(self, signs: Array) -> Array:
        """How far each push is from 0 and its force (2, k), negative beyond; `signs` (k,) are of forces."""
        return np.stack([self.pushes, self.forces - self.pushes]) * signs

    @property
    def leaving(self) -> Mask:
        """Those with a push beyond 0 or the force."""
        return np.asarray(self.margins(np.sign(self.forces)).min(axis=0) < 0)

    def ends(self, later: Slides, size: float) -> tuple[Array, Array]:
        """How much it matters that slides end before `later`, a step of length `size` on, and when they do.

        The first is the norm of the change of the residual, the second a time after the start; both (k,).
        """
        signs = np.sign(self.forces)
        before, after = np.maximum(self.margins(signs), 0.0), later.margins(signs)
        shares = np.where(after < 0, before / np.where(after < 0, before - after, 1.0), 1.0)
        effects = -np.minimum(after, 0.0) * (1 - shares) * size / 2 * np.linalg.norm(self.images, axis=0)
        return effects.max(axis=0), shares.min(axis=0) * size


@dataclass(frozen=True)
class Crossing:
    """What a step does at its kinks.

    kinks     the kinks
    times     when they are met, after the start of the step, (k,)
    pushes    impulses along the normals, (k,)
    sliding   which of them the path slides along from there, (k,)
    feedback  c (n,): the impulses' later effect through the stiff part moves parameters by ``J^T c``
    """

    kinks: Kinks
    times: Array
    pushes: Array
    sliding: Mask
    feedback: Array

    def energy_jumps(self, path: Array) -> Array:
        """What the kinks change of ``r^T H r`` (k, q), after they are met, at residuals `path` (n, q)."""
        kinks = self.kinks
        before = -kinks.images.T @ path
        beyond = before + (kinks.strengths * kinks.sizes)[:, None] * path[kinks.samples]
        beyond = np.where(self.sliding[:, None], 0.0, beyond)
        return np.asarray((beyond**2 - before**2) / kinks.sizes[:, None])


def cross(kinks: Kinks, values: Array, vectors: Array, residual: Array, size: float) -> Crossing:
    """Impulses of the `kinks` of a step of length `size` that starts at `residual` (n,).

    `values` and `vectors` are the eigendecomposition of H at the start. Along the continuation r is taken to
    decay by it, and a guard to be what that gives plus a term in the square of time that meets its end.
    """
    values = np.maximum(values, 0.0)
    fastest = 1 / max(float(values[-1]), 1 / size)
    times = fastest * np.expm1(np.log1p(size / fastest) * np.linspace(0, 1, GUARD_NODES + 1))
    times[-1] = size
    start = vectors.T @ residual
    integral = vectors @ (times * phi(1, -np.outer(values, times)) * start[:, None])
    guards = kinks.start[:, None] - kinks.images.T @ integral
    guards += (kinks.end - guards[:, -1])[:, None] * (times / size) ** 2
    met = np.maximum(np.argmax(guards < 0, axis=1), 1)
    every = np.arange(len(met))
    above, below = np.maximum(guards[every, met - 1], 0.0), guards[every, met]
    # A guard that ends at 0 but for rounding is met at the end.
    share = np.where(below < 0, above / np.where(below < 0, above - below, 1.0), 1.0)
    when = times[met - 1] + share * (times[met] - times[met - 1])
    i = kinks.samples
    passed = integral[i, met - 1] + share * (integral[i, met] - integral[i, met - 1])
    crossed = kinks.strengths * (integral[i, -1] - passed)
    # An impulse at time s acts through exp(-(size - s) H) on r: what that takes back moves parameters, too.
    left = size - when
    back = vectors @ (left * phi(2, -np.outer(values, left)) * (vectors.T @ kinks.images))
    pushes, sliding = _solve(kinks, back, crossed)
    return Crossing(kinks, when, pushes, sliding, -back @ pushes)


def _solve(kinks: Kinks, back: Array, crossed: Array) -> tuple[Array, Mask]:
    """Impulses, and which kinks are slid along: those at which the full impulse would lead back across."""
    own = kinks.sizes - np.sum(kinks.images * back, axis=0)
    sliding = kinks.end + own * crossed > 0
    pushes = crossed
    for _ in range(SLIDE_ROUNDS):
        held, free = np.flatnonzero(sliding), np.flatnonzero(~sliding)
        if not len(held):
            break
        to_held = kinks.gram(held, held) - kinks.images[:, held].T @ back[:, held]
        lacking = -kinks.end[held]
        acting = free[crossed[free] != 0]
        if len(acting):
            from_free = kinks.gram(held, acting) - kinks.images[:, held].T @ back[:, acting]
            lacking = lacking - from_free @ crossed[acting]
        found = np.linalg.lstsq(to_held, lacking, rcond=DEPENDENT)[0]
        pushes = crossed.copy()
        # No less than nothing, and no more than the other side gives.
        kept = (found * crossed[held] >= 0) & (np.abs(found) <= np.abs(crossed[held]))
        pushes[held[kept]] = found[kept]
        if kept.all():
            break
        sliding = sliding.copy()
        sliding[held[~kept]] = False
    return pushes, sliding


def at_once(kinks: Kinks, residual: Array) -> Crossing:
    """The `kinks` met now: no impulse, only what is beyond, by the velocities at `residual`."""
    beyond = kinks.sizes * kinks.strengths * residual[kinks.samples] - kinks.images.T @ residual
    none = np.zeros_like(beyond)
    return Crossing(kinks, none, none, beyond > 0, np.zeros_like(residual))


def first(effects: Array, times: Array, least: float) -> int | None:
    """The earliest event whose effect is above `least`, or None."""
    large: Sequence[int] = np.flatnonzero(effects > least).tolist()
    return min(large, key=lambda k: times[k], default=None)
