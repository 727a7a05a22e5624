"""Claims: what is registered, what a function needs, what becomes of several parts."""

import pytest

from verify.theorem.claims import Claims, Constant, called, needs
from verify.theorem.compare import at_most
from verify.theorem.verdicts import Verdict


def held(quantity="q"):
    return at_most(quantity, 0.0, 1.0, budget={"a": 0.1})


@pytest.mark.parametrize("kind", ["hypothesis", "step", "conclusion", "erratum", "finding"])
def test_a_claim_is_of_the_kind_that_it_was_registered_as(kind):
    claims = Claims("a paper")

    @getattr(claims, kind)("C-1", "a text", required=False)
    def found():
        """What is compared."""
        return held()

    claim = found.claim
    assert (claim.id, claim.text, claim.source, claim.kind, claim.required) == (
        "C-1",
        "a text",
        "a paper",
        kind,
        False,
    )
    assert found.__doc__ == "What is compared."
    assert found() == held()


def test_claims_keep_their_order_and_their_sources():
    first, second = Claims("first"), Claims("second")
    first.step("A", "")(held)
    second.step("B", "", source="elsewhere")(held)
    both = Claims("both", first, second)
    both.step("C", "")(held)
    assert [(claim.id, claim.source) for claim in both.claims] == [
        ("A", "first"),
        ("B", "elsewhere"),
        ("C", "both"),
    ]
    assert both[0].claim.id == "A"
    assert [statement.claim.id for statement in both[1:]] == ["B", "C"]


def test_a_function_needs_what_has_no_default():
    def check(problem, path, factor=2, *, power=1): ...

    assert needs(check) == ("problem", "path")
    statement = Claims("").step("A", "")(check)
    assert statement.parts[0].constants == ("factor", "power")


def test_a_function_is_called_with_what_it_needs():
    known = {"start": 1, "problem": 2, "path": 3}
    assert called(lambda path, start: (path, start), known) == (3, 1)
    assert called(lambda problem, factor=5: problem * factor, known) == 10
    assert called(lambda problem, factor=5: problem * factor, known, factor=7) == 14


def test_a_false_form_of_a_claim_must_come_out_violated():
    statement = Claims("").step("A", "")(lambda factor=1: held())
    statement.false("twice", why="it is attained", setting={"seed": 3}, factor=2)
    (falsehood,) = statement.falsehoods
    assert (falsehood.claim, falsehood.what, falsehood.why) == ("A", "twice", "it is attained")
    assert falsehood.becomes is Verdict.VIOLATED
    assert falsehood.setting == {"seed": 3}
    assert falsehood.constants == {"factor": 2}
    assert not falsehood.breaks_hypothesis


def test_what_is_spoiled_is_no_constant():
    statement = Claims("").step("A", "")(lambda problem: held())
    statement.false("another", why="it is not that", setting={}, problem=lambda problem: problem + 1)
    (falsehood,) = statement.falsehoods
    assert falsehood.constants == {}
    assert set(falsehood.spoiled) == {"problem"}
    assert not falsehood.breaks_hypothesis


def test_where_a_constant_is_open_the_worst_is_not_applicable():
    claims = Claims("")
    statement = claims.conclusion("A", "", constant=Constant(lambda: 1.0))(lambda factor=1: held())

    @statement.also()
    def closed(power=1):
        return held()

    for constants in ({"factor": 2}, {"power": 2}, {}):
        statement.false("false", why="so", setting={}, **constants)
    assert [falsehood.becomes.value for falsehood in statement.falsehoods] == [
        "NOT_APPLICABLE",
        "VIOLATED",
        "VIOLATED",
    ]


def test_a_hypothesis_that_a_setting_may_break_comes_out_not_applicable():
    statement = Claims("").hypothesis("H", "", otherwise=lambda: "use --seed 1")(lambda factor=1: held())
    statement.false("false", why="so", setting={}, factor=2)
    statement.broken("broken", why="so", setting={"seed": 2}, data={"inputs": [1.0]})
    assert [one.becomes.value for one in statement.falsehoods] == ["NOT_APPLICABLE"] * 2
    assert [one.breaks_hypothesis for one in statement.falsehoods] == [False, True]
    assert statement.falsehoods[1].files == {"data": {"inputs": [1.0]}}
