"""How negative the Hessian of L can be on the tube about a piece, without its matrix: O(m^3).

For a direction d = (dA, dB) the Hessian of L = L_0(Q) is <G, D^2 Q[d, d]> plus a square. With dS = J dA by
columns and dQ = (dB + gamma Q dS) V,

    <G, D^2 Q[d, d]> = 2 gamma tr(P^T dQ dS) + sum_ik (dL/dA)_ik (dA_ik - s_k^T dA_k)^2,

and ||dS|| <= j ||dA|| with j >= ||J_k||, ||I - 1 s^T||^2 = m ||s||^2. So it is at least -(a x^2 + b x y) for
x = ||dA||, y = ||dB||, whose least value on x^2 + y^2 = 1 is -(a/2 + sqrt(a^2/4 + b^2/4)).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from flint import arb

from theorems.kawaguchi_2021.exact_flow.majorants import Bounds
from theorems.kawaguchi_2021.exact_flow.model import Model
from verify.certificates.balls import largest, spectral_norm, total
from verify.certificates.series import Flat, Series, over
from verify.certificates.tube import WIDER, Piece, largest_of_form

#: ||diag(s) - s s^T|| <= 1/2 for every probability vector.
JACOBIAN = arb(0.5)


class Along(Protocol):
    """The series of S, V, Q, P (m_y, m) along a path, and of A', flat."""

    @property
    def model(self) -> Model: ...
    @property
    def s(self) -> Series: ...
    @property
    def v(self) -> Series: ...
    @property
    def q(self) -> Series: ...
    @property
    def p(self) -> Series: ...
    @property
    def speed(self) -> Flat: ...


def growth(at: Along, piece: Piece[Bounds]) -> arb:
    """A bound of mu for all (A, B) in the tube about the piece, exact."""
    far, near = piece.far, piece.near
    m, gamma = at.model.width, at.model.gamma
    s = piece.holds(at.s, far.s, near.s).entries()
    v = spectral_norm(piece.holds(at.v, far.v, near.v))
    q = spectral_norm(piece.holds(at.q, far.q, near.q))
    p = spectral_norm(piece.holds(at.p, far.p, near.p))
    # Along the path dL/dA = -A' up to the defect.
    backwards = [[-x for x in coefficient] for coefficient in at.speed]
    beside = [piece.defect + x / WIDER for x in near.field_a.entries()]
    slope = over(backwards, piece.length, beside)
    j = min(largest((2 * x * (1 - x)).upper() for x in s), JACOBIAN)
    softness = largest(_softness(slope[k::m], s[k::m]) for k in range(m))
    b = 2 * gamma * p * v * j
    return largest_of_form(b * gamma * q * j + softness, b)


def _softness(slope: Sequence[arb], s: Sequence[arb]) -> arb:
    """Of one column: the largest -dL/dA times m ||s||^2."""
    steepest = largest((-x).upper() for x in slope)
    return (steepest * len(s) * total(x * x for x in s)).upper()
