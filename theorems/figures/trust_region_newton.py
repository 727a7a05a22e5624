"""Kawaguchi (ICLR 2021), Theorem 2: what it proves but does not draw, the steps on the level sets.

With two features Q is a point of the plane: its path under the flow, trust-region Newton steps from
points of it, and the trust regions in the metric G_delta whose border each step ends on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from theorems.kawaguchi_2021 import trust_region_newton as theorem
from verify import plots
from verify.figures.cache import Curve
from verify.figures.paper import Paper, thin
from verify.figures.protocol import Preset
from verify.linear_deq.path import LinearTrajectory, train
from verify.theorem.compare import Check
from verify.theorem.settings import BaseSetting

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAME = "trust-region-newton"
TITLE = "Kawaguchi 2021, Theorem 2: flow and trust-region Newton steps on the level sets"

CLAIMS = tuple(claim for claim in theorem.CLAIMS if claim.id == "K-T2")


#: Draws, a panel each.
DRAWS = 2

#: Where on the path steps are drawn, as shares of its length, and their delta as a share of the largest.
PLACES, SHARE = (0.0, 0.35, 0.65), 0.9


class Setting(BaseSetting):
    """What can be varied."""

    samples: int | None = Field(
        None, ge=2, le=300, examples=[100], description="samples of digits; default 100"
    )
    gamma: float = Field(0.5, gt=0, lt=1, description="contraction factor of the equilibrium map")


PRESETS: Mapping[Preset, Mapping[str, Any]] = MappingProxyType(
    {"quick": {"samples": 30}, "standard": {}, "paper": {}}
)


def plane_curve(
    source: None, *, samples: int | None, gamma: float, seed: int, progress: Callable[[float], None]
) -> LinearTrajectory:
    """The theorem's own gradient flow with two features."""
    problem = theorem.build(theorem.Setting(samples=samples, gamma=gamma, seed=seed)).plane
    return train(problem, progress)


def curves(setting: Setting) -> list[Curve]:
    """The path of the plane, for every draw."""
    return [
        Curve(
            f"{NAME} two features, draw {draw + 1}",
            plane_curve,
            {"samples": setting.samples, "gamma": setting.gamma, "seed": setting.seed + draw},
            1e9,
        )
        for draw in range(DRAWS)
    ]


def check(setting: Setting, results: Sequence[LinearTrajectory]) -> list[Check]:
    """The solver's steps against delta dQ/dt, along the paths that are drawn."""
    return [theorem.newton_step(path) for path in results]


def maps(path: LinearTrajectory) -> NDArray[np.float64]:
    """Q (k, 2) at the stored times."""
    return np.array([path.problem.model.at(theta).q[0] for theta in path.thetas])


def numbers(setting: Setting, results: Sequence[LinearTrajectory]) -> dict[str, Any]:
    """Every path of Q and its minimiser."""
    return {
        "paths": [
            {
                "times": path.stored_times.tolist(),
                "Q": maps(path).tolist(),
                "minimiser": path.problem.objective.minimiser[0].tolist(),
            }
            for path in results
        ]
    }


def draw(setting: Setting, results: Sequence[LinearTrajectory], paper: Paper) -> Figure:
    """A panel for every draw: level sets, path, steps and trust regions."""
    figure, axes = paper.grid(1, DRAWS, height=2.2)
    for panel, path in zip(axes[0], results, strict=True):
        points = maps(path)
        panel.plot(*points.T, label="path of $Q$", **thin(plots.CURVES[0]))
        panel.plot(
            *path.problem.objective.minimiser[0],
            "*",
            color="black",
            markersize=7,
            label="minimiser",
            zorder=5,
        )
        lengths = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
        for place in PLACES:
            index = int(np.searchsorted(lengths, place * lengths[-1]))
            step = theorem.step_at(path, index, SHARE)
            theorem.draw_ball(panel, points[index], step, first=place == PLACES[0])
        theorem.draw_levels(panel, path)
        panel.set_aspect("equal", adjustable="box")
        panel.set(xlabel="$Q_1$", ylabel="$Q_2$")
        panel.grid(visible=False)
    paper.legend(figure, axes[0, 0])
    return figure


def caption(setting: Setting, results: Sequence[LinearTrajectory]) -> str:
    return (
        f"Theorem 2 with two features, {DRAWS} draws: the path of Q under the gradient flow on the level "
        f"sets of the shallow loss. Each step delta dQ/dt, at {SHARE:g} of the largest delta, is the trust-"
        "region Newton step: it minimises the quadratic model within the ellipse, the trust region in the "
        "metric G_delta."
    )


def assumed(setting: Setting, results: Sequence[LinearTrajectory]) -> list[str]:
    return [
        f"gamma = {setting.gamma:g}, the square loss",
        f"n = {results[0].problem.features.shape[1]} samples of digits, classes 0 and 1",
        "the paper draws no such figure",
    ]
