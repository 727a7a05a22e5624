"""Maps and laws as pictures, made to be read at a width of 80 mm."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from verify import plots
from verify.sweeps.laws import Law
from verify.sweeps.maps import LEVEL, Crossing, SuccessMap, Value, ValueMap, is_geometric, is_number
from verify.theorem.errors import InputError
from verify.views.filling import SYMBOLS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[np.float64]

#: What has a picture.
Part = SuccessMap | ValueMap | Law

#: Heights in inches: of a row of a map with one line of text, of a further line, of what is around rows.
ROW, LINE, AROUND = 0.42, 0.16, 0.95

#: The most columns that leave room for the text of a cell in a line, and in two; its size in points.
ONE_LINE, TWO_LINES, CELL = 7, 11, 9.0

#: Letters below all cells of a row that stand side by side; more are turned.
LEVEL_LETTERS = 40

#: Colours from light to dark, and the share of the way from which on text is white.
COLOURS, DARK = "Blues", 0.55

#: Where in a row its interval and its text are, as shares of its height.
INTERVAL_AT, TEXT_AT = 0.13, 0.58

CONTOUR = plots.CURVES[2]["color"]


def figure_of(part: Part) -> Figure:
    """The picture of a map or a law; InputError for a map with more columns than can be read."""
    if isinstance(part, SuccessMap):
        return success_figure(part)
    return value_figure(part) if isinstance(part, ValueMap) else law_figure(part)


def success_figure(found: SuccessMap) -> Figure:
    """The share of VERIFIED draws: k/n in each cell, the contour of 0.9 and its interval in each row.

    Draws that decide nothing stand below k/n with the symbol of their verdict. InputError, see `figure_of`.
    """

    def text(at: tuple[int, int]) -> str:
        undecided = [f"{count[at]} {SYMBOLS[of]}" for of, count in found.others.items() if count[at]]
        between = "/" if len(found.xs) <= ONE_LINE else "/\n"
        return "\n".join([f"{found.verified[at]}{between}{found.drawn[at]}", *undecided])

    title = f"{found.claim}: share of VERIFIED draws" + (
        f", contour at {LEVEL:.0%}" if any(at.x is not None for at in found.contour) else ""
    )
    figure, axes = _heat(found, found.probability, (0.0, 1.0), text, title, TWO_LINES)
    for row, at in enumerate(found.contour):
        _draw_crossing(axes, at, _Scale(found.xs), _Scale(found.ys), row)
    return figure


def value_figure(found: ValueMap) -> Figure:
    """The median of a number in each cell; its colour is by the logarithm where it spreads over a decade.

    InputError, see `figure_of`.
    """
    shades = found.median
    there = shades[np.isfinite(shades)]
    if len(there) and there.min() > 0 and there.max() > 10 * there.min():
        shades, there = np.log(shades), np.log(there)
    ends = (float(there.min()), float(there.max())) if len(there) else (0.0, 1.0)
    title = f"{found.claim}: {found.column.replace('_', ' ')}, median of draws"
    return _heat(found, shades, ends, lambda at: f"{found.median[at]:.3g}", title, ONE_LINE)[0]


def law_figure(law: Law) -> Figure:
    """What was found against the sizes, with the fit, and printed exponents through the middle of the fit.

    An arrow is an end of an interval that the sweep leaves open.
    """
    exponent, name = law.exponent, law.of.replace("_", " ")
    figure, axes = plots.single(
        f"{law.claim}: {name} ~ {law.against}$^p$, {law.seeds} seeds",
        law.against,
        f"{name} needed for {LEVEL:.0%}" if law.kind == "needed" else f"mean of {name}",
        height=3.6,
    )
    axes.set_xscale("log")
    axes.set_yscale("log")
    _draw_points(axes, law)
    label = f"$p$ = {exponent.value:.2f}, 95% {exponent.low:.2f} to {exponent.high:.2f}"
    axes.plot(law.sizes, law.fit, label=label, **plots.CURVES[1])
    middle = np.exp(np.log(law.sizes).mean()), np.exp(np.log(law.fit).mean())
    for printed, curve in zip(law.printed, plots.CURVES[2:], strict=False):
        line = middle[1] * (law.sizes / middle[0]) ** printed.exponent
        axes.plot(law.sizes, line, label=f"$p$ = {printed.exponent:g}: {printed.where}", **curve)
    axes.set_xticks(law.sizes, [f"{size:g}" for size in law.sizes])
    axes.minorticks_off()
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=1)
    return figure


class _Scale:
    """An axis of a map: where its values stand, and the edges of their cells."""

    def __init__(self, values: Sequence[Value]) -> None:
        self.labels = [f"{value:g}" if is_number(value) else str(value) for value in values]
        self.logarithmic = is_geometric(values)
        numeric = all(is_number(value) for value in values)
        self.centres = np.array(values if numeric else np.arange(len(values)), dtype=float)
        of = np.log(self.centres) if self.logarithmic else self.centres
        gaps = np.diff(of) if len(of) > 1 else np.ones(1)
        edges = np.concatenate([[of[0] - gaps[0] / 2], of[:-1] + np.diff(of) / 2, [of[-1] + gaps[-1] / 2]])
        self.edges = np.exp(edges) if self.logarithmic else edges

    def inside(self, cell: int, share: float) -> float:
        """The place at a share of the way through a cell, as the eye sees it."""
        low, high = self.edges[cell : cell + 2]
        return float(low * (high / low) ** share if self.logarithmic else low + share * (high - low))


def _heat(
    found: SuccessMap | ValueMap,
    shades: Array,
    ends: tuple[float, float],
    text: Callable[[tuple[int, int]], str],
    title: str,
    most: int,
) -> tuple[Figure, Axes]:
    """Cells coloured between the ends of a scale, each with its text; empty where nothing was drawn.

    InputError for more than `most` columns.
    """
    from matplotlib import colormaps
    from matplotlib.patheffects import withStroke

    if len(found.xs) > most:
        raise InputError(
            f"a map of {len(found.xs)} values of {found.x} cannot be read: take {most} or fewer "
            f"across, or turn it, --map {found.y},{found.x}"
        )
    across, up, colours = _Scale(found.xs), _Scale(found.ys), colormaps[COLOURS]
    texts = {at: text(at) for at in np.ndindex(*shades.shape) if np.isfinite(shades[at])}
    lines = max((words.count("\n") for words in texts.values()), default=0)
    height = AROUND + len(found.ys) * (ROW + LINE * lines)
    figure, axes = plots.single(title, found.x, found.y, height=height)
    axes.grid(visible=False)
    axes.set_xscale("log" if across.logarithmic else "linear")
    axes.set_yscale("log" if up.logarithmic else "linear")
    axes.set_xticks(across.centres, across.labels)
    if max(map(len, across.labels)) * len(across.labels) > LEVEL_LETTERS:
        axes.tick_params("x", rotation=40)
    axes.set_yticks(up.centres, up.labels)
    axes.minorticks_off()
    low, high = ends
    axes.pcolormesh(
        across.edges,
        up.edges,
        np.ma.masked_invalid(shades),
        cmap=colours,
        vmin=low,
        vmax=high,
        edgecolors="w",
    )
    for (row, column), words in texts.items():
        share = (shades[row, column] - low) / (high - low) if high > low else 0.0
        axes.text(
            float(across.centres[column]),
            up.inside(row, TEXT_AT),
            words,
            ha="center",
            va="center",
            fontsize=CELL,
            color="white" if share > DARK else "black",
            path_effects=[withStroke(linewidth=3.5, foreground=colours(float(share)))],
            zorder=4,
        )
    return figure, axes


def _draw_crossing(axes: Axes, at: Crossing, across: _Scale, up: _Scale, row: int) -> None:
    """The contour in a row of a map, a line across it, and the interval below the text, open to the edge."""
    if at.x is not None:
        axes.plot([at.x, at.x], up.edges[row : row + 2], color=CONTOUR, linewidth=2.2, zorder=3)
    place = up.inside(row, INTERVAL_AT)
    low, high = at.low or across.edges[0], at.high or across.edges[-1]
    axes.plot([low, high], [place, place], color=CONTOUR, linewidth=1.2, zorder=3)
    closed = [end for end in (at.low, at.high) if end is not None]
    axes.plot(closed, [place] * len(closed), color=CONTOUR, marker="|", markersize=7, linestyle="", zorder=3)


def _draw_points(axes: Axes, law: Law) -> None:
    """Points with their intervals, and an arrow where one is open."""
    from matplotlib.ticker import LogLocator, StrMethodFormatter

    colour = plots.CURVES[0]["color"]
    axes.plot(law.sizes, law.points, "o", color=colour, markersize=5, label="found, with 95% intervals")
    drawn = np.concatenate([law.points, law.low, law.high, law.fit])
    ends = drawn[np.isfinite(drawn) & (drawn > 0)]
    bottom, top = ends.min() / 1.5, ends.max() * 1.5
    for size, low, high in zip(law.sizes, law.low, law.high, strict=True):
        if low <= 0 and np.isinf(high):
            continue
        start, end = max(low, bottom), min(high, top)
        axes.plot([size, size], [start, end], color=colour, linewidth=1.0)
        if np.isinf(high):
            axes.plot([size], [end], marker="^", color=colour, markersize=5)
        if low <= 0:
            axes.plot([size], [start], marker="v", color=colour, markersize=5)
    axes.set_ylim(bottom / 1.2, top * 1.2)
    if top < 30 * bottom:  # a power of ten or two, or none, would stand beside the axis
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 5, 7)))
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
