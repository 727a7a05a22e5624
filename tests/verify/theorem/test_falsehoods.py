"""Falsehoods are run as a user would run them, and whatever a run makes too little of them is told."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from verify.runs.power import trials
from verify.theorem.claims import Claims, Constant
from verify.theorem.compare import at_most
from verify.theorem.errors import HypothesisError, InputError, TheoremError
from verify.theorem.settings import BaseSetting


class Setting(BaseSetting):
    size: float = 1.0
    data: str = ""


@dataclass
class OneClaim:
    """A theorem about the size of its setting, with whatever claims it is given."""

    CLAIMS: Claims
    NAME = "one-claim"
    TITLE = ""
    SOURCES = ()
    Setting = Setting
    built: int = 0

    def build(self, setting):
        self.built += 1
        if setting.data:
            with np.load(Path(setting.data)) as file:
                return float(file["size"])
        if setting.size < 0:
            raise InputError("sizes are positive")
        if setting.size == 3:
            raise HypothesisError("the size 3 is none: use --size 2", setting.size)
        return setting.size

    def integrate(self, problem, progress):
        return 10 * problem


def below(measured, bound):
    return at_most("q", measured, bound, budget={"a": 0.01})


def tried(claims):
    return trials(OneClaim(claims))


@pytest.fixture
def claims():
    return Claims("a paper")


@pytest.fixture
def bound(claims):
    """A claim that holds for sizes below 2."""
    return claims.conclusion("A", "size < 2")(lambda problem, limit=2.0: below(problem, limit))


def test_a_false_constant_is_caught_with_its_margin(claims, bound):
    bound.false("half of it", why="1 is above 0.5", setting={}, limit=0.5)
    (trial,) = tried(claims)
    assert trial.caught
    assert (trial.theorem, trial.check.claim, trial.check.verdict, trial.run) == (
        "one-claim",
        "A",
        "VIOLATED",
        "VIOLATED",
    )
    assert trial.margin == pytest.approx(50)


def test_a_falsehood_that_is_true_survives(claims, bound):
    bound.false("twice it", why="it is not", setting={}, limit=4.0)
    bound.false("nothing", why="it is not", setting={}, problem=lambda problem: problem)
    assert [trial.missed for trial in tried(claims)] == ["comes out VERIFIED, not VIOLATED"] * 2


def test_what_is_spoiled_is_caught(claims, bound):
    bound.false("three times the size", why="so", setting={}, problem=lambda path: 0.3 * path)
    assert [trial.caught for trial in tried(claims)] == [True]


def test_falsehoods_of_one_setting_share_what_is_made_there(claims, bound):
    for size in (0.5, 1.0, 0.5, 1.0):
        bound.false("less", why="so", setting={"size": size}, limit=0.1)
    theorem = OneClaim(claims)
    assert all(trial.caught for trial in trials(theorem))
    assert theorem.built == 2


def test_an_informative_claim_tells_by_its_violation(claims, bound):
    claims.step("B", "", required=False)(lambda path, limit=20.0: below(path, limit)).false(
        "half of it", why="so", setting={}, limit=5.0
    )
    assert [trial.run for trial in tried(claims)] == ["VIOLATED"]


def test_an_open_constant_is_not_applicable_but_its_numbers_are_violated(claims):
    constant = Constant(lambda path: path)
    claim = claims.conclusion("A", "", constant=constant)(lambda problem, limit=2.0: below(problem, limit))
    claim.false("half of it", why="so", setting={}, limit=0.5)
    claim.false("twice it", why="so", setting={}, limit=4.0)
    caught, survivor = tried(claims)
    assert caught.caught
    assert (caught.check.verdict, caught.check.compared) == ("NOT_APPLICABLE", "VIOLATED")
    assert survivor.missed == "comes out VERIFIED, not NOT_APPLICABLE"


def broken_at(claims, size, otherwise=None, resting=True):
    """A hypothesis that is said to be broken at a size, and a claim that may rest on it."""
    hypothesis = claims.hypothesis("H", "size < 2", otherwise=otherwise)(lambda problem: below(problem, 2))
    hypothesis.broken("a size too large", why="it is", setting={"size": size})
    claims.step("A", "", given=(hypothesis,) if resting else ())(lambda path: below(path, 100))
    return [trial.missed for trial in tried(claims)]


def test_a_broken_hypothesis_must_be_noticed_with_the_way_out(claims):
    assert broken_at(claims, 4, lambda problem: f"{problem} is too large: use --size 1") == [""]


def test_a_hypothesis_that_holds_is_not_broken(claims):
    assert broken_at(claims, 1, lambda: "use --size 1") == ["the hypothesis comes out VERIFIED"]


def test_a_broken_hypothesis_is_not_violated(claims):
    assert broken_at(claims, 4) == ["the hypothesis comes out VIOLATED"]


def test_a_broken_hypothesis_says_what_to_change(claims):
    assert broken_at(claims, 4, lambda: "it is too large") == ["names no option to change: it is too large"]


def test_a_hypothesis_that_ends_the_run_is_noticed(claims):
    assert broken_at(claims, 3) == [""]


def test_a_claim_that_rests_on_a_broken_hypothesis_is_not_judged(claims):
    hypothesis = claims.hypothesis("H", "", otherwise=lambda: "use --size 1")(lambda start: below(start, 2))
    hypothesis.broken("a size too large", why="it is", setting={"size": 4})
    claim = claims.step("A", "", given=(hypothesis,))(lambda problem: below(problem, 100))
    assert [trial.missed for trial in tried(claims)] == [""]
    claim.also()(lambda problem: below(problem, 100))  # this rests on nothing
    assert [trial.missed for trial in tried(claims)] == [""]


def test_data_are_a_file_that_the_setting_names(claims):
    hypothesis = claims.hypothesis("H", "", otherwise=lambda problem: f"{problem:g}: change --data")(
        lambda problem: below(problem, 2)
    )
    hypothesis.broken("a file of nine", why="nine is above 2", setting={}, data={"size": 9.0})
    (trial,) = tried(claims)
    assert trial.caught
    assert trial.check.message == "9: change --data"


def test_a_refused_setting_is_its_authors_to_mend(claims, bound):
    bound.false("negative", why="so", setting={"size": -1.0}, limit=0.5)
    with pytest.raises(TheoremError, match="A, 'negative': its setting is refused .sizes are positive."):
        tried(claims)


def test_what_breaks_is_told_and_the_others_are_tried(claims, bound):
    bound.false("negative", why="so", setting={"size": -1.0}, limit=0.5)
    bound.false("a fault", why="so", setting={}, problem=lambda problem: 1 / 0)
    bound.false("half of it", why="so", setting={}, limit=0.5)
    told = []
    (trial,) = trials(OneClaim(claims), broken=told.append)
    assert trial.caught
    assert [type(problem) for problem in told] == [TheoremError] * 2
    assert "ZeroDivisionError" in str(told[1])


def test_a_claim_that_compares_nothing_is_its_authors_to_mend(claims, bound):
    claims.step("B", "")(lambda problem: [])
    bound.false("half of it", why="so", setting={}, limit=0.5)
    with pytest.raises(TheoremError, match="compares nothing"):
        tried(claims)


def test_a_falsehood_shows_nothing_where_the_honest_claim_fails_as_well(claims):
    open_constant = Constant(lambda problem: 1.0)
    claim = claims.step("A", "", constant=open_constant)(lambda path, bound=1.0: below(path, bound))
    claim.false("half of it", why="so", setting={}, bound=0.5)
    (trial,) = tried(claims)
    assert trial.missed == "nothing is shown: the honest claim comes out NOT_APPLICABLE there, too"


def test_a_falsehood_that_spoils_things_for_good_shows(claims):
    claims = Claims("a paper")
    claim = claims.step("A", "")(lambda path: below(path["size"], 20))

    def spoil(path):
        path["size"] = 30.0
        return path

    claim.false("three of it", why="so", setting={}, path=spoil)

    class Kept(OneClaim):
        def integrate(self, problem, progress):
            return {"size": 10 * problem}

    (trial,) = trials(Kept(claims))
    assert trial.missed == "nothing is shown: the honest claim comes out VIOLATED there, too"
