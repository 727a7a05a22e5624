"""Maps, by counts made by hand, quantiles of the beta distribution and the min-max form of isotonic means."""

from __future__ import annotations

import numpy as np
import pytest
import scipy

from tests.verify.sweeps.invented import settled, table_of
from verify.sweeps.maps import crossing, is_geometric, success_map, value_map
from verify.theorem.errors import InputError
from verify.theorem.verdicts import Verdict

WIDTHS, SAMPLES = [50, 100, 200, 400], [5, 10]
COUNTS = [[0, 7, 20, 20], [0, 0, 3, 19]]


def test_probabilities_and_their_intervals():
    """Clopper and Pearson's bounds are quantiles of beta distributions."""
    found = success_map(table_of(settled(COUNTS, WIDTHS, SAMPLES, 20)), "C", "width", "samples")
    assert (found.xs, found.ys) == (WIDTHS, SAMPLES)
    assert found.verified.tolist() == COUNTS
    assert found.probability == pytest.approx(np.array(COUNTS) / 20)
    k = np.array(COUNTS)
    beta = scipy.stats.beta.ppf
    assert found.low == pytest.approx(np.where(k == 0, 0.0, beta(0.025, np.maximum(k, 1), 21 - k)))
    assert found.high == pytest.approx(np.where(k == 20, 1.0, beta(0.975, k + 1, np.maximum(20 - k, 1))))


def test_no_draw_is_dropped():
    """What decides nothing is counted by verdict; a failure that an open constant excuses is a failure."""
    outcomes = [
        ("VERIFIED", "VERIFIED"),
        ("VIOLATED", "VIOLATED"),
        ("NOT_APPLICABLE", "VIOLATED"),
        ("NOT_APPLICABLE", "VERIFIED"),
        ("NOT_APPLICABLE", "NOT_APPLICABLE"),
        ("INCONCLUSIVE", "VIOLATED"),
        ("ERROR", "ERROR"),
    ]
    rows = [
        {"width": 50, "samples": 5, "seed": seed, "verdict": verdict, "compared": compared}
        for seed, (verdict, compared) in enumerate(outcomes)
    ]
    rows += [{"width": 100, "samples": 10}]
    found = success_map(table_of(rows), "C", "width", "samples")
    assert found.drawn.tolist() == [[7, 0], [0, 1]]
    assert found.verified.tolist() == [[1, 0], [0, 1]]
    assert {verdict: count.tolist() for verdict, count in found.others.items()} == {
        Verdict.NOT_APPLICABLE: [[2, 0], [0, 0]],
        Verdict.INCONCLUSIVE: [[1, 0], [0, 0]],
        Verdict.ERROR: [[1, 0], [0, 0]],
    }
    assert np.isnan(found.probability[0, 1])
    assert (found.low[0, 1], found.high[0, 1]) == (0.0, 1.0)


def cross(xs, verified, drawn=20):
    return crossing(5, np.array(xs, dtype=float), np.array(verified), np.full(len(xs), drawn))


def test_the_contour_between_two_widths():
    """From 10 of 20 to 20 of 20 the probability passes 0.9 at 4/5 of the way, as the widths are spaced."""
    assert cross([100, 200, 400], [0, 10, 20]).x == pytest.approx(200 * 2**0.8)
    assert cross([100, 200, 300], [0, 10, 20]).x == pytest.approx(280)


@pytest.mark.parametrize("seed", range(20))
def test_the_contour_is_that_of_the_isotonic_means(seed):
    """These are the largest over starts of the least over ends of the means in between."""
    rng = np.random.default_rng(seed)
    xs, verified = np.arange(1.0, 8.0), rng.integers(12, 21, size=7)
    means = verified / 20
    smooth = [max(min(means[j : k + 1].mean() for k in range(i, 7)) for j in range(i + 1)) for i in range(7)]
    found = cross(xs, verified).x
    if max(smooth) < 0.9:
        assert found is None
    else:
        assert np.interp(found, xs, smooth) == pytest.approx(max(0.9, smooth[0]))
        assert all(value < 0.9 for x, value in zip(xs, smooth, strict=True) if x < found)


def test_a_contour_outside_the_range_is_none():
    never, always = cross([50, 100], [0, 17]), cross([50, 100], [50, 50], 50)
    assert (never.x, never.low, never.high) == (None, 50, None)
    assert (always.x, always.low, always.high) == (50, None, 50)


def test_where_the_interval_needs_more_draws():
    """0.025^(1/n) is at least 0.9 from n = 36 on."""
    assert cross([50, 100], [35, 35], 35).high is None
    assert cross([50, 100], [36, 36], 36).high == 50


