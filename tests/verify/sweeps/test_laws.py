"""Exponents of invented sweeps, whose laws are known: intervals cover them, and reject others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy

from tests.verify.sweeps.invented import settled, table_of, tosses
from verify.sweeps.laws import Exponent, Printed, Standing, needed_law, power_law_of
from verify.sweeps.needed import Draws, exponent_likely, fitted
from verify.theorem.errors import InputError

WIDTHS, SAMPLES = [25, 50, 100, 200, 400, 800], [8, 16, 32, 64]

MIDDLE = np.exp(np.log(SAMPLES).mean())


def shifted(exponent, seeds, rng, spread):
    """Chances of draws that succeed from 100 (y/middle)^exponent on, moved by seed and y for all widths."""
    shifts = {(seed, y): spread * rng.standard_normal() for seed in range(seeds) for y in SAMPLES}

    def probability(x, y, seed):
        rise = 6 * (np.log(x / 100) - exponent * np.log(y / MIDDLE) + shifts[seed, y])
        return scipy.special.expit(rise)

    return probability


def law_of(rows, **more):
    return needed_law(table_of(rows), "C", "width", "samples", **more)


def draws_of(rows, seeds):
    """The same draws by seed, from rows in the order of `tosses`."""
    verified = np.array([row["verdict"] == "VERIFIED" for row in rows], dtype=float)
    by_seed = verified.reshape(len(WIDTHS), len(SAMPLES), seeds).transpose(2, 1, 0)
    return Draws(np.array(WIDTHS, float), np.array(SAMPLES, float), by_seed, np.ones_like(by_seed))


def test_the_interval_covers_the_exponent_and_rejects_others():
    """In 30 sweeps whose seeds share their data; of 95% fewer than 26 would be a chance of 0.016."""
    rng, covered, rejected = np.random.default_rng(1), 0, 0
    for exponent in np.linspace(0.5, 1.5, 30):
        found = law_of(tosses(shifted(exponent, 12, rng, 0.5), WIDTHS, SAMPLES, 12, rng)).exponent
        covered += found.against(exponent) is Standing.CONSISTENT
        rejected += found.against(exponent + 1) is Standing.BELOW
        rejected += found.against(exponent - 1) is Standing.ABOVE
    assert covered >= 26
    assert rejected >= 57


def test_seeds_that_go_their_own_ways_are_not_taken_for_more_than_they_are():
    """Each has an exponent of its own, about 1. The likelihood takes every draw for a coin of its own."""
    rng, alone, found = np.random.default_rng(2), [], []
    for _ in range(15):
        own = 1 + 0.8 * rng.standard_normal(12)

        def probability(x, y, seed, own=own):
            return scipy.special.expit(6 * (np.log(x / 100) - own[seed] * np.log(y / MIDDLE)))

        rows = tosses(probability, WIDTHS, SAMPLES, 12, rng)
        cells = draws_of(rows, 12).all
        alone.append(Exponent(1.0, *exponent_likely(cells, fitted(cells))))
        found.append(law_of(rows).exponent)
    assert sum(one.against(1.0) is Standing.CONSISTENT for one in found) >= 13
    assert sum(one.against(1.0) is Standing.CONSISTENT for one in alone) <= 12


def test_a_bootstrap_over_seeds_agrees_with_the_jackknife():
    rng = np.random.default_rng(3)
    rows = tosses(shifted(1.0, 30, rng, 1.0), WIDTHS, SAMPLES, 30, rng)
    found, slopes = law_of(rows).exponent, []
    draws = draws_of(rows, 30)
    for _ in range(150):
        chosen = replace(draws, verified=draws.verified[rng.integers(0, 30, 30)])
        slopes.append(fitted(chosen.all).exponent)
    half = scipy.stats.t.ppf(0.975, 29) * np.std(slopes)
    assert (found.high - found.low) / 2 == pytest.approx(half, rel=0.3)


@pytest.mark.parametrize("exponent", [1.0, 0.5])
def test_seeds_that_agree_leave_what_the_grid_cannot_show(exponent):
    """Thresholds are sharp: every exponent whose line passes between the same widths is as likely."""
    counts = [[12 * (x >= 110 * (y / MIDDLE) ** exponent) for x in WIDTHS] for y in SAMPLES]
    found = law_of(settled(counts, WIDTHS, SAMPLES, 12)).exponent
    assert found.against(exponent) is Standing.CONSISTENT
    assert 0.2 < found.high - found.low < 1.2
    assert found.against(2.0) is Standing.BELOW


def test_sizes_beyond_the_range_are_censored():
    """At 256 no draw succeeds and at 1 all do. Taken for 800 and for 25 they would make the exponent 0.6."""
    rng = np.random.default_rng(4)

    def probability(x, y, seed):
        return scipy.special.expit(6 * np.log(x / (10 * y)))

    sizes = [1, 8, 16, 32, 256]
    found = law_of(tosses(probability, WIDTHS, sizes, 20, rng))
    assert found.exponent.against(1.0) is Standing.CONSISTENT
    assert found.exponent.against(0.6) is Standing.ABOVE
    assert np.isnan(found.points).tolist() == [False, False, False, False, True]
    assert (found.low[-1], found.high[-1]) == (800, np.inf)
    assert found.notes == (
        "at samples = 256 no draw succeeds within the range",
        "at samples = 1 every draw succeeds within the range",
    )
    assert found.fit[2] == pytest.approx(160 * 9 ** (1 / 6), rel=0.15)


def test_what_is_no_power_law_is_told():
    """The width that is needed grows as y^2 up to 16, and not at all from there; or as y throughout."""
    rng = np.random.default_rng(9)
    for power, astray in ((lambda y: min(y, 16) ** 2 / 3, True), (lambda y: 5 * y, False)):

        def probability(x, y, seed, power=power):
            return scipy.special.expit(12 * np.log(x / power(y)))

        found = law_of(tosses(probability, WIDTHS, [4, 8, 16, 32, 64], 60, rng))
        assert any("no one power law" in note for note in found.notes) == astray


def test_draws_that_break_show_up():
    rng = np.random.default_rng(5)
    rows = tosses(shifted(1.0, 8, rng, 0.1), WIDTHS, SAMPLES, 8, rng)
    rows[-1]["verdict"] = "ERROR"
    assert law_of(rows).notes == ("1 of 192 draws decide nothing and count as failures",)


GRID = settled([[0, 10, 20], [0, 0, 20], [0, 0, 10]], [50, 100, 200], [5, 10, 20], 20)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (
            [row for row in GRID if 8 <= row["seed"] < 12],
            "4 seeds, and a law needs 5: use --seeds 20",
        ),
        (settled([[0, 0], [20, 20]], [50, 100], [5, 10], 20), "succeed and fail at 0 values of samples"),
        (
            settled([[0, 20], [20, 20]], [50, 100], [5, 10], 20),
            "at 1 values of samples, a law needs two: widen",
        ),
        (
            [{**row, "width": row["width"] - 50} for row in GRID],
            "width = 0: a power law needs positive numbers",
        ),
        (
            [{**row, "samples": "digits"} for row in GRID],
            "samples = digits: a power law needs positive numbers",
        ),
    ],
)
def test_where_there_is_no_law(rows, words):
    with pytest.raises(InputError) as caught:
        law_of(rows)
    assert words in str(caught.value)


def values(sizes, seeds, exponent, rng, spread=0.2):
    """Numbers that go as a power of the width, each seed with a factor of its own, and with noise."""
    factors = np.exp(spread * rng.standard_normal(seeds))
    return [
        {
            "width": x,
            "seed": seed,
            "measured": 3 * factors[seed] * x**exponent * np.exp(0.1 * rng.standard_normal()),
        }
        for x in sizes
        for seed in range(seeds)
    ]


def power_of(rows, **more):
    return power_law_of(table_of(rows), "C", "measured", "width", **more)


def test_the_exponent_of_a_column():
    """Covered in 100 sweeps; of 95% fewer than 89 would be a chance of 0.004. And the line is NumPy's."""
    rng, covered = np.random.default_rng(6), 0
    for _ in range(100):
        rows = values(WIDTHS, 15, -0.5, rng)
        found = power_of(rows)
        covered += found.exponent.against(-0.5) is Standing.CONSISTENT
        assert found.exponent.against(-0.6) is Standing.ABOVE
        assert found.exponent.against(-0.4) is Standing.BELOW
    means = np.array([row["measured"] for row in rows]).reshape(len(WIDTHS), 15).mean(axis=1)
    slope, height = np.polyfit(np.log(WIDTHS), np.log(means), 1)
    assert found.exponent.value == pytest.approx(slope)
    assert found.fit == pytest.approx(np.exp(height) * np.array(WIDTHS, float) ** slope)
    assert covered >= 89


