"""Gradients of implicit ReLU networks by libraries, and the matrix products that none can do without."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from verify.relu_deq.features import ScaledRelu
from verify.relu_deq.model import ImplicitReLU, ReluState
from verify.relu_deq.parameters import Parameters

#: Gradients of ``||yhat - y||^2 / 2`` in A, W, u and, where there is one, v.
Gradient = Callable[[], Sequence[NDArray[Any]]]


def bare_products(state: ReluState) -> Callable[[], None]:
    """The matrix products of a gradient from cold, and nothing else."""
    inputs, theta, z, p = state.inputs, state.theta, state.z, state.p

    def call() -> None:
        theta.w @ inputs
        for _ in range(state.sweeps):
            theta.a @ z
        for _ in range(state.adjoint_sweeps):
            theta.a.T @ p
        p @ z.T
        state.c @ inputs.T

    return call


def deq_gradient(
    model: ImplicitReLU, theta: Parameters, targets: NDArray[Any], accuracy: float, solver: str
) -> Gradient:
    """By torchdeq's implicit differentiation, to a relative residual; samples are rows, as it wants them.

    Its default is an absolute residual, which float32 never reaches: it would iterate to the end each time.
    """
    from torchdeq import get_deq

    deq = get_deq(
        f_solver=solver,
        b_solver=solver,
        f_stop_mode="rel",
        b_stop_mode="rel",
        ift=True,
        f_tol=accuracy,
        b_tol=accuracy,
        f_max_iter=100,
        b_max_iter=100,
    )
    leaves = [torch.tensor(part, requires_grad=True) for part in theta.parts.values()]
    inputs, labels = torch.tensor(model.inputs.T), torch.tensor(targets).to(leaves[0].dtype)
    divisor = model.features.divisor if isinstance(model.features, ScaledRelu) else None

    def call() -> Sequence[NDArray[Any]]:
        a, w, u, *v = leaves
        for leaf in leaves:
            leaf.grad = None
        before = inputs @ w.T
        phi = before if divisor is None else torch.relu(before) / divisor
        scaled = a.T if model.coupling == 1 else model.coupling * a.T
        found, _ = deq(lambda z: torch.relu(z @ scaled + phi), phi.detach())
        outputs = found[-1] @ u
        for skip in v:
            outputs = outputs + phi @ skip
        (0.5 * ((outputs - labels) ** 2).sum()).backward()
        return [leaf.grad.numpy() for leaf in leaves if leaf.grad is not None]

    return call


def jax_gradient(model: ImplicitReLU, theta: Parameters, targets: NDArray[Any], state: ReluState) -> Gradient:
    """Our two iterations and products, as many sweeps as in `state`, compiled by JAX."""
    jax: Any = import_module("jax")
    jax.config.update("jax_enable_x64", True)
    jnp = jax.numpy
    divisor = model.features.divisor if isinstance(model.features, ScaledRelu) else None

    @jax.jit
    def found(a, w, u, v, inputs, labels):  # type: ignore[no-untyped-def]
        before = w @ inputs
        phi = before if divisor is None else jnp.maximum(before, 0) / divisor
        coupled = model.coupling * a

        def forward(_, z):  # type: ignore[no-untyped-def]
            return jnp.maximum(coupled @ z + phi, 0)

        z = jax.lax.fori_loop(0, state.sweeps, forward, phi)

        def backward(_, p):  # type: ignore[no-untyped-def]
            return (z > 0) * (coupled.T @ p + u[:, None])

        p = jax.lax.fori_loop(0, state.adjoint_sweeps, backward, (z > 0) * u[:, None])
        r, c = u @ z - labels, p
        if v is not None:
            r, c = r + v @ phi, p + v[:, None]
        if divisor is not None:
            c = (before > 0) * c / divisor
        gradients = ((p * (model.coupling * r)) @ z.T, (c * r) @ inputs.T, z @ r)
        return gradients if v is None else (*gradients, phi @ r)

    parts: list[Any] = [jnp.asarray(part) for part in theta.parts.values()]
    parts += [None] * (4 - len(parts))
    rest = jnp.asarray(model.inputs), jnp.asarray(targets.astype(model.inputs.dtype))

    def call() -> Sequence[NDArray[Any]]:
        return [np.asarray(part) for part in jax.block_until_ready(found(*parts, *rest))]

    return call
