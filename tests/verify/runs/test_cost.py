"""Predictions: their arithmetic, what is told, and refusals that leave nothing behind."""

import re
import sys
from types import SimpleNamespace

import numpy as np
import pytest

import theorems
from verify import app
from verify.runs import cost
from verify.runs.cost import Plan, announcement, cost_in_words, largest_that_fits
from verify.theorem.cost import Cost
from verify.theorem.errors import InputError
from verify.theorem.settings import BaseSetting, make_setting

GIB = 2**30


class Setting(BaseSetting):
    width: int = 100
    rows: int | None = None
    gamma: float = 0.5


def theorem(seconds=30.0, size=lambda setting: setting.width * GIB / 100):
    return SimpleNamespace(
        NAME="stub", Setting=Setting, cost=lambda setting: Cost(seconds, float(size(setting)))
    )


@pytest.fixture
def memory(monkeypatch):
    return lambda size: monkeypatch.setattr(cost, "available_memory", lambda: size)


@pytest.mark.parametrize(
    ("seconds", "size", "text"),
    [
        (30, 4e8, "about 30 s and 381 MiB"),
        (240, 1.3 * GIB, "about 4 min and 1.3 GiB"),
        (7200, 20 * GIB, "about 2.0 h and 20 GiB"),
    ],
)
def test_a_cost_is_said_as_a_person_says_it(seconds, size, text):
    assert cost_in_words(Cost(seconds, size)) == text


def test_runs_side_by_side_share_the_time_and_add_up_in_memory(memory):
    memory(100 * GIB)
    plan = Plan(theorem(), Setting())
    assert announcement([[plan]], 4) == "about 30 s and 1.0 GiB"
    assert announcement([[plan], [plan]], 4) == "about 60 s and 1.0 GiB"
    assert announcement([[plan] * 8], 4) == "about 60 s and 4.0 GiB"
    # Nine, for the one to show is run again; two in turn at the least.
    assert announcement([[Plan(theorem(), Setting(), 8)]], 4) == "about 68 s and 4.0 GiB"
    assert announcement([[Plan(theorem(), Setting(), 2)]], 4) == "about 60 s and 2.0 GiB"


def test_short_runs_and_theorems_that_do_not_say_are_passed_in_silence(memory):
    memory(2 * GIB)
    assert announcement([[Plan(theorem(seconds=10), Setting())]]) == ""
    assert announcement([[Plan(SimpleNamespace(NAME="stub"), Setting())]]) == ""


def test_memory_decides_at_its_border(memory):
    plan = Plan(theorem(), Setting())
    memory(GIB)
    announcement([[plan]])
    memory(GIB - 1)
    with pytest.raises(InputError, match=r"1\.0 GiB of memory, 1\.0 GiB are free: use --width 9\d$"):
        announcement([[plan]])
    memory(3 * GIB)
    announcement([[plan] * 3], 3)
    with pytest.raises(InputError, match=r"4 times about .* or 3 at a time"):
        announcement([[plan] * 4], 4)


def test_advice_fits_and_is_not_timid():
    quadratic = theorem(size=lambda setting: setting.width**2)
    plan = Plan(quadratic, Setting(width=20_000))
    for size in (10**3, 10**6, 3 * 10**8):
        value = largest_that_fits(plan, "width", size)
        assert value is not None
        assert 0.7 * size < value**2 <= size
    assert largest_that_fits(plan, "width", 0) is None
    assert [largest_that_fits(plan, name, 10**6) for name in ("seed", "rows", "gamma")] == [None] * 3


