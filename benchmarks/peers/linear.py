"""Gradients of the linear models by automatic differentiation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

Array = NDArray[np.float64]

Gradient = Callable[[], tuple[Array, Array]]


@dataclass(frozen=True)
class LinearLoss:
    """``||B (I - gamma softmax(A))^{-1} Phi - Y||^2`` and where its gradient is wanted.

    a         A, (m, m)
    b         B, (m_y, m)
    gamma     in (0, 1)
    features  Phi, (m, n)
    targets   Y, (m_y, n)
    """

    a: Array
    b: Array
    gamma: float
    features: Array
    targets: Array


def torch_gradient(loss: LinearLoss, *, readout_first: bool) -> Gradient:
    """By torch: equilibria of all samples, as the model is written, or the smaller ``Q = B U^{-1}`` first."""
    a, b = (torch.tensor(part, requires_grad=True) for part in (loss.a, loss.b))
    phi, y, eye = torch.tensor(loss.features), torch.tensor(loss.targets), torch.eye(len(loss.a)).to(a.dtype)

    def call() -> tuple[Array, Array]:
        a.grad = b.grad = None
        u = eye - loss.gamma * torch.softmax(a, dim=0)
        if readout_first:
            outputs = torch.linalg.solve(u, b, left=False) @ phi
        else:
            outputs = b @ torch.linalg.solve(u, phi)
        ((outputs - y) ** 2).sum().backward()
        return found(a, b)

    return call


def found(*leaves: torch.Tensor) -> Any:
    """The gradients of leaves, on the host."""
    gradients = [leaf.grad for leaf in leaves]
    return tuple(gradient.numpy() for gradient in gradients if gradient is not None)


def torch_quotient_gradient(a: Array, m: Array, features: Array, targets: Array) -> Gradient:
    """Of ``||M^{-1} A X - Y||^2`` in A (k, d) and M (k, k), W = M^{-1} A first."""
    leaves = [torch.tensor(part, requires_grad=True) for part in (a, m)]
    x, y = torch.tensor(features), torch.tensor(targets)

    def call() -> tuple[Array, Array]:
        for leaf in leaves:
            leaf.grad = None
        ((torch.linalg.solve(leaves[1], leaves[0]) @ x - y) ** 2).sum().backward()
        return found(*leaves)

    return call


def jax_gradient(loss: LinearLoss) -> Gradient:
    """By JAX, compiled, ``Q = B U^{-1}`` first."""
    jax: Any = import_module("jax")
    jax.config.update("jax_enable_x64", True)
    jnp, phi, y = jax.numpy, jax.numpy.asarray(loss.features), jax.numpy.asarray(loss.targets)

    def value(a: Any, b: Any) -> Any:
        u = jnp.eye(len(loss.a)) - loss.gamma * jax.nn.softmax(a, axis=0)
        return jnp.sum((jnp.linalg.solve(u.T, b.T).T @ phi - y) ** 2)

    gradient = jax.jit(jax.grad(value, (0, 1)))
    a, b = jnp.asarray(loss.a), jnp.asarray(loss.b)

    def call() -> tuple[Array, Array]:
        d_a, d_b = jax.block_until_ready(gradient(a, b))
        return np.asarray(d_a), np.asarray(d_b)

    return call
