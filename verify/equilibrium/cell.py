"""The map of an implicit layer as a function of flat vectors, and its Jacobian by products."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from verify.theorem.errors import InputError, in_words

Array = NDArray[np.float64]

#: ``map(layer, z, *inputs)``: the map f whose fixed point the layer returns.
Map = Callable[..., Tensor]

#: Two evaluations of a deterministic map in float64 differ by no more than this, relatively.
REPEATABLE = 1e-9


#: Rounding of a map, relatively, in the least of precisions; what differs by more are two maps.
ROUNDED = 0.1

#: v^T (J u) and (J^T v)^T u differ by no more than this of the sizes of their factors.
TRANSPOSED = 1e-6


@dataclass(frozen=True)
class Cell:
    """A copy of a layer with its map and inputs; what is done to it the user's layer does not feel.

    layer   the copy
    map     ``map(layer, z, *inputs)``, of the shape of z
    inputs  copies, those of floating point with gradients
    shape   of z, a batch of samples where it has two axes or more
    dtype   of z
    """

    layer: nn.Module
    map: Map
    inputs: tuple[Tensor, ...]
    shape: torch.Size
    dtype: torch.dtype

    @property
    def device(self) -> torch.device:
        """Where z is."""
        return self.inputs[0].device

    @property
    def leaves(self) -> Mapping[str, Tensor]:
        """What there are gradients in, by name: parameters and inputs."""
        named: dict[str, Tensor] = {
            name: part for name, part in self.layer.named_parameters() if part.requires_grad
        }
        several = len(self.inputs) > 1
        for place, one in enumerate(self.inputs):
            if one.requires_grad:
                named[f"input {place + 1}" if several else "input"] = one
        return named

    def tensor(self, flat: Array) -> Tensor:
        """A flat vector (n,) as a z."""
        return torch.as_tensor(flat, dtype=self.dtype, device=self.device).reshape(self.shape)

    def evaluate(self, z: Tensor) -> Tensor:
        """f(z); InputError where it is no map of z into its space."""
        try:
            found = self.map(self.layer, z, *self.inputs)
        except Exception as problem:
            raise InputError(
                f"map(layer, z, *inputs) raised {in_words(problem)} for z of shape {tuple(self.shape)}, "
                f"{self.dtype}: give map=lambda layer, z, x: ..., which applies the layer's map once and is "
                "in no way bound to the dtype float32 or to the layer outside of it"
            ) from problem
        if not isinstance(found, Tensor) or found.shape != self.shape:
            what = tuple(found.shape) if isinstance(found, Tensor) else type(found).__name__
            raise InputError(
                f"map(layer, z, *inputs) returned {what} for z of shape {tuple(self.shape)}: it should "
                "return a tensor of the shape of the layer's output"
            )
        return found

    def __call__(self, flat: Array) -> Array:
        """f of a flat vector (n,), as one."""
        with torch.no_grad():
            return flattened(self.evaluate(self.tensor(flat)))

    def at(self, flat: Array) -> Linear:
        """f linearised at a flat vector (n,)."""
        z = self.tensor(flat).requires_grad_()
        with torch.enable_grad():
            return Linear(z, self.evaluate(z), self.leaves)


class Linear:
    """Products with the Jacobian J = df/dz at a point, and with F = df/d(parameters and inputs)."""

    def __init__(self, z: Tensor, value: Tensor, leaves: Mapping[str, Tensor]) -> None:
        self._z, self._value, self._leaves = z, value, leaves
        self.size = z.numel()
        # J u is the derivative of the linear function v -> J^T v: two passes backwards, and no forward mode,
        # which functions written by hand lack.
        self._v = torch.zeros_like(value, requires_grad=True)
        self._pulled: Tensor | None = None

    def vjp(self, v: Array) -> Array:
        """J^T v, all of shape (n,)."""
        found = _gradients(self._value, [self._z], self._like(v))[0]
        return np.zeros(self.size) if found is None else flattened(found)

    def jvp(self, u: Array) -> Array:
        """J u, all of shape (n,)."""
        if self._pulled is None:
            self._pulled = _gradients(self._value, [self._z], self._v, create_graph=True)[0]
        if self._pulled is None or not self._pulled.requires_grad:
            return np.zeros(self.size)
        found = _gradients(self._pulled, [self._v], self._like(u))[0]
        return np.zeros(self.size) if found is None else flattened(found)

    def pull(self, v: Array) -> dict[str, Array]:
        """F^T v by leaf, flat; zeros where f does not depend on it."""
        found = _gradients(self._value, list(self._leaves.values()), self._like(v))
        return named(self._leaves, found)

    def depends_on(self) -> set[str]:
        """The leaves that f has a graph to."""
        found = _gradients(self._value, list(self._leaves.values()), torch.zeros_like(self._value))
        return {name for name, one in zip(self._leaves, found, strict=True) if one is not None}

    def require_transposes(self) -> None:
        """InputError where the two products belong to different matrices.

        Torch takes for constant what a backward pass makes without it, in numpy or in a kernel of its own: no
        second derivative is missing then, and J u is that of the other terms.
        """
        u, v = np.random.default_rng(0).standard_normal((2, self.size))
        forward, back = self.jvp(u), self.vjp(v)
        scale = np.linalg.norm(v) * np.linalg.norm(forward) + np.linalg.norm(back) * np.linalg.norm(u)
        if abs(v @ forward - back @ u) > TRANSPOSED * scale:
            raise InputError(
                "the map cannot be differentiated twice, for J u: a backward() in it is itself no operation "
                "of torch's, and J u and J^T v disagree; give a map= of operations that torch "
                "differentiates twice"
            )

    def _like(self, v: Array) -> Tensor:
        return torch.as_tensor(v, dtype=self._value.dtype, device=self._value.device).reshape(
            self._value.shape
        )


def _gradients(value: Tensor, of: list[Tensor], v: Tensor, create_graph: bool = False) -> list[Tensor | None]:
    if not value.requires_grad:
        return [None] * len(of)
    try:
        found = torch.autograd.grad(
            value, of, v, retain_graph=True, create_graph=create_graph, allow_unused=True
        )
    except RuntimeError as problem:
        raise InputError(
            f"the map cannot be differentiated, twice for J u: {in_words(problem)}; give a map= of "
            "operations that torch differentiates twice"
        ) from problem
    return list(found)


def named(leaves: Mapping[str, Tensor], found: list[Tensor | None]) -> dict[str, Array]:
    """Gradients by leaf, flat; zeros where there is none."""
    return {
        name: np.zeros(leaf.numel()) if one is None else flattened(one.to_dense() if one.is_sparse else one)
        for (name, leaf), one in zip(leaves.items(), found, strict=True)
    }


def flattened(tensor: Tensor) -> Array:
    """A tensor as a flat vector in float64 on the host."""
    return np.asarray(tensor.detach().to("cpu", torch.float64).reshape(-1).numpy())


def copied(
    layer: nn.Module, inputs: tuple[Tensor, ...], double: bool
) -> tuple[nn.Module, tuple[Tensor, ...]]:
    """A copy of a layer and of its inputs, in float64 if asked for; gradients flow to the inputs, too."""
    try:
        found = copy.deepcopy(layer)
    except Exception as problem:
        raise InputError(
            f"the layer cannot be copied ({in_words(problem)}): copy.deepcopy(layer) must work, so keep no "
            "results of an earlier forward pass in it"
        ) from problem
    made = []
    for one in inputs:
        mine = one.detach().clone()
        if mine.is_floating_point():
            mine = (mine.double() if double else mine).requires_grad_()
        made.append(mine)
    return (found.double() if double else found), tuple(made)


def require_repeatable(cell: Cell, z: Array) -> None:
    """InputError where two evaluations of the map differ, or may: rare dropout leaves many alike."""
    before = torch.get_rng_state()
    first, second = cell(z), cell(z)
    drawn = not torch.equal(before, torch.get_rng_state())
    if not np.all(np.isfinite(first)):
        raise InputError("map(layer, z, *inputs) is not finite at the layer's output: mend that first")
    if drawn or np.linalg.norm(first - second) > REPEATABLE * np.linalg.norm(first):
        said = "draws random numbers" if drawn else "gave two values for one z"
        raise InputError(
            f"map(layer, z, *inputs) {said}: it has no fixed point; call layer.eval(), or fix its dropout "
            "masks over the iterations"
        )


def require_one_map(own: Cell, tight: Cell, z: Array) -> None:
    """InputError where the map in the layer's precision is another than in float64, by more than rounding."""
    first, second = own(z), tight(z)
    off, size = np.linalg.norm(first - second), max(np.linalg.norm(second), np.linalg.norm(z))
    if off > ROUNDED * size:
        raise InputError(
            f"map(layer, z, *inputs) in {own.dtype} and in float64 differ by {off / size:.2g} of its size, "
            "which is no rounding: it depends on what a forward pass leaves in the layer, such as a mask "
            "that is drawn there; call layer.eval(), or keep that over all passes"
        )


def output_of(layer: nn.Module, inputs: tuple[Tensor, ...]) -> Any:
    """What the layer returns, with its graph; InputError where it is no tensor of numbers."""
    with torch.enable_grad():
        found = layer(*inputs)
    if not isinstance(found, Tensor) or not found.is_floating_point():
        raise InputError(
            f"the layer returned {type(found).__name__}, where z* is needed, a tensor of floating point: "
            "wrap it in a module whose forward returns the equilibrium alone"
        )
    if not torch.isfinite(found).all():
        raise InputError(
            "the layer returned inf or nan for these inputs: its solver diverged; mend that first"
        )
    return found
