"""Pictures of maps and laws: what stands in them, and that it can be read."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from tests.verify.sweeps.invented import settled, table_of, tosses
from verify import plots
from verify.sweeps.laws import Printed, needed_law, power_law_of
from verify.sweeps.maps import success_map, value_map
from verify.sweeps.pictures import ONE_LINE, TWO_LINES, figure_of
from verify.theorem.errors import InputError

WIDTHS, SAMPLES = [25, 50, 100, 200, 400], [8, 16, 32]

COUNTS = [[0, 10, 40, 40, 40], [0, 0, 20, 40, 40], [0, 0, 0, 36, 39]]


def grid():
    rows = settled(COUNTS, WIDTHS, SAMPLES, 40)
    next(row for row in rows if row["verdict"] == "VIOLATED" and row["width"] == 50)["verdict"] = "ERROR"
    return table_of(rows)


def boxes(axes, texts):
    """Where texts are, in pixels."""
    canvas = FigureCanvasAgg(axes.figure)
    canvas.draw()
    return [text.get_window_extent(canvas.get_renderer()) for text in texts]


def apart(found):
    return not any(one.overlaps(other) for i, one in enumerate(found) for other in found[i + 1 :])


def test_every_cell_says_how_many_of_how_many():
    (axes,) = figure_of(success_map(grid(), "C", "width", "samples")).axes
    texts = [text.get_text() for text in axes.texts]
    assert [text.split("\n")[0] for text in texts] == [f"{k}/40" for row in COUNTS for k in row]
    assert texts[1] == "10/40\n1 !"
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert [label.get_text() for label in axes.get_xticklabels()] == ["25", "50", "100", "200", "400"]


def test_the_contour_crosses_its_row_where_it_should():
    found = success_map(grid(), "C", "width", "samples")
    (axes,) = figure_of(found).axes
    upright = [line for line in axes.lines if len(x := line.get_xdata()) == 2 and x[0] == x[1]]
    assert [line.get_xdata()[0] for line in upright] == [at.x for at in found.contour]
    for line, y in zip(upright, SAMPLES, strict=True):
        low, high = line.get_ydata()
        assert low < y < high
    # From 10 of 40 to all it passes 0.9 at (0.9 - 0.25)/0.75 of the way, in logarithms.
    assert found.contour[0].x == pytest.approx(50 * 2 ** (0.65 / 0.75))


@pytest.mark.parametrize("ys", [[8], [8, 16, 32, 64]])
@pytest.mark.parametrize("columns", [ONE_LINE, TWO_LINES])
def test_texts_of_the_widest_map_keep_apart(columns, ys):
    """100/100 in each of as many columns as there may be, one of them with a draw that decides nothing."""
    xs = [10 * 2**i for i in range(columns)]
    rows = settled([[100] * len(xs)] * len(ys), xs, ys, 100)
    rows[0]["verdict"] = "INCONCLUSIVE"
    with plots.style():
        (axes,) = figure_of(success_map(table_of(rows), "C", "width", "samples")).axes
        found = boxes(axes, axes.texts)
        assert apart(found)
        labels = axes.get_xticklabels()
        assert labels[0].get_rotation() > 0 or apart(boxes(axes, labels))
    for one in found:
        assert axes.get_window_extent().containsx(one.x0)
        assert axes.get_window_extent().containsx(one.x1)
        assert axes.get_window_extent().containsy(one.y0)
        assert axes.get_window_extent().containsy(one.y1)
        assert one.height >= 0.1 * axes.figure.dpi  # on 80 mm 5 points are left of it


def test_a_map_too_wide_to_be_read():
    table = table_of(settled([[1] * 15], range(15), [8], 1))
    for part in (success_map, lambda *asked: value_map(*asked, "measured")):
        with pytest.raises(InputError, match="15 values of width cannot be read: .* --map samples,width"):
            figure_of(part(table, "C", "width", "samples"))


def test_texts_of_values_keep_apart():
    """The longest numbers, in as many columns as there may be."""
    rows = [{"width": 2**i, "samples": 8, "tightness": -1.234e-05 / 3**i} for i in range(ONE_LINE)]
    with plots.style():
        (axes,) = figure_of(value_map(table_of(rows), "C", "width", "samples", "tightness")).axes
        assert apart(boxes(axes, axes.texts))


def test_a_map_of_values_and_of_words():
    rows = [
        {"width": x, "data": data, "seed": seed, "tightness": value}
        for x, data, value in ((50, "digits", 1.0), (100, "digits", 50.0), (50, "sphere", 4.0))
        for seed in range(3)
    ]
    (axes,) = figure_of(value_map(table_of(rows), "C", "width", "data", "tightness")).axes
    assert [text.get_text() for text in axes.texts] == ["1", "50", "4"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["digits", "sphere"]
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "linear")
    without = table_of([{"width": 50, "data": "digits", "verdict": "ERROR"}])
    (axes,) = figure_of(value_map(without, "C", "width", "data", "tightness")).axes
    assert list(axes.texts) == []


def slope_of(line):
    x, y = (np.log(np.asarray(data, dtype=float)) for data in line.get_data())
    return np.polyfit(x, y, 1)[0]


def law():
    rng = np.random.default_rng(0)

    def probability(x, y, seed):
        return 1 / (1 + np.exp(-5 * np.log(x / (6 * y))))

    rows = tosses(probability, WIDTHS, [*SAMPLES, 128], 20, rng)
    return needed_law(table_of(rows), "C", "width", "samples", (Printed(2, "Theorem"), Printed(3, "Lemma")))


def test_a_law_stands_beside_what_is_printed():
    found = law()
    (axes,) = figure_of(found).axes
    lines = {line.get_label(): line for line in axes.lines}
    assert slope_of(lines["$p$ = 2: Theorem"]) == pytest.approx(2)
    assert slope_of(lines["$p$ = 3: Lemma"]) == pytest.approx(3)
    (fit,) = (line for label, line in lines.items() if ", 95% " in label)
    assert slope_of(fit) == pytest.approx(found.exponent.value)
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    arrows = [
        (line.get_marker(), line.get_xdata()[0]) for line in axes.lines if line.get_marker() in ("^", "v")
    ]
    assert ("^", 128) in arrows  # the contour is beyond the range


def test_axes_of_less_than_a_decade_have_labels():
    """As many as it takes to read a number off."""
    rows = [
        {"width": x, "seed": seed, "measured": x**-0.5 * (1 + 0.01 * seed)}
        for x in WIDTHS
        for seed in range(6)
    ]
    found = power_law_of(table_of(rows), "C", "measured", "width", (Printed(-0.5, "Lemma"),))
    (axes,) = figure_of(found).axes
    FigureCanvasAgg(axes.figure).draw()
    low, high = axes.get_ylim()
    assert sum(low <= tick <= high for tick in axes.get_yticks()) >= 3


def test_nothing_is_cut_off(tmp_path):
    """Every edge of the page is white."""
    found = {"map": success_map(grid(), "C", "width", "samples"), "law": law()}
    with plots.style():
        plots.save({name: figure_of(part) for name, part in found.items()}, tmp_path / "figures")
    for name in found:
        dark = np.asarray(Image.open(tmp_path / "figures" / f"{name}.png").convert("L")) < 200
        for edge in (dark[:3], dark[-3:], dark[:, :3], dark[:, -3:]):
            assert not edge.any()
