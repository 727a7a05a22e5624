"""Which claims a choice means: what they rest on comes along, and nothing that is needed can be left out."""

from types import SimpleNamespace

import pytest

import theorems
from verify.theorem.claims import Claims
from verify.theorem.errors import InputError
from verify.theorem.selection import premises, select, with_premises


def toy(name="toy", prefix="T"):
    """C2 rests on c1, c1 on H; S on nothing; no claim is given the hypotheses U and R, R is informative."""
    claims = Claims("")
    h = claims.hypothesis(f"{prefix}-H", "")(lambda problem: ())
    claims.hypothesis(f"{prefix}-U", "")(lambda problem: ())
    claims.hypothesis(f"{prefix}-R", "", required=False)(lambda problem: ())
    c1 = claims.step(f"{prefix}-c1", "", given=(h,))(lambda path: ())
    claims.step(f"{prefix}-S", "")(lambda start: ())
    claims.conclusion(f"{prefix}-C2", "", given=(c1,))(lambda path: ())
    return SimpleNamespace(NAME=name, CLAIMS=claims)


def chosen(*asked, skip=()):
    (found,) = select([toy()], asked, skip)
    return found


def test_a_claim_comes_with_all_that_it_rests_on_in_the_theorems_order():
    found = chosen("T-c1")
    assert found.judged == ["T-H", "T-c1"]
    assert found.left_out == ["T-U", "T-R", "T-S", "T-C2"]
    assert chosen("T-S").judged == ["T-S"]
    assert chosen("T-S", "T-c1").asked == ["T-c1", "T-S"]


def test_a_conclusion_rests_on_required_hypotheses_that_no_claim_is_given():
    assert premises(toy()) == {
        **{"T-H": [], "T-U": [], "T-R": [], "T-c1": ["T-H"], "T-S": []},
        "T-C2": ["T-U", "T-c1"],
    }
    assert chosen("T-C2").judged == ["T-H", "T-U", "T-c1", "T-C2"]


@pytest.mark.parametrize(("name", "meant"), [("t-C1", "T-c1"), ("T-s", "T-S"), ("T-c1", "T-c1")])
def test_case_does_not_matter(name, meant):
    assert chosen(name).asked == [meant]


def test_where_case_does_matter_it_must_be_right():
    theorem = toy()
    theorem.CLAIMS.step("T-s", "")(lambda start: ())
    assert select([theorem], ["T-s"])[0].judged == ["T-s"]
    theorem.CLAIMS.step("T-C1", "")(lambda start: ())
    with pytest.raises(InputError, match=r"'t-c1' may be T-c1 or T-C1"):
        select([theorem], ["t-c1"])


def test_all_but_the_skipped():
    found = chosen(skip=["t-s", "T-C2"])
    assert (found.judged, found.left_out) == (["T-H", "T-U", "T-R", "T-c1"], ["T-S", "T-C2"])
    assert (found.asked, found.skipped) == ([], ["T-S", "T-C2"])


@pytest.mark.parametrize(
    ("asked", "skipped", "said"),
    [
        ((), ["T-H"], "--skip T-H: T-c1, T-C2 rest on it, .* as well: --skip T-c1 --skip T-C2"),
        ((), ["T-U"], "--skip T-U: T-C2 rests on it, .* as well: --skip T-C2$"),
        ((), ["T-H", "T-C2"], "--skip T-H: T-c1 rests on it"),
        (["T-C2"], ["T-H"], "T-c1, T-C2 rest on it, .* leave --skip out"),
        (["T-S"], ["T-S"], "T-S is named by --claim and by --skip"),
        ((), [one.id for one in toy().CLAIMS.claims], "--skip leaves no claim of toy"),
        (["T-C3"], (), "toy has no claim 'T-C3': did you mean T-"),
        ((), ["nothing"], "toy has no claim 'nothing'"),
    ],
)
def test_a_choice_with_a_hole_is_refused(asked, skipped, said):
    with pytest.raises(InputError, match=said):
        chosen(*asked, skip=skipped)


def test_what_rests_on_a_claim_can_be_skipped_with_it():
    assert chosen(skip=["T-H", "T-c1", "T-C2"]).judged == ["T-U", "T-R", "T-S"]


def test_an_id_goes_to_the_theorem_that_has_it():
    both = [toy(), toy("other", "O")]
    first, second = select(both, ["T-S", "o-s"])
    assert (first.asked, second.asked) == (["T-S"], ["O-S"])
    assert select(both, (), ["O-S"])[0] is None
    with pytest.raises(InputError, match="none of the claims asked for is other's: leave other out"):
        select(both, ["T-S"])
    with pytest.raises(InputError, match="toy and other have no claim 'X-S'"):
        select(both, ["X-S"])
    assert select(both) == [None, None]


def test_the_words_of_a_choice_choose_the_same():
    assert chosen("t-c2", "T-S").words == ["--claim", "T-S", "--claim", "T-C2"]
    assert chosen(skip=["t-s"]).words == ["--skip", "T-S"]


@pytest.mark.parametrize("name", theorems.BUILT_IN)
def test_every_claim_of_every_theorem_can_be_chosen_alone(name):
    theorem = theorems.load(name)
    for claim in theorem.CLAIMS.claims:
        (found,) = select([theorem], [claim.id])
        assert set(found.judged) == with_premises(theorem, found.judged)
        assert claim.id in found.judged


def test_the_conclusion_of_kawaguchi_comes_with_its_hypotheses():
    (found,) = select([theorems.load("linear-rate")], ["K-T1"])
    assert found.judged == ["K-T1.PL", "K-T1.R", "K-T1"]
