"""JUnit XML against the schema that CI servers use, and against the exit code."""

from pathlib import Path

import pytest
from lxml import etree

from tests.verify.views import records
from verify.records.record import Comparison, Difference
from verify.theorem.verdicts import Verdict
from verify.views.junit import junit

SCHEMA = Path(__file__).parents[2] / "data" / "junit-10.xsd"


def parsed(made):
    document = etree.fromstring(junit(made).encode())
    etree.XMLSchema(etree.parse(SCHEMA)).assertValid(document)
    return document


def outcomes(document):
    """Name of each test case and what stands in it."""
    return {
        case.get("name").split(":")[0]: (case[0].tag if len(case) else "passed")
        for case in document.iter("testcase")
    }


def test_every_verdict_of_required_and_informative_claims():
    assert outcomes(parsed(records.every_verdict())) == {
        "R-VERIFIED": "passed",
        "R-INCONCLUSIVE": "failure",
        "R-NOT_APPLICABLE": "failure",
        "R-VIOLATED": "failure",
        "R-ERROR": "error",
        "I-VERIFIED": "passed",
        "I-INCONCLUSIVE": "skipped",
        "I-NOT_APPLICABLE": "skipped",
        "I-VIOLATED": "failure",
        "I-ERROR": "error",
    }


@pytest.mark.parametrize("verdict", list(Verdict))
@pytest.mark.parametrize("required", [True, False])
def test_all_green_exactly_when_the_exit_code_is_0(verdict, required):
    made = records.record(("A", Verdict.VERIFIED, True), ("B", verdict, required))
    document = parsed(made)
    red = int(document.get("failures")) + int(document.get("errors"))
    assert (red == 0) == (made.verdict.exit_code == 0)


def test_a_failure_carries_the_numbers_and_the_command():
    failure = next(parsed(records.record(("A", Verdict.VIOLATED, True))).iter("failure"))
    for text in ("-30.25", "<= -30.5", "-0.25", "0.0625", "integration 0.06", "time 3.25", "61", "why it is"):
        assert text in failure.text
    assert "verify theorem some-theorem --seed 3" in failure.text
    assert failure.get("message") == "VIOLATED: quantity of A: measured -30.25, expected <= -30.5"


@pytest.mark.parametrize("claims", [(), (("A", Verdict.VERIFIED, True),)])
def test_a_run_that_broke_is_an_error_whatever_its_claims(claims):
    made = records.record(*claims, verdict=Verdict.ERROR, error="MemoryError: too wide")
    assert outcomes(parsed(made))["the run"] == "error"
    assert "MemoryError" in junit(made)


def test_a_run_that_broke_shows_where():
    traceback = "Traceback (most recent call last):\n  File x.py, line 3\nMemoryError"
    made = records.record(verdict=Verdict.ERROR, error="MemoryError: too wide", traceback=traceback)
    assert traceback in parsed(made).find(".//error").text


def test_an_erratum_says_what_came_of_the_printed_form():
    made = records.record(
        ("A", Verdict.VERIFIED, True), ("B", Verdict.VERIFIED, True), kinds={"A": "erratum"}
    )
    cases = {case.get("name"): case for case in parsed(made).iter("testcase")}
    assert cases["A: text of A"].findtext("system-out") == "the repaired one holds"
    assert cases["B: text of B"].find("system-out") is None


def test_the_setting_as_run_and_the_worst_draw_are_properties():
    made = records.record(
        ("A", Verdict.VERIFIED, True),
        effective={"m": 32, "R": None},
        draws=[records.draw(3, 2.0, 5.0), records.draw(4, 2.0, 1.5)],
    )
    found = {one.get("name"): one.get("value") for one in parsed(made).iter("property")}
    assert found["as run: m"] == "32"
    assert "as run: R" not in found
    assert found["closest to failing"] == "verify theorem some-theorem --seed 4"


@pytest.mark.parametrize("moved", [[], [Difference("some-theorem  rate", "2.9", "3.1", "± 0.001")]])
def test_what_moved_since_the_reference_is_a_failure(moved):
    comparison = Comparison(reference="results/reference", compared=812, differences=moved)
    document = parsed(records.suite(records.record(("A", Verdict.VERIFIED, True)), compared=comparison))
    assert document.get("failures") == str(len(moved))
    assert outcomes(document)["nothing moved since the reference"] == ("failure" if moved else "passed")
    assert [found.text for found in document.iter("failure")] == [
        "some-theorem  rate: reference 2.9, now 3.1, allowed ± 0.001" for _ in moved
    ]


def test_characters_that_xml_forbids_and_marks():
    document = parsed(records.hostile())
    assert "a|b <script>" in document.find(".//failure").text
    assert "\x0b" not in junit(records.hostile())


def test_several_runs_are_several_suites():
    tight = records.record(("A", Verdict.VERIFIED, True), variant="tight")
    document = parsed(records.suite(records.every_verdict(), tight))
    assert [suite.get("name") for suite in document.iter("testsuite")] == [
        "some-theorem",
        "some-theorem.tight",
    ]
    assert document.get("tests") == "11"
    assert document.get("time") == "3.500"
