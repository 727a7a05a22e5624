"""The pictures of Theorem 2: how well step and flow agree, and the plane's path with its trust regions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from theorems.kawaguchi_2021.trust_region_newton.local import LocalModel, local_model
from theorems.kawaguchi_2021.trust_region_newton.path import NewtonPath
from theorems.kawaguchi_2021.trust_region_newton.problem import NewtonProblem
from theorems.kawaguchi_2021.trust_region_newton.steps import FRACTIONS, trust_radius
from verify import plots
from verify.linear_deq.path import LinearPath
from verify.losses import EPS, Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Points on a side of the grid on which the level sets of the loss are drawn.
LEVEL_GRID = 80

#: Where on the plane's path steps are drawn, as shares of its length, and their delta over delta_bar.
PLACES, SHARE = (0.0, 0.35, 0.65), 0.9


def pictures(problem: NewtonProblem, path: NewtonPath) -> dict[str, Figure]:
    """How well step and flow agree, and the path of the plane with its steps and metrics."""
    return {"agreement": agreement_figure(path), "plane": plane_figure(path.plane)}


def agreement_figure(path: NewtonPath) -> Figure:
    """Relative distance between Newton step and flow direction along the path, for every delta."""
    figure, axes = plots.single(
        "Theorem 2: Newton step $v$ and flow direction",
        "gradient-flow time $t$",
        r"$\|v - \delta\dot Q\| \,/\, \|\delta\dot Q\|$",
    )
    steps = path.steps
    for curve, fraction in zip(plots.CURVES, FRACTIONS, strict=True):
        at = steps.fraction == fraction
        gaps = np.maximum(EPS, steps.gap[at])
        axes.semilogy(steps.time[at], gaps, label=rf"$\delta = {fraction}\,\bar\delta$", **curve)
    plots.logarithmic_time(axes, path.flow.fastest, path.flow.times[-1])
    axes.set_ylim(EPS / 3, 1e-9)
    axes.legend(ncols=2, loc="upper left")
    return figure


def plane_figure(plane: LinearPath) -> Figure:
    """For two features: level sets of the shallow loss, the path of Q, its steps and their ellipses."""
    figure, axes = plots.single(
        r"Two features: path of $Q$, steps $\delta\dot Q$ and trust regions in $G_\delta$",
        "$Q_1$",
        "$Q_2$",
        height=3.8,
    )
    points = plane.maps[:, 0]
    axes.plot(*points.T, label="path of $Q$", **plots.CURVES[0])
    axes.plot(*plane.problem.objective.minimiser[0], "*", color="black", markersize=9, label="minimiser")
    draw_balls(axes, plane)
    draw_levels(axes, plane)
    axes.set_aspect("equal", adjustable="box")
    axes.legend(loc="upper left")
    return figure


def draw_balls(axes: Axes, plane: LinearPath) -> None:
    """Trust regions at some places of the path, and their steps."""
    points = plane.maps[:, 0]
    lengths = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    chosen = np.unique([int(np.searchsorted(lengths, share * lengths[-1])) for share in PLACES])
    for position, index in enumerate(chosen):
        draw_ball(axes, points[index], local_model(plane, int(index)), first=position == 0)


def draw_ball(axes: Axes, center: Array, local: LocalModel, *, first: bool) -> None:
    """A trust region, and the step that ends on its border."""
    delta = SHARE * local.unit
    metric = local.metric(delta)
    angles = np.linspace(0, 2 * np.pi, 200)
    circle = np.array([np.cos(angles), np.sin(angles)])
    root = np.linalg.cholesky(metric)
    ball = center[:, None] + trust_radius(local, delta, metric) * np.linalg.solve(root.T, circle)
    axes.plot(*ball, label="trust region" if first else None, **plots.CURVES[2])
    end = delta * local.velocity
    axes.quiver(
        *center,
        *end,
        angles="xy",
        scale_units="xy",
        scale=1,
        width=0.008,
        color=plots.CURVES[1]["color"],
        label=r"step $\delta\dot Q$" if first else None,
        zorder=3,
    )


def draw_levels(axes: Axes, plane: LinearPath) -> None:
    """Level sets of the excess of the shallow loss, inside what the axes show."""
    middle = [sum(limits) / 2 for limits in (axes.get_xlim(), axes.get_ylim())]
    half = 0.55 * max(np.ptp(axes.get_xlim()), np.ptp(axes.get_ylim()))
    span = np.linspace(-half, half, LEVEL_GRID)
    grid = np.meshgrid(middle[0] + span, middle[1] + span)
    objective = plane.problem.objective
    points = np.stack([axis.ravel() for axis in grid], axis=1)
    values = [objective.excess_and_gradient(point[None, :])[0] for point in points]
    levels = np.geomspace(max(values) * 1e-4, max(values), 12)
    axes.contour(*grid, np.reshape(values, grid[0].shape), levels=levels, colors="#999999", linewidths=0.6)
