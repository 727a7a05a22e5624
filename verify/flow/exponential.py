"""One step of an exponential Runge-Kutta method of order 2 for least squares, in function space.

Gradient flow of ``1/2 ||r(theta)||^2`` is ``d theta/dt = -P J^T r``, with P the projection that keeps a path
on the kinks it slides along. Its stiff part is the Gauss-Newton matrix ``-P J^T J P``, which acts in the n
dimensions of r through ``H = J P J^T = V Lambda V^T``. With ``R(theta) = -P J^T r`` there, minus what the
flow linearised at the start would give, and ``c(s) = V s phi_1(-s Lambda) V^T r``, a step of size h is

    half         theta_a = theta - P J^T c(h/2)
    ahead        theta_b = theta - P J^T c(h) + 2 h phi_2 R_a
    end          theta_1 = theta - P J^T c(h) + h (4 phi_2 - 8 phi_3) R_a + h (4 phi_3 - phi_2) R_b

with phi_k at ``-h P J^T J P``. It meets all conditions of order 3 but the one on
the order of its stages. It is exact where J is
constant, so that a wide network takes huge steps. All parameters move by combinations ``P J^T c``, hence only
residuals and kernels ``J P (J' P')^T`` are needed. All points are on the smooth piece of the start, continued
beyond its kinks; `verify.flow.kinks` adds what these do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, Self, TypeVar

import numpy as np

from verify.flow import Array
from verify.flow.kinks import Crossing, Kinks, Mask, Slides, cross
from verify.flow.phi import phi


class Linearisation(Protocol):
    """A least-squares problem at one parameter point on one smooth piece, with J = dr/d theta there."""

    @property
    def residual(self) -> Array:
        """r (n,)."""

    @property
    def slides(self) -> Slides:
        """The kinks that the path slides along."""

    @property
    def unsettled(self) -> float:
        """How far it has strayed from these: the norm of what the way back would change of r."""

    @property
    def undone(self) -> float:
        """What impulses changed of r, its norm, at kinks that the step to here did not pass in the end."""

    def kernel(self, other: Self) -> Array:
        """``J P (J_other P_other)^T`` (n, n)."""

    def continued(self, *moves: tuple[Self, Array]) -> Self:
        """The problem on the same piece at ``theta + sum_k P_k J_k^T c_k`` for moves (point k, c_k (n,)).

        From there it is taken back to the kinks that this point slides along, and has strayed from.
        """

    def kinks(self, ahead: Self) -> Kinks | None:
        """The kinks between this point and one ahead on the same piece; None where there are none."""

    def crossed(self, *moves: tuple[Self, Array], crossing: Crossing | None) -> Self:
        """As `continued`, but moved by the impulses of `crossing` as well, and beyond its kinks."""

    def left(self, leaving: Mask) -> Self:
        """The problem at the same parameters, off those of the kinks it slides along."""


P = TypeVar("P", bound=Linearisation)


@dataclass(frozen=True)
class Spectrum:
    """A point's kernel and the eigendecomposition of it.

    kernel   H, (n, n)
    values   eigenvalues of H, (n,), increasing
    vectors  eigenvectors of H, (n, n)
    """

    kernel: Array
    values: Array
    vectors: Array

    @classmethod
    def of(cls, point: Linearisation) -> Spectrum:
        kernel = point.kernel(point)
        values, vectors = np.linalg.eigh(kernel)
        return cls(kernel, values, vectors)

    def phi(self, order: int, size: float, vector: Array) -> Array:
        """``phi_order(-size H) vector``."""
        return self.vectors @ (phi(order, -size * np.maximum(self.values, 0.0)) * (self.vectors.T @ vector))


@dataclass(frozen=True)
class Remainder(Generic[P]):
    """R at a point: ``J^T here`` of the step's start and ``-J_at^T r_at`` of the point; ``image = J R``."""

    here: Array
    at: P
    image: Array

    @classmethod
    def of(cls, start: P, spectrum: Spectrum, at: P, moved: Array) -> Remainder[P]:
        """R at `at`, to which the linearised residual has gone by `moved` (n,)."""
        here = start.residual + moved
        return cls(here, at, spectrum.kernel @ here - start.kernel(at) @ at.residual)


@dataclass(frozen=True)
class Step(Generic[P]):
    """A step up to its last stage, and what lies between.

    half      the stage in the middle
    ahead     the last stage
    moves     of the parameters to the end of the step
    crossing  what happens at kinks on the way; None where there are none
    expected  the residual at the end, to second order
    """

    half: P
    ahead: P
    moves: Sequence[tuple[P, Array]]
    crossing: Crossing | None
    expected: Array

    def end(self, start: P) -> tuple[P, float]:
        """The point at the end, and an estimate of the error of `expected`, relative to ``||r_1||``."""
        after = start.crossed(*self.moves, crossing=self.crossing)
        size = float(np.linalg.norm(after.residual))
        error = max(float(np.linalg.norm(after.residual - self.expected)), after.unsettled)
        return after, error / size if size > 0 else 0.0


def step(start: P, spectrum: Spectrum, size: float) -> Step[P]:
    """A step of length `size`."""
    r, kernel = start.residual, spectrum.kernel

    def decay(length: float) -> Array:
        return length * spectrum.phi(1, length, r)

    def weighted(weights: Sequence[float], rest: Remainder[P]) -> tuple[list[tuple[P, Array]], Array]:
        """Moves by ``h (sum_k weights_k phi_k) R``, k from 2 on, and how they change the linearised residual.

        ``phi_k(-h J^T J) R = R/k! - h J^T phi_{k+1}(-h H) J R``.
        """
        plain, factorial, back, change = 0.0, 1, np.zeros_like(r), np.zeros_like(r)
        for order, weight in enumerate(weights, 2):
            factorial *= order
            plain += weight / factorial
            back -= weight * size * spectrum.phi(order + 1, size, rest.image)
            change += weight * spectrum.phi(order, size, rest.image)
        here = size * (plain * rest.here + back)
        return [(start, here), (rest.at, -size * plain * rest.at.residual)], size * change

    half = start.continued((start, -decay(size / 2)))
    first = Remainder.of(start, spectrum, half, -kernel @ decay(size / 2))
    c = decay(size)
    moves, change = weighted((2.0,), first)
    ahead = start.continued((start, -c), *moves)
    last = Remainder.of(start, spectrum, ahead, change - kernel @ c)
    kinks = start.kinks(ahead)
    crossing = None
    expected = ahead.residual
    ends = [(start, -c), *weighted((4.0, -8.0), first)[0], *weighted((-1.0, 4.0), last)[0]]
    if kinks is not None:
        crossing = cross(kinks, spectrum.values, spectrum.vectors, r, size)
        expected = expected + kinks.images @ crossing.pushes + kernel @ crossing.feedback
        ends.append((start, crossing.feedback))
    return Step(half, ahead, _collected(ends), crossing, expected)


def _collected(moves: Sequence[tuple[P, Array]]) -> list[tuple[P, Array]]:
    """The moves with one for each point."""
    points: list[P] = []
    for at, _ in moves:
        if not any(at is point for point in points):
            points.append(at)
    return [(point, np.sum([c for at, c in moves if at is point], axis=0)) for point in points]
