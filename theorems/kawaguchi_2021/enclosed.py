"""The deep equilibrium linear model at one point, enclosed: floats A, B, gamma and data as exact numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from flint import arb, arb_mat
from numpy.typing import NDArray

from verify.certificates.balls import ZERO, exact, identity, squared_norm
from verify.certificates.series import column_sums

Array = NDArray[np.float64]


def softmax(a: arb_mat) -> arb_mat:
    """Of every column of `a` (m, m)."""
    size, entries = a.nrows(), [entry.exp() for entry in a.entries()]
    sums = column_sums(entries, size)
    return arb_mat(size, size, [entry / sums[place % size] for place, entry in enumerate(entries)])


@dataclass(frozen=True)
class EnclosedState:
    """S, V = U^{-1} and Q = B V for exact A (m, m), B (m_y, m) and gamma."""

    s: arb_mat
    v: arb_mat
    q: arb_mat
    gamma: arb

    @classmethod
    def of(cls, a: Array | arb_mat, b: Array | arb_mat, gamma: float | arb) -> EnclosedState:
        """From floats, or from balls."""
        a, b = (exact(part) if isinstance(part, np.ndarray) else part for part in (a, b))
        s, factor = softmax(a), arb(gamma)
        v = (identity(s.nrows()) - factor * s).inv()
        return cls(s, v, b * v, factor)

    @property
    def moved(self) -> list[arb_mat]:
        """C_k = Q J_k (m_y, m) for every k: column i is s_ik (Q_i - Q s_k)."""
        size, outputs = self.s.nrows(), self.q.nrows()
        s, q, means = self.s.entries(), self.q.entries(), (self.q * self.s).entries()
        return [
            arb_mat(
                outputs,
                size,
                [
                    s[i * size + k] * (q[o * size + i] - means[o * size + k])
                    for o in range(outputs)
                    for i in range(size)
                ],
            )
            for k in range(size)
        ]

    def flow_operator(self) -> arb_mat:
        """D (m m_y, m m_y), rows and columns by outputs: block (o, p) is V^T diag_k(N_k,op) V.

        N_k = I + gamma^2 Q J_k J_k^T Q^T. It is D as printed with its rows and its columns in another order.
        """
        size, outputs = self.s.nrows(), self.q.nrows()
        squared, transposed, v = self.gamma**2, self.v.transpose(), self.v.entries()
        middles = [(squared * (c * c.transpose())).entries() for c in self.moved]
        rows: list[list[arb]] = [[ZERO] * (size * outputs) for _ in range(size * outputs)]
        for o in range(outputs):
            for p in range(o + 1):
                weights = [middle[o * outputs + p] + int(o == p) for middle in middles]
                weighted = [weights[place // size] * entry for place, entry in enumerate(v)]
                block = (transposed * arb_mat(size, size, weighted)).tolist()
                for i in range(size):
                    rows[o * size + i][p * size : (p + 1) * size] = block[i]
                    if o != p:
                        rows[p * size + i][o * size : (o + 1) * size] = [row[i] for row in block]
        return arb_mat(rows)

    @property
    def stretches(self) -> list[arb]:
        """The diagonal of S^D = I + gamma^2 diag_k(||J_k Q^T||^2), for one output."""
        return [1 + self.gamma**2 * squared_norm(c) for c in self.moved]


def floors(size: int, gamma: arb) -> tuple[arb, arb]:
    """1/(m (1 + gamma)^2) and 1/(1 + gamma sqrt(m))^2, enclosed."""
    return 1 / (size * (1 + gamma) ** 2), 1 / (1 + gamma * arb(size).sqrt()) ** 2
