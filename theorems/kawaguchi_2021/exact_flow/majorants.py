"""How far everything can be from where it is at the centre of an expansion, by real majorants.

For a path with ``sum_{k >= 1} |c_k| rho^k <= alpha``, entry by entry, every power series built from it by
sums, products, exp and inverses of I - X with ||X|| < 1 is bounded, in the same norm, by the same expression
with all signs plus at alpha. No complex discs are needed. A path moved by a constant is a series in one more
variable.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flint import arb, arb_mat

from theorems.kawaguchi_2021.exact_flow.model import Model
from verify.certificates.balls import column_norm, hadamard, identity, magnitudes, total
from verify.certificates.series import Series, beyond_constant
from verify.certificates.tube import TooFarError

#: Largest eta and ||X||_1: beyond, the geometric series are next to useless.
CONVERGENT = arb(0.9)


@dataclass(frozen=True)
class Centre:
    """Magnitudes at the centre, exact; `centred`, of M - 1 c, flat."""

    s: arb_mat
    v: arb_mat
    q: arb_mat
    p: arb_mat
    b: arb_mat
    gradient: arb_mat
    centred: list[arb]


@dataclass(frozen=True)
class Bounds:
    """Bounds of the deviations of S, V, Q, P, M, c (by column), dL/dA and dL/dB, exact."""

    s: arb_mat
    v: arb_mat
    q: arb_mat
    p: arb_mat
    moments: arb_mat
    shift: list[arb]
    field_a: arb_mat

    @property
    def field(self) -> Sequence[arb_mat]:
        """Of the gradient."""
        return (self.field_a, self.p)

    @property
    def centred(self) -> list[arb]:
        """Of M - 1 c, flat."""
        columns = len(self.shift)
        return [x + self.shift[i % columns] for i, x in enumerate(self.moments.entries())]


def bounds(model: Model, centre: Centre, path: Sequence[Series], reach: arb, radius: arb) -> Bounds:
    """The deviations of a path up to `reach`, its entries moved by `radius` or less; raises TooFarError."""
    m, gamma, at = model.width, model.gamma, centre
    alpha, beta = (beyond_constant(series, reach, radius) for series in path)
    powers = [entry.expm1() for entry in alpha.entries()]
    s = at.s.entries()
    eta = [total(s[i * m + j] * powers[i * m + j] for i in range(m)).upper() for j in range(m)]
    if not all(x < CONVERGENT for x in eta):
        raise TooFarError
    ds = magnitudes(arb_mat(m, m, [x * (powers[i] + eta[i % m]) / (1 - eta[i % m]) for i, x in enumerate(s)]))
    x = gamma * ds * at.v
    if not column_norm(x) < CONVERGENT:
        raise TooFarError
    dv = magnitudes(at.v * x * (identity(m) - x).inv())
    dq = magnitudes(beta * at.v + (at.b + beta) * dv)
    dg = magnitudes(dq * model.loss.gram_magnitudes)
    dp = magnitudes(dg * at.v.transpose() + (at.gradient + dg) * dv.transpose())
    dm = magnitudes(gamma * (dq.transpose() * at.p + (at.q + dq).transpose() * dp))
    moments = gamma * at.q.transpose() * at.p
    # c = colsum(S o M)
    sums = hadamard(at.s, dm) + hadamard(ds, moments + dm)
    entries = sums.entries()
    dc = [total(entries[j::m]).upper() for j in range(m)]
    found = []
    for i, (s0, ds0, dm0, n0) in enumerate(zip(s, ds.entries(), dm.entries(), at.centred, strict=True)):
        change = dm0 + dc[i % m]
        found.append((s0 * change + ds0 * (n0 + change)).upper())
    return Bounds(ds, dv, dq, dp, dm, dc, arb_mat(m, m, found))