def test_the_interval_of_the_contour_covers_it():
    """Of 300 sweeps of a probability that passes 0.9 at 200 or just above."""
    rng = np.random.default_rng(0)
    xs, chances = np.array([50.0, 100, 200, 400, 800]), np.array([0.1, 0.5, 0.88, 0.97, 0.995])
    found = [crossing(5, xs, rng.binomial(60, chances), np.full(5, 60)) for _ in range(300)]
    covered = [(at.low or 0) < 300 and (at.high is None or at.high >= 300) for at in found]
    assert np.mean(covered) >= 0.95
    assert np.mean([at.low is not None and at.low >= 100 for at in found]) > 0.9  # and it is no idle interval


def test_a_width_without_draws_is_passed_over():
    at = crossing(5, np.array([50.0, 100, 200]), np.array([0, 0, 20]), np.array([20, 0, 20]))
    assert at.x == pytest.approx(50 * 4**0.9)
    assert crossing(5, np.array([50.0]), np.array([0]), np.array([0])).x is None


def test_values():
    rows = [
        {"width": 50, "data": "digits", "seed": seed, "tightness": value}
        for seed, value in enumerate([3.0, 1.0, 8.0, None])
    ]
    rows += [{"width": 100, "data": "sphere", "tightness": None, "verdict": "ERROR"}]
    found = value_map(table_of(rows), "C", "data", "width", "tightness")
    assert (found.xs, found.ys) == (["digits", "sphere"], [50, 100])
    assert (found.median[0, 0], found.least[0, 0], found.most[0, 0]) == (3.0, 1.0, 8.0)
    assert np.isnan(found.median).tolist() == [[False, True], [True, True]]
    assert found.without.tolist() == [[1, 0], [0, 1]]
    assert found.drawn.tolist() == [[4, 0], [0, 1]]


def test_words_have_no_contour():
    rows = [{"width": 50, "data": data} for data in ("digits", "sphere")]
    table = table_of(rows)
    assert success_map(table, "C", "data", "width").contour == []
    assert [at.y for at in success_map(table, "C", "width", "data").contour] == ["digits", "sphere"]


@pytest.mark.parametrize(
    ("values", "geometric"),
    [
        ([50, 100, 200, 400], True),
        ([10, 14, 20, 28], True),
        ([10, 20, 30, 40], False),
        ([0.0, 1.0, 10.0], False),
        ([50], False),
        ([50, 100], True),
        ([50, 60], False),
        (["a", "b"], False),
    ],
)
def test_spacing(values, geometric):
    assert is_geometric(values) is geometric


GRID = settled(COUNTS, WIDTHS, SAMPLES, 2)


@pytest.mark.parametrize(
    ("rows", "asked", "words"),
    [
        ([], ("C", "width", "samples"), "the table has no rows: run the sweep first, `verify sweep NAME"),
        (GRID, ("D", "width", "samples"), "the table has no claim 'D': take one of C"),
        (
            GRID,
            ("C", "width", "gamma"),
            "'gamma' was not swept, only width, samples: sweep it, `--over gamma=",
        ),
        (GRID, ("C", "width", "width"), "the options of a map differ: take two of width, samples"),
        ([{"width": 50}], ("C", "width", "samples"), "'samples' was not swept, only width: sweep it"),
        ([{}], ("C", "width", "samples"), "'width' was not swept, only seeds"),
        (
            [{**row, "gamma": gamma} for row in GRID for gamma in (0.5, 0.9)],
            ("C", "width", "samples"),
            "gamma was swept, too, and has 2 values: keep one, `--over gamma=0.5`",
        ),
    ],
)
def test_what_cannot_be_mapped(rows, asked, words):
    with pytest.raises(InputError) as caught:
        success_map(table_of(rows), *asked)
    assert words in str(caught.value)


def test_no_map_of_a_column_without_numbers():
    with pytest.raises(InputError, match="cannot be of 'message': take one of measured, bound"):
        value_map(table_of(GRID), "C", "width", "samples", "message")


def test_no_map_of_numbers_of_different_things():
    """A number in a name that differs from draw to draw makes none, nor does a row that compares nothing."""
    rows = [
        {**row, "measured": 1.0, "tightness": 1.0, "quantity": f"rate, m = {row['width']}"} for row in GRID
    ]
    rows[0] |= {"quantity": "hypothesis", "measured": None, "verdict": "ERROR"}
    assert value_map(table_of(rows), "C", "width", "samples", "measured").median[1, 1] == 1.0
    rows[1]["quantity"] = "largest step"
    with pytest.raises(
        InputError, match="measured is of 2 quantities in this claim, such as 'largest step' and"
    ):
        value_map(table_of(rows), "C", "width", "samples", "measured")
    assert value_map(table_of(rows), "C", "width", "samples", "tightness").median[0, 0] == 1.0
