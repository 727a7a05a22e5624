"""The pictures of Theorem 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from theorems.kawaguchi_2021.linear_rate.path import RatePath
from theorems.kawaguchi_2021.linear_rate.problem import RateProblem
from verify import plots
from verify.linear_deq.spectrum import smallest_eigenvalue_floors
from verify.losses import EPS
from verify.losses.logistic import LogisticObjective, pl_constant

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def pictures(problem: RateProblem, path: RatePath) -> dict[str, Figure]:
    """The loss under its three bounds, lambda_min(D) over its floors, the energy residual, the bias."""
    drawn = {
        "loss": loss_figure(problem, path),
        "lambda_min": spectrum_figure(problem, path),
        "energy_residual": residual_figure(path),
        "implicit_bias": bias_figure(path),
    }
    if isinstance(problem.objective, LogisticObjective):
        drawn["radius"] = radius_figure(problem.objective, path)
    return drawn


def loss_figure(problem: RateProblem, path: RatePath) -> Figure:
    """Excess loss against the bounds of the three rates."""
    figure, axes = plots.single(
        f"Theorem 1: excess loss and bounds, $m={problem.model.width}$, "
        f"$n={problem.features.shape[1]}$, $m_y={problem.model.outputs}$",
        "gradient-flow time $t$",
        r"$(L(t) - L^*) \,/\, (L(0) - L^*)$",
    )
    rate = 2 * problem.objective.pl_constant
    floor = max(smallest_eigenvalue_floors(problem.model.width, problem.model.gamma))
    curves = {
        "measured": -path.log_decay,
        r"$\exp(-2\kappa\int_0^t \lambda_{\min}(D_s)\,ds)$": -rate * path.integrated_lambda[0],
        r"$\exp(-2\kappa\,\lambda_t\,t)$": -rate * np.minimum.accumulate(path.lambda_min) * path.times,
        "a-priori floor": -rate * floor * path.times,
    }
    for curve, (label, logarithm) in zip(plots.CURVES, curves.items(), strict=False):
        axes.semilogy(path.times, np.exp(logarithm), label=label, **curve)
    axes.legend(loc="best")
    return figure


def spectrum_figure(problem: RateProblem, path: RatePath) -> Figure:
    """Smallest eigenvalue of D along the path, and its lower bounds that are known beforehand."""
    figure, axes = plots.single(
        "Step 2: the smallest eigenvalue of $D$ stays above its floors",
        "gradient-flow time $t$",
        r"$\lambda_{\min}(D_t)$",
    )
    paper, sharper = smallest_eigenvalue_floors(problem.model.width, problem.model.gamma)
    axes.plot(path.times, path.lambda_min, label=r"$\lambda_{\min}(D_t)$", **plots.CURVES[0])
    axes.axhline(sharper, label=r"floor $1/(1+\gamma\sqrt{m})^2$", **plots.CURVES[1])
    axes.axhline(paper, label=r"floor $1/(m(1+\gamma)^2)$", **plots.CURVES[2])
    axes.set_yscale("log")
    plots.logarithmic_time(axes, path.fastest, path.times[-1])
    axes.legend(loc="center right")
    return figure


def residual_figure(path: RatePath) -> Figure:
    """How far the computed path is from an exact flow, in units of log(L - L*)."""
    figure, axes = plots.single(
        "Step 3: residual of the energy identity, the integration error",
        "gradient-flow time $t$",
        r"$|\log\frac{E(0)}{E(t)} - \int_0^t \|\nabla L\|^2/E|$",
    )
    later = slice(1, None)
    residual = np.maximum(np.abs(path.log_decay - path.log_energy), EPS)[later]
    axes.loglog(path.times[later], residual, label="residual", **plots.CURVES[0])
    estimate = np.maximum(path.error.log, EPS)[later]
    axes.loglog(path.times[later], estimate, label="error, from a second run", **plots.CURVES[1])
    axes.legend(loc="lower right")
    return figure


def bias_figure(path: RatePath) -> Figure:
    """The implicit bias, observed: same loss, same start, another path and, for n < m, another end."""
    figure, axes = plots.single(
        "Implicit bias: the deep equilibrium path beside the shallow one",
        "gradient-flow time $t$",
        r"$\|Q_t - W_t\|_F \,/\, \|W_t\|_F$",
    )
    axes.plot(path.stored_times, path.distance, **plots.CURVES[0])
    plots.logarithmic_time(axes, path.fastest, path.times[-1])
    axes.set_ylim(bottom=0)
    return figure


def radius_figure(objective: LogisticObjective, path: RatePath) -> Figure:
    """The price of a radius: kappa and the guaranteed rate fall as R grows; the path needs one."""
    figure, axes = plots.single(
        "The price of the radius for the logistic loss",
        r"radius $R$ of $\|Q\|_1 < R$",
        "constant and guaranteed rate",
    )
    radii = path.map_norm.max() * np.geomspace(0.1, 10, 200)
    smallest = float(objective.singular_values[-1])
    kappa = np.array([pl_constant(objective.features, smallest, objective.tau, r) for r in radii])
    axes.loglog(radii, kappa, label=r"$\kappa(R)$", **plots.CURVES[0])
    rate = 2 * kappa * path.lambda_min.min()
    axes.loglog(radii, rate, label=r"rate $2\kappa(R)\lambda_T$", **plots.CURVES[1])
    axes.axvline(path.map_norm[0], label=r"$\|Q_0\|_1$", **plots.CURVES[3])
    axes.axvline(objective.radius, label="$R$ of this run", **plots.CURVES[2])
    axes.set_ylim(bottom=max(kappa.max() * 1e-12, rate.min() / 2))
    axes.legend(loc="best")
    return figure
