"""Verdicts follow from slack and error budget alone."""

import numpy as np
import pytest

from verify.theorem.claims import Claim, claim_verdict, theorem_verdict
from verify.theorem.compare import at_least, at_most, equal, not_applicable
from verify.theorem.verdicts import Verdict, worst


@pytest.mark.parametrize(
    ("measured", "budget", "verdict"),
    [
        (0.5, 0.1, "VERIFIED"),
        (0.95, 0.1, "INCONCLUSIVE"),
        (1.05, 0.1, "INCONCLUSIVE"),
        (1.2, 0.1, "VIOLATED"),
    ],
)
def test_an_inequality_is_decided_by_its_budget(measured, budget, verdict):
    assert at_most("q", measured, 1.0, budget={"rounding": budget}).verdict == verdict
    assert at_least("q", -measured, -1.0, budget={"rounding": budget}).verdict == verdict


@pytest.mark.parametrize(("gap", "verdict"), [(0.0, "VERIFIED"), (0.09, "VERIFIED"), (0.11, "VIOLATED")])
def test_an_identity_holds_within_its_budget(gap, verdict):
    assert equal("q", 1.0 + gap, 1.0, budget={"rounding": 0.1}, resolution=0.1).verdict == verdict


def test_an_identity_with_too_wide_a_budget_decides_nothing():
    check = equal("q", 1.0, 1.0, budget={"rounding": 0.1}, resolution=0.01, advice="use more digits")
    assert check.verdict == "INCONCLUSIVE"
    assert "use more digits" in check.message


def test_the_point_decided_most_narrowly_is_reported():
    check = at_most(
        "q",
        [0.0, 0.9, 0.5],
        1.0,
        budget={"a": [0.01, 0.01, 0.2], "b": 0.01},
        where={"time": [1.0, 2.0, 3.0]},
    )
    assert check.where == {"time": 3.0}
    assert check.budget == pytest.approx(0.21)
    assert check.budget_parts == pytest.approx({"a": 0.2, "b": 0.01})
    assert check.points == 3


def test_one_violated_point_is_enough():
    assert at_most("q", [0.0, 2.0, 0.0], 1.0, budget={"a": 0.1}).verdict == "VIOLATED"


@pytest.mark.parametrize("bad", [{"measured": np.nan}, {"bound": np.nan}, {"budget": np.nan}])
def test_numbers_that_are_none_are_errors(bad):
    numbers = {"measured": 0.0, "bound": 1.0, "budget": 0.1} | bad
    check = at_most("q", numbers["measured"], numbers["bound"], budget={"a": numbers["budget"]})
    assert check.verdict == "ERROR"


@pytest.mark.parametrize("budget", [{"a": np.inf}, {"a": -1.0}, {"a": 1.0, "b": -0.5}, {"a": [0.1, np.inf]}])
@pytest.mark.parametrize("attained", [None, 1.0])
def test_a_budget_that_is_infinite_or_negative_is_an_error(budget, attained):
    check = at_most("q", [0.0, 0.0], 1.0, budget=budget, attained=attained)
    assert check.verdict == "ERROR"
    assert check.message == "the error budget is infinite or negative"


def test_a_bound_that_is_attained_is_decided_by_its_resolution():
    assert at_most("q", 1.0, 1.0, budget={"a": 0.1}).verdict == "INCONCLUSIVE"
    assert at_most("q", 1.0, 1.0, budget={"a": 0.1}, attained=0.1).verdict == "VERIFIED"
    assert at_most("q", 1.0, 1.0, budget={"a": 0.1}, attained=0.09).verdict == "INCONCLUSIVE"
    assert at_most("q", 1.2, 1.0, budget={"a": 0.1}, attained=0.1).verdict == "VIOLATED"


def test_no_points_is_an_error_never_a_pass():
    assert at_most("q", [], [], budget={"a": []}).verdict == "ERROR"
    assert worst([]) == "ERROR"
    assert claim_verdict([]) == "ERROR"


def test_points_that_agree_by_definition_show_nothing():
    start = {"budget": {"a": 0.1}, "trivial": [True, False]}
    assert at_most("q", [0.0, 0.0], [0.0, 1.0], **start).verdict == "VERIFIED"
    assert at_most("q", [0.0, 0.0], [0.0, 1.0], **start).points == 1
    assert at_most("q", [9.0, 0.0], [0.0, 1.0], **start).verdict == "VIOLATED"
    alone = equal("q", [0.0], 0.0, budget={"a": 0.0}, resolution=1.0, trivial=True, advice="lower --x")
    assert (alone.verdict, alone.points) == ("INCONCLUSIVE", 0)
    assert alone.message.endswith("lower --x")


@pytest.mark.parametrize(("wide", "verdict"), [(2, "VERIFIED"), (3, "INCONCLUSIVE")])
def test_half_of_the_points_must_be_decided(wide, verdict):
    """The start does not count: with it the three wide points of five would be a minority."""
    budget = np.array([0.0] + [0.01] * (4 - wide) + [9.0] * wide)
    found = equal(
        "q",
        np.arange(5.0),
        np.arange(5.0),
        budget={"a": budget},
        resolution=0.1,
        trivial=np.arange(5) == 0,
        undecided=budget > 0.1,
    )
    assert found.verdict == verdict
    slack = np.where(budget > 0.1, 0.0, 1.0)
    found = at_most("q", -slack, 0.0, budget={"a": 0.01}, trivial=np.arange(5) == 0, undecided=slack == 0.0)
    assert found.verdict == verdict


def test_undecided_points_count_only_when_violated():
    how = {"budget": {"a": 0.1}, "undecided": [True, False]}
    assert at_most("q", [1.0, 0.0], 1.0, **how).verdict == "VERIFIED"
    assert at_most("q", [1.2, 0.0], 1.0, **how).verdict == "VIOLATED"
    assert at_most("q", [1.0], 1.0, budget={"a": 0.1}, undecided=True).verdict == "INCONCLUSIVE"


def test_an_infinite_bound_is_met():
    assert at_most("q", 1.0, np.inf, budget={"a": 0.1}).verdict == "VERIFIED"


def test_informative_claims_worsen_a_theorem_only_when_violated_or_broken():
    claims = [Claim("a", "", "", "conclusion"), Claim("b", "", "", "hypothesis", required=False)]
    for verdict, expected in [
        (Verdict.NOT_APPLICABLE, "VERIFIED"),
        (Verdict.INCONCLUSIVE, "VERIFIED"),
        (Verdict.VIOLATED, "VIOLATED"),
        (Verdict.ERROR, "ERROR"),
    ]:
        assert theorem_verdict(claims, {"a": Verdict.VERIFIED, "b": verdict}) == expected


def test_exit_codes():
    assert [verdict.exit_code for verdict in Verdict] == [0, 3, 3, 1, 4]
    assert not_applicable("q", "why").verdict.exit_code == 3


def test_an_infinite_number_is_no_pass():
    assert at_least("q", [np.inf, 2.0], 1.0, budget={"a": 0.1}).verdict == "ERROR"
    assert at_most("q", np.inf, 1.0, budget={"a": 0.1}).verdict == "VIOLATED"
    assert at_most("q", 2.0, 1.0, budget={"a": 10.0}, attained=np.inf).verdict == "INCONCLUSIVE"


def test_complex_numbers_are_not_compared():
    with pytest.raises(TypeError, match="absolute value"):
        at_most("q", np.array([9j]), 1.0, budget={"a": 0.1})
