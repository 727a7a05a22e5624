"""One picture: ratios by kernel and size, and cost against size with fitted exponents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure

from verify import plots

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

#: Inches of a panel.
WIDTH, HEIGHT = 3.6, 3.2


def picture(found: Mapping[str, Any]) -> Figure:
    """Of what `suite.run` gives: a column for each kernel, ratios above and costs below."""
    kernels = [result for result in found["results"] if result["kind"] == "kernel"]
    columns = max(len(kernels), 1)
    figure = Figure(figsize=(WIDTH * columns, 2 * HEIGHT), layout="constrained")
    panels = figure.subplots(2, columns, squeeze=False)
    for upper, lower, result in zip(*panels, kernels, strict=False):
        _ratios(upper, result)
        _costs(lower, result)
    panels[0, 0].set_ylabel("its time / ours")
    panels[1, 0].set_ylabel("our time in ms")
    if not kernels:
        for axes in panels.flat:
            axes.set_axis_off()
        panels[0, 0].text(0, 0.5, "no kernel was timed")
    return figure


def _ratios(axes: Axes, result: Mapping[str, Any]) -> None:
    """The others' times over ours, by size; the bars are quartiles."""
    axes.set_title(result["title"].replace(": ", ":\n"))
    duels = result["duels"]
    names = dict.fromkeys(name for duel in duels for name in duel["others"])
    for style, name in zip(plots.CURVES, names, strict=False):
        here = [i for i, duel in enumerate(duels) if name in duel["others"]]
        ratios = [duels[i]["others"][name]["ratio"] for i in here]
        middle = np.array([ratio["median"] for ratio in ratios])
        ends = np.array([[ratio["low"], ratio["high"]] for ratio in ratios]).T
        bars = np.abs(ends - middle)
        axes.errorbar(here, middle, bars, label=name, marker="o", markersize=3, capsize=2, **style)
    axes.axhline(1, color="#888888", linewidth=0.8)
    axes.set_yscale("log")
    bottom, top = axes.get_ylim()
    axes.set_ylim(bottom, top * (top / bottom) ** (0.1 + 0.14 * len(names)))  # room for the legend
    _plain_ticks(axes.yaxis, *axes.get_ylim())
    axes.set_xticks(range(len(duels)), [_short(duel["size"]) for duel in duels], fontsize=7)
    axes.set_xlim(-0.4, len(duels) - 0.6)
    axes.legend(loc="upper left", fontsize=7)


def _short(sizes: Mapping[str, Any]) -> str:
    """The values of the sizes, one below the other."""
    return "\n".join(
        f"{name}={value}" if name != "precision" else str(value) for name, value in sizes.items()
    )


def _costs(axes: Axes, result: Mapping[str, Any]) -> None:
    """Our time against each size over its smallest value, with the fitted lines."""
    for style, one in zip(plots.CURVES, result["exponents"], strict=False):
        values, medians = np.array(one["values"]), np.array(one["medians"])
        line = values ** one["exponent"]
        line = line * np.exp(np.mean(np.log(medians / line)))
        label = f"{one['size']}: {one['exponent']:.2f} ± {one['half_width']:.2f}"
        axes.loglog(values, 1e3 * line, label=label, **style)
        axes.loglog(values, 1e3 * medians, "o", color=style["color"], markersize=3)
    bottom, top = axes.get_ylim()
    axes.set_ylim(bottom, top * (top / bottom) ** 0.6)
    _plain_ticks(axes.yaxis, *axes.get_ylim())
    _plain_ticks(axes.xaxis, *axes.get_xlim())
    axes.set_xlabel("size")
    axes.legend(loc="upper left", title="exponent", fontsize=7, title_fontsize=7)


def _plain_ticks(axis: Axis, low: float, high: float) -> None:
    """Plain numbers on a logarithmic axis: powers of ten, with 2 and 5 between where these are few."""
    decades = 10.0 ** np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1)
    steps = (1,) if high > 1000 * low else (1, 2, 5)
    ticks = [step * decade for decade in decades for step in steps if low <= step * decade <= high]
    axis.set_ticks(ticks, [f"{tick:g}" for tick in ticks])
    axis.set_ticks([], minor=True)
