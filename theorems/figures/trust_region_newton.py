"""Kawaguchi (ICLR 2021), Theorem 2: the steps on the level sets, which the paper does not draw.

With two features Q is a point of the plane. Drawn are its path under the flow, trust-region Newton steps from
points of the path, and the trust regions in the metric G_delta, on whose border each step ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pydantic import Field

from theorems.bibliography import KAWAGUCHI_2021
from theorems.kawaguchi_2021 import trust_region_newton as theorem
from theorems.kawaguchi_2021.trust_region_newton.claims import newton_step, step_gap
from theorems.kawaguchi_2021.trust_region_newton.local import local_models
from theorems.kawaguchi_2021.trust_region_newton.path import STEP_TIMES
from theorems.kawaguchi_2021.trust_region_newton.pictures import SHARE, draw_balls, draw_levels
from theorems.kawaguchi_2021.trust_region_newton.steps import solved
from verify import plots
from verify.figures.cache import Curve
from verify.figures.paper import Paper, thin
from verify.figures.protocol import Size
from verify.linear_deq.path import LinearPath, linear_path
from verify.theorem.claims import Claims
from verify.theorem.compare import Check
from verify.theorem.settings import BaseSetting

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAME = "trust-region-newton"
TITLE = "Kawaguchi 2021, Theorem 2: flow and trust-region Newton steps on the level sets"
REFERENCES = (KAWAGUCHI_2021,)

CLAIMS = Claims(newton_step.claim.source)

#: Number of draws; each has a panel.
DRAWS = 2


class Setting(BaseSetting):
    """What can be varied."""

    samples: int | None = Field(
        None, ge=2, le=300, examples=[100], description="samples of digits; default 100"
    )
    gamma: float = Field(0.5, gt=0, lt=1, description="contraction factor of the equilibrium map")


PRESETS: Mapping[Size, Mapping[str, Any]] = MappingProxyType(
    {"quick": {"samples": 30}, "standard": {}, "paper": {}}
)


def plane_curve(
    source: None, *, samples: int | None, gamma: float, seed: int, progress: Callable[[float], None]
) -> LinearPath:
    """The theorem's own gradient flow with two features."""
    problem = theorem.build(theorem.Setting(samples=samples, gamma=gamma, seed=seed)).plane
    return linear_path(problem, progress)


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


@CLAIMS.conclusion(newton_step.claim.id, newton_step.claim.text)
def drawn_steps(setting: Setting, results: Sequence[LinearPath]) -> Iterator[Check]:
    """The solver's steps against delta dQ/dt, along the paths that are drawn."""
    for path in results:
        yield step_gap(solved(local_models(path, STEP_TIMES)))


def numbers(setting: Setting, results: Sequence[LinearPath]) -> dict[str, Any]:
    """Every path of Q and its minimiser."""
    return {
        "paths": [
            {
                "times": path.stored_times.tolist(),
                "Q": path.maps[:, 0].tolist(),
                "minimiser": path.problem.objective.minimiser[0].tolist(),
            }
            for path in results
        ]
    }


def draw(setting: Setting, results: Sequence[LinearPath], paper: Paper) -> Figure:
    """A panel for every draw: level sets, path, steps and trust regions."""
    figure, axes = paper.grid(1, DRAWS, height=2.2)
    for panel, path in zip(axes[0], results, strict=True):
        panel.plot(*path.maps[:, 0].T, label="path of $Q$", **thin(plots.CURVES[0]))
        panel.plot(
            *path.problem.objective.minimiser[0],
            "*",
            color="black",
            markersize=7,
            label="minimiser",
            zorder=5,
        )
        draw_balls(panel, path)
        draw_levels(panel, path)
        panel.set_aspect("equal", adjustable="box")
        panel.set(xlabel="$Q_1$", ylabel="$Q_2$")
        panel.grid(visible=False)
    paper.legend(figure, axes[0, 0])
    return figure


def caption(setting: Setting, results: Sequence[LinearPath]) -> str:
    return (
        f"Theorem 2 with two features, {DRAWS} draws: the path of Q under the gradient flow on the level "
        f"sets of the shallow loss. Each step delta dQ/dt, at {SHARE:g} of the largest delta, is the trust-"
        "region Newton step: it minimises the quadratic model within the ellipse, the trust region in the "
        "metric G_delta."
    )


def assumed(setting: Setting, results: Sequence[LinearPath]) -> list[str]:
    return [
        f"gamma = {setting.gamma:g}, the square loss",
        f"n = {results[0].problem.features.shape[1]} samples of digits, classes 0 and 1",
        "the paper draws no such figure",
    ]
