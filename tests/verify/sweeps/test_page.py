"""The page: every table is one, every number of the parts is on it, and so is what broke."""

from __future__ import annotations

import numpy as np
import pytest
from markdown_it import MarkdownIt

from tests.verify.sweeps.invented import settled, table_of, tosses
from theorems import ling_2023
from verify.sweeps.constants import best_constants
from verify.sweeps.laws import Printed, needed_law, power_law_of
from verify.sweeps.maps import success_map, value_map
from verify.sweeps.page import sweep_page

WIDTHS, SAMPLES = [25, 50, 100, 200, 400], [8, 16, 32]


@pytest.fixture(scope="module")
def page():
    rng = np.random.default_rng(0)
    rows = tosses(lambda x, y, seed: 1 / (1 + (x / (6 * y)) ** -5), WIDTHS, [*SAMPLES, 256], 12, rng)
    setting = ling_2023.Setting(width=60).model_dump_json()
    for row in rows:
        numbers = {"measured": row["width"] ** -0.5, "bound": 1.0, "least_ratio": 0.25, "largest_ratio": 0.5}
        row |= {**numbers, "setting": setting, "quantity": "||G|| | n"}
    rows[0] |= {"verdict": "ERROR", "measured": None, "least_ratio": None, "largest_ratio": None}
    table = table_of(rows)
    narrow = table_of([row for row in rows if row["samples"] == 8])
    parts = {
        "probability": success_map(table, "C", "width", "samples"),
        "values": value_map(table, "C", "width", "samples", "measured"),
        "needed": needed_law(table, "C", "width", "samples", (Printed(2, "Theorem 3"),)),
        "power": power_law_of(narrow, "C", "measured", "width", (Printed(-0.5, "its proof"),)),
    }
    return sweep_page("A sweep", "verify sweep x", parts, best_constants(table, ling_2023), "pictures")


def test_tables_are_tables(page):
    """Each row has as many cells as its head, whatever is in them."""
    tokens = MarkdownIt("commonmark").enable("table").parse(page)
    assert sum(token.type == "table_open" for token in tokens) == 4
    assert "| ---" not in "".join(token.content for token in tokens if token.type == "inline")
    names = [
        token.children[0].attrs["src"] for token in tokens if token.type == "inline" and "](" in token.content
    ]
    assert names == [f"pictures/{name}.png" for name in ("probability", "values", "needed", "power")]


@pytest.mark.parametrize(
    "words",
    [
        "    verify sweep x",
        "## C: VERIFIED draws over width and samples",
        ", 1 ERROR |",
        "| 256 | not reached | above 400 |",
        "0.2 (0.2 to 0.2), 1 of 12 without",
        "## C: width needed against samples",
        "- below 2, Theorem 3",
        "- at samples = 256 no draw succeeds within the range",
        "- 1 of 240 draws decide nothing and count as failures",
        "## C: measured against width",
        "exponent -0.500, 95% interval -0.500 to -0.500, 11 seeds, width = 25 to 400",
        "its proof",
        "- 1 of 12 seeds lack a number and are left out",
        "| C | ‖G‖ \\| n | ≤ | 0.25 (VIOLATED) | 0.5 (VIOLATED) | 0.5 |",
        "verify theorem ling-convergence --width 60 | 239, 1 without |",
    ],
)
def test_what_the_page_says(page, words):
    assert words in page


def test_a_sweep_of_words_has_no_contour():
    rows = [{"width": 50, "data": data} for data in ("digits", "a|b")]
    found = sweep_page("T", "c", {"m": success_map(table_of(rows), "C", "data", "width")}, (), "p")
    assert "| width, data: | a\\|b | digits |" in found
    assert "from which on" not in found
    assert "Best constants" not in found


def test_a_contour_at_the_edge_is_open():
    found = success_map(table_of(settled([[40, 40]], [25, 50], [8], 40)), "C", "width", "samples")
    assert "| 8 | 25 or less | 25 or less |" in sweep_page("T", "c", {"m": found}, (), "p")
    few = success_map(table_of(settled([[5, 5]], [25, 50], [8], 5)), "C", "width", "samples")
    assert "| 8 | 25 or less | open |" in sweep_page("T", "c", {"m": few}, (), "p")
