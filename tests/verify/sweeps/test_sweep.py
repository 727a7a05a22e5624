"""Sweeps: every cell once, on disk at once, whatever breaks, dies or is stopped."""

import json

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.verify.sweeps.toy import Toy
from verify.runs.workers import LocalWorkers
from verify.sweeps import table as tables
from verify.sweeps.asked import Sweep
from verify.sweeps.cells import judged_claims, run_cell
from verify.sweeps.grid import make_cells, parse_axis
from verify.sweeps.sweep import run_sweep
from verify.theorem.errors import InputError

TOY = Toy()


def asked(*over, seeds=2, claims=(), **given):
    axes = [parse_axis(TOY, text) for text in over]
    return Sweep(TOY, given, axes, make_cells(TOY, given, axes, seeds), judged_claims(TOY, claims), seeds)


def swept(sweep, folder, **options):
    return run_sweep(sweep, folder, LocalWorkers(2), **options)


def rows(found, but=("seconds",)):
    """The rows of a table, in an order of their own, without what differs between runs."""
    table = pq.read_table(found.folder / "table.parquet").to_pylist()
    kept = [{name: value for name, value in row.items() if name not in but} for row in table]
    return sorted(kept, key=lambda row: (row["cell"], row["claim"]))


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return swept(asked("size=1:4:4", "ratio=0.5,2"), tmp_path_factory.mktemp("plain"))


def test_a_row_a_claim_and_seed(plain):
    found = rows(plain)
    assert plain.whole
    assert len(found) == 4 * 2 * 2 * 2, "sizes, ratios, seeds, claims that are no law"
    assert {row["claim"] for row in found} == {"T-H", "T"}
    assert plain.verdicts["VERIFIED"] == 8
    assert plain.verdicts["NOT_APPLICABLE"] == 8
    assert {row["verdict"] for row in found if row["ratio"] == 2} == {"NOT_APPLICABLE"}
    violated = {row["compared"] for row in found if row["ratio"] == 2 and row["claim"] == "T"}
    assert "VIOLATED" in violated, "the numbers alone"


def test_a_row_has_the_numbers_of_its_run(plain):
    row = next(
        row
        for row in rows(plain)
        if (row["size"], row["ratio"], row["seed"]) == (3, 0.5, 1) and row["claim"] == "T"
    )
    draws = np.random.default_rng([1, 3]).uniform(0, 0.5, 5)
    assert row["measured"] == draws.max()
    assert (row["bound"], row["slack"], row["budget"]) == (1.0, 1 - draws.max(), 1e-12)
    assert (row["least_ratio"], row["largest_ratio"]) == (draws.min(), draws.max())
    assert row["tightness"] == 2.0
    assert json.loads(row["counts"]) == {"steps": 3}
    assert json.loads(row["setting"])["size"] == 3


def test_the_same_command_has_nothing_left_to_do(plain):
    again = swept(asked("size=1:4:4", "ratio=0.5,2"), plain.folder.parent)
    assert (again.computed, again.done, again.folder) == (0, 16, plain.folder)


def test_more_values_and_seeds_take_what_is_there(tmp_path):
    swept(asked("size=1,2"), tmp_path)
    grown = swept(asked("size=1,2,3", seeds=3), tmp_path)
    assert (grown.computed, grown.done) == (9 - 4, 9)
    fresh = swept(asked("size=1,2,3", seeds=3), tmp_path / "fresh")
    assert rows(grown) == rows(fresh)
    less = swept(asked("size=2", seeds=1), tmp_path)
    assert {row["size"] for row in rows(less)} == {2}


