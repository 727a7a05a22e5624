"""References: what may move, what may not, and what is said of it."""

import json

import pytest
from pydantic import ValidationError

import theorems
from verify.records.reading import read_record
from verify.records.record import Record, Suite
from verify.records.regression import compare_records, differences, read_reference, write_reference
from verify.runs.run import run_theorem
from verify.theorem.errors import InputError
from verify.theorem.settings import make_setting
from verify.theorem.verdicts import Verdict, worst


@pytest.fixture(scope="module")
def record():
    theorem = theorems.load("linear-rate")
    options = {"width": 6, "outputs": 2, "samples": 20, "points": 9}
    return run_theorem(theorem, make_setting(theorem, options)).record


def suite(*records):
    return Suite(
        preset="quick",
        verdict=worst(record.verdict for record in records),
        theorems=records,
        timings={"wall": 1.0},
        environment={},
        command="verify all --preset quick",
        started="2026-01-01T00:00:00+00:00",
    )


def conclusion(record):
    return next(claim for claim in record.claims if claim.id == "K-T1")


def with_check(record, claim, index, **update):
    claims = list(record.claims)
    at = next(i for i, one in enumerate(claims) if one.id == claim)
    checks = list(claims[at].checks)
    checks[index] = checks[index].model_copy(update=update)
    claims[at] = claims[at].model_copy(update={"checks": checks})
    return record.model_copy(update={"claims": claims})


def moved_of(reference, run):
    """What moved, without what an edited record says against itself."""
    return [one for one in differences(reference, run) if ", from its " not in one.what]


def test_a_run_agrees_with_itself_whatever_it_took(record):
    counts = {**record.counts, "blas_threads": 64}
    slower = {"timings": {"integrate": 1e3}, "started": "2030-01-01T00:00:00+00:00", "counts": counts}
    assert differences(record, record.model_copy(update=slower)) == []


@pytest.mark.parametrize(
    ("field", "factor", "moves"),
    [
        ("measured", 1.01, 1),
        ("bound", 0.99, 1),
        ("slack", 1.01, 1),
        ("measured", 1 + 1e-7, 0),
        ("budget", 20, 1),
    ],
)
def test_numbers_of_a_check_have_its_budget_and_little_more(record, field, factor, moves):
    check = conclusion(record).checks[-1]
    moved = with_check(record, "K-T1", -1, **{field: factor * getattr(check, field)})
    found = moved_of(record, moved)
    assert len(found) == moves
    for difference in found:
        assert difference.what == f"linear-rate  K-T1  {check.quantity}  {field}"
        assert float(difference.old) == pytest.approx(getattr(check, field), rel=1e-6)
        assert float(difference.new) == pytest.approx(factor * getattr(check, field), rel=1e-6)
        assert difference.allowed


def test_within_the_budgets_anything_may_move(record):
    check = conclusion(record).checks[-1]
    inside, outside = (check.measured + share * check.budget for share in (1.9, 3.0))
    wide = with_check(record, "K-T1", -1, bound=0.0, slack=0.0, measured=0.0)
    assert moved_of(wide, with_check(wide, "K-T1", -1, measured=inside - check.measured)) == []
    assert len(moved_of(wide, with_check(wide, "K-T1", -1, measured=outside - check.measured))) == 1


def test_another_deciding_point_has_other_numbers_but_a_slack_of_one_order(record):
    check = conclusion(record).checks[-1]
    elsewhere = {"time": 0.5 * check.where["time"]}
    same = with_check(
        record, "K-T1", -1, where=elsewhere, measured=2 * check.measured, slack=1.5 * check.slack
    )
    assert moved_of(record, same) == []
    lost = with_check(record, "K-T1", -1, where=elsewhere, slack=-0.5 * check.slack)
    assert [difference.what.split("  ")[-1] for difference in moved_of(record, lost)] == [
        "slack (at another point)"
    ]


@pytest.mark.parametrize(
    ("update", "what"),
    [
        ({"verdict": Verdict.INCONCLUSIVE}, "verdict"),
        ({"setting": {"width": 7}}, "setting"),
        ({"rates": {}}, "rate"),
        ({"counts": {}}, "count"),
        ({"claims": []}, "K-T1"),
    ],
)
def test_what_is_gone_or_new_counts(record, update, what):
    moved = record.model_copy(update=update)
    assert any(what in difference.what for difference in differences(record, moved))
    assert any(what in difference.what for difference in differences(moved, record))


def test_an_option_that_one_side_lacks_counts_as_left_to_its_default(record):
    """A reference from before the option was there holds, unless the option is used."""
    older = record.model_copy(
        update={"setting": {name: value for name, value in record.setting.items() if name != "start"}}
    )
    assert record.setting["start"] is None
    assert differences(older, record) == differences(record, older) == []
    used = record.model_copy(update={"setting": {**record.setting, "start": "a.npz"}})
    for pair in ((older, used), (used, older)):
        assert [moved.what for moved in differences(*pair)] == ["linear-rate  setting  start"]


