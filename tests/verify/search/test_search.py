"""A search of a theorem whose false corners are known."""

from dataclasses import replace

import numpy as np
import pytest

import theorems
from tests.verify.search import toy
from verify.search.asked import sought
from verify.search.planted import hunts
from verify.search.search import Limits, Tally, search
from verify.search.space import drawn
from verify.theorem.errors import InputError
from verify.theorem.space import Real, Space

LIMITS = Limits(seed=0, seconds=60.0, restarts=1)


def found(*claims, dropped=(), limits=LIMITS, **pinned):
    tally = Tally()
    search(sought(toy, claims, dropped, {"seed": limits.seed, **pinned}), limits, tally)
    return tally


def test_a_false_corner_is_found_and_a_true_claim_is_not_violated():
    tally = found("T-corner", "T-true")
    assert set(tally.violated) == {"T-corner"}
    assert np.tanh(tally.violated["T-corner"].point.arrays["start"]["a"]).mean() > 0.9
    assert 0 <= tally.closest["T-true"].score < 1e-3  # ||a|| = 0 attains it


def test_neutral_starts_do_not_fall_into_the_corner():
    """What finds it is the descent."""
    rng, space = np.random.default_rng(0), toy.SEARCH[0]
    points = []
    for _ in range(300):
        chart = drawn(space, {"size": 3}, rng)
        points.append(chart.at(rng.standard_normal(chart.size)))
    share = np.mean([np.tanh(point.arrays["start"]["a"]).mean() > 0.9 for point in points])
    assert share < 0.05


def test_the_same_seed_finds_the_same():
    first, second = (found("T-true") for _ in range(2))
    assert first.evaluations == second.evaluations
    assert first.closest["T-true"].setting.scale == second.closest["T-true"].setting.scale
    other = found("T-true", limits=Limits(1, 60.0, restarts=1))
    assert other.closest["T-true"].setting.scale != first.closest["T-true"].setting.scale


def test_a_hypothesis_must_hold_unless_it_is_dropped():
    assert not found("T-given").violated
    tally = found("T-given", dropped=["T-H"])
    assert tally.violated["T-given"].setting.scale > 6


def test_a_condition_can_be_dropped():
    assert not found("T-condition").violated
    assert found("T-condition", dropped=["gentle"]).violated["T-condition"].setting.scale > 3


def test_a_hypothesis_that_is_not_needed_is_looked_for_outside_of_it():
    """Inside, scale = 5, it came nearer than it does at first outside."""
    tally = found("T-needless", dropped=["T-H"])
    assert not tally.violated
    assert tally.closest["T-needless"].setting.scale == pytest.approx(10, abs=0.1)


def test_dropping_looks_at_the_claims_that_rest_on_it():
    assert sought(toy, (), ["T-H"], {}).claims == ("T-given", "T-needless")


def test_a_violation_that_goes_away_is_none():
    tally = found("T-rough", limits=Limits(0, 60.0, restarts=1))
    assert not tally.violated
    assert tally.unconfirmed > 0
    assert tally.gone["T-rough"].setting.rough == 1e-2


def test_what_breaks_ends_no_search():
    tally = found("T-breaks", limits=Limits(0, 60.0, restarts=1), brittle=True)
    assert 0 < tally.refused < tally.evaluations
    assert "a small scale" in tally.refusal


def test_processes_find_what_one_finds():
    tally = found("T-true", limits=Limits(0, 60.0, jobs=2, restarts=2))
    assert tally.closest["T-true"].setting.scale == found("T-true").closest["T-true"].setting.scale


def test_pinned_options_do_not_vary():
    tally = found("T-given", dropped=["T-H"], scale=5.5)
    assert not tally.violated
    assert tally.closest["T-given"].setting.scale == 5.5


def test_planted_claims_are_found_where_they_are_false():
    """One is true: it must not be."""
    tried = {
        falsehood.what: bool(tally.violated)
        for falsehood, tally in hunts(sought(toy, ["T-true"], (), {"seed": 0}), LIMITS)
    }
    assert tried == {"more than 0.001": True, "less than nothing": False}


@pytest.mark.parametrize(
    ("claims", "dropped", "said"),
    [
        (["T-tru"], [], "did you mean T-true"),
        (["T-law"], [], "is a law"),
        (["T-H"], [], "--drop it instead"),
        (["T-open"], [], "leaves a constant open"),
        ([], ["T-X"], "its claims rest on T-H, gentle"),
    ],
)
def test_what_cannot_be_searched_is_said(claims, dropped, said):
    with pytest.raises(InputError, match=said):
        sought(toy, claims, dropped, {})


def test_numbers_are_normal_where_they_start_and_stay_in_their_ranges():
    real = Real(1e-3, 1e3, log=True)
    assert real.at(0.0) == 1
    assert real.at(-50.0) == 1e-3
    assert real.at(50.0) == 1e3
    assert np.mean([Real(0.0, 1.0).at(z) for z in np.random.default_rng(0).standard_normal(2000)]) == (
        pytest.approx(0.5, abs=0.02)
    )


def test_a_space_without_numbers_is_only_drawn():
    chart = drawn(Space("choices", options={"scale": (1.0, 2.0)}), {}, np.random.default_rng(0))
    assert chart.size == 0
    assert chart.at(np.zeros(0)).options["scale"] in (1.0, 2.0)


def test_the_floor_without_m_is_found_false_from_a_neutral_start():
    """lambda_min(D) >= 1/(1+gamma)^2, which no start that the theorem draws refutes."""
    theorem = theorems.load("linear-rate")
    (planted,) = [
        one
        for one in theorem.CLAIMS.falsehoods
        if one.what == "1/(1+gamma)^2 as a floor free of the width, and a start where it fails"
    ]
    wanted = sought(theorem, [planted.claim], (), {"seed": 0, "loss": "square", "horizon": 0.02})
    tally = Tally()
    search(replace(wanted, falsehood=planted), Limits(seed=0, seconds=60.0, restarts=2), tally)
    assert tally.violated[planted.claim].point.options["width"] > 1
