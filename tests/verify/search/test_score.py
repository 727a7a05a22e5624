"""Scores: below 0 exactly where a comparison is VIOLATED, and smaller the nearer it is to that."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from verify.search.score import REFUSED, UNJUDGED, UNPROMISED, distance, score
from verify.theorem.compare import Check, at_least, at_most, equal, not_applicable
from verify.theorem.verdicts import Verdict

NUMBERS = st.floats(-1e300, 1e300) | st.sampled_from([0.0, 1.0, 1e-300, math.inf])
BUDGETS = st.floats(0, 1e300) | st.sampled_from([0.0, 1e-300])


@settings(max_examples=500, deadline=None)
@given(NUMBERS, NUMBERS, BUDGETS, st.sampled_from([at_most, at_least, equal]), st.floats(0, 10))
def test_it_is_finite_and_its_sign_is_the_verdict(measured, bound, budget, compare, resolution):
    how = {"resolution": resolution} if compare is equal else {}
    with np.errstate(over="ignore"):
        check = compare("q", measured, bound, budget={"all": budget}, **how)
    found = score(check)
    assert math.isfinite(found)
    assert (found < 0) == (check.verdict is Verdict.VIOLATED)
    assert -2 <= found <= 3 or check.verdict is Verdict.ERROR


def test_it_says_how_nearly_a_bound_is_attained():
    assert score(at_most("q", -1.0, -1 + 1e-5, budget={})) == pytest.approx(1e-5)
    assert score(at_least("q", 1e6 * (1 + 1e-5), 1e6, budget={})) == pytest.approx(1e-5, rel=1e-4)


def test_a_wide_budget_is_no_approach():
    """By slack - budget the wider one would be the nearer."""
    wide, narrow = (score(at_most("q", 0.9, 1.0, budget={"all": budget})) for budget in (0.5, 0.01))
    assert narrow < wide


def test_an_identity_is_scored_by_how_much_of_its_budget_is_used_up():
    used = [score(equal("q", gap, 0.0, budget={"all": 1.0}, resolution=2.0)) for gap in (0, 0.5, 0.999, 1.5)]
    assert used[0] == 1
    assert used == sorted(used, reverse=True)
    assert used[2] > 0 > used[3]


def test_what_shows_nothing_is_worse_than_any_number():
    far = at_most("q", -1e300, 1e300, budget={})
    silent = not_applicable("q", "use --scale 1")
    assert score(far) < UNPROMISED <= score(Check("q", Verdict.ERROR)) < REFUSED
    assert score(silent) == UNJUDGED  # nothing was compared
    excused = Check("q", Verdict.NOT_APPLICABLE, "<=", 2.0, 1.0, -1.0, 0.1, compared=Verdict.VIOLATED)
    assert score(excused, unmet=0.5) == UNPROMISED + 0.5
    assert score(excused, open_constant=True) < 0


def test_a_hypothesis_is_further_the_more_it_fails():
    met, near, far = (at_most("q", value, 1.0, budget={}) for value in (0.5, 1.1, 10.0))
    assert distance([met]) == 0
    assert 0 < distance([met, near]) < distance([near, far]) <= 2
