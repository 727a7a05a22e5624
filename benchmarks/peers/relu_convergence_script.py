"""The script that a user would write for Theorem 3.1 of Gao et al.: the loss of a run under its bound.

    python benchmarks/peers/relu_convergence_script.py

trains z = relu(gamma/sqrt(m) A z + phi(x)) by gradient flow, with equilibria and gradients of torchdeq and an
integrator of torchdiffeq, and draws ||r||^2 with exp(-lambda_0 t). It stands alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from matplotlib.figure import Figure
from torchdeq import get_deq
from torchdiffeq import odeint

#: What a pass of this script does not show, and a run of `verify theorem relu-convergence` does.
NOT_CHECKED = (
    "the integration error: nothing says that the curve is the flow's, and no kink is seen",
    "the errors of equilibria, of lambda_0 and of rounding",
    "every lemma: G, H, their eigenvalues, how far u, v, A and W move, what the flow conserves",
    "Theorem 3.2, by descent, and the errata of the print",
    "that the comparison would fail if the rate were false",
)


@dataclass(frozen=True)
class Found:
    """At `times` (k,): ||r||^2 and its bound, (k,) each."""

    times: np.ndarray
    loss: np.ndarray
    bound: np.ndarray

    @property
    def holds(self) -> bool:
        return bool(np.all(self.loss <= self.bound * (1 + 1e-6)))


def check(
    x: np.ndarray,
    y: np.ndarray,
    start: tuple[np.ndarray, ...],
    gamma: float,
    horizon: float,
    points: int = 21,
) -> Found:
    """Unit inputs (d, n), labels (n,), and A (m, m), W (m, d), u (m,), v (m,) at time 0."""
    inputs, labels, width = torch.tensor(x.T), torch.tensor(y), len(start[0])
    # An implicit derivative by plain iteration: faster here than Anderson's.
    deq = get_deq(
        f_solver="fixed_point_iter",
        b_solver="fixed_point_iter",
        f_stop_mode="rel",
        b_stop_mode="rel",
        ift=True,
        f_tol=1e-8,
        b_tol=1e-8,
        f_max_iter=100,
        b_max_iter=100,
    )

    def residual(a: torch.Tensor, w: torch.Tensor, u: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        phi = torch.relu(inputs @ w.T) / width**0.5
        scaled = gamma / width**0.5 * a.T
        z, _ = deq(lambda z: torch.relu(z @ scaled + phi), phi.detach())
        return z[-1] @ u + phi @ v - labels

    def velocity(_: torch.Tensor, state: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        with torch.enable_grad():
            leaves = [part.detach().requires_grad_() for part in state]
            return tuple(
                -slope for slope in torch.autograd.grad(0.5 * (residual(*leaves) ** 2).sum(), leaves)
            )

    times = np.linspace(0.0, horizon, points)
    begin = tuple(torch.tensor(part) for part in start)
    # With a tenth of the tolerance it takes four times as long, for the same curve.
    path = odeint(velocity, begin, torch.tensor(times), rtol=1e-4, atol=1e-6)
    with torch.no_grad():
        loss = np.array([float((residual(*now) ** 2).sum()) for now in zip(*path, strict=True)])
    return Found(times, loss, loss[0] * np.exp(-lambda_0(x) * times))


def lambda_0(x: np.ndarray) -> float:
    """The smallest eigenvalue of G^inf, for unit inputs: the arc cosine kernel of degree 1."""
    cosines = np.clip(x.T @ x, -1, 1)
    angles = np.arccos(cosines)
    kernel = (np.sin(angles) + (np.pi - angles) * cosines) / (2 * np.pi)
    return float(np.linalg.eigvalsh(kernel)[0])


def draw(found: Found) -> Figure:
    """The two curves."""
    figure = Figure()
    axes = figure.subplots()
    axes.semilogy(found.times, found.loss, label="||r||^2")
    axes.semilogy(found.times, found.bound, "--", label="bound")
    axes.set(xlabel="t", ylabel="squared residual")
    axes.legend()
    return figure


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    data = rng.standard_normal((10, 10))
    data /= np.linalg.norm(data, axis=0)
    width = 200
    parameters = (
        rng.standard_normal((width, width)),
        rng.standard_normal((width, 10)),
        *rng.choice([-1.0, 1.0], size=(2, width)),
    )
    found = check(data, rng.choice([-1.0, 1.0], size=10), parameters, gamma=0.1, horizon=10.0)
    draw(found).savefig("relu_convergence.png")
    print("the loss stays below the bound" if found.holds else "the bound is broken")
