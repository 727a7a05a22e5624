"""The parameters of the network, and the blocks of them that training moves."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

import numpy as np
from array_api_compat import array_namespace
from numpy.typing import NDArray

from verify.numerics.arrays import AnyArray, double, host, like, norm
from verify.relu_deq.gates import Indices, Normals

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Units:
    """The parameters of each unit.

    entering  sums of squares over its row of A and of W, (m,)
    leaving   over its column of A, and of its u and v, (m,)
    """

    entering: Array
    leaving: Array

    @property
    def balance(self) -> Array:
        """``entering - leaving`` (m,).

        The outputs do not change where row j of A and W grows by a factor and column j of A, u_j, v_j shrink
        by it, so gradient flow in all of them keeps it, across kinks and along them; a step ``-alpha g`` adds
        ``alpha^2`` times that of g.
        """
        return self.entering - self.leaving

    @property
    def norms(self) -> Array:
        """Of all parameters of each unit, (m,)."""
        return np.sqrt(self.entering + self.leaving)


@dataclass(frozen=True)
class Parameters:
    """The parameters of the network.

    a  A, (m, m)
    w  W, (m, d)
    u  (m,)
    v  (m,), or None for a network without the term v^T phi
    """

    a: AnyArray
    w: AnyArray
    u: AnyArray
    v: AnyArray | None

    @classmethod
    def random(cls, width: int, inputs: int, rng: np.random.Generator, *, skip: bool = True) -> Parameters:
        """The start of Gao et al. 2022: A, W of independent N(0, 1), u, v of independent signs.

        Without `skip` there is no v.
        """
        a, w = rng.standard_normal((width, width)), rng.standard_normal((width, inputs))
        u, *v = rng.choice([-1.0, 1.0], size=(2 if skip else 1, width))
        return cls(a, w, u, v[0] if v else None)

    @classmethod
    def gaussian(cls, width: int, inputs: int, rng: np.random.Generator, sigma_w: float) -> Parameters:
        """The start of Ling et al. 2023: A, W, u of N(0, 2 sigma_w^2/m), N(0, 2/d), N(0, 1/m).

        There is no v.
        """
        a = rng.standard_normal((width, width))
        a *= sigma_w * np.sqrt(2 / width)  # in place: a wide A fills the memory
        w = rng.standard_normal((width, inputs)) * np.sqrt(2 / inputs)
        return cls(a, w, rng.standard_normal(width) / np.sqrt(width), None)

    @property
    def parts(self) -> Mapping[str, AnyArray]:
        """The parameters that there are, by name."""
        return {name: part for name, part in vars(self).items() if part is not None}

    def mapped(self, function: Callable[[AnyArray], AnyArray]) -> Parameters:
        """The parameters with `function` applied to each."""
        return replace(self, **{name: function(part) for name, part in self.parts.items()})

    def distances(self, other: Parameters) -> tuple[float, ...]:
        """Frobenius distances of A, W, u and v to those of `other`."""
        pairs = zip(self.parts.values(), other.parts.values(), strict=True)
        return tuple(norm(x - y) for x, y in pairs)

    @property
    def units(self) -> Units:
        """What enters and leaves each unit."""
        a, w, *outputs = (double(part) ** 2 for part in self.parts.values())
        return Units(host(a.sum(axis=1) + w.sum(axis=1)), host(a.sum(axis=0) + sum(outputs)))

    def minus(self, other: Parameters) -> Parameters:
        """The difference to `other`."""
        return replace(self, **{name: part - other.parts[name] for name, part in self.parts.items()})

    def only(self, names: Collection[str]) -> Parameters:
        """The parameters with zeros in place of those not named."""
        others = {name: part for name, part in self.parts.items() if name not in names}
        return replace(
            self, **{name: array_namespace(part).zeros_like(part) for name, part in others.items()}
        )


#: A matrix of a state whose columns belong to the samples.
StateMatrix = Literal["p", "c", "z", "phi", "inputs"]


class Solved(Protocol):
    """A state of the network as its blocks see it: gamma~, and the matrices that `StateMatrix` names."""

    @property
    def coupling(self) -> float: ...
    @property
    def z(self) -> AnyArray: ...
    @property
    def inputs(self) -> AnyArray: ...


@dataclass(frozen=True)
class Move:
    """A change of the parameters by ``J^T weights`` of a state, and along normals of kinks there.

    at       the state
    weights  (n,)
    along    normals, each with coefficients (k,)
    """

    at: Solved
    weights: Array
    along: Sequence[tuple[Normals, Array]] = ()

    def left(self, block: Block) -> AnyArray:
        """The left factor (m, n) of the change of a matrix, whose right one is that of the block."""
        left = getattr(self.at, block.left)
        factor = left * like(self.weights, left)
        for normals, weights in self.along:
            if block.name in normals.lefts:
                # The columns of one sample are added up.
                spread = weights[:, None] * (normals.samples[:, None] == np.arange(len(self.weights)))
                factor = factor + normals.lefts[block.name] @ like(spread, left)
        return factor


@dataclass(frozen=True)
class Block:
    """A block of parameters that training moves, told by the derivative of output i in it.

    That derivative is ``s left_i right_i^T`` for a matrix and ``left_i`` for a vector.

    name     which of the parameters
    left     the state's matrix whose columns are left_i
    right    the state's matrix whose columns are right_i; None for a vector
    coupled  whether s is gamma~; else it is 1
    """

    name: Literal["a", "w", "u", "v"]
    left: StateMatrix
    right: StateMatrix | None = None
    coupled: bool = False

    def gradient(self, state: Solved, weights: AnyArray) -> AnyArray:
        """``J^T weights`` for weights (n,), arrays of the same kind as the state's."""
        left = getattr(state, self.left)
        if self.right is None:
            return left @ weights
        return (left * (self._scale(state) * weights)) @ getattr(state, self.right).T

    def directional(self, state: Solved, change: AnyArray) -> AnyArray:
        """``J change`` (n,)."""
        left = getattr(state, self.left)
        if self.right is None:
            return change @ left
        xp = array_namespace(left)
        return self._scale(state) * xp.sum(left * (change @ getattr(state, self.right)), axis=0)

    def kernel(self, state: Solved, gram: Callable[[StateMatrix], Array]) -> Array:
        """``J J_other^T`` (n, n), of the Gram matrices of columns here with those of the other state."""
        if self.right is None:
            return gram(self.left)
        return self._scale(state) ** 2 * gram(self.left) * gram(self.right)

    def normal_products(
        self, state: Solved, here: AnyArray, there: AnyArray, rights: Array, samples: Indices, others: Indices
    ) -> Array:
        """Products (k, l) in this matrix of ``s here_a right_i^T`` with ``s there_b right'_i'^T``.

        `here` (m, k) and `there` (m, l) are left factors, `samples` (k,) and `others` (l,) their i and i',
        and `rights` (n, n) the products of the right ones.
        """
        return (
            self._scale(state) ** 2 * host(double(here).T @ double(there)) * rights[np.ix_(samples, others)]
        )

    def moved(self, part: AnyArray, moves: Sequence[Move]) -> AnyArray:
        """`part` after the moves."""
        if self.right is None:
            return part + sum(self.gradient(move.at, like(move.weights, move.at.z)) for move in moves)
        scaled = [self._scale(move.at) * move.left(self) for move in moves]
        if self.right == "inputs":  # the same for all states
            return part + sum(scaled) @ moves[0].at.inputs.T
        xp = array_namespace(part)
        right = xp.concat([getattr(move.at, self.right) for move in moves], axis=1)
        moved = xp.concat(scaled, axis=1) @ right.T
        moved += part
        return moved

    def _scale(self, state: Solved) -> float:
        return state.coupling if self.coupled else 1.0


#: A, W, u and v, each trained: Gao et al. 2022, Lemma 2.3.
ALL_BLOCKS = (
    Block("a", "p", "z", coupled=True),
    Block("w", "c", "inputs"),
    Block("u", "z"),
    Block("v", "phi"),
)

#: Those of a network without the term v^T phi.
WITHOUT_SKIP = ALL_BLOCKS[:3]
