"""The ReLU network's kernels beside what a user would write instead, as ratios in one run.

    pip install -r benchmarks/requirements.txt
    python benchmarks/relu_network.py [--quick]

Two BLAS threads at most. A time is the best of several repeats, taken in turns; ratios compare
neighbours on the same machine.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import islice
from typing import Literal

import numpy as np
import threadpoolctl
import torch

from verify.flow.adaptive import integrate
from verify.numerics.arrays import Placement
from verify.relu_deq.descent import trajectory
from verify.relu_deq.model import ImplicitReLU, ReluState
from verify.relu_deq.parameters import Parameters
from verify.relu_deq.problem import LeastSquares


def best_times(calls: Mapping[str, Callable[[], object]], repeats: int = 5) -> dict[str, float]:
    """Seconds of the fastest of a few calls each, in turns, so that a busy moment hits all alike."""
    best = dict.fromkeys(calls, np.inf)
    for _ in range(repeats):
        for name, call in calls.items():
            begun = time.perf_counter()
            call()
            best[name] = min(best[name], time.perf_counter() - begun)
    return best


def network(
    width: int, samples: int, dimension: int, gamma: float = 0.25
) -> tuple[ImplicitReLU, Parameters, np.ndarray]:
    """Gaussian unit inputs, random parameters and random signs for labels."""
    rng = np.random.default_rng(0)
    inputs = rng.standard_normal((dimension, samples))
    inputs /= np.linalg.norm(inputs, axis=0)
    theta = Parameters.random(width, dimension, rng)
    return ImplicitReLU.scaled(inputs, width, gamma), theta, rng.choice([-1.0, 1.0], size=samples)


def gradient(width: int, samples: int, dimension: int, dtype: Literal["float64", "float32"]) -> list[str]:
    """One full gradient from cold, relative accuracy 1e-6, beside its bare products and its peers."""
    model, theta, targets = network(width, samples, dimension)
    placement = Placement(dtype)
    model = replace(model, inputs=placement.put(model.inputs))
    theta = theta.mapped(placement.put)
    state = model.at(theta, accuracy=1e-6)
    ours = own_gradient(model, theta, targets)
    peers = {
        "torchdeq, Anderson, its default": deq_gradient(model, theta, targets, "anderson"),
        "torchdeq, fixed point": deq_gradient(model, theta, targets, "fixed_point_iter"),
        "JAX, the same iteration jitted": jax_gradient(model, theta, targets, state),
    }
    calls = {"ours": ours, "bare": bare_products(state), **peers}
    seconds = best_times(calls)
    exact = ours().a
    what = f"gradient, m = {width}, n = {samples}, d = {dimension}, {dtype}, cold, 1e-6"
    mine = 1e3 * seconds["ours"]
    rows = [
        f"| {what} | {mine:.0f} ms | its bare products {1e3 * seconds['bare']:.0f} ms | "
        f"{seconds['ours'] / seconds['bare']:.2f} x of them |"
    ]
    for name, call in peers.items():
        apart = np.linalg.norm(call() - exact) / np.linalg.norm(exact)
        rows.append(
            f"| the same | {mine:.0f} ms | {name} {1e3 * seconds[name]:.0f} ms | "
            f"{seconds[name] / seconds['ours']:.1f} x faster, agree to {apart:.0e} |"
        )
    return rows


def own_gradient(model: ImplicitReLU, theta: Parameters, targets: np.ndarray) -> Callable[[], Parameters]:
    """One full gradient from cold, relative accuracy 1e-6."""

    def call() -> Parameters:
        found = model.at(theta, accuracy=1e-6)
        return found.gradients(found.output - targets)

    return call


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
    model: ImplicitReLU, theta: Parameters, targets: np.ndarray, solver: str
) -> Callable[[], np.ndarray]:
    """The gradient in A by torchdeq's implicit differentiation; samples are rows, as it wants them."""
    from torchdeq import get_deq

    deq = get_deq(
        f_solver=solver, b_solver=solver, ift=True, f_tol=1e-6, b_tol=1e-6, f_max_iter=100, b_max_iter=100
    )
    leaves = [torch.tensor(part, requires_grad=True) for part in vars(theta).values()]
    inputs, labels = torch.tensor(model.inputs.T), torch.tensor(targets).to(leaves[0].dtype)

    def call() -> np.ndarray:
        a, w, u, v = leaves
        for leaf in leaves:
            leaf.grad = None
        phi = torch.relu(inputs @ w.T) / np.sqrt(model.width)
        found, _ = deq(lambda z: torch.relu(model.coupling * (z @ a.T) + phi), phi.detach())
        (0.5 * ((found[-1] @ u + phi @ v - labels) ** 2).sum()).backward()
        assert a.grad is not None
        return a.grad.numpy()

    return call


def jax_gradient(
    model: ImplicitReLU, theta: Parameters, targets: np.ndarray, state: ReluState
) -> Callable[[], np.ndarray]:
    """The same two iterations and products, a given number of sweeps, compiled by JAX."""
    import jax

    jax.config.update("jax_enable_x64", True)
    jnp, root = jax.numpy, float(np.sqrt(model.width))
    dtype = model.inputs.dtype

    @jax.jit
    def found(a, w, u, v, inputs, labels):  # type: ignore[no-untyped-def]
        before = w @ inputs
        phi = jnp.maximum(before, 0) / root

        def forward(_, z):  # type: ignore[no-untyped-def]
            return jnp.maximum(model.coupling * (a @ z) + phi, 0)

        z = jax.lax.fori_loop(0, state.sweeps, forward, phi)

        def backward(_, p):  # type: ignore[no-untyped-def]
            return (z > 0) * (model.coupling * (a.T @ p) + u[:, None])

        p = jax.lax.fori_loop(0, state.adjoint_sweeps, backward, (z > 0) * u[:, None])
        r = u @ z + v @ phi - labels
        c = (before > 0) * (p + v[:, None]) / root
        return (p * (model.coupling * r)) @ z.T, (c * r) @ inputs.T, z @ r, phi @ r

    arrays = [jnp.asarray(part) for part in (*vars(theta).values(), model.inputs, targets.astype(dtype))]

    def call() -> np.ndarray:
        return np.asarray(jax.block_until_ready(found(*arrays))[0])

    return call


