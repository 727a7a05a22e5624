"""Kawaguchi (ICLR 2021), Theorem 2: what it proves but does not draw, the steps on the level sets.

With two features Q is a point of the plane: its path under the flow, trust-region Newton steps from
points of it, and the trust regions in the metric G_delta whose border each step ends on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from theorems import trust_region_newton as theorem
from verify.cache import Curve
from verify.claim import Check
from verify.figure import Preset
from verify.linear_flow import LinearTrajectory, train
from verify.report.paper import Paper
from verify.theorem import BaseSetting

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAME = "trust-region-newton"
TITLE = "Kawaguchi 2021, Theorem 2: flow and trust-region Newton steps on the level sets"

CLAIMS = tuple(claim for claim in theorem.CLAIMS if claim.id == "K-T2")


#: The plane is a square, and needs no more than a column, in inches.
WIDEST = 3.4


class Setting(BaseSetting):
    """What can be varied."""

    samples: int | None = Field(
        None, ge=2, le=300, examples=[100], description="samples of digits; default 100"
    )


PRESETS: Mapping[Preset, Mapping[str, Any]] = MappingProxyType(
    {"quick": {"samples": 30}, "standard": {}, "paper": {}}
)


def plane_curve(
    source: None, *, samples: int | None, seed: int, progress: Callable[[float], None]
) -> LinearTrajectory:
    """The theorem's own gradient flow with two features."""
    problem = theorem.build(theorem.Setting(samples=samples, seed=seed)).plane
    return train(problem, lambda time: progress(time / problem.horizon))


def curves(setting: Setting) -> list[Curve]:
    """The path of the plane."""
    arguments = {"samples": setting.samples, "seed": setting.seed}
    return [Curve(f"{NAME} two features", plane_curve, arguments, 1e9)]


def check(setting: Setting, results: Sequence[LinearTrajectory]) -> list[Check]:
    """The solver's steps against delta dQ/dt, along the path that is drawn."""
    return [theorem.newton_step(results[0])]


def numbers(setting: Setting, results: Sequence[LinearTrajectory]) -> dict[str, Any]:
    """The path of Q and the minimiser."""
    path = results[0]
    model = path.problem.model
    return {
        "times": path.stored_times.tolist(),
        "Q": np.array([model.at(theta).q[0] for theta in path.thetas]).tolist(),
        "minimiser": path.problem.objective.minimiser[0].tolist(),
    }


def draw(setting: Setting, results: Sequence[LinearTrajectory], paper: Paper) -> Figure:
    """The theorem's picture of the plane, without its title and as wide as a column."""
    figure = theorem.plane_figure(results[0])
    width = min(paper.width, WIDEST)
    figure.set_size_inches(width, width)
    panel = figure.axes[0]
    panel.set_title("")
    figure.legend(*panel.get_legend_handles_labels(), loc="outside upper center", ncols=2)
    if legend := panel.get_legend():
        legend.remove()
    return figure


def caption(setting: Setting, results: Sequence[LinearTrajectory]) -> str:
    return (
        "Theorem 2 with two features: the path of Q under the gradient flow on the level sets of the shallow "
        "loss. The step delta dQ/dt, at 0.9 of the largest delta, is the trust-region Newton step: it "
        "minimises the quadratic model within the ellipse, the trust region in the metric G_delta."
    )


def assumed(setting: Setting, results: Sequence[LinearTrajectory]) -> list[str]:
    problem = results[0].problem
    return [
        f"gamma = {problem.model.gamma:g}, the square loss",
        f"n = {problem.features.shape[1]} samples of digits, classes 0 and 1",
        "the paper draws no such figure",
    ]
