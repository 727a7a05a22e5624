"""Best constants of invented tables of a real theorem, so that the commands are real."""

from __future__ import annotations

import shlex

import pytest

from tests.verify.sweeps.invented import table_of
from theorems import ling_2023
from verify.sweeps.constants import best_constants
from verify.theorem.settings import make_setting


def row(least, largest, bound=1.0, **more):
    whole = {"least_ratio": least, "largest_ratio": largest, "bound": bound, "measured": least}
    setting = ling_2023.Setting(**more.pop("options", {})).model_dump_json()
    return {**whole, "setting": setting, **more}


def best(*rows):
    (found,) = best_constants(table_of(rows), ling_2023)
    return found


def test_the_extremes_and_where_they_stand():
    found = best(
        row(0.2, 0.5, options={"width": 100, "seed": 3}),
        row(0.1, 0.4, options={"width": 50, "init": "paper", "horizon": 0.5}),
        row(0.3, 0.8, verdict="INCONCLUSIVE"),
    )
    assert (found.least.ratio, found.largest.ratio, found.rows) == (0.1, 0.8, 3)
    assert found.largest.verdict == "INCONCLUSIVE"
    assert found.largest.command == "verify theorem ling-convergence"
    words = shlex.split(found.least.command)
    assert words[:3] == ["verify", "theorem", "ling-convergence"]
    given = {name.removeprefix("--"): value for name, value in zip(words[3::2], words[4::2], strict=True)}
    assert given == {"width": "50", "init": "paper", "horizon": "0.5"}
    assert make_setting(ling_2023, given).model_dump()["width"] == 50


@pytest.mark.parametrize(
    ("relation", "bound", "ratio"),
    [("<=", 2.0, 0.8), (">=", 2.0, 0.1), ("<=", -2.0, 0.1), (">=", -2.0, 0.8), ("=", 2.0, None)],
)
def test_which_of_them_the_relation_limits(relation, bound, ratio):
    """Scaled by it, the bound is kept by every ratio there is, and no further scaling is."""
    rows = [row(least, least, bound, relation=relation) for least in (0.1, 0.5, 0.8)]
    found = best(*rows)
    if ratio is None:
        assert found.constant is None
        return
    assert found.constant.ratio == ratio

    def kept(scale):
        sides = [(one["least_ratio"] * bound, scale * bound) for one in rows]
        return all(left <= right if relation == "<=" else left >= right for left, right in sides)

    tighter = 0.99 if (relation == "<=") == (bound > 0) else 1.01
    assert kept(ratio)
    assert not kept(tighter * ratio)


def test_bounds_of_both_signs_have_none():
    assert best(row(0.1, 0.1, 1.0), row(0.2, 0.2, -1.0)).constant is None


def test_rows_of_which_the_claim_does_not_speak_do_not_count():
    found = best(row(0.5, 0.5), row(0.9, 0.9, verdict="NOT_APPLICABLE", compared="VERIFIED"))
    assert (found.constant.ratio, found.largest.ratio, found.failing) == (0.5, 0.9, 0)


def test_what_was_chosen_by_its_own_outcome_bears_nothing_out():
    """The claim is NOT_APPLICABLE because it fails, so that what is left cannot fail."""
    found = best(row(0.5, 0.5), row(2.0, 2.0, verdict="NOT_APPLICABLE", compared="VIOLATED"))
    assert (found.constant, found.largest.ratio, found.failing) == (None, 2.0, 1)


def test_rows_that_broke_are_counted():
    broken = {"verdict": "ERROR", "relation": "<=", "quantity": "q"}
    found = best(row(0.5, 0.5), broken)
    assert (found.rows, found.without) == (1, 1)
    assert best_constants(table_of([broken]), ling_2023) == []
    assert best_constants(table_of([]), ling_2023) == []


def test_quantities_are_told_apart_but_not_by_drawn_numbers():
    named = [
        "rate, alpha = 0.0012",
        "rate, alpha = 3e-05",
        "||A|| at t = 0.5",
        "lambda_0/n^2",
        "lambda_1/n^2",
    ]
    found = best_constants(table_of([row(0.1, 0.1, quantity=name) for name in named]), ling_2023)
    assert [(one.quantity, one.rows) for one in found] == [
        ("rate, alpha = …", 2),
        ("||A|| at t = …", 1),
        ("lambda_0/n^2", 1),
        ("lambda_1/n^2", 1),
    ]