def test_seeds_that_lack_a_number_are_left_out_and_told():
    rows = values(WIDTHS, 10, 1.0, np.random.default_rng(7))
    rows[3]["measured"] = None
    whole = [row for row in rows if row["seed"] != 3]
    found = power_of(rows)
    assert found.notes == ("1 of 10 seeds lack a number and are left out",)
    assert found.exponent == power_of(whole).exponent
    assert found.seeds == 9


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (
            values([50, 100], 10, 1.0, np.random.default_rng(0)),
            "width has 2 values, and a law needs 3: add some",
        ),
        (
            values(WIDTHS, 4, 1.0, np.random.default_rng(0)),
            "at every value of width: 4 seeds, and a law needs 5",
        ),
        ([{"width": x, "seed": s, "measured": None} for x in WIDTHS for s in range(9)], "0 seeds, and a law"),
        ([{"width": x, "seed": s, "measured": -1.0} for x in WIDTHS for s in range(9)], "is -1 somewhere"),
    ],
)
def test_where_a_column_has_no_exponent(rows, words):
    with pytest.raises(InputError) as caught:
        power_of(rows)
    assert words in str(caught.value)


def test_a_printed_exponent_is_held_against_the_interval():
    found = Exponent(1.0, 0.9, 1.1)
    assert [found.against(printed) for printed in (0.8, 0.9, 1.0, 1.1, 1.2)] == [
        Standing.ABOVE,
        Standing.CONSISTENT,
        Standing.CONSISTENT,
        Standing.CONSISTENT,
        Standing.BELOW,
    ]
    printed = (Printed(2.0, "Theorem"),)
    assert power_of(values(WIDTHS, 6, 1.0, np.random.default_rng(8)), printed=printed).printed == printed
