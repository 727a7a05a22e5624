"""Runs of some claims: each comes out as in a run of all, and nobody takes the run for one of the theorem."""

import json
from types import SimpleNamespace

import pytest
from pydantic import ValidationError

from tests.verify.views.records import SOMEWHERE
from verify.commands import engine_cases
from verify.records.record import Record
from verify.records.regression import compare_records, write_reference
from verify.runs import run, seeds
from verify.runs.judged import judge, laws_of, prepare
from verify.runs.run import run_theorem
from verify.theorem.errors import InputError, TheoremError
from verify.theorem.selection import select
from verify.theorem.settings import make_setting
from verify.theorem.verdicts import Verdict
from verify.views.html import html
from verify.views.junit import junit
from verify.views.markdown import markdown, summary
from verify.views.paper import paper_table
from verify.views.part import titled


@pytest.fixture(autouse=True)
def unstamped(monkeypatch):
    """The environment takes longer to find out than all the rest of these runs."""
    monkeypatch.setattr(run, "environment", lambda: {"verify": "1"})


def record_of(*asked, skip=(), case="sound", theorem=engine_cases):
    (selection,) = select([theorem], asked, skip)
    return run_theorem(theorem, make_setting(theorem, {"case": case}), selection=selection).record


def rows(record):
    return {claim.id: claim.verdict for claim in record.claims}


@pytest.mark.parametrize("case", [name for name, case in engine_cases.CASES.items() if not case.breaks])
def test_no_claim_comes_out_better_for_being_chosen(case):
    prepared = prepare(engine_cases, make_setting(engine_cases, {"case": case}))
    try:
        whole = rows(judge(prepared))
    except TheoremError:  # a claim that returns no check
        whole = {}
    for claim in engine_cases.CLAIMS.claims if whole else ():
        (chosen,) = select([engine_cases], [claim.id])
        found = judge(prepared, chosen=chosen.judged, asked=chosen.asked)
        assert rows(found) == {name: whole[name] for name in chosen.judged}
        assert found.verdict.severity >= rows(found)[claim.id].severity


def test_a_chosen_claim_under_a_hypothesis_that_fails_is_not_applicable():
    found = record_of("conclusion", case="premise")
    assert rows(found)["conclusion"] is Verdict.NOT_APPLICABLE
    assert found.verdict is Verdict.NOT_APPLICABLE
    with pytest.raises(InputError, match="conclusion rests on it"):
        record_of(skip=["premise"], case="premise")


def test_what_is_left_out_does_not_count():
    assert record_of(case="premise").verdict is Verdict.NOT_APPLICABLE
    assert record_of("some", case="premise").verdict is Verdict.VERIFIED
    assert record_of(skip=["premise", "conclusion"], case="premise").verdict is Verdict.VERIFIED


def test_an_informative_claim_counts_for_who_asks_for_it():
    assert record_of(case="informative-close").verdict is Verdict.VERIFIED
    found = record_of("informative", case="informative-close")
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.reason.startswith("informative: ")


def test_a_claim_about_other_settings_is_no_pass_for_who_asks_for_it():
    assert record_of(case="elsewhere").verdict is Verdict.VERIFIED
    assert record_of("some", case="elsewhere").verdict is Verdict.NOT_APPLICABLE


def test_a_hypothesis_that_ends_the_run_leaves_what_does_without():
    assert record_of("conclusion", case="no-hypothesis").verdict is Verdict.NOT_APPLICABLE
    assert record_of("law", case="no-hypothesis").verdict is rows(record_of("law"))["law"]
    assert record_of(skip=["law"], case="no-hypothesis").verdict is Verdict.NOT_APPLICABLE


def test_the_path_is_followed_only_where_a_claim_needs_it():
    def refuse(problem, progress):
        raise AssertionError("nobody asked for the path")

    theorem = SimpleNamespace(**{**vars(engine_cases), "integrate": refuse})
    found = record_of("premise", theorem=theorem)
    assert (found.verdict, found.error, found.figures) == (Verdict.VERIFIED, None, [])
    assert "integrate" not in found.timings
    assert record_of("conclusion", theorem=theorem).verdict is Verdict.ERROR


def test_laws_that_were_not_chosen_are_not_judged():
    assert set(laws_of(engine_cases, ["premise"])) == set()
    assert set(laws_of(engine_cases)) == {"law"}


def test_seeds_of_some_claims(monkeypatch):
    in_this_process = lambda tasks, workers, done: [seeds._record(task) for task in tasks]  # noqa: E731
    monkeypatch.setattr(seeds, "run_tasks", in_this_process)
    (selection,) = select([engine_cases], ["informative"])
    found = seeds.run_seeds(engine_cases, make_setting(engine_cases, {}), 2, selection=selection).record
    assert [(claim.id, claim.seeds.verified) for claim in found.claims] == [("informative", 2)]
    assert found.command.endswith("--claim informative --seeds 2")
    assert (found.schema_version, found.chosen.asked) == (2, ["informative"])


def test_the_record_says_what_was_left_out_and_how_to_make_it_again():
    found = record_of("conclusion")
    assert found.command.endswith(" --claim conclusion")
    assert found.chosen.left_out == ["informative", "some", "law", "constant"]
    text = found.model_dump_json()
    assert Record.model_validate_json(text).model_dump_json() == text
    assert record_of().chosen is None
    assert record_of().schema_version == 1


@pytest.mark.parametrize("changed", [{"schema_version": 1}, {"chosen": None}])
def test_a_record_of_some_claims_has_its_own_schema_version(changed):
    """What reads only version 1 refuses it, and does not take its verdict for the theorem's."""
    data = json.loads(record_of("premise").model_dump_json()) | changed
    with pytest.raises(ValidationError, match="schema version 2"):
        Record(**data)


def test_a_run_of_some_claims_becomes_no_reference(tmp_path):
    with pytest.raises(InputError, match=r"judged some of its claims only \(premise\)"):
        write_reference(record_of("premise"), tmp_path, allow_unverified=True)
    assert list(tmp_path.iterdir()) == []


def test_a_run_of_some_claims_does_not_pass_for_one_of_all():
    whole, some = record_of(), record_of("premise")
    for moved in (compare_records(whole, some), compare_records(some, whole)):
        assert "self-test  claims judged" in [one.what for one in moved.differences]
        assert not any("missing" in (one.old, one.new) and "premise" in one.what for one in moved.differences)
    assert not compare_records(some, record_of("premise")).differences
    assert compare_records(some, record_of("other premise")).differences


@pytest.mark.parametrize(
    "view",
    [
        markdown,
        junit,
        lambda record: html(record, [SOMEWHERE]),
        lambda record: summary([record]),
        paper_table,
        titled,
    ],
)
def test_every_view_says_that_it_is_no_run_of_the_theorem(view):
    assert "2 of 7 claims" in view(record_of("premise", "some")).replace(" (", "; ")
    assert "of 7 claims" not in view(record_of())


@pytest.mark.parametrize("view", [markdown, junit, lambda record: html(record, [SOMEWHERE])])
def test_reports_name_what_was_left_out(view):
    text = view(record_of("conclusion"))
    assert "conclusion, and what it rests on, premise, other premise" in text
    assert "This is no verdict on the theorem. Left out: informative, some, law, constant." in text
    assert "all but law" in view(record_of(skip=["law"]))