def warm_starts(width: int, samples: int, dimension: int, steps: int = 50) -> str:
    """Products over descent steps: warm and extrapolated against cold, at equal accuracy."""
    model, theta, targets = network(width, samples, dimension)
    start = model.at(theta, accuracy=1e-6)
    return f"| {steps} descent steps of 1e-3/n, m = {width}, n = {samples} " + products_of_steps(
        start, targets, 1e-3 / samples, steps
    )


def products_of_steps(start: ReluState, targets: np.ndarray, size: float, steps: int) -> str:
    """The rest of a row: products of descent steps, and of as many states from cold."""
    warm = cold = 0
    for state in islice(trajectory(start, targets, size), 1, steps + 1):
        fresh = start.model.at(state.theta, accuracy=start.accuracy)
        warm += state.sweeps + state.adjoint_sweeps
        cold += fresh.sweeps + fresh.adjoint_sweeps
    return f"| {warm} products | cold {cold} | {warm / cold:.2f} of them |"


def flow(width: int = 300, samples: int = 50, horizon: float = 20.0) -> list[str]:
    """Network evaluations and error in log ||r||^2 to a horizon, beside dopri5 on all parameters."""
    model, theta, targets = network(width, samples, samples)
    start = LeastSquares(model.at(theta), targets, 1e-2)
    reference = _log_loss(start, horizon, 1e-5)[0]
    tolerances, rtols = (1e-2, 1e-3, 1e-4), (1e-3, 1e-5)
    ours = {tolerance: timed(_log_loss, start, horizon, tolerance) for tolerance in tolerances}
    peers = {rtol: timed(_dopri5, model, theta, targets, horizon, rtol) for rtol in rtols}
    rows = []
    for tolerance, ((found, evaluations), seconds) in ours.items():
        error = abs(found - reference)
        # The cheapest run of the peer that is as accurate, or its most accurate one.
        fits = [rtol for rtol, ((value, _), _) in peers.items() if abs(value - reference) <= error]
        (value, count), peer_seconds = peers[fits[0] if fits else rtols[-1]]
        rows.append(
            f"| flow to {horizon:g}, m = {width}, n = {samples}, tolerance {tolerance:g} | {evaluations} "
            f"evaluations, {seconds:.2f} s, log loss fell by {reference_fall(start, reference):.0f}, off by "
            f"{error:.1e} | torchdiffeq dopri5 {count}, {peer_seconds:.1f} s, off by "
            f"{abs(value - reference):.1e} | {count / evaluations:.0f} x fewer, "
            f"{peer_seconds / seconds:.0f} x faster |"
        )
    return rows


def reference_fall(start: LeastSquares, reference: float) -> float:
    """By how much log ||r||^2 fell."""
    return 2 * float(np.log(np.linalg.norm(start.residual))) - reference


def timed(function: Callable[..., tuple[float, int]], *arguments: object) -> tuple[tuple[float, int], float]:
    """What a call returns, and its seconds."""
    begun = time.perf_counter()
    found = function(*arguments)
    return found, time.perf_counter() - begun


def _log_loss(start: LeastSquares, horizon: float, tolerance: float) -> tuple[float, int]:
    *_, last = integrate(start, [0.0, horizon], tolerance, lambda _: False)
    return 2 * float(np.log(np.linalg.norm(last.at.residual))), last.evaluations


def _dopri5(
    model: ImplicitReLU, theta: Parameters, targets: np.ndarray, horizon: float, rtol: float
) -> tuple[float, int]:
    """torchdiffeq driving a hand-written implicit layer: fixed point by iteration, gradient by adjoint."""
    from torchdiffeq import odeint

    torch_model = replace(model, inputs=torch.tensor(model.inputs))
    count = 0

    def at(parts: tuple[torch.Tensor, ...]) -> ReluState:
        return torch_model.at(Parameters(*parts), accuracy=1e-10)

    def velocity(_: torch.Tensor, parts: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        nonlocal count
        count += 1
        state = at(parts)
        return tuple(vars(state.gradients(targets - state.output)).values())

    start = tuple(torch.tensor(part) for part in vars(theta).values())
    times = torch.tensor([0.0, horizon], dtype=torch.float64)
    ends = odeint(velocity, start, times, method="dopri5", rtol=rtol, atol=1e-3 * rtol)
    last = at(tuple(part[-1] for part in ends))
    return 2 * float(np.log(np.linalg.norm(last.output - targets))), count


def main() -> None:
    quick = "--quick" in sys.argv[1:]
    wide = (300, 300, 100) if quick else (1000, 1000, 784)
    with threadpoolctl.threadpool_limits(limits=2):
        torch.set_num_threads(2)
        print("| what | ours | instead | ratio |\n|---|---|---|---|")
        for dtype in ("float64", "float32"):
            for row in gradient(*wide, dtype):
                print(row, flush=True)
        print(warm_starts(*wide, steps=10 if quick else 50), flush=True)
    with threadpoolctl.threadpool_limits(limits=1):
        torch.set_num_threads(1)
        for row in flow():
            print(row, flush=True)


if __name__ == "__main__":
    main()
