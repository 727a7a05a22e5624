"""The look of all pictures: readable in grey, at a paper's column width, without global state."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from verify.theorem.errors import TheoremError, in_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Colour, line style and width of successive curves: told apart by style alone.
CURVES: tuple[dict[str, Any], ...] = (
    {"color": "#000000", "linestyle": "-", "linewidth": 1.8},
    {"color": "#0072b2", "linestyle": "--", "linewidth": 1.5},
    {"color": "#d55e00", "linestyle": "-.", "linewidth": 1.5},
    {"color": "#009e73", "linestyle": ":", "linewidth": 1.8},
    {"color": "#cc79a7", "linestyle": (0, (5, 1, 1, 1, 1, 1)), "linewidth": 1.5},
)

Format = Literal["png", "svg", "pdf"]

#: Dots per inch of PNG, on a screen and in a paper.
DPI, PAPER_DPI = 160, 300

STYLE: Any = {
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titley": 1.0,  # where it is: to look for a place that is free takes a fifth of the time
    "legend.frameon": False,
    "legend.fontsize": 8,
    "svg.hashsalt": "verify",
    "pdf.fonttype": 42,  # text stays text, in an embedded font
    "savefig.dpi": DPI,
}


@dataclass(frozen=True)
class Look:
    """Width of the text or column that a picture fills, in inches, and its font size in points."""

    width: float
    font: float

    @property
    def rc(self) -> dict[str, Any]:
        """Settings of matplotlib, on top of the suite's own."""
        return {
            "font.size": self.font,
            "axes.titlesize": self.font,
            "axes.labelsize": self.font,
            "legend.fontsize": self.font - 0.5,
            "xtick.labelsize": self.font - 1,
            "ytick.labelsize": self.font - 1,
            "axes.linewidth": 0.6,
            "lines.linewidth": 1.1,
            "savefig.dpi": PAPER_DPI,
        }


@dataclass(frozen=True)
class Prints:
    """How a run's pictures are written: PNG, which reports show, and other formats; `look` for a paper."""

    formats: Sequence[Format] = ("png", "svg")
    look: Look | None = None

    @property
    def rc(self) -> dict[str, Any]:
        """Settings of matplotlib, on top of the suite's own."""
        return self.look.rc if self.look else {}


#: For a screen: the suite's own look.
SCREEN = Prints()

#: Digits and signs of exponents.
RAISED = str.maketrans("0123456789-\N{MINUS SIGN}", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁻")


@contextmanager
def style(more: Mapping[str, Any] | None = None) -> Iterator[None]:
    """Drawing and saving inside it has the suite's look, with `more` settings of matplotlib on top."""
    import matplotlib

    settings: Any = {**STYLE, **(more or {})}
    fonts = logging.getLogger("fontTools")  # tells of fonts that it embeds in PDF what nobody can mend
    level = fonts.level
    fonts.setLevel(logging.ERROR)
    try:
        with matplotlib.rc_context(settings):
            yield
    finally:
        fonts.setLevel(level)


def undated(suffix: str) -> dict[str, None]:
    """Metadata without the date, for formats that have one: same numbers, same file."""
    return {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(suffix, {})


def single(title: str, xlabel: str, ylabel: str, *, height: float = 3.0) -> tuple[Figure, Axes]:
    """A figure of one panel, 4.8 inches wide."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.8, height), layout="constrained")
    axes = figure.subplots()
    axes.set(title=title, xlabel=xlabel, ylabel=ylabel)
    return figure, axes


def logarithmic_time(axes: Axes, fastest: float, end: float) -> None:
    """Time from 0 to `end`, linear up to `fastest` and logarithmic from there."""
    if end <= 0:  # a path that ended where it began
        return
    axes.set_xscale("symlog", linthresh=fastest)
    axes.set_xlim(0, end)
    decades = range(math.ceil(math.log10(2 * fastest)), math.floor(math.log10(end)) + 1)
    stride = max(1, len(decades) // 6)
    axes.set_xticks([0.0, *(10.0**decade for decade in decades[::stride])])


def panel_titles(figure: Figure) -> str:
    """The titles of a figure's panels, with mathematics in ASCII as in claims."""
    titles = "; ".join(dict.fromkeys(title for axes in figure.axes if (title := axes.get_title())))
    plain = re.sub(r"\\dot\s*([A-Za-z])", r" d\1/dt", titles).replace(r"\infty", "inf")
    return re.sub(r"[$\\]", "", plain)


def _fit(figure: Figure, look: Look) -> None:
    """Make a figure as wide as the column; the title of a single panel goes, for a paper's caption has it."""
    width, height = figure.get_size_inches()
    figure.set_size_inches(look.width, height * look.width / width)
    if len(figure.axes) == 1:
        figure.axes[0].set_title("")


def _draw(figure: Figure, stem: Path, prints: Prints) -> None:
    """Write one figure, drawn once a format and laid out once: savefig does both twice."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.backend_pdf import FigureCanvasPdf
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    figure.set_dpi(PAPER_DPI if prints.look else DPI)
    pixels: Any = FigureCanvasAgg(figure)
    pixels.print_png(stem.with_name(f"{stem.name}.png"))
    figure.set_layout_engine("none")
    # A canvas is not made before: the layout is for the last one.
    if "svg" in prints.formats:
        vectors: Any = FigureCanvasSVG(figure)
        vectors.print_svg(stem.with_name(f"{stem.name}.svg"), metadata=undated("svg"))
    if "pdf" in prints.formats:
        pages: Any = FigureCanvasPdf(figure)
        pages.print_pdf(stem.with_name(f"{stem.name}.pdf"), metadata=undated("pdf"))


def _write_powers(figure: Figure) -> None:
    """Labels of logarithmic axes as text, 10 with raised digits: matplotlib is far slower with formulas."""
    from matplotlib.ticker import Formatter, LogFormatter

    class Powers(Formatter):
        """Writes as text what another formatter writes as a formula."""

        def __init__(self, formulas: LogFormatter) -> None:
            self._formulas = formulas

        def set_locs(self, locs: Any) -> None:
            self._formulas.set_locs(locs)

        def __call__(self, x: float, pos: int | None = None) -> str:
            return _as_text(self._formulas(x, pos))

    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            major, minor = axis.get_major_formatter(), axis.get_minor_formatter()
            if isinstance(major, LogFormatter):
                axis.set_major_formatter(Powers(major))
            if isinstance(minor, LogFormatter):
                axis.set_minor_formatter(Powers(minor))


def _as_text(formula: str) -> str:
    """A power of ten as matplotlib writes it, as text."""
    raised = re.sub(r"\^\{([^}]*)\}", lambda power: power[1].translate(RAISED), formula)
    return re.sub(r"[$\\{}]|mathdefault", "", raised.replace(r"\times", "\N{MULTIPLICATION SIGN}"))


def save(figures: Mapping[str, Figure], folder: Path, prints: Prints = SCREEN) -> list[str]:
    """Write every figure into `folder`; the names of the PNG files. TheoremError for a bad one."""
    folder.mkdir()
    names = []
    for name, figure in figures.items():
        try:
            _write_powers(figure)
            if prints.look:
                _fit(figure, prints.look)
            _draw(figure, folder / name, prints)
        except OSError:
            raise
        except Exception as problem:  # such as a formula that matplotlib cannot read
            raise TheoremError(
                f"pictures(): {name!r} cannot be drawn: {in_words(problem)}: mend it; --debug shows the "
                "traceback"
            ) from problem
        names.append(f"{name}.png")
    return names