def test_no_advice_where_nothing_helps(memory):
    memory(GIB)
    with pytest.raises(InputError, match="a machine with more memory"):
        announcement([[Plan(theorem(size=lambda _: 2 * GIB), Setting())]])


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Runs a command line in an empty folder; its exit code, what it said, and whether it wrote."""
    monkeypatch.chdir(tmp_path)
    before = set(tmp_path.iterdir())

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["verify", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            app.main()
        return stopped.value.code, capsys.readouterr(), bool(set(tmp_path.iterdir()) - before)

    return call


#: More than any machine has: Hessians of every sample.
HUGE = ("--data", "synthetic", "--samples", 1_000_000, "--outputs", 1000)


@pytest.mark.parametrize(
    "arguments",
    [
        ("theorem", "linear-rate", "--loss", "cross-entropy", *HUGE),
        ("theorem", "linear-rate", "--loss", "cross-entropy", *HUGE, "--seeds", "3"),
    ],
)
def test_a_run_that_no_memory_holds_is_refused(run, arguments):
    code, said, wrote = run(*arguments)
    assert (code, said.out, wrote) == (2, "", False)
    assert len(said.err.splitlines()) == 1
    assert "use --" in said.err


@pytest.mark.parametrize(
    ("arguments", "advised"),
    [
        (("linear-rate", "--data", "synthetic", "--samples", 1_000_000, "--width", 4096), "--width"),
        (("linear-rate", "--data", "synthetic", "--samples", 1_000_000, "--width", 512), "--samples"),
        (("trust-region-newton", "--width", 4096), "--width"),
        (("relu-convergence", "--width", 20_000), "--width"),
        (("relu-convergence", "--data", "sphere", "--samples", 5000), "--samples"),
    ],
)
def test_large_runs_are_refused_with_what_to_lower(run, memory, arguments, advised):
    memory(3 * GIB)
    code, said, wrote = run("theorem", *arguments)
    assert (code, wrote) == (2, False)
    assert advised in said.err.split("are free: use")[1]


def test_all_counts_its_processes(run, memory):
    memory(GIB)
    code, said, wrote = run("all", "--jobs", 16)
    assert (code, wrote) == (2, False)
    assert "16 times" in said.err or "times about" in said.err
    assert "at a time" in said.err


def test_the_line_is_told_on_stderr_unless_quiet(run, monkeypatch):
    def stop(*_, **__):
        raise InputError("stopped")

    monkeypatch.setattr(cost, "WORTH_TELLING", 0.0)
    monkeypatch.setattr("verify.runs.run.run_theorem", stop)
    monkeypatch.setattr("verify.runs.suite.run_suite", stop)
    for command in (("theorem", "linear-rate"), ("all", "--jobs", 1)):
        said = run(*command)[1].err.splitlines()
        assert said[0].startswith("about ")
        assert said[1:] == ["verify: stopped"]
        for option in ("--quiet", "--json"):
            assert run(*command, option)[1].err == "verify: stopped\n"


@pytest.mark.parametrize(
    "name", ["linear-rate", "trust-region-newton", "relu-convergence", "ling-convergence"]
)
def test_default_settings_are_cheap_and_costs_grow(name):
    module = theorems.load(name)

    def of(**values):
        return module.cost(make_setting(module, values))

    default = of()
    assert default.seconds < 120
    assert default.bytes < GIB
    for changes in ({"width": 4000}, {"points": 5000}):
        assert of(**changes).seconds > default.seconds
    assert of(width=4000).bytes > 4 * default.bytes


@pytest.mark.parametrize(
    ("arrays", "options", "message"),
    [
        ({"x": np.eye(4), "y": np.arange(4.0)}, ("--loss", "logistic"), "labels \\+1 and -1"),
        ({"x": np.eye(4), "y": np.arange(4.0)}, ("--outputs", "3"), "leave the option out"),
        ({"x": 0 * np.eye(4), "y": np.arange(4.0)}, (), "all features are zero|is zero"),
        ({"x": np.eye(4)[:, :3] + 1, "y": np.arange(4.0)}, ("--samples", "5"), "--samples 5"),
    ],
)
def test_bad_data_are_found_before_the_first_theorem_runs(run, tmp_path, arrays, options, message):
    np.savez(tmp_path.parent / "data.npz", **arrays)
    names = ("relu-convergence", "linear-rate")
    code, said, wrote = run("theorem", *names, "--data", tmp_path.parent / "data.npz", *options)
    assert (code, said.out, wrote) == (2, "", False)
    assert re.search(message, said.err)
