"""The ReLU network's kernels beside what a user would write instead, as ratios in one run.

    python benchmarks/relu_network.py [--quick]

One BLAS thread. A time is the best of several repeats; ratios compare neighbours on the same machine.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np
import threadpoolctl
import torch
from scipy.integrate import RK45

from verify.flow.exponential import integrate
from verify.models.relu import ImplicitReLU, Parameters, State
from verify.relu_flow import LeastSquares


def best_time(function: Callable[[], object], repeats: int = 3) -> float:
    """Seconds of the fastest of a few calls."""
    times = []
    for _ in range(repeats):
        begun = time.perf_counter()
        function()
        times.append(time.perf_counter() - begun)
    return min(times)


def network(
    width: int, samples: int, dimension: int, gamma: float = 0.25
) -> tuple[ImplicitReLU, Parameters, np.ndarray]:
    """Gaussian unit inputs, random parameters and random signs for labels."""
    rng = np.random.default_rng(0)
    inputs = rng.standard_normal((dimension, samples))
    inputs /= np.linalg.norm(inputs, axis=0)
    theta = Parameters.random(width, dimension, rng)
    return ImplicitReLU(inputs, width, gamma), theta, rng.choice([-1.0, 1.0], size=samples)


def gradient(width: int, samples: int, dimension: int) -> list[str]:
    """One full gradient from cold, relative accuracy 1e-6, beside its bare products and autograd."""
    model, theta, targets = network(width, samples, dimension)
    state = model.at(theta, accuracy=1e-6)

    def ours() -> Parameters:
        found = model.at(theta, accuracy=1e-6)
        return found.gradients(found.output - targets)

    def bare() -> None:
        z, p = state.z, state.p
        theta.w @ model.inputs
        for _ in range(state.sweeps):
            theta.a @ z
        for _ in range(state.adjoint_sweeps):
            theta.a.T @ p
        p @ z.T
        state.c @ model.inputs.T

    leaves = [torch.tensor(part, requires_grad=True) for part in vars(theta).values()]
    inputs, labels = torch.tensor(model.inputs), torch.tensor(targets)

    def autograd() -> list[np.ndarray]:
        a, w, u, v = leaves
        for leaf in leaves:
            leaf.grad = None
        phi = torch.relu(w @ inputs) / np.sqrt(width)
        z = phi
        for _ in range(state.sweeps):
            z = torch.relu(model.coupling * (a @ z) + phi)
        (0.5 * ((u @ z + v @ phi - labels) ** 2).sum()).backward()
        return [leaf.grad.numpy() for leaf in leaves if leaf.grad is not None]

    difference = np.linalg.norm(ours().a - autograd()[0]) / np.linalg.norm(autograd()[0])
    seconds = {name: best_time(f) for name, f in (("ours", ours), ("bare", bare), ("autograd", autograd))}
    what = f"gradient, m = {width}, n = {samples}, d = {dimension}, float64, cold, 1e-6"
    return [
        f"| {what} | {1e3 * seconds['ours']:.0f} ms | its bare products {1e3 * seconds['bare']:.0f} ms | "
        f"{seconds['ours'] / seconds['bare']:.2f} x of them |",
        f"| the same | | torch autograd, unrolled {1e3 * seconds['autograd']:.0f} ms | "
        f"{seconds['autograd'] / seconds['ours']:.1f} x faster, agree to {difference:.0e} |",
    ]


def warm_starts(width: int, samples: int, dimension: int, steps: int = 50) -> str:
    """Products over descent steps: warm and extrapolated against cold, at equal accuracy."""
    model, theta, targets = network(width, samples, dimension)
    state = before = model.at(theta, accuracy=1e-6)
    size = 1e-3 / samples
    warm = cold = 0
    for _ in range(steps):
        after = state.moved((state, -size * (state.output - targets)), guess=state.extrapolated(before))
        fresh: State = model.at(after.theta, accuracy=1e-6)
        warm += after.sweeps + after.adjoint_sweeps
        cold += fresh.sweeps + fresh.adjoint_sweeps
        before, state = state, after
    return (
        f"| {steps} descent steps of 1e-3/n, m = {width}, n = {samples} | {warm} products | cold {cold} | "
        f"{warm / cold:.2f} of them |"
    )


def flow(width: int = 300, samples: int = 50, horizon: float = 20.0) -> list[str]:
    """Network evaluations and error in log ||r||^2 to a horizon, beside RK45 on all parameters."""
    model, theta, targets = network(width, samples, samples)
    start = LeastSquares(model.at(theta), targets, 1e-2)
    reference = _log_loss(start, horizon, 1e-4)[0]
    rows = []
    for tolerance in (0.1, 3e-2, 1e-2):
        begun = time.perf_counter()
        found, evaluations = _log_loss(start, horizon, tolerance)
        seconds = time.perf_counter() - begun
        rows.append((tolerance, found, evaluations, seconds))
    begun = time.perf_counter()
    peer, count = _runge_kutta(model, theta, targets, horizon)
    peer_seconds = time.perf_counter() - begun
    return [
        f"| flow to {horizon:g}, m = {width}, n = {samples}, tolerance {tolerance:g} | {evaluations} evals, "
        f"{seconds:.2f} s, log ||r||^2 off by {abs(found - reference):.1e} | RK45 at 1e-3 {count}, "
        f"{peer_seconds:.2f} s, off by {abs(peer - reference):.1e} | {count / evaluations:.1f} x fewer, "
        f"{peer_seconds / seconds:.1f} x faster |"
        for tolerance, found, evaluations, seconds in rows
    ]


def _log_loss(start: LeastSquares, horizon: float, tolerance: float) -> tuple[float, int]:
    *_, last = integrate(start, [0.0, horizon], tolerance, lambda _: False)
    return 2 * float(np.log(np.linalg.norm(last.at.residual))), last.evaluations


def _runge_kutta(
    model: ImplicitReLU, theta: Parameters, targets: np.ndarray, horizon: float
) -> tuple[float, int]:
    shapes = [part.shape for part in vars(theta).values()]
    ends = np.cumsum([np.prod(shape) for shape in shapes])
    guess: list[tuple[np.ndarray, np.ndarray]] = []

    def at(y: np.ndarray) -> State:
        parts = np.split(y, ends[:-1])
        found = Parameters(*(part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)))
        state = model.at(found, guess[-1] if guess else None, 1e-9)
        guess[:] = [(state.z, state.p)]
        return state

    def velocity(_: float, y: np.ndarray) -> np.ndarray:
        state = at(y)
        gradients = state.gradients(targets - state.output)
        return np.concatenate([part.ravel() for part in vars(gradients).values()])

    start = np.concatenate([part.ravel() for part in vars(theta).values()])
    solver = RK45(velocity, 0.0, start, horizon, rtol=1e-3, atol=1e-6)
    while solver.status == "running":
        solver.step()
    return 2 * float(np.log(np.linalg.norm(at(solver.y).output - targets))), solver.nfev


def main() -> None:
    quick = "--quick" in sys.argv[1:]
    wide = (300, 300, 100) if quick else (1000, 1000, 784)
    with threadpoolctl.threadpool_limits(limits=1):
        torch.set_num_threads(1)
        print("| what | ours | instead | ratio |\n|---|---|---|---|")
        for row in (*gradient(*wide), warm_starts(*wide, steps=10 if quick else 50), *flow()):
            print(row, flush=True)


if __name__ == "__main__":
    main()
