"""What lies around a run: locales, names of files, its job. One line, the right code, no file."""

import json
import os
import subprocess
import sys

import pytest

from verify.runs.environment import environment

SMALL = ["--width", "4", "--outputs", "2", "--samples", "20", "--points", "9"]


def verify(*arguments, cwd, **variables):
    return subprocess.run(
        [sys.executable, "-m", "verify", *arguments],
        cwd=cwd,
        capture_output=True,
        timeout=120,
        env={**os.environ, **variables},
    )


@pytest.mark.parametrize(
    "variables", [{"LC_ALL": "C"}, {"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C.UTF-8"}], ids=str
)
def test_any_locale_shows_a_run_and_a_path_that_is_not_ascii(tmp_path, variables):
    done = verify("theorem", "linear-rate", *SMALL, "--out", "rüns", cwd=tmp_path, **variables)
    assert done.returncode == 0, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["rüns"]


def test_a_name_that_is_no_text_is_one_line(tmp_path):
    for arguments in (["--data", b"d\xff.npz"], ["--out", b"r\xff"], ["--config", b"c\xff.toml"]):
        done = verify("theorem", "linear-rate", *arguments, cwd=tmp_path, PYTHONUTF8="1")
        assert done.returncode == 2
        assert done.stderr.count(b"\n") == 1
        assert b"is no text in" in done.stderr
        assert list(tmp_path.iterdir()) == []


def test_a_summary_that_cannot_be_written_is_refused_before_the_run(tmp_path, command, monkeypatch):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "no" / "summary"))
    for arguments in (["theorem", "linear-rate", *SMALL], ["all"]):
        done = command(*arguments)
        assert done.code == 2
        assert "GITHUB_STEP_SUMMARY" in done.err
        assert len(done.err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [["--data", "no-such-set"], ["--width", "0"], ["--device", "gpu"]])
def test_bad_input_leaves_no_folder(tmp_path, command, arguments):
    assert command("theorem", "relu-convergence", *arguments).code == 2
    assert list(tmp_path.iterdir()) == []


def test_a_fault_of_the_suite_is_exit_4_with_its_traceback_in_a_file(command, monkeypatch, tmp_path):
    import tempfile

    import theorems

    def broken():
        raise RuntimeError("nobody foresaw this")

    monkeypatch.setattr(theorems, "catalogue", lambda *_, **__: broken())
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    done = command("list")
    assert done.code == 4
    assert "nobody foresaw this" in done.err
    assert len(done.err.splitlines()) == 1
    (kept,) = tmp_path.iterdir()
    assert str(kept) in done.err
    assert "broken()" in kept.read_text()
    assert "Traceback" in command("list", "--debug").err


def test_help_is_that_of_the_theorem_that_was_named(command):
    shown = command("theorem", "linear-rate", "--help").out
    assert "--radius" in shown
    assert "--classes" not in shown
    assert "e.g. --gamma 0.9" in " ".join(shown.split())
    assert "above 0 below 1" in " ".join(shown.split())
    general = command("theorem", "--help").out
    assert "--radius" not in general
    assert "NAME --help" in general
    assert "..." not in command("--help").out.replace("[ARGS]...", "")


@pytest.mark.parametrize("word", ["kawaguchi", "Kawaguchi", "2102.07346"])
def test_an_author_is_answered_with_the_theorems(command, word):
    done = command("theorem", word)
    assert done.code == 2
    assert "linear-rate, trust-region-newton" in done.err
    assert "relu-convergence" not in done.err


def test_an_option_of_another_theorem_says_whose_it_is(command):
    done = command("theorem", "trust-region-newton", "--classes", "0,1")
    assert done.code == 2
    assert "belongs to relu-convergence" in done.err


def test_the_record_says_what_was_run(command, unpictured):
    def effective(*arguments):
        return json.loads(command("theorem", "linear-rate", *SMALL, *arguments, "--json").out)["effective"]

    first = effective()
    assert {
        "m": 4,
        "n": 20,
        "m_y": 2,
        "gamma": 0.8,
        "loss": "square",
        "data": "digits",
        "seed": 0,
    }.items() <= (first.items())
    assert first["T"] > 0
    assert effective("--gamma", "0.9")["digest"] == first["digest"], "the data are the same"
    assert effective("--seed", "1")["digest"] != first["digest"], "these are others"
    assert environment()["source"].startswith("sha256:")
