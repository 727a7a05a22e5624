"""The linear model's kernels beside what a user would write instead, as ratios in one run.

    python benchmarks/linear_model.py

One BLAS thread. A time is the best of several repeats; ratios compare neighbours on the same machine.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable

import numpy as np
import scipy.linalg  # noqa: F401  (its BLAS must be loaded to be limited)
import threadpoolctl
import torch

from verify.flow.cvode import cvode
from verify.flow.runge_kutta import runge_kutta
from verify.flow.scaled import StepperFactory, integrate
from verify.linear_deq.build import draw_start, linear_problem, shallow_objective
from verify.linear_deq.following import follow
from verify.linear_deq.gauss_newton import GaussNewton
from verify.linear_deq.model import DeepEquilibriumLinear
from verify.linear_deq.setting import LinearSetting
from verify.linear_deq.spectrum import FlowOperator
from verify.linear_deq.stiffness import preconditioner_pays
from verify.losses.square import SquareObjective
from verify.numerics.quadrature import graded_times


def best_time(function: Callable[[], object], repeats: int = 7) -> float:
    """Seconds of one call: the best mean over batches of at least 50 ms."""
    function()
    begun = time.perf_counter()
    function()
    batch = max(1, int(0.05 / (time.perf_counter() - begun)))
    times = []
    for _ in range(repeats):
        begun = time.perf_counter()
        for _ in range(batch):
            function()
        times.append((time.perf_counter() - begun) / batch)
    return min(times)


def problem(width: int, outputs: int, samples: int, gamma: float = 0.8):  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(0)
    model = DeepEquilibriumLinear(width, outputs, gamma)
    features = rng.standard_normal((width, samples)) / np.sqrt(samples)
    targets = rng.standard_normal((outputs, samples))
    theta = model.pack(
        rng.standard_normal((width, width)), rng.standard_normal((outputs, width)) / np.sqrt(width)
    )
    return model, SquareObjective(features, targets), features, targets, theta


def right_hand_side(width: int, samples: int) -> str:
    model, objective, features, targets, theta = problem(width, 10, samples)
    a, b = (torch.tensor(x.copy(), requires_grad=True) for x in model.unpack(theta))
    phi, y, eye = torch.tensor(features), torch.tensor(targets), torch.eye(width, dtype=torch.float64)

    def autograd() -> np.ndarray:
        a.grad = b.grad = None
        u = eye - model.gamma * torch.softmax(a, dim=0)
        ((b @ torch.linalg.solve(u, phi) - y) ** 2).sum().backward()
        return model.pack(a.grad.numpy(), b.grad.numpy())

    expected, found = autograd(), model.gradient(theta, objective)[0]
    difference = np.linalg.norm(found - expected) / np.linalg.norm(expected)
    ours = best_time(lambda: model.gradient(theta, objective))
    theirs = best_time(autograd)
    return (
        f"| right-hand side, m = {width}, n = {samples} | {1e6 * ours:.0f} us | torch autograd "
        f"{1e6 * theirs:.0f} us | {theirs / ours:.1f} x faster, gradients agree to {difference:.0e} |"
    )


def flow() -> list[str]:
    model, objective, _, _, theta = problem(50, 10, 200)
    times = graded_times(20.0, 1e-2, 30)
    rows = []
    for rtol in (1e-6, 1e-10):
        counts, seconds = [], []
        methods = (cvode(rtol, GaussNewton(model, objective)), cvode(rtol), runge_kutta(rtol))
        for method in methods:
            begun = time.perf_counter()
            *_, last = integrate(
                lambda theta: model.gradient(theta, objective), theta, times, 0.0, method, 1e-15 / rtol
            )
            seconds.append(time.perf_counter() - begun)
            counts.append(last.right_hand_sides)
        rows.append(
            f"| flow, m = 50, n = 200, T = 20, rtol {rtol:.0e} | {counts[0]} right-hand sides, "
            f"{seconds[0]:.2f} s | CVODE without preconditioner {counts[1]}, {seconds[1]:.2f} s; DOP853 "
            f"{counts[2]}, {seconds[2]:.2f} s | {counts[2] / counts[0]:.1f} x fewer |"
        )
    return rows


def preconditioner(width: int, horizon: float) -> str:
    """The flow on digits by CVODE as the suite sets it up, and with the other choice."""
    setting = LinearSetting(width=width, horizon=horizon)
    drawn = draw_start(setting)
    problem = linear_problem(setting, drawn, shallow_objective(setting, drawn))
    helped = preconditioner_pays(problem)

    def work(with_it: bool) -> tuple[int, float]:
        found = GaussNewton(problem.model, problem.objective) if with_it else None
        method: StepperFactory = cvode(problem.rtol, found)
        begun = time.process_time()
        *_, last = follow(problem, np.array([0.0, horizon]), method)
        return last.right_hand_sides, time.process_time() - begun

    (count, ours), (other_count, other) = (work(choice) for choice in (helped, not helped))
    names = ("with", "without") if helped else ("without", "with")
    return (
        f"| digits, m = {width}, T = {horizon:g}, CVODE {names[0]} preconditioner "
        f"| {count} right-hand sides, "
        f"{ours:.2f} s | {names[1]} it {other_count}, {other:.2f} s | {other / ours:.1f} x faster |"
    )


def eigenvalue() -> str:
    model, _, _, _, theta = problem(256, 10, 300)
    state = model.at(theta)
    start = np.random.default_rng(1).standard_normal((256, 10))
    seconds = best_time(lambda: FlowOperator(state).smallest_eigenvalue(start), repeats=3)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    operator = FlowOperator(state)
    dense = operator.dense_inverse()
    begun = time.perf_counter()
    np.linalg.eigvalsh(dense)
    theirs = time.perf_counter() - begun
    return (
        f"| smallest eigenvalue of D, m = 256, $m_y$ = 10 | {1e3 * seconds:.0f} ms, "
        f"process peak {peak:.0f} MB | dense eigvalsh, matrix formed, {1e3 * theirs:.0f} ms "
        f"| {theirs / seconds:.0f} x faster |"
    )


def main() -> None:
    print("| what | verify | instead | ratio |\n|---|---|---|---|")
    with threadpoolctl.threadpool_limits(limits=1):
        print(eigenvalue(), flush=True)
        torch.set_num_threads(1)
        for width, samples in ((64, 500), (256, 1000)):
            print(right_hand_side(width, samples), flush=True)
        for row in flow():
            print(row, flush=True)
        for horizon in (0.1, 1000.0):
            print(preconditioner(64, horizon), flush=True)


if __name__ == "__main__":
    main()
