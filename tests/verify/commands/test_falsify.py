"""`verify falsify`: what it prints is what `verify theorem` finds there, exit codes, bad input."""

import json
import shlex
from types import SimpleNamespace

import pytest

from tests.verify.search import toy
from verify import app
from verify.commands.base import CommandGroup
from verify.commands.guard import run_guarded
from verify.contract.catalogue import Catalogue
from verify.search import search as searching


class Library:
    """Nothing but the toy."""

    figures = None

    @property
    def theorems(self):
        return self

    def names(self):
        return [toy.NAME]

    def catalogue(self, chosen=(), reserved=()):
        return Catalogue([toy], [])


@pytest.fixture
def verify(tmp_path, monkeypatch, capfd):
    """The command line in this process, in an empty folder, with the toy alone."""
    monkeypatch.chdir(tmp_path)
    group = CommandGroup("verify", library=Library(), commands=app.cli.commands)

    def run(line):
        monkeypatch.setattr("sys.argv", ["verify", *shlex.split(line)])
        code = run_guarded(group, "verify")
        found = capfd.readouterr()
        return SimpleNamespace(code=code, out=found.out, err=found.err)

    return run


def record_of(folder):
    (file,) = folder.glob("**/falsify.json")
    return json.loads(file.read_text(encoding="utf-8"))


def test_the_printed_command_shows_the_violation_with_the_same_numbers(verify, tmp_path):
    done = verify("falsify toy --claim T-corner --jobs 1 --minutes 1")
    assert done.code == 1
    assert "VIOLATED" in done.out
    (line,) = [line for line in done.out.splitlines() if line.startswith("T-corner: verify theorem")]
    (claim,) = record_of(tmp_path)["claims"]
    assert line == f"T-corner: {claim['command']}"
    again = verify(f"{claim['command'].removeprefix('verify ')} --json")
    assert again.code == 1
    (found,) = [one for one in json.loads(again.out)["claims"] if one["id"] == "T-corner"]
    assert found["verdict"] == "VIOLATED"
    assert {name: found["checks"][0][name] for name in ("measured", "bound", "slack", "budget")} == {
        name: claim[name] for name in ("measured", "bound", "slack", "budget")
    }


def test_without_a_violation_it_exits_0_and_says_how_near_it_came(verify, tmp_path):
    done = verify("falsify toy --claim T-needless --jobs 1 --minutes 0.05 --seed 3 --out searches")
    assert done.code == 0
    record = record_of(tmp_path / "searches")
    assert (record["seed"], record["seconds"], record["jobs"]) == (3, 3.0, 1)
    (claim,) = record["claims"]
    assert 0 < claim["score"] < 1
    assert claim["violated"] is False
    assert f"{claim['score']:.4g}" in done.out
    assert verify(claim["command"].removeprefix("verify ")).code == 1  # others of its claims are false


def test_a_violation_that_went_away_is_kept_for_its_author(verify, tmp_path):
    done = verify("falsify toy --claim T-rough --jobs 1 --minutes 0.05")
    assert done.code == 0
    assert "gone with smaller errors" in done.out
    (gone,) = record_of(tmp_path)["gone"]
    again = verify(f"{gone['command'].removeprefix('verify ')} --json")
    assert {one["id"]: one["verdict"] for one in json.loads(again.out)["claims"]}["T-rough"] == "VIOLATED"


def test_a_hypothesis_is_dropped(verify, tmp_path):
    done = verify("falsify toy --drop T-H --claim T-given --jobs 1 --minutes 1")
    assert done.code == 1
    record = record_of(tmp_path)
    assert record["dropped"] == ["T-H"]
    # The theorem promises nothing there, and says what it found all the same.
    again = json.loads(verify(f"{record['claims'][0]['command'].removeprefix('verify ')} --json").out)
    (claim,) = [one for one in again["claims"] if one["id"] == "T-given"]
    assert claim["verdict"] == "NOT_APPLICABLE"
    assert "promised only under T-H; here VIOLATED" in claim["checks"][0]["message"]


def test_the_planted_claims_are_timed(verify):
    done = verify("falsify toy --claim T-true --planted --jobs 1 --minutes 0.05")
    assert done.code == 1
    assert "not found" in done.out
    assert "1 of 2 planted false claims found" in done.out


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("falsify toy --claim T-nothing", "did you mean"),
        ("falsify toy --drop T-corner", "no claim of toy rests on that"),
        ("falsify toy --claim T-law", "is a law"),
        ("falsify toy --drop T-H --planted", "leave one of them out"),
        ("falsify toy --minutes 0", "--minutes"),
        ("falsify toy --scale 11", "--scale 11"),
        ("falsify toy --size 3 --start nowhere.npz --minutes 0.02 --jobs 1", "no run could be made"),
    ],
)
def test_bad_input_is_said_in_a_line_and_nothing_is_written(verify, tmp_path, line, said):
    done = verify(line)
    assert done.code == 2
    assert said in done.err
    assert not list(tmp_path.iterdir())


def test_an_interrupted_search_says_how_near_it_came_and_leaves_nothing(verify, tmp_path, monkeypatch):
    in_earnest = searching.search

    def interrupted(sought, limits, tally, progress):
        in_earnest(sought, searching.Limits(0, 60.0, restarts=1), tally)
        raise KeyboardInterrupt

    monkeypatch.setattr(searching, "search", interrupted)
    done = verify("falsify toy --claim T-needless --jobs 1")
    assert done.code == 130
    assert "T-needless came as near as" in done.err
    assert not list(tmp_path.iterdir())