def test_what_breaks_is_a_row_and_is_retried_when_asked(tmp_path):
    once = tmp_path / "once"
    words = ["fine", "refuse", "raise", "die", str(once)]
    sweep = asked(f"word={','.join(words)}", seeds=1)
    found = swept(sweep, tmp_path)
    assert found.whole
    assert (found.verdicts["VERIFIED"], found.verdicts["ERROR"]) == (2, 3), (
        "one died once and was tried again"
    )
    messages = {row["word"]: row["message"] for row in rows(found) if row["verdict"] == "ERROR"}
    assert "use another" in messages["refuse"]
    assert "ZeroDivisionError" in messages["raise"]
    assert "died" in messages["die"]
    assert swept(sweep, tmp_path).computed == 0
    assert swept(sweep, tmp_path, retry=True).computed == 3
    assert len(rows(found)) == 2 * 2 + 3, "nothing is there twice"


def test_minutes_stop_and_the_rest_follows(tmp_path):
    sweep = asked("size=1:8:8", seeds=1, pause=0.2)
    first = swept(sweep, tmp_path, seconds=0.5)
    assert 0 < first.done < 8
    assert "the same command goes on" in " ".join(first.remarks)
    second = swept(sweep, tmp_path)
    assert (second.computed, second.done) == (8 - first.done, 8)


def test_files_are_joined_and_the_last_of_a_cell_counts(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "TOGETHER", 4)
    sweep = asked("size=1:6:6", seeds=1)
    schema = tables.schema_for({"size": {1}})
    finished = tables.Finished(tmp_path, schema)
    made = {cell.key: run_cell(TOY, cell, ["T"]) for cell in sweep.cells}
    for cell in sweep.cells:
        finished.add(made[cell.key])
    assert len(list(tmp_path.glob("*.parquet"))) == 1 + 2
    broken = [{**made[sweep.cells[0].key][0], "run": "ERROR", "verdict": "ERROR"}]
    finished.add(broken)
    for state in (finished, tables.Finished(tmp_path, schema)):
        assert [cell for cell, run in state.verdicts.items() if run == "ERROR"] == [sweep.cells[0].key]
        state.write_table(tmp_path / "table", set(made))
        verdicts = {row["cell"]: row["verdict"] for row in pq.read_table(tmp_path / "table").to_pylist()}
        assert len(verdicts) == 6
        assert verdicts[sweep.cells[0].key] == "ERROR"


def test_one_process_at_a_time(tmp_path):
    sweep = asked("size=1")
    with (tmp_path / "toy-lock").open("w"):
        pass
    from verify.sweeps.sweep import _alone

    with _alone(tmp_path / sweep.folder), pytest.raises(InputError, match="another process"):
        swept(sweep, tmp_path)


@pytest.mark.parametrize(
    ("over", "says"),
    [
        ("size", "give an option and its values"),
        ("size=", "give an option and its values"),
        ("seed=1,2", "--seeds"),
        ("width=1", "it has size, ratio"),
        ("size=1,,2", "missing"),
        ("size=1,2,1", "twice"),
        ("size=1:2", "first:last:count"),
        ("size=1:x:3", "first:last:count"),
        ("size=1:9:1", "from 2 to"),
        ("ratio=0:1:log3", "above 0"),
        ("ratio=nan:1:3", "finite"),
        ("size=0,1", "--size 0"),
        ("ratio=3", "--ratio 3"),
    ],
)
def test_a_bad_axis_says_what_to_type(over, says):
    with pytest.raises(InputError, match=says):
        asked(over)


def test_axes_that_clash():
    with pytest.raises(InputError, match="there twice"):
        asked("size=1", "size=2")
    with pytest.raises(InputError, match="given and swept"):
        asked("size=1", size="2")
    with pytest.raises(InputError, match="no setting changes it"):
        asked("size=1", claims=["T-L"])
    with pytest.raises(InputError, match="did you mean"):
        asked("size=1", claims=["T-X"])


def test_ranges():
    assert list(parse_axis(TOY, "size=1:100:log3").values) == ["1", "10", "100"]
    assert list(parse_axis(TOY, "size=1:3:5").values) == ["1", "2", "3"], "whole numbers, each once"
    assert list(parse_axis(TOY, "ratio=0.1:0.5:5").values) == ["0.1", "0.2", "0.3", "0.4", "0.5"]
    assert list(parse_axis(TOY, "word=a,b;c").values) == ["a,b", "c"]
