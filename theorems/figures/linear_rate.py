"""Kawaguchi (ICLR 2021), Theorem 1: the loss under its bound, which the paper proves but does not draw.

Three rates, from sharp to a-priori, for labels of the data and for labels aligned with the slowest
direction, where the bound is tight.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field

from theorems.bibliography import KAWAGUCHI_2021
from theorems.kawaguchi_2021 import linear_rate as theorem
from theorems.kawaguchi_2021.linear_rate.conclusion import conclusion
from theorems.kawaguchi_2021.linear_rate.path import RatePath, rate_path
from verify.figures.cache import Curve
from verify.figures.paper import Paper
from verify.figures.protocol import Size
from verify.linear_deq.spectrum import smallest_eigenvalue_floors
from verify.theorem.claims import Claims
from verify.theorem.compare import Check
from verify.theorem.judgement import Judge
from verify.theorem.settings import BaseSetting

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAME = "linear-rate"
TITLE = "Kawaguchi 2021, Theorem 1: measured loss and three bounds"
REFERENCES = (KAWAGUCHI_2021,)

CLAIMS = Claims(conclusion.claim.source)

LABELS: Mapping[Literal["data", "aligned"], str] = MappingProxyType(
    {"data": "labels of digits", "aligned": "aligned labels"}
)

Array = np.ndarray[Any, np.dtype[np.float64]]


class Setting(BaseSetting):
    """What can be varied."""

    width: int = Field(32, ge=1, le=512, description="width m")


PRESETS: Mapping[Size, Mapping[str, Any]] = MappingProxyType(
    {"quick": {"width": 8}, "standard": {}, "paper": {}}
)


def path_curve(
    source: None,
    *,
    width: int,
    labels: Literal["data", "aligned"],
    seed: int,
    progress: Callable[[float], None],
) -> RatePath:
    """The theorem's own gradient flow."""
    problem = theorem.build(theorem.Setting(width=width, labels=labels, seed=seed))
    return rate_path(problem, progress)


def curves(setting: Setting) -> list[Curve]:
    """A path for each kind of labels."""
    return [
        Curve(
            f"{NAME} {title}, m = {setting.width}",
            path_curve,
            {"width": setting.width, "labels": labels, "seed": setting.seed},
            1e9 * setting.width,
        )
        for labels, title in LABELS.items()
    ]


@CLAIMS.conclusion(conclusion.claim.id, conclusion.claim.text)
def drawn_bounds(setting: Setting, results: Sequence[RatePath]) -> Iterator[Check]:
    """The theorem's conclusion on both paths."""
    for title, path in zip(LABELS.values(), results, strict=True):
        for check in Judge({"problem": path.problem, "path": path}).checks(conclusion):
            yield replace(check, quantity=f"{title}: {check.quantity}")


#: The look of the measured loss and its bounds. Where curves coincide, wide ones show behind the others.
LOOKS: tuple[dict[str, Any], ...] = (
    {"color": "#000000", "linestyle": "-", "linewidth": 0.9, "zorder": 4},
    {"color": "#8cc5e3", "linestyle": "-", "linewidth": 3.2, "zorder": 2},
    {"color": "#d55e00", "linestyle": (0, (4, 2)), "linewidth": 1.8, "zorder": 3},
    {"color": "#009e73", "linestyle": ":", "linewidth": 1.5, "zorder": 3},
)


def bounds(path: RatePath) -> dict[str, Array]:
    """Logarithms (k,) of the relative excess loss and of its bounds, by label."""
    rate = 2 * path.problem.objective.pl_constant
    floor = max(smallest_eigenvalue_floors(path.problem.model.width, path.problem.model.gamma))
    return {
        "measured": -path.log_decay,
        "bound, rate integrated": -rate * path.integrated_lambda[0],
        r"bound, rate $2\kappa\lambda_t$": -rate * np.minimum.accumulate(path.lambda_min) * path.times,
        "bound, a-priori floor": -rate * floor * path.times,
    }


def numbers(setting: Setting, results: Sequence[RatePath]) -> dict[str, Any]:
    """Both paths: times, and natural logarithms of the excess loss and its bounds."""
    keys = ("measured", "integrated", "theorem", "floor")
    return {
        labels: {
            "times": path.times.tolist(),
            "log": {key: values.tolist() for key, values in zip(keys, bounds(path).values(), strict=True)},
        }
        for labels, path in zip(LABELS, results, strict=True)
    }


def draw(setting: Setting, results: Sequence[RatePath], paper: Paper) -> Figure:
    """A panel for each kind of labels."""
    figure, axes = paper.grid(1, 2, height=1.9)
    for panel, title, path in zip(axes[0], LABELS.values(), results, strict=True):
        for curve, (label, logarithm) in zip(LOOKS, bounds(path).items(), strict=True):
            panel.semilogy(path.times, np.exp(logarithm), label=label, **curve)
        panel.set(
            title=title,
            xlabel="gradient-flow time $t$",
            ylabel=r"$(L(t)-L^*)\,/\,(L(0)-L^*)$",
            xlim=(0, path.times[-1]),
        )
    paper.legend(figure, axes[0, 0])
    return figure


def caption(setting: Setting, results: Sequence[RatePath]) -> str:
    return (
        f"Theorem 1 for the deep equilibrium linear model of width {setting.width} with the square loss: "
        "excess loss along the gradient flow and its bounds with the rate 2 kappa lambda_min(D) integrated "
        "along the path, with the theorem's lambda_t = inf over s <= t of lambda_min(D_s), and with the "
        "sharper a-priori floor of it, for digits and for labels aligned with the slowest direction on "
        "orthogonal features, where the bound is tight: there the first three curves coincide."
    )


def assumed(setting: Setting, results: Sequence[RatePath]) -> list[str]:
    problem = results[0].problem
    return [
        f"gamma = {problem.model.gamma:g}, A of N(0, 1), B of N(0, 1/m)",
        f"n = {problem.features.shape[1]} samples of digits, {problem.model.outputs} outputs",
        "the paper draws no such figure",
    ]
