"""What hypotheses and open constants make of the numbers, rule by rule."""

import numpy as np
import pytest

from verify.records.record import claim_records, overall_verdict
from verify.theorem.claims import Claims, Constant
from verify.theorem.compare import at_most, inconclusive, not_applicable
from verify.theorem.falsehoods import Falsehood
from verify.theorem.judgement import Judge, laws
from verify.theorem.verdicts import Verdict

HELD = at_most("q", 0.0, 1.0, budget={"a": 0.1})
CLOSE = at_most("q", 1.0, 1.0, budget={"a": 0.1}, where={"time": 3.0})
FAILS = at_most("q", 2.0, 1.0, budget={"a": 0.1}, where={"time": 3.0})
BROKEN = at_most("q", np.nan, 1.0, budget={"a": 0.1})


def judged(statement, known=(), **how):
    (check,) = Judge(dict(known), **how).checks(statement)
    return check


def resting_on(hypothesis, check, **how):
    """A claim with that outcome, given a hypothesis with that one."""
    claims = Claims("")
    given = claims.hypothesis("H", "", **how)(lambda: hypothesis)
    return judged(claims.step("A", "", given=(given,))(lambda: check))


@pytest.mark.parametrize("check", [HELD, CLOSE, FAILS, BROKEN])
def test_without_a_hypothesis_the_numbers_decide(check):
    found = judged(Claims("").step("A", "")(lambda: check))
    assert (found.verdict, found.message, found.compared) == (check.verdict, check.message, None)
    assert found.claim == "A"


@pytest.mark.parametrize("check", [HELD, CLOSE, FAILS, BROKEN])
def test_under_a_hypothesis_that_holds_the_numbers_decide(check):
    assert resting_on(HELD, check).verdict is check.verdict


@pytest.mark.parametrize(
    ("check", "here"),
    [(HELD, "holds here all the same"), (CLOSE, "here INCONCLUSIVE"), (FAILS, "here VIOLATED")],
)
def test_under_a_broken_hypothesis_nothing_is_promised(check, here):
    found = resting_on(FAILS, check, otherwise=lambda: "use --width 30")
    assert found.verdict is Verdict.NOT_APPLICABLE
    assert found.message == f"promised only under H; {here}"
    assert found.compared is check.verdict


@pytest.mark.parametrize("hypothesis", [FAILS, CLOSE, BROKEN])
def test_a_claim_that_fails_beside_its_hypothesis_is_undecided(hypothesis):
    found = resting_on(hypothesis, FAILS)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.message == "fails, but H is not VERIFIED here: see there"
    assert found.compared is Verdict.VIOLATED
    assert resting_on(hypothesis, HELD).verdict is Verdict.VERIFIED


@pytest.mark.parametrize("hypothesis", [HELD, CLOSE, FAILS, not_applicable("q", "not here")])
def test_an_error_is_never_excused(hypothesis):
    found = resting_on(hypothesis, BROKEN, otherwise=lambda: "use --width 30")
    assert found.verdict is Verdict.ERROR
    constant = Constant(lambda: 1.0)
    assert judged(Claims("").step("A", "", constant=constant)(lambda: BROKEN)).verdict is Verdict.ERROR
    assert judged(Claims("").hypothesis("H", "", otherwise=str)(lambda: BROKEN)).verdict is Verdict.ERROR


def test_a_condition_that_is_not_met_says_so_and_nothing_is_compared():
    asked = []
    claims = Claims("")

    @claims.step("A", "", given=(lambda problem: "" if problem > 1 else "raise --seed", lambda: "no more"))
    def claim(problem):
        asked.append(problem)
        return HELD

    found = judged(claim, {"problem": 1})
    assert (found.verdict, found.message) == (Verdict.NOT_APPLICABLE, "raise --seed")
    assert judged(claim, {"problem": 2}).message == "no more"
    assert asked == []


def test_otherwise_speaks_where_the_hypothesis_fails_and_only_there():
    def hypothesis(check):
        how = {"otherwise": lambda problem: f"{problem} is too small: use --width 30"}
        return judged(Claims("").hypothesis("H", "", **how)(lambda problem: check), {"problem": 4})

    found = hypothesis(FAILS)
    assert (found.verdict, found.compared) == (Verdict.NOT_APPLICABLE, Verdict.VIOLATED)
    assert found.message == "4 is too small: use --width 30"
    assert hypothesis(HELD).verdict is Verdict.VERIFIED
    assert hypothesis(CLOSE).verdict is Verdict.INCONCLUSIVE


