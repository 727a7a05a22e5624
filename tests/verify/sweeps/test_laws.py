"""Exponents of invented sweeps, whose laws are known: intervals cover them, and reject others."""

from __future__ import annotations

import numpy as np
import pytest

from tests.verify.sweeps.invented import settled, table_of, tosses
from verify.sweeps.laws import Exponent, Printed, Standing, needed_law, power_law_of
from verify.sweeps.needed import exponent_likely, fitted
from verify.theorem.errors import InputError

WIDTHS, SAMPLES = [25, 50, 100, 200, 400, 800], [8, 16, 32, 64]


def shared(exponent, seeds, rng, spread=0.3):
    """Of a draw that succeeds above a width that its seed shifts at every size alike."""
    shifts = spread * rng.standard_normal(seeds)

    def probability(x, y, seed):
        rise = 4.0 * (np.log(x / 100) - exponent * np.log(y / 22.6) + shifts[seed])
        return 1 / (1 + np.exp(-rise))

    return probability


def law_of(rows, **more):
    return needed_law(table_of(rows), "C", "width", "samples", **more)


def test_the_interval_covers_the_exponent_and_rejects_another():
    """Of 20 sweeps whose seeds shift all their draws; 95% means that 3 misses or more have a chance of 0.08."""
    rng, covered, rejected = np.random.default_rng(1), 0, 0
    for exponent in np.linspace(0.5, 1.5, 20):
        found = law_of(tosses(shared(exponent, 12, rng), WIDTHS, SAMPLES, 12)).exponent
        covered += found.against(exponent) is Standing.CONSISTENT
        rejected += found.against(exponent + 1.0) is Standing.BELOW
        rejected += found.against(exponent - 1.0) is Standing.ABOVE
    assert covered >= 18
    assert rejected >= 38
