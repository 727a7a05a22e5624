"""The gradient of a layer beside the implicit one: F^T (I - J^T)^-1 g at a tight equilibrium, in float64."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from verify.equilibrium.cell import Array, Cell, Linear, copied, flattened, named, output_of
from verify.equilibrium.solving import Adjoint, Equilibrium, adjoint, equilibrium, solve

#: Rounding is measured in so many evaluations; that of others may be larger by this.
SAMPLES, ROUNDING = 4, 4.0

#: Rounding of the reference itself: this many units of float64, times the conditioning of I - J.
DOUBLE = 100 * float(np.finfo(np.float64).eps)

#: Steps of the finite differences, relative to the root mean square of each parameter: where kinks are many,
#: or f bends much, only short ones see a derivative. The one with the least error budget counts.
STEPS = (1e-5, 1e-6, 1e-7, 1e-8)

#: An error budget of this share of a derivative needs no shorter step.
SHARP = 1e-4

#: A direction's scale for a parameter that is zero.
UNIT = 1e-2

Gradient = Mapping[str, Array]


@dataclass(frozen=True)
class Backward:
    """What the layer itself makes of a cotangent: its output, flat (n,), and its gradient by leaf."""

    output: Array
    gradient: Gradient


@dataclass(frozen=True)
class Reference:
    """The implicit gradient, and how far it may be off.

    gradient  by leaf, flat
    adjoint   the solution that it comes from
    solver    error left by the solves, by leaf, as a norm
    rounding  what rounding in the layer's own precision makes of the gradient, by leaf, as a norm
    units     root mean square of each leaf
    """

    gradient: Gradient
    adjoint: Adjoint
    solver: Mapping[str, float]
    rounding: Mapping[str, float]
    units: Mapping[str, float]

    def relative(self, norms: Mapping[str, float], target: float) -> dict[str, float]:
        """Norms by leaf, relative to the leaf's gradient, or to `target` of all where that is larger.

        All is the whole gradient as it is, or in units of each leaf, whichever is less: beside an input that
        is a million times larger than the weights all of these would not count.
        """
        whole = total(self.gradient)
        in_units = total({name: self.units[name] * part for name, part in self.gradient.items()})
        scales = {
            name: max(size(part), target * min(whole, in_units / self.units[name])) or 1.0
            for name, part in self.gradient.items()
        }
        return {name: norm / scales[name] for name, norm in norms.items()}

    def errors(self, made: Gradient, target: float) -> dict[str, float]:
        """Relative error of another gradient, by leaf."""
        return self.relative(difference(made, self.gradient), target)


@dataclass(frozen=True)
class Difference:
    """A directional derivative by central differences through two pairs of equilibria, and by the gradient.

    fine, coarse  differences with one step and with twice that
    kink          how far `claimed` may be off `fine` because f has a kink there
    claimed       by the gradient
    scale         standard deviation of the derivative over random directions
    solves        how far the residuals of the equilibria may move `fine`
    found         whether all four equilibria were found
    """

    fine: float
    coarse: float
    kink: float
    claimed: float
    scale: float
    solves: float
    found: bool

    @property
    def budget(self) -> dict[str, float]:
        """How far `fine` may be off, by its causes.

        Differences are of second order: halving the step leaves a third of the change; all of it is taken.
        """
        return {"step": abs(self.coarse - self.fine), "kink": self.kink, "equilibria": self.solves}


def size(array: Array) -> float:
    """Euclidean norm."""
    return float(np.linalg.norm(array))


def total(gradient: Gradient) -> float:
    """Norm over all leaves."""
    return float(np.sqrt(sum(size(part) ** 2 for part in gradient.values())))


def difference(one: Gradient, other: Gradient) -> dict[str, float]:
    """Norm of what two gradients differ by, by leaf."""
    return {name: size(one[name] - other[name]) for name in one}


def backward(layer: nn.Module, inputs: tuple[Tensor, ...], cotangent: Array) -> Backward:
    """The layer's own backward pass for the loss <cotangent, z*>, on a copy.

    It is `backward()`, as in training: some layers add to the gradients of their parameters themselves.
    """
    layer, inputs = copied(layer, inputs, double=False)
    output = output_of(layer, inputs)
    leaves = Cell(layer, _no_map, inputs, output.shape, output.dtype).leaves
    layer.zero_grad()
    if output.requires_grad:
        g = torch.as_tensor(cotangent, dtype=output.dtype, device=output.device).reshape(output.shape)
        torch.autograd.backward(output, g)
    return Backward(flattened(output), named(leaves, [leaf.grad for leaf in leaves.values()]))


def _no_map(*_: object) -> Tensor:
    raise NotImplementedError


def implicit(linear: Linear, cotangent: Array) -> tuple[Adjoint, Gradient]:
    """The implicit gradient as it follows from a linearised equation."""
    solved = adjoint(linear, cotangent)
    return solved, linear.pull(solved.v)


def reference(
    own: Cell,
    tight: Cell,
    at: Equilibrium,
    cotangent: Array,
    inverse: float,
    random: np.random.Generator,
) -> Reference:
    """The implicit gradient at a tight equilibrium, with what its solves and the layer's rounding change."""
    linear = tight.at(at.z)
    solved, gradient = implicit(linear, cotangent)
    left = linear.pull(solve(linear.vjp, solved.residual))
    moved = at.z + solve(linear.jvp, at.gap)
    _, beside = implicit(tight.at(moved), cotangent)
    solver = {
        name: 2 * size(left[name]) + 2 * off + DOUBLE * inverse * size(gradient[name])
        for name, off in difference(gradient, beside).items()
    }
    rounding = _rounding(own, tight, at, cotangent, solved, gradient, random)
    return Reference(gradient, solved, solver, rounding, _units(tight))