def test_where_a_claim_fails_an_open_constant_is_bounded_from_below():
    constant = Constant(lambda problem: 2.5 * problem, condition="(3)", advice="raise --width")

    def claim(check):
        return judged(Claims("").conclusion("A", "", constant=constant)(lambda: check), {"problem": 2})

    found = claim(FAILS)
    assert (found.verdict, found.compared) == (Verdict.NOT_APPLICABLE, Verdict.VIOLATED)
    assert found.message == "fails at time 3: C in (3) must exceed 5; raise --width"
    assert claim(HELD).verdict is Verdict.VERIFIED
    assert claim(CLOSE).verdict is Verdict.INCONCLUSIVE


def test_an_instance_that_tells_nothing_of_an_open_constant_says_so():
    constant = Constant(
        lambda problem: 1.0, advice="raise --width", tells=lambda problem: "no draw" if problem else ""
    )

    def message(problem):
        claim = Claims("").conclusion("A", "", constant=constant)(lambda: FAILS)
        found = judged(claim, {"problem": problem})
        assert (found.verdict, found.compared) == (Verdict.NOT_APPLICABLE, Verdict.VIOLATED)
        return found.message

    assert message(1) == "fails at time 3: no draw"
    assert message(0).endswith("must exceed 1; raise --width")


@pytest.mark.parametrize(
    ("apart", "other", "required", "verdict"),
    [
        ("", HELD, True, "VIOLATED"),
        ("no draw", HELD, False, "VERIFIED"),
        ("no draw", CLOSE, False, "VERIFIED"),
        ("no draw", FAILS, False, "VIOLATED"),
    ],
)
def test_a_claim_that_is_not_about_a_run_is_informative_there(apart, other, required, verdict):
    claims = Claims("")
    claims.step("B", "")(lambda: HELD)
    partly = claims.step("A", "", only=lambda problem: apart)(lambda problem: FAILS)
    partly.also()(lambda: other)
    judge = Judge({"problem": 1})
    checks = [check for statement in claims for check in judge.checks(statement)]
    records = claim_records(claims.claims, checks)
    assert [record.required for record in records] == [True, required]
    assert overall_verdict(claims.claims, records) == verdict
    assert not apart or (checks[1].verdict, checks[1].message) == ("NOT_APPLICABLE", apart)
    assert not laws([partly])  # whose condition depends on the setting


def test_parts_of_a_claim_rest_on_what_each_says():
    claims = Claims("")
    given = claims.hypothesis("H", "", otherwise=lambda: "use --width 30")(lambda: FAILS)

    @claims.conclusion("A", "", given=(given,))
    def first():
        return FAILS

    @first.also(constant=Constant(lambda: 1.0))
    def second():
        return [HELD, FAILS]

    @first.also()
    def third():
        yield FAILS

    found = Judge({}).checks(first)
    assert [check.verdict.value for check in found] == [
        "NOT_APPLICABLE",
        "VERIFIED",
        "NOT_APPLICABLE",
        "VIOLATED",
    ]
    assert found[0].message.startswith("promised only under H")
    assert "must exceed" in found[2].message


def test_what_a_run_did_not_make_is_not_judged():
    claims = Claims("")
    start = claims.step("A", "")(lambda start: HELD)
    path = claims.step("B", "")(lambda problem, path: FAILS)
    silence = "the step 3 is too long: use --step 1"
    known = {"start": 1, "problem": 1}
    assert judged(start, known, silence=silence).verdict is Verdict.VERIFIED
    found = judged(path, known, silence=silence)
    assert (found.verdict, found.message) == (Verdict.NOT_APPLICABLE, silence)


def test_a_claim_is_judged_once():
    asked = []
    statement = Claims("").step("A", "")(lambda: asked.append(1) or HELD)
    judge = Judge({})
    assert judge.checks(statement) is judge.checks(statement)
    assert asked == [1]


def test_laws_are_what_needs_nothing_and_are_not_made_again():
    asked = []
    claims = Claims("")
    law = claims.step("L", "")(lambda: asked.append(1) or HELD)
    claims.step("A", "")(lambda problem: FAILS)
    half = claims.step("B", "")(lambda: HELD)
    half.also()(lambda problem: FAILS)
    shared = laws(claims)
    assert set(shared) == {"L"}
    assert Judge({}, laws=shared).checks(law)[0].verdict is Verdict.VERIFIED
    assert asked == [1]


def test_a_falsehood_about_a_law_is_made_and_the_other_laws_are_not():
    claims = Claims("")
    law = claims.step("L", "")(lambda bound=1.0: at_most("q", 0.5, bound, budget={"a": 0.1}))
    other = claims.step("M", "")(lambda: 1 / 0)
    shared = {**laws(Claims("", [law])), "M": [HELD]}
    falsehood = Falsehood("L", "a smaller bound", "so", Verdict.VIOLATED, constants={"bound": 0.2})
    judge = Judge({}, laws=shared, falsehood=falsehood)
    assert judge.checks(law)[0].verdict is Verdict.VIOLATED
    assert judge.checks(other)[0].verdict is Verdict.VERIFIED


