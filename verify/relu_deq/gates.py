"""Gates of the units, and the kinks that a path slides along.

There are two guards for each unit j and sample i: entry (j, i) of W X, on which the feature depends, and of
``gamma~ A Z + Phi``, on which the state does. A gate is open where its guard is positive. On a slide the
guard stays 0, the gate is held, and the velocity is projected on the kinks that are slid along.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from array_api_compat import array_namespace
from numpy.typing import NDArray

from verify.numerics.arrays import AnyArray, host, like

Array = NDArray[np.float64]
Indices = NDArray[np.int64]
Mask = NDArray[np.bool_]

NONE: Indices = np.zeros((0, 2), dtype=np.int64)


@dataclass(frozen=True)
class Places:
    """Gates by place: pairs (unit, sample) (k1, 2) of features and (k2, 2) of states, in this order."""

    features: Indices
    states: Indices

    def __len__(self) -> int:
        return len(self.features) + len(self.states)

    @property
    def samples(self) -> Indices:
        """(k,)."""
        return np.concatenate([self.features[:, 1], self.states[:, 1]])

    def of(self, features: AnyArray, states: AnyArray) -> Array:
        """The entries (k,) of two matrices (m, n) at these places."""
        pairs = ((features, self.features), (states, self.states))
        return np.concatenate([host(matrix[k[:, 0], k[:, 1]]) for matrix, k in pairs])

    def only(self, kept: Mask) -> Places:
        """Those that are `kept` (k,)."""
        split = len(self.features)
        return Places(self.features[kept[:split]], self.states[kept[split:]])

    def and_those(self, other: Places) -> Places:
        """All of both."""
        return Places(
            np.concatenate([self.features, other.features]), np.concatenate([self.states, other.states])
        )


NOWHERE = Places(NONE, NONE)


@dataclass(frozen=True)
class Gates:
    """The gates of all units and samples.

    features  of the features, (m, n): 1 where open, 0 where closed
    states    of the states, (m, n)
    held      where the path slides; their gates are 0
    """

    features: AnyArray
    states: AnyArray
    held: Places = NOWHERE

    def set(self, places: Places, opened: Array) -> Gates:
        """With the gates at `places` as in `opened` (k,)."""
        split = len(places.features)
        parts = (
            (self.features, places.features, opened[:split]),
            (self.states, places.states, opened[split:]),
        )
        return replace(
            self, **dict(zip(("features", "states"), (_put(*part) for part in parts), strict=True))
        )

    def without(self, leaving: Mask, opened: Array) -> Gates:
        """No longer held where `leaving` (k,), but as in `opened` (k,)."""
        gone = self.held.only(leaving)
        return replace(self.set(gone, opened[leaving]), held=self.held.only(~leaving))

    def beyond(self, places: Places, sliding: Mask) -> Gates:
        """With the gates at `places` turned, or held where `sliding` (k,)."""
        now = places.of(self.features, self.states)
        turned = self.set(places, np.where(sliding, 0.0, 1.0 - now))
        return replace(turned, held=self.held.and_those(places.only(sliding)))


def _put(matrix: AnyArray, places: Indices, values: Array) -> AnyArray:
    if not len(places):
        return matrix
    xp = array_namespace(matrix)
    changed = xp.asarray(matrix, copy=True)
    changed[places[:, 0], places[:, 1]] = like(values, matrix)
    return changed


def passed(
    gates: Gates, guards: tuple[AnyArray, AnyArray], before: tuple[AnyArray, AnyArray] | None = None
) -> Places:
    """Where `guards` have the wrong sign for gates not held, and a worse one than `before`, if given."""

    def found(guard: AnyArray, earlier: AnyArray | None, gate: AnyArray, held: Indices) -> Indices:
        side = 2 * gate - 1
        wrong = guard * side < 0
        if earlier is not None:
            wrong = wrong & (guard * side < earlier * side)
        on_host = host(array_namespace(guard).astype(wrong, guard.dtype)) > 0
        on_host[held[:, 0], held[:, 1]] = False
        return np.argwhere(on_host)

    features, states = before or (None, None)
    return Places(
        found(guards[0], features, gates.features, gates.held.features),
        found(guards[1], states, gates.states, gates.held.states),
    )


@dataclass(frozen=True)
class Normals:
    """Normals of k kinks, in the blocks that are trained.

    A normal is ``s left_k right_i^T`` in a block like those of J, with the sample i of its gate.

    samples  (k,)
    lefts    (m, k) by the name of the block; a block that is not named has no part in any normal
    """

    samples: Indices
    lefts: Mapping[str, AnyArray]
