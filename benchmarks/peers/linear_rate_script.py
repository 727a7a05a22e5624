"""The script that a user would write for Kawaguchi's Theorem 1: the loss of a run under its bound.

    python benchmarks/peers/linear_rate_script.py

integrates gradient flow of f(x) = B (I - gamma softmax(A))^{-1} x with torchdiffeq, takes lambda_min(D) at
each time from the dense matrix, and draws the excess loss with exp(-2 kappa lambda_T T). It stands alone.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import torch
from matplotlib.figure import Figure
from torchdiffeq import odeint

#: What a pass of this script does not show, and a run of `verify theorem linear-rate` does.
NOT_CHECKED = (
    "the integration error: nothing says that the curve is the flow's",
    "the error of lambda_min(D), of its infimum between the times, and rounding in L - L*",
    "PL, L* and kappa, which the bound rests on",
    "the steps of the proof, the sharper bounds, the conserved column sums",
    "that the comparison would fail if the rate were false",
)


@dataclass(frozen=True)
class Found:
    """At `times` (k,): the excess loss and its bound, (k,) each."""

    times: np.ndarray
    excess: np.ndarray
    bound: np.ndarray

    @property
    def holds(self) -> bool:
        return bool(np.all(self.excess <= self.bound * (1 + 1e-6)))


def check(
    phi: np.ndarray,
    y: np.ndarray,
    a: np.ndarray,
    b: np.ndarray,
    gamma: float,
    horizon: float,
    points: int = 31,
) -> Found:
    """Features (m, n), targets (m_y, n), A (m, m) and B (m_y, m) at time 0."""
    x, target, eye = torch.tensor(phi), torch.tensor(y), torch.eye(len(a), dtype=torch.float64)
    best = y @ np.linalg.pinv(phi)
    least = np.sum((best @ phi - y) ** 2)
    singular = np.linalg.svd(phi, compute_uv=False)
    kappa = 2 * singular[singular > 1e-10 * singular[0]][-1] ** 2

    def loss(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        q = torch.linalg.solve(eye - gamma * torch.softmax(a, 0), b, left=False)
        return ((q @ x - target) ** 2).sum()

    def velocity(_: torch.Tensor, state: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        with torch.enable_grad():
            leaves = [part.detach().requires_grad_() for part in state]
            return tuple(-slope for slope in torch.autograd.grad(loss(*leaves), leaves))

    times = np.append(0.0, np.geomspace(1e-4 * horizon, horizon, points - 1))
    start = torch.tensor(a), torch.tensor(b)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The following arguments have no effect")
        # Stability holds dopri5 back, which takes ten times as long at any tolerance.
        how = {"method": "scipy_solver", "options": {"solver": "BDF"}}
        path = odeint(velocity, start, torch.tensor(times), rtol=1e-7, atol=1e-10, **how)
    excess = np.array([float(loss(*now)) for now in zip(*path, strict=True)]) - least
    lowest = [smallest_eigenvalue(a.numpy(), b.numpy(), gamma) for a, b in zip(*path, strict=True)]
    bound = excess[0] * np.exp(-2 * kappa * np.minimum.accumulate(lowest) * times)
    return Found(times, excess, bound)


def smallest_eigenvalue(a: np.ndarray, b: np.ndarray, gamma: float) -> float:
    """lambda_min(D), D formed as the paper has it."""
    s = np.exp(a - a.max(0))
    s /= s.sum(0)
    inverse = np.linalg.inv(np.eye(len(a)) - gamma * s)
    q = b @ inverse
    moved = q[None] * s.T[:, None, :] - (q @ s).T[:, :, None] * s.T[:, None, :]
    blocks = np.eye(len(b)) + gamma**2 * moved @ moved.transpose(0, 2, 1)
    d = np.einsum("ka,kij,kb->aibj", inverse, blocks, inverse, optimize=True)
    return float(np.linalg.eigvalsh(d.reshape(a.shape[0] * b.shape[0], -1))[0])


def draw(found: Found) -> Figure:
    """The two curves."""
    figure = Figure()
    axes = figure.subplots()
    axes.semilogy(found.times, found.excess, label="L - L*")
    axes.semilogy(found.times, found.bound, "--", label="bound")
    axes.set(xlabel="t", ylabel="excess loss")
    axes.legend()
    return figure


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    features = rng.standard_normal((16, 100)) / 10
    found = check(
        features,
        rng.standard_normal((10, 100)),
        rng.standard_normal((16, 16)),
        rng.standard_normal((10, 16)) / 4,
        gamma=0.8,
        horizon=20.0,
    )
    draw(found).savefig("linear_rate.png")
    print("the loss stays below the bound" if found.holds else "the bound is broken")
