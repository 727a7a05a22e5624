"""A copy of a run's picture: the user's own, which a notebook shows without pyplot."""

from __future__ import annotations

import copy
import io
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from verify import plots


class Picture(Figure):
    """A matplotlib figure that a notebook shows as it is, in the suite's look."""

    def _repr_png_(self) -> bytes:
        file = io.BytesIO()
        with plots.style():
            FigureCanvasAgg(self).print_figure(file, dpi=plots.DPI)
        return file.getvalue()


def picture_of(figure: Figure) -> Picture:
    """A copy, whose axes know it as their figure."""
    picture = Picture.__new__(Picture)
    state = copy.deepcopy(figure.__getstate__(), {id(figure): picture})
    picture.__setstate__(state)  # type: ignore[attr-defined]  # its stub lacks it
    canvas: Any = FigureCanvasAgg(picture)
    with plots.style():
        canvas.draw()  # when ticks are first drawn they are made, in the style of the time
    return picture