def test_a_falsehood_replaces_the_constants_of_its_claim_only():
    claims = Claims("")

    @claims.step("A", "")
    def claim(problem, factor=1.0):
        return at_most("q", problem * factor, 1.0, budget={"a": 0.1})

    @claim.also()
    def more(problem, power=1.0):
        return at_most("q", problem * power, 1.0, budget={"a": 0.1})

    other = claims.step("B", "")(lambda problem, factor=1.0: at_most("q", factor, 2.0, budget={"a": 0.1}))
    falsehood = Falsehood("A", "four times", "so", Verdict.VIOLATED, constants={"factor": 4.0})
    judge = Judge({"problem": 0.5}, falsehood=falsehood)
    assert [check.verdict.value for check in judge.checks(claim)] == ["VIOLATED", "VERIFIED"]
    assert judge.checks(other)[0].verdict is Verdict.VERIFIED


def test_a_falsehood_spoils_what_its_claim_is_given_and_no_other():
    claims = Claims("")
    claim = claims.step("A", "")(lambda path: at_most("q", path, 1.0, budget={"a": 0.1}))
    other = claims.step("B", "")(lambda path: at_most("q", path, 1.0, budget={"a": 0.1}))
    spoiled = {"path": lambda problem, path: path + problem}
    falsehood = Falsehood("A", "another path", "so", Verdict.VIOLATED, spoiled=spoiled)
    judge = Judge({"problem": 3.0, "path": 0.0}, falsehood=falsehood)
    assert judge.checks(claim)[0].measured == 3.0
    assert judge.checks(claim)[0].verdict is Verdict.VIOLATED
    assert judge.checks(other)[0].verdict is Verdict.VERIFIED


def test_a_false_hypothesis_takes_the_claims_that_rest_on_it_along():
    claims = Claims("")
    given = claims.hypothesis("H", "", otherwise=lambda: "use --width 30")(
        lambda bound=1.0: at_most("q", 0.5, bound, budget={"a": 0.1})
    )
    claim = claims.step("A", "", given=(given,))(lambda: FAILS)
    falsehood = Falsehood("H", "a smaller bound", "so", Verdict.NOT_APPLICABLE, constants={"bound": 0.2})
    assert judged(claim).verdict is Verdict.VIOLATED
    assert judged(claim, falsehood=falsehood).message == "promised only under H; here VIOLATED"


def test_a_claim_may_say_itself_that_it_is_silent():
    for check in (not_applicable("q", "use --width 30"), inconclusive("q", "use --width 30")):
        found = judged(Claims("").step("A", "")(lambda check=check: check))
        assert (found.verdict, found.message) == (check.verdict, "use --width 30")


def test_what_a_run_should_have_made_and_has_not_is_an_error_and_no_excuse():
    claims = Claims("somewhere")
    claims.step("A", "")(lambda path: at_most("q", path, 1.0, budget={"error": 0.1}))
    (check,) = Judge({}).checks(claims[0])
    assert check.verdict == "ERROR"
    assert "no path" in check.message
    (check,) = Judge({}, silence="gamma is too large: use --gamma 0.1").checks(claims[0])
    assert check.verdict == "NOT_APPLICABLE"


def test_a_law_rests_on_laws_alone():
    claims = Claims("somewhere")
    seen = claims.hypothesis("H", "", otherwise=lambda: "use --width 30")(lambda problem: FAILS)
    given = claims.hypothesis("L", "")(lambda: HELD)
    claims.step("A", "", given=(seen,))(lambda: HELD)
    claims.step("B", "", given=(given,))(lambda: HELD)
    claims.step("C", "", constant=Constant(lambda problem: 1.0))(lambda: FAILS)
    assert laws(claims).keys() == {"L", "B"}
    judge = Judge({"problem": 1.0}, laws=laws(claims))
    assert [judge.checks(claims[i])[0].verdict for i in (2, 3)] == ["NOT_APPLICABLE", "VERIFIED"]


@pytest.mark.parametrize("check", [HELD, CLOSE, FAILS, BROKEN])
def test_without_a_dropped_hypothesis_the_numbers_decide(check):
    """A claim that says nothing where H fails, or where a condition is not met, is judged there."""
    claims = Claims("")

    def met_nowhere():
        return "use --width 4"

    hypothesis = claims.hypothesis("H", "", otherwise=lambda: "use --width 3")(lambda: FAILS)
    under = claims.step("A", "", given=(hypothesis, met_nowhere))(lambda: check)
    if check is not BROKEN:
        assert judged(under, dropped={"H"}).verdict is Verdict.NOT_APPLICABLE
        assert judged(under, dropped={"met-nowhere"}).verdict is Verdict.NOT_APPLICABLE
    found = judged(under, dropped={"H", "met-nowhere"})
    assert (found.verdict, found.message, found.compared) == (check.verdict, check.message, None)
