"""The model's series along a polynomial path, and the path itself, by recurrences.

Along A(t), B(t), with V = (I - gamma S)^{-1}, Q = B V, G = 2 (Q Phi Phi^T - Y Phi^T), P = G V^T and
M = gamma Q^T P:

    S' = S o (A' - 1 colsum(S o A')),    V' = gamma V S' V,
    dL/dB = P,    dL/dA = S o (M - 1 c),    c = colsum((Q - B) o P) = colsum(S o M),  as gamma Q S = Q - B.

Coefficient k of the gradient needs the path up to coefficient k, and proposes coefficient k + 1. So the
defect has coefficients of size of rounding up to p - 1, and from p on those of the gradient, which
`majorants` bounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from flint import arb, arb_mat

from theorems.kawaguchi_2021.enclosed import softmax
from theorems.kawaguchi_2021.exact_flow.curvature import growth
from theorems.kawaguchi_2021.exact_flow.majorants import Bounds, Centre, bounds
from theorems.kawaguchi_2021.exact_flow.model import Model
from verify.certificates.balls import magnitudes, midpoints
from verify.certificates.series import Series, column_sums, entrywise, grown_to, product, proposed
from verify.certificates.tube import Piece, State

#: A share of 1 - gamma: up to where ``sum |A_k| reach^k`` is this the majorants converge well.
REACH = 0.35

#: B may reach so many times further.
REACH_OF_B = 4.0

#: Its goal for B, over that for A, adds this to the largest entry of B.
GOAL_OF_B = 0.3


class Expansion:
    """The series at an exact (A, B), to order p.

    s, v, q, p   S, V, Q, P: coefficients 0 to p - 1
    centred      M - 1 c, flat
    speed        A', flat
    field_of_a   dL/dA at the centre, flat
    """

    def __init__(self, model: Model, state: State, order: int) -> None:
        self.model = model
        a, b = state
        m, gamma = model.width, model.gamma
        path_a, path_b = [a], [b]
        self.s = [softmax(a)]
        self.v = [model.resolvent(self.s[0])]
        self.q: list[arb_mat] = []
        self.p: list[arb_mat] = []
        self.centred: list[list[arb]] = []
        self.speed: list[list[arb]] = []
        stochastic, v_transposed, q_transposed = [self.s[0].entries()], [self.v[0].transpose()], []
        gradients, differences, flat_p = [], [], []
        means: list[list[arb]] = []
        rounding_a, rounding_b = [], []
        for k in range(order):
            self.q.append(product(path_b, self.v, k))
            q_transposed.append(self.q[k].transpose())
            gradients.append(model.loss.gradient(self.q[k]) if k == 0 else self.q[k] * model.loss.gram)
            self.p.append(product(gradients, v_transposed, k))
            flat_p.append(self.p[k].entries())
            differences.append((self.q[k] - path_b[k]).entries())
            c = column_sums(entrywise(differences, flat_p, k), m)
            moments = (gamma * product(q_transposed, self.p, k)).entries()
            self.centred.append([x - c[i % m] for i, x in enumerate(moments)])
            field_a = arb_mat(m, m, entrywise(stochastic, self.centred, k))
            if k == 0:
                self.field_of_a = field_a.entries()
            share = -arb(1) / (k + 1)
            path_a.append(proposed(field_a * share))
            path_b.append(proposed(self.p[k] * share))
            speed = (k + 1) * path_a[-1]
            self.speed.append(speed.entries())
            rounding_a.append(magnitudes(speed + field_a))
            rounding_b.append(magnitudes((k + 1) * path_b[-1] + self.p[k]))
            if k == order - 1:
                break
            moved = entrywise(stochastic, self.speed, k)
            means.append(column_sums(moved, m) * m)
            turned = entrywise(stochastic, means, k)
            stochastic.append([(x - y) / (k + 1) for x, y in zip(moved, turned, strict=True)])
            self.s.append(arb_mat(m, m, stochastic[-1]))
            self.v.append(gamma * (self.v[0] * product(self.s, [*self.v, self.v[0]], k + 1, 1)))
            v_transposed.append(self.v[-1].transpose())
        self.gradient = gradients[0]
        self.path: Sequence[Series] = (path_a, path_b)
        self.rounding: Sequence[Sequence[arb_mat]] = (rounding_a, rounding_b)

    @cached_property
    def centre(self) -> Centre:
        """Magnitudes at the centre."""
        s, v, q, p, b = (magnitudes(series[0]) for series in (self.s, self.v, self.q, self.p, self.path[1]))
        centred = [x.abs_upper() for x in self.centred[0]]
        return Centre(s, v, q, p, b, magnitudes(self.gradient), centred)

    def deviation(self, reach: arb, radius: arb) -> Bounds:
        """Bounds of the deviations from the centre; raises TooFarError."""
        return bounds(self.model, self.centre, self.path, reach, radius)

    def growth(self, piece: Piece[Bounds]) -> arb:
        """A bound of mu on the piece."""
        return growth(self, piece)

    def reach(self) -> float:
        """Where the sums of the coefficients' magnitudes have grown to their goals."""
        goal = REACH * (1 - float(self.model.gamma))
        of_b = goal * (GOAL_OF_B + float(np.abs(midpoints(self.path[1][0])).max()))
        return min(grown_to(self.path[0], goal), REACH_OF_B * grown_to(self.path[1], of_b))
