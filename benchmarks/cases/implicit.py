"""What the two implicit ReLU networks share: a gradient from cold, and descent from step to step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.kernels import Duel, Kernel, Sizes
from benchmarks.peers import peer
from benchmarks.peers.implicit import bare_products, deq_gradient, jax_gradient
from verify.relu_deq.descent import trajectory
from verify.relu_deq.model import ReluState

#: Relative accuracy of equilibria and adjoints.
ACCURACY = 1e-6

#: How far gradients from such equilibria may be apart, in float64 and in float32.
ALLOWED = {"float64": 1e-4, "float32": 1e-3}


def gradient_duel(state: ReluState, targets: NDArray[np.float64]) -> Duel:
    """The gradient from cold at the parameters of a state of accuracy `ACCURACY`."""
    model, theta = state.model, state.theta

    def ours() -> Sequence[NDArray[Any]]:
        found = model.at(theta, accuracy=ACCURACY)
        return list(found.gradients(found.output - targets).parts.values())

    def by_torchdeq(solver: str) -> Callable[[], Any]:
        return deq_gradient(model, theta, targets, ACCURACY, solver)

    others = {
        "torchdeq, Anderson": peer("torchdeq", lambda: by_torchdeq("anderson")),
        "torchdeq, fixed point": peer("torchdeq", lambda: by_torchdeq("fixed_point_iter")),
        "JAX, our iteration, jitted": peer("jax", lambda: jax_gradient(model, theta, targets, state)),
        "bare matrix products": bare_products(state),
    }
    return Duel(ours, others, ALLOWED[str(state.z.dtype)])


def gradient_kernel(
    name: str, title: str, duel: Callable[..., Duel], sizes: Sequence[Sizes], quick: bool
) -> Kernel:
    """Gradients at these sizes, the largest in float32, too; small ones where it should be `quick`."""
    sizes = [*sizes, {**sizes[-1], "precision": "float32"}]
    sweeps: dict[str, Sequence[int]] = {
        "m": (200, 400, 600, 800),
        "n": (100, 200, 400, 800),
        "d": (100, 200, 400, 800),
    }
    if quick:
        sizes = [{"m": m, "n": 20, "d": 10} for m in (20, 30, 40, 60)]
        sweeps = {"m": (30, 60, 120), "n": (10, 20, 40), "d": (5, 10, 20)}
    base = {"m": 60, "n": 20, "d": 10} if quick else {"m": 400, "n": 300, "d": 100}
    return Kernel(name, title, duel, sizes, base, sweeps)


def descent_products(
    state: ReluState, targets: NDArray[np.float64], step: float, steps: int
) -> dict[str, Any]:
    """Products with A and A^T over descent steps, warm and extrapolated, and of as many states from cold."""
    warm = cold = 0
    for now in islice(trajectory(state, targets, step), 1, steps + 1):
        fresh = state.model.at(now.theta, accuracy=state.accuracy)
        warm += now.sweeps + now.adjoint_sweeps
        cold += fresh.sweeps + fresh.adjoint_sweeps
    return {"steps": steps, "warm": warm, "cold": cold, "ratio": warm / cold}