@pytest.mark.parametrize(("name", "factor", "moves"), [("rates", 1.001, 9), ("rates", 1 + 1e-8, 0)])
def test_rates_move_little(record, name, factor, moves):
    rates = {name: factor * value for name, value in record.rates.items()}
    found = differences(record, record.model_copy(update={"rates": rates}))
    assert (len(found) >= moves) if moves else found == []


@pytest.mark.parametrize(("factor", "moves"), [(1.1, False), (0.9, False), (1.5, True), (0.5, True)])
def test_work_may_vary_by_a_fifth(record, factor, moves):
    counts = {**record.counts, "right_hand_sides": int(factor * record.counts["right_hand_sides"])}
    assert bool(differences(record, record.model_copy(update={"counts": counts}))) == moves


def test_checks_are_matched_though_a_computed_number_stands_in_their_name(record):
    renamed = with_check(record, "K-T1", -1, quantity="log E/E(0), alpha = 4.85e-06")
    again = with_check(record, "K-T1", -1, quantity="log E/E(0), alpha = 4.86e-06")
    assert differences(renamed, again) == []
    assert len(differences(record, renamed)) == 2


def test_references_are_read_by_name_and_written_whole_without_timings(tmp_path, record):
    run = suite(record, record.model_copy(update={"variant": "again"}))
    with pytest.raises(InputError, match="verify all --preset quick.*verify accept"):
        read_reference(tmp_path, run.reference_name)
    file = write_reference(run, tmp_path)
    assert file == tmp_path / "quick.json"
    assert [path.name for path in tmp_path.iterdir()] == ["quick.json"]
    stored = read_reference(tmp_path, "quick")
    assert stored == read_reference(file, "whatever") == read_record(file)
    assert stored.timings == {}
    assert all(one.timings == {} for one in stored.theorems)
    assert differences(stored, run) == []
    gone = differences(stored, suite(record))
    assert [(one.what, one.old, one.new) for one in gone] == [("linear-rate.again", "present", "missing")]


def test_only_verified_runs_are_accepted_unless_told_otherwise(tmp_path, record):
    bad = suite(record, record.model_copy(update={"variant": "bad", "verdict": Verdict.VIOLATED}))
    with pytest.raises(InputError, match=r"linear-rate.bad VIOLATED.*--allow-unverified"):
        write_reference(bad, tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert write_reference(bad, tmp_path, allow_unverified=True).exists()


#: What says how, when and on what a run was made, in words what numbers say, or where it was decided.
SILENT = {"timings", "environment", "notes", "started", "error", "traceback", "blas_threads", "where"}


def leaves(value, path=()):
    """Every number, text and truth of a record with the way to it."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key not in SILENT:
                yield from leaves(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from leaves(inner, (*path, index))
    elif value is not None:
        yield path, value


def edited(data, path, value):
    copy = json.loads(json.dumps(data))
    inner = copy
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return copy


def test_every_number_and_text_of_a_record_is_seen(record):
    """Each is changed by much more than any tolerance; a record that cannot be read any more is refused."""
    # Claims of each kind: of the others, second opinions by the dozen, nothing is stored that these have not.
    kept = [claim for claim in record.claims if claim.id.startswith(("K-T1", "K-E.shallow"))]
    data = json.loads(record.model_copy(update={"claims": kept}).model_dump_json())
    unseen = []
    found = list(leaves(data))
    assert len(found) > 300
    for path, value in found:
        if isinstance(value, bool):
            other = not value
        elif isinstance(value, str):
            other = next((v for v in Verdict if v != value), "") if value in list(Verdict) else f"{value}x"
        else:
            other = 1e308 if isinstance(value, float) else value + 1000
        try:
            changed = Record(**edited(data, path, other))
        except ValidationError:
            continue
        if not differences(record, changed):
            unseen.append(path)
    assert unseen == []


def test_a_comparison_says_how_much_it_compared(record):
    found = compare_records(suite(record), suite(record), "results/reference")
    assert found.reference == "results/reference"
    assert found.differences == []
    assert found.compared > 300


@pytest.mark.parametrize(
    ("update", "what"),
    [
        ({"measured": 1e308}, "slack, from its sides"),
        ({"budget": 1e3}, "budget, from its parts"),
        ({"verdict": Verdict.VIOLATED}, "verdict, from its numbers"),
    ],
)
def test_a_record_that_contradicts_itself_differs_even_from_itself(record, update, what):
    bad = with_check(record, "K-T1", -1, **update)
    assert any(what in one.what for one in differences(bad, bad))


def test_a_record_that_says_better_of_itself_than_its_claims_is_not_accepted(tmp_path, record):
    worse = record.claims[-1].checks[0].model_copy(update={"verdict": Verdict.INCONCLUSIVE})
    claim = record.claims[-1].model_copy(
        update={"verdict": Verdict.INCONCLUSIVE, "checks": [worse], "required": True}
    )
    flattered = record.model_copy(update={"claims": [*record.claims[:-1], claim]})
    assert any("from its claims" in one.what for one in differences(flattered, flattered))
    with pytest.raises(InputError, match="contradicts itself"):
        write_reference(flattered, tmp_path)
    assert not list(tmp_path.iterdir())