def _units(cell: Cell) -> dict[str, float]:
    """Root mean square of each leaf, by name."""
    found = {name: float(leaf.detach().square().mean().sqrt()) for name, leaf in cell.leaves.items()}
    return {name: size or UNIT for name, size in found.items()}


def _rounding(
    own: Cell,
    tight: Cell,
    at: Equilibrium,
    cotangent: Array,
    solved: Adjoint,
    gradient: Gradient,
    random: np.random.Generator,
) -> dict[str, float]:
    """What rounding in the layer's own precision makes of the gradient, by leaf, as a norm.

    That of f moves the equilibrium by (I - J)^-1 of it, that of J^T v the adjoint solution by (I - J^T)^-1 of
    it. Both are measured, at the solutions and next to them, since one sample of an error may lie across the
    direction that I - J magnifies, and put through these solves.
    """
    linear = tight.at(at.z)
    spread = float(np.sqrt(torch.finfo(own.dtype).eps))
    squares = dict.fromkeys(gradient, 0.0)
    for sample in range(SAMPLES):
        z, v = (
            exact * (1 + (spread * random.standard_normal(exact.size) if sample else 0.0))
            for exact in (at.z, solved.v)
        )
        exact, rounded = tight.at(z), own.at(z)
        shaken = at.z + solve(linear.jvp, own(z) - tight(z))
        _, beyond = implicit(tight.at(shaken), cotangent)
        turned = linear.pull(solve(linear.vjp, rounded.vjp(v) - exact.vjp(v)))
        pulled = difference(rounded.pull(v), exact.pull(v))
        for name, off in difference(gradient, beyond).items():
            squares[name] += (off + size(turned[name]) + pulled[name]) ** 2
    return {name: ROUNDING * float(np.sqrt(square / SAMPLES)) for name, square in squares.items()}


