"""What `verify power` plants: every falsehood of every theorem, none of which may go missing or survive."""

from pathlib import Path

import pytest

import theorems
from verify.runs.power import trials

#: A line for each falsehood: the theorem, the claim, what is false.
PLANTED = Path(__file__).parents[2] / "data" / "falsehoods.txt"


#: Theorems whose false claims take longer.
LONG = {"linear-rate", "relu-convergence"}


def planted():
    return [
        f"{name}  {falsehood.claim}  {falsehood.what}"
        for name in theorems.BUILT_IN
        for falsehood in theorems.load(name).CLAIMS.falsehoods
    ]


def test_no_falsehood_goes_missing():
    """Whoever takes one away must do it here, too, and say why."""
    assert planted() == PLANTED.read_text(encoding="utf-8").splitlines()


def test_every_claim_has_a_falsehood_and_every_broken_hypothesis_a_setting():
    for name in theorems.BUILT_IN:
        claims = theorems.load(name).CLAIMS
        tested = {falsehood.claim for falsehood in claims.falsehoods}
        assert tested == {claim.id for claim in claims.claims}
        broken = {falsehood.claim for falsehood in claims.falsehoods if falsehood.breaks_hypothesis}
        assert broken >= {claim.id for claim in claims.claims if claim.kind == "hypothesis"}


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.campaign if name in LONG else ()) for name in theorems.BUILT_IN],
)
def test_none_survives(name):
    found = trials(theorems.load(name))
    assert [(one.falsehood.claim, one.falsehood.what, one.missed) for one in found if one.missed] == []
    margins = [one.margin for one in found if not one.falsehood.breaks_hypothesis]
    assert min(margin for margin in margins if margin is not None) > 1  # None where the budget is 0
