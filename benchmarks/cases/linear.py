"""The deep equilibrium linear model's right-hand side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.kernels import Duel, Kernel, Sizes
from benchmarks.peers import peer
from benchmarks.peers.linear import LinearLoss, jax_gradient, torch_gradient
from verify.linear_deq.model import DeepEquilibriumLinear, LinearState, softmax
from verify.linear_deq.resolvent import DEFLATED_FROM_WIDTH, LUResolvent
from verify.losses.square import SquareObjective

Array = NDArray[np.float64]

GAMMA = 0.8


def drawn(m: int, m_y: int, n: int) -> tuple[DeepEquilibriumLinear, Array, Array, Array]:
    """The model with random features (m, n), targets (m_y, n) and parameters (size,)."""
    rng = np.random.default_rng(0)
    model = DeepEquilibriumLinear(m, m_y, GAMMA)
    features = rng.standard_normal((m, n)) / np.sqrt(n)
    targets = rng.standard_normal((m_y, n))
    theta = model.pack(rng.standard_normal((m, m)), rng.standard_normal((m_y, m)) / np.sqrt(m))
    return model, features, targets, theta


def duel(m: int, m_y: int, n: int) -> Duel:
    """The gradient of the square loss in A and B."""
    model, features, targets, theta = drawn(m, m_y, n)
    objective = SquareObjective(features, targets)
    a, b = model.unpack(theta)
    loss = LinearLoss(a, b, model.gamma, features, targets)

    def ours() -> tuple[Array, Array]:
        return model.unpack(model.gradient(theta, objective)[0])

    def by_lu() -> tuple[Array, Array]:
        stochastic = softmax(a)
        solver = LUResolvent(stochastic, model.gamma)
        state = LinearState(a, b, model.gamma, stochastic, solver, solver.solve(b))
        return state.gradients(objective.excess_and_gradient(state.q)[1])

    others = {
        "torch autograd, z of each sample": torch_gradient(loss, readout_first=False),
        "torch autograd, Q first": torch_gradient(loss, readout_first=True),
        "JAX, Q first, jitted": peer("jax", lambda: jax_gradient(loss)),
    }
    if m >= DEFLATED_FROM_WIDTH:
        others["ours with one LU, as for narrower models"] = by_lu
    return Duel(ours, others, allowed=1e-10)


def kernel(quick: bool) -> Kernel:
    """Right-hand sides from widths of the suite's defaults up to where LU gives way to the iteration."""
    sizes: list[Sizes] = [
        {"m": m, "m_y": 10, "n": n} for m, n in ((32, 200), (64, 500), (256, 1000), (768, 1000))
    ]
    sweeps: dict[str, Sequence[int]] = {
        "m": (64, 128, 256, 448),
        "n": (125, 250, 500, 1000),
        "m_y": (4, 8, 16, 32, 64),
    }
    if quick:
        sizes = [{"m": m, "m_y": 5, "n": 40} for m in (8, 16, 24, 32)]
        sweeps = {"m": (8, 16, 32), "n": (20, 40, 80), "m_y": (2, 4, 8)}
    base = {"m": 32, "m_y": 5, "n": 40} if quick else {"m": 256, "m_y": 10, "n": 500}
    return Kernel("linear", "Deep equilibrium linear model: right-hand side", duel, sizes, base, sweeps)