def finite_difference(
    tight: Cell,
    at: Equilibrium,
    cotangent: Array,
    found: Reference,
    inverse: float,
    random: np.random.Generator,
) -> Difference:
    """The derivative of <cotangent, z*> in a random direction of parameters and inputs, by new equilibria."""
    scales, gradient = found.units, found.gradient
    direction = {name: scales[name] * random.standard_normal(part.size) for name, part in gradient.items()}
    made = []
    for step in STEPS:
        moved, residual, all_found = _moved(tight, at, direction, step)
        values = {steps: float(cotangent @ there) for steps, there in moved.items()}
        made.append(
            Difference(
                fine=(values[1] - values[-1]) / (2 * step),
                coarse=(values[2] - values[-2]) / (4 * step),
                kink=_kink(tight.at(at.z), moved, found.adjoint.v) / (2 * step),
                claimed=float(sum(direction[name] @ part for name, part in gradient.items())),
                scale=float(
                    np.sqrt(sum((scales[name] * size(part)) ** 2 for name, part in gradient.items()))
                ),
                solves=size(cotangent) * inverse * (residual + DOUBLE * size(at.z)) / step,
                found=all_found,
            )
        )
        if not all_found or sum(made[-1].budget.values()) <= SHARP * made[-1].scale:
            break
    return min(made, key=lambda one: sum(one.budget.values()))


def _kink(linear: Linear, moved: Mapping[int, Array], v: Array) -> float:
    """How far z* moves to and fro in first order, as seen through the adjoint solution v.

    In a kink, as that of relu at 0 where a sample is padded, torch takes the slope of one side. What f adds
    to that on the way to either side has one sign, so that the derivative is off by at most half of the sum.
    Where f only bends nothing is left: what is of second order goes out of this combination of steps.
    """
    left = 2 * (moved[1] + moved[-1]) - (moved[2] + moved[-2]) / 2
    return float(np.abs(v) @ np.abs(left - linear.jvp(left)))


def _moved(
    cell: Cell, at: Equilibrium, direction: Mapping[str, Array], step: float
) -> tuple[dict[int, Array], float, bool]:
    """By how much z* moves, to four places; the largest residual; whether all were found."""
    kept = {name: leaf.detach().clone() for name, leaf in cell.leaves.items()}
    moved: dict[int, Array] = {}
    residual, found = 0.0, True
    for steps in (-2, -1, 1, 2):
        _move(cell, kept, direction, steps * step)
        there = equilibrium(cell, at.z)
        moved[steps] = there.z - at.z
        residual, found = max(residual, there.residual), found and there.found
    _move(cell, kept, direction, 0.0)
    return moved, residual, found


def _move(cell: Cell, start: Mapping[str, Tensor], direction: Mapping[str, Array], share: float) -> None:
    with torch.no_grad():
        for name, leaf in cell.leaves.items():
            step = torch.as_tensor(direction[name], dtype=leaf.dtype, device=leaf.device)
            leaf.copy_(start[name] + share * step.reshape(leaf.shape))


#: A gradient is told to be another one when it is nearer to that than to the implicit one by this factor.
NEARER = 0.1


def resembled(tight: Cell, at: Equilibrium, cotangent: Array, solved: Adjoint, made: Gradient) -> str:
    """Which known mistake a wrong gradient comes from, in words; "" where it is none of them."""
    if not np.isfinite(total(made)):
        return "it is not finite: the backward solver diverges"
    linear = tight.at(at.z)
    right = linear.pull(solved.v)
    mistakes = {
        "it is 0: the output is detached from the graph": {
            name: np.zeros_like(part) for name, part in right.items()
        },
        "it is F^T g, the gradient of one step: the solve with I - J^T is missing": linear.pull(cotangent),
        "it is F^T (I - J)^-1 g: the backward pass has J where J^T belongs": linear.pull(
            solve(linear.jvp, cotangent)
        ),
        "it is F^T J^T (I - J^T)^-1 g: one Jacobian too many": linear.pull(linear.vjp(solved.v)),
        "it is F^T (I + J^T)^-1 g: the sign of J^T is wrong": linear.pull(
            solve(lambda v: -linear.vjp(v), cotangent)
        ),
        "it has the opposite sign": {name: -part for name, part in right.items()},
    }
    off = total({name: made[name] - part for name, part in right.items()})
    for words, mistaken in mistakes.items():
        if total({name: made[name] - part for name, part in mistaken.items()}) < NEARER * off:
            return words
    return ""
