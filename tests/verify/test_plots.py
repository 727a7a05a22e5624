"""Pictures as they are written: whole, in both formats, with powers of ten as text."""

import re

import numpy as np
import pytest
from PIL import Image

from verify import plots
from verify.figures.paper import PAPERS
from verify.theorem.errors import TheoremError


def picture():
    """Axes of both kinds, a legend outside of them, and text in every corner."""
    figure, axes = plots.single("a title of $m$ as wide as it may well be for $n=50$", "time $t$", "norm")
    for curve, power in zip(plots.CURVES, range(5), strict=True):
        axes.plot([1e-3, 1.0, 1e3], np.array([1.0, 1e-4, 1e-8]) * 10.0**power, label=f"$c_{power}$", **curve)
    axes.set_yscale("log")
    plots.logarithmic_time(axes, 1e-2, 1e3)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


@pytest.fixture
def saved(tmp_path):
    with plots.style():
        assert plots.save({"it": picture()}, tmp_path / "figures") == ["it.png"]
    return tmp_path / "figures"


def test_nothing_is_cut_off(saved):
    """Every edge of the page is white, and what is drawn reaches close to it."""
    dark = np.asarray(Image.open(saved / "it.png").convert("L")) < 200
    assert dark.shape == (480, 768)
    for edge in (dark[:3], dark[-3:], dark[:, :3], dark[:, -3:]):
        assert not edge.any()
    rows, columns = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
    assert np.ptp(rows) > 0.9 * 480
    assert np.ptp(columns) > 0.9 * 768


def test_powers_of_ten_are_text(saved):
    svg = (saved / "it.svg").read_text(encoding="utf-8")
    assert "<!-- 10⁻⁷ -->" in svg
    assert "mathdefault" not in svg


def test_a_formula_that_cannot_be_read_is_its_authors_to_mend(tmp_path):
    figure, _ = plots.single("$\\frac{1$", "x", "y")
    with pytest.raises(TheoremError, match="'it' cannot be drawn"), plots.style():
        plots.save({"it": figure}, tmp_path / "figures")


def test_a_paper_gets_pdf_of_its_width_with_text_as_text(tmp_path):
    prints = plots.Prints(("png", "pdf"), PAPERS["icml"])
    with plots.style(prints.rc):
        plots.save({"it": picture()}, tmp_path / "figures", prints)
    assert {path.name for path in (tmp_path / "figures").iterdir()} == {"it.png", "it.pdf"}
    pdf = (tmp_path / "figures" / "it.pdf").read_bytes()
    assert re.search(rb"/MediaBox \[ 0 0 234 [\d.]+ \]", pdf), "3.25 inches"
    assert pdf.count(b"/FontFile2") == pdf.count(b"/CIDFontType2") > 0, "embedded"
    assert b"/Type3" not in pdf
    assert b"/CreationDate" not in pdf
    with Image.open(tmp_path / "figures" / "it.png") as pixels:
        assert pixels.size[0] == 975


def test_the_title_of_a_single_panel_is_left_to_the_papers_caption(tmp_path):
    figure = picture()
    assert plots.panel_titles(figure)
    plots.save({"it": figure}, tmp_path / "figures", plots.Prints(("png",), PAPERS["iclr"]))
    assert plots.panel_titles(figure) == ""
