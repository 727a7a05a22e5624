"""The bounds behind the explicit theorems against the worst that a tiny network can do.

Each bound is linear in a small reach, so that it bounds a derivative: of Phi, Z, P or C in a block of
parameters. By complex step these are known entry by entry; their norms are what the bound must exceed, and
not by much. Where it takes a second factor, as for the blocks of J, the worst of the directions that are
worst for one factor is taken, which may fall short of the worst of all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from theorems.gao_2022.box import Box, Reach
from theorems.gao_2022.premises import PAPER
from theorems.gao_2022.setting import SMALL
from theorems.gao_2022.smooth import Smooth
from verify.relu_deq.model import ImplicitReLU, ReluState
from verify.relu_deq.parameters import Parameters
from verify.theorem.claims import Claims
from verify.theorem.compare import Check, at_least, at_most

Array = NDArray[np.float64]

CLAIMS = Claims(f"our own, from the proof of {PAPER}, Theorem 3.1")

#: Width, inputs and samples; gamma; sweeps to the equilibrium.
SIZES, GAMMA, SWEEPS = (8, 3, 3), 0.12, 60

#: Reach at which a bound is its derivative, to as many digits.
SMALL_REACH = 1e-7

#: The worst that is found must be at least this part of a bound for gates as they are, and of one for any
#: gates.
ATTAINED, ANY_GATES = 0.5, 0.25

#: The same for sigma_min(Phi) and lambda_min(H): their vectors alternate, while that of ||X|| has one sign.
FAR_VECTOR = 0.005


@dataclass(frozen=True)
class Tiny:
    """A tiny network, its bounds, and derivatives of its matrices.

    state   the network
    box     its bounds
    smooth  its bounds where no gate changes
    slopes  derivatives (entries of the block, m, n) by the names of the matrix and of the block
    """

    state: ReluState
    box: Box
    smooth: Smooth
    slopes: Mapping[tuple[str, str], Array]


@cache
def tiny() -> Tiny:
    """The network, by complex step through its unrolled iterations."""
    m, d, n = SIZES
    rng = np.random.default_rng(2)
    inputs = rng.standard_normal((d, n)) + 1.0
    inputs /= np.linalg.norm(inputs, axis=0)
    theta = Parameters.random(m, d, rng)
    state = ImplicitReLU.scaled(inputs, m, GAMMA).at(theta)
    slopes: dict[tuple[str, str], Array] = {}
    for name, part in theta.parts.items():
        found: dict[str, list[Array]] = {key: [] for key in ("phi", "z", "p", "c", "before", "argument")}
        for entry in np.ndindex(part.shape):
            moved = {other: value.astype(complex) for other, value in theta.parts.items()}
            moved[name][entry] += 1e-30j
            for matrix, value in _matrices(moved, inputs, state.coupling).items():
                found[matrix].append(value.imag / 1e-30)
        slopes |= {(matrix, name): np.array(values) for matrix, values in found.items()}
    return Tiny(state, *_bounds(state, inputs), slopes)


def _matrices(
    theta: Mapping[str, NDArray[np.complex128]], inputs: Array, coupling: float
) -> dict[str, Array]:
    """Phi, Z, P, C, W X and the arguments of Z for complex parameters, each by its definition."""
    root = np.sqrt(len(theta["u"]))
    before = theta["w"] @ inputs
    phi = np.where(before.real > 0, before, 0) / root
    z = phi
    for _ in range(SWEEPS):
        argument = coupling * theta["a"] @ z + phi
        z = np.where(argument.real > 0, argument, 0)
    gate = argument.real > 0
    p = gate * theta["u"][:, None]
    for _ in range(SWEEPS):
        p = gate * (coupling * theta["a"].T @ p + theta["u"][:, None])
    c = (before.real > 0) * (p + theta["v"][:, None]) / root
    return {"phi": phi, "z": z, "p": p, "c": c, "before": before, "argument": argument}


def _bounds(state: ReluState, inputs: Array) -> tuple[Box, Smooth]:
    box = Box.around(state, float(np.linalg.norm(state.theta.a, 2)), 0.0)
    return box, Smooth.around(state, box)


def _whole(slopes: Array) -> float:
    """Largest Frobenius norm of the change of a matrix by a unit change of the block."""
    return float(np.linalg.norm(slopes.reshape(len(slopes), -1), 2))


def _columns(slopes: Array) -> float:
    """Largest norm of the change of a column."""
    return max(float(np.linalg.norm(slopes[:, :, i], 2)) for i in range(slopes.shape[2]))


def _blocks_worst(known: Tiny, block: str) -> tuple[Array, float]:
    """Changes (4,) of the blocks of J, as operators on r, and of lambda_min(H), by the worst direction found.

    Tried are the directions that change Z, P or C most, and 20 random ones.
    """
    state, slopes = known.state, known.slopes
    rng = np.random.default_rng(0)
    entries = len(slopes["z", block])
    tried = [rng.standard_normal(entries) for _ in range(20)]
    for matrix in ("phi", "z", "p", "c"):
        flat = slopes[matrix, block].reshape(entries, -1)
        tried.append(np.linalg.svd(flat)[0][:, 0])
        tried += [np.linalg.svd(slopes[matrix, block][:, :, i])[0][:, 0] for i in range(state.z.shape[1])]
    worst, fall = np.zeros(4), 0.0
    jacobian = list(_jacobian(state).values())
    slowest = np.linalg.eigh(known.smooth.kernel)[1][:, 0]
    for direction in tried:
        unit = direction / np.linalg.norm(direction)
        phi, z, p, c = (np.tensordot(unit, slopes[name, block], 1) for name in ("phi", "z", "p", "c"))
        of_a = state.coupling * (_outer(p, state.z) + _outer(state.p, z))
        changes = (of_a, _outer(c, state.inputs), z, phi)
        worst = np.maximum(worst, [np.linalg.norm(one, 2) for one in changes])
        pairs = zip(changes, jacobian, strict=True)
        fall = max(fall, abs(sum(float(2 * (dj @ slowest) @ (j @ slowest)) for dj, j in pairs)))
    return worst, fall


def _outer(left: Array, right: Array) -> Array:
    """The operator ``r -> left diag(r) right^T``, entries by n."""
    return np.asarray((left[:, None, :] * right[None, :, :]).reshape(-1, left.shape[1]))


def _slope(bound: Callable[[Reach], object], block: str) -> Array:
    """Derivative of a bound at no reach, in the reach of a block."""
    near, none = bound(Reach(**{block: SMALL_REACH})), bound(Reach())
    return np.asarray((np.asarray(near) - np.asarray(none)) / SMALL_REACH)


@dataclass(frozen=True)
class Tried:
    """A bound: what it is of, the worst that was found, itself, and the part of it that is known to be
    found."""

    what: str
    found: float
    bound: float
    attained: float = ATTAINED


def tried() -> Iterator[Tried]:
    """Every bound of `Box` and `Smooth`."""
    known = tiny()
    yield from _tried_matrices(known)
    yield from _tried_speeds(known)
    yield from _tried_guards(known)


def _tried_matrices(known: Tiny) -> Iterator[Tried]:
    """How Phi, Z, P, C, the blocks of J, H and the smallest singular value of Phi move."""
    box, smooth, slopes, state = known.box, known.smooth, known.slopes, known.state
    moved: tuple[tuple[str, str, str, Callable[[Array], float], Callable[[Reach], object]], ...] = (
        ("Phi", "phi", "w", _whole, box.features_moved),
        ("Z", "z", "aw", _whole, box.equilibria_moved),
        ("p_i", "p", "au", _columns, smooth.adjoint_moved),
        ("c_i", "c", "auv", _columns, smooth.feature_adjoint_moved),
    )
    for what, matrix, blocks, size, bound in moved:
        for block in blocks:
            yield Tried(f"{what} by {block}", size(slopes[matrix, block]), float(_slope(bound, block)))
    for block, names in (("a", "AWu"), ("w", "Auv"), ("u", "AW"), ("v", "W")):
        (found, fall), bounds = _blocks_worst(known, block), _slope(smooth.blocks_moved, block)
        for name in names:
            column = "AWuv".index(name)
            yield Tried(f"J_{name} by {block}", float(found[column]), float(bounds[column]))
        yield Tried(f"lambda_min(H) by {block}", fall, -float(_slope(smooth.rate, block)), FAR_VECTOR)
        kernel = 2 * float(np.linalg.norm(found)) * float(np.sqrt(smooth.eigenvalues[-1]))
        yield Tried(f"H by {block}, by the worst J", kernel, float(_slope(smooth.kernel_moved, block)))
    left, _, right = np.linalg.svd(state.phi)
    sigma = np.linalg.norm(np.einsum("ejk,j,k->e", slopes["phi", "w"], left[:, len(right) - 1], right[-1]))
    yield Tried("sigma_min(Phi) by w", float(sigma), -float(_slope(box.gram_root, "w")), FAR_VECTOR)


def _jacobian(state: ReluState) -> Mapping[str, Array]:
    """Blocks of J^T, (entries, n)."""
    return {
        "a": state.coupling * _outer(state.p, state.z),
        "w": _outer(state.c, state.inputs),
        "u": state.z,
        "v": state.phi,
    }


def _tried_speeds(known: Tiny) -> Iterator[Tried]:
    """Norms of the gradients by the worst residual."""
    box, smooth, state, none = known.box, known.smooth, known.state, Reach()
    exact = [float(np.linalg.norm(block, 2)) for block in _jacobian(state).values()]
    for name, norm, any_gates, same in zip("AWuv", exact, box.speeds(none), smooth.speeds(none), strict=True):
        yield Tried(f"speed of {name}, any gates", norm, float(any_gates), ANY_GATES)
        yield Tried(f"speed of {name}", norm, float(same))
    yield Tried("p_i", float(np.linalg.norm(state.p, axis=0).max()), box.adjoint(none))
    gates = state.phi > 0
    along = [np.sqrt(len(p)) * p / np.linalg.norm(p) for p in state.p.T]
    sizes = [np.linalg.norm(gate * (p + v)) for gate, p, v in zip(gates.T, state.p.T, along, strict=True)]
    along_p = float(max(sizes)) / float(np.sqrt(box.width))
    yield Tried("c_i, for v along p_i", along_p, box.feature_adjoint(none))
    yield Tried("c_i", float(np.linalg.norm(state.c, axis=0).max()), box.feature_adjoint(none), ANY_GATES)


def _tried_guards(known: Tiny) -> Iterator[Tried]:
    """How far the arguments of each unit move by the worst residual, for a path of unit length."""
    slopes, smooth = known.slopes, known.smooth
    jacobian = _jacobian(known.state)
    reach = Reach.of(smooth.speeds(Reach()) * SMALL_REACH)
    bounds = [bound / SMALL_REACH for bound in smooth.guards_moved(reach, SMALL_REACH)]
    for what, matrix, bound in zip(("W X", "arguments of Z"), ("before", "argument"), bounds, strict=True):
        velocity = sum(np.tensordot(slopes[matrix, block], jacobian[block], (0, 0)) for block in "aw")
        worst = np.linalg.norm(velocity, axis=-1) / np.broadcast_to(bound, known.state.z.shape)
        yield Tried(f"{what}, over the bound", float(worst.max()), 1.0, ANY_GATES)


@CLAIMS.step(
    "G-T3.1.box",
    "the bounds behind the explicit theorems hold in the worst directions known, and are not far above them",
)
def bounds_hold(bound: float = 1.0) -> Iterator[Check]:
    """Every bound against the worst that was found for it."""
    for one in tried():
        rounding = {"rounding": 1e-6 * one.bound}  # of the small reach
        yield at_most(
            f"worst change of {one.what}",
            one.found,
            bound * one.bound,
            budget=rounding,
            attained=1e-5 * one.bound,
        )
        yield at_least(
            f"worst change of {one.what}, of its bound",
            one.found / one.bound if one.bound > 0 else 0.0,  # a bound of 0 is none
            one.attained,
            budget={"rounding": 1e-6},
        )


bounds_hold.false(
    "bounds a hundredth smaller",
    bound=0.99,
    why="that of Phi is attained, and those of J_W by v and J_v by w",
    setting=SMALL,
)
