"""The loss under its bounds, the spectra, the Gram matrix against the width, the norms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from theorems.gao_2022.initial import GRAM_WIDTHS
from theorems.gao_2022.path import GaoPath
from theorems.gao_2022.problem import GaoProblem
from verify import plots
from verify.numerics.statistics import power_law

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def pictures(problem: GaoProblem, path: GaoPath) -> dict[str, Figure]:
    """The loss under its bounds, the spectra, the Gram matrix against the width, the norms."""
    if len(path.flow.times) < 2:
        return {"gram": gram_figure(problem, path)}
    return {
        "loss": loss_figure(problem, path),
        "spectrum": spectrum_figure(problem, path),
        "gram": gram_figure(problem, path),
        "norms": norms_figure(problem, path),
    }


def loss_figure(problem: GaoProblem, path: GaoPath) -> Figure:
    """The squared residual against the bounds from sharp to printed."""
    figure, axes = plots.single(
        f"Theorem 3.1: residual and bounds, $m={problem.width}$, $n={problem.samples}$",
        "gradient-flow time $t$",
        r"$\|r(t)\|^2 \,/\, \|r(0)\|^2$",
    )
    flow = path.flow
    curves = {
        "measured": flow.log_decay,
        r"$\exp(-2\int_0^t \lambda_{\min}(H))$": 2 * flow.integrated_lambda[0],
        r"$\exp(-2\,t\,\min\,\lambda_{\min}(G))$": 2 * np.minimum.accumulate(flow.gram_minimum) * flow.times,
        r"printed: $\exp(-\lambda_0 t)$": problem.lambda_0 * flow.times,
    }
    for curve, (label, exponent) in zip(plots.CURVES, curves.items(), strict=False):
        axes.semilogy(flow.times, np.exp(-exponent), label=label, **curve)
    axes.legend(loc="best")
    return figure


def spectrum_figure(problem: GaoProblem, path: GaoPath) -> Figure:
    """Smallest eigenvalues of H, projected where it slides, and of the parts of J J^T; that of v is G."""
    figure, axes = plots.single(
        r"Smallest eigenvalues of $H$ and of the four parts of $J J^T$",
        "gradient-flow time $t$",
        r"$\lambda_{\min}$",
        height=3.6,
    )
    curves = {
        "$H$": path.flow.kernel_spectrum[:, 0],
        r"of $A$: $\tilde\gamma^2 P^TP\circ Z^TZ$": path.flow.part_minima[:, 0],
        r"of $W$: $C^TC\circ X^TX$": path.flow.part_minima[:, 1],
        r"of $u$: $Z^TZ$": path.flow.part_minima[:, 2],
        r"of $v$: $G=\Phi^T\Phi$": path.flow.gram_minimum,
    }
    for curve, (label, values) in zip(plots.CURVES, curves.items(), strict=True):
        axes.plot(path.flow.times, values, label=label, **curve)
    axes.axhline(problem.lambda_0 / 2, color="0.5", linewidth=1.0, label=r"$\lambda_0/2$")
    axes.set_yscale("log")
    plots.logarithmic_time(axes, path.flow.fastest, path.flow.times[-1])
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


def gram_figure(problem: GaoProblem, path: GaoPath) -> Figure:
    """Distance of G(0) to its limit against the width, and what Lemma 3.3 asks for."""
    figure, axes = plots.single(
        r"Lemma 3.3: $G(0)$ approaches $G^\infty$ as $m^{-1/2}$",
        "width $m$",
        r"$\|G(0) - G^\infty\|_F$",
    )
    law = power_law(GRAM_WIDTHS, path.initial.gram_squares)
    sizes = np.sqrt(law.means)
    axes.loglog(law.sizes, sizes, marker="o", label="root mean square", **plots.CURVES[0])
    slope = sizes[0] * np.sqrt(law.sizes[0] / law.sizes)
    axes.loglog(law.sizes, slope, label="slope $-1/2$", **plots.CURVES[1])
    axes.axhline(problem.lambda_0 / 4, label=r"asked for: $\lambda_0/4$", **plots.CURVES[2])
    axes.legend(loc="best")
    return figure


def norms_figure(problem: GaoProblem, path: GaoPath) -> Figure:
    """How far A, W, u and v went, relative to their bounds."""
    figure, axes = plots.single(
        "Lemma 3.5: norms relative to their bounds", "gradient-flow time $t$", "norm / bound", height=3.6
    )
    bound = 2 * problem.norm_constant * np.sqrt(problem.width)
    scale = problem.output_scale
    later = slice(1, None)
    curves = {
        r"$\|A(t)\|$": path.flow.norms[:, 0] / bound,
        r"$\|W(t)\|$": path.flow.norms[:, 1] / bound,
        r"$\|u(t)-u(0)\|$, repaired": path.flow.distances[:, 2] / (8 * scale),
        r"$\|v(t)-v(0)\|$, repaired": path.flow.distances[:, 3] / (4 * scale),
        r"$\|u(t)\|$, printed": path.flow.norms[:, 2] / (16 * scale),
    }
    for curve, (label, values) in zip(plots.CURVES, curves.items(), strict=True):
        axes.loglog(path.flow.times[later], values[later], label=label, **curve)
    axes.axhline(1.0, color="0.5", linewidth=1.0, label="bound")
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure
