"""Pictures as conference papers print them: column width, font size, panels, means with bands."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from verify.plots import Look

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[np.float64]

#: A panel narrower than this, in inches, cannot be read.
NARROWEST_PANEL = 1.7

#: A page this wide, in inches, takes four columns of a legend.
WIDE = 5.0

#: Height of a panel, in inches.
PANEL_HEIGHT = 1.55

#: The message where one trial leaves no mean to compare.
ONE_TRIAL = "one trial has no spread: use --trials 2 or more"

BAND: Mapping[str, Any] = MappingProxyType({"alpha": 0.18, "linewidth": 0})


class Paper(Look):
    """The look of a paper, and the panels that fit into it."""

    def grid(
        self, rows: int, columns: int, height: float = PANEL_HEIGHT, *, shared: bool = False
    ) -> tuple[Figure, NDArray[Any]]:
        """A figure of rows x columns panels, as an array of axes in that shape.

        Where a row is too wide for the page it is printed as a column. With `shared` the panels of a
        row have one vertical axis.
        """
        from matplotlib.figure import Figure

        turned = self.width / columns < NARROWEST_PANEL
        shape = (columns, rows) if turned else (rows, columns)
        figure = Figure(figsize=(self.width, shape[0] * height + 0.45), layout="constrained")
        axes = figure.subplots(*shape, squeeze=False, sharey=shared and ("col" if turned else "row"))
        return figure, axes.T if turned else axes

    def legend(self, figure: Figure, panel: Axes) -> None:
        """The curves of a panel above all panels, in as many columns as the page takes."""
        columns = 4 if self.width >= WIDE else 2
        handles, labels = panel.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=columns, columnspacing=1.2)


#: Width and font size by venue, as its style file sets them; for icml the width of one of its two columns.
PAPERS: Mapping[str, Paper] = MappingProxyType(
    {"iclr": Paper(5.5, 8), "neurips": Paper(5.5, 8), "icml": Paper(3.25, 7.5), "wide": Paper(7.0, 9)}
)


def thin(curve: Mapping[str, Any]) -> dict[str, Any]:
    """A curve's look in the suite's larger pictures, made thinner for a panel of a paper."""
    return {**curve, "linewidth": 0.65 * curve["linewidth"]}


def label_left(panels: NDArray[Any], label: str) -> None:
    """Name the vertical axis of the panels that stand leftmost on the page."""
    for panel in panels.flat:
        if panel.get_subplotspec().is_first_col():
            panel.set_ylabel(label)


def spread_sentence(trials: int, of: str) -> str:
    """What a caption says of the lines and bands that `band` draws."""
    if trials == 1:
        return "One trial, hence no bands."
    return f"Lines and bands are mean and standard deviation{of} over {trials} trials."


def band(axes: Axes, x: NDArray[Any], samples: Array, curve: Mapping[str, Any], label: str) -> None:
    """Mean over trials of `samples` (trials, k), and one standard deviation on either side.

    On a logarithmic axis both are of the logarithm.
    """
    logarithmic = axes.get_yscale() == "log"
    values = np.log(samples) if logarithmic else samples
    mean, spread = values.mean(axis=0), values.std(axis=0, ddof=1) if len(values) > 1 else 0.0
    low, middle, high = (np.exp(v) if logarithmic else v for v in (mean - spread, mean, mean + spread))
    axes.plot(x, middle, label=label, **thin(curve))
    if len(samples) > 1:
        axes.fill_between(x, low, high, color=curve["color"], **BAND)
