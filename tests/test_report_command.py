"""`verify report`, what GitHub is told, and completion, through the command line."""

import json
import sys

import pytest

from tests.test_cli import SMALL, verify
from tests.verify.views import records
from verify.theorem.verdicts import Verdict

VIEWS = ("report.md", "report.html", "junit.xml")


@pytest.fixture
def folder(tmp_path):
    """A run directory as `verify theorem` leaves it, its record alone."""
    made = records.record(("A", Verdict.VIOLATED, True))
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "record.json").write_text(made.model_dump_json())
    return tmp_path / "run"


def command(monkeypatch, *arguments):
    from verify import app

    monkeypatch.setattr(sys, "argv", ["verify", *map(str, arguments)])
    with pytest.raises(SystemExit) as stopped:
        app.main()
    return stopped.value.code


def test_report_remakes_every_view_and_says_where(folder, monkeypatch, capsys):
    assert command(monkeypatch, "report", folder) == 0
    assert capsys.readouterr().out == f"{folder}/report.html\n"
    first = {name: (folder / name).read_text() for name in VIEWS}
    (folder / "report.md").write_text("edited")
    assert command(monkeypatch, "report", folder) == 0
    assert {name: (folder / name).read_text() for name in VIEWS} == first
    assert {path.name for path in folder.iterdir()} == {"record.json", *VIEWS}


def test_report_of_a_combined_record(folder, monkeypatch):
    one = json.loads((folder / "record.json").read_text())
    combined = {
        **{
            name: one[name]
            for name in ("schema_version", "verdict", "timings", "environment", "command", "started")
        },
        "preset": "quick",
        "theorems": [one | {"variant": "first"}, one | {"variant": "second"}],
    }
    (folder / "record.json").write_text(json.dumps(combined))
    assert command(monkeypatch, "report", folder) == 0
    assert "some-theorem.second" in (folder / "report.html").read_text()


def test_open_shows_the_page(folder, monkeypatch):
    import webbrowser

    shown = []
    monkeypatch.setattr(webbrowser, "get", lambda: None)
    monkeypatch.setattr(webbrowser, "open", shown.append)
    assert command(monkeypatch, "report", folder, "--open") == 0
    assert shown == [f"file://{folder}/report.html"]

    def none():
        raise webbrowser.Error("could not locate runnable browser")

    monkeypatch.setattr(webbrowser, "get", none)
    (folder / "report.md").unlink()
    assert command(monkeypatch, "report", folder, "--open") == 2
    assert not (folder / "report.md").exists(), "what can be known before is said before"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "No such file"),
        ("", "cut or no record"),
        ('{"schema_version": 1, "theorem": "linear-', "cut or no record"),
        ('{"schema_version": 3}', "schema version 3"),
        ("[]", "no record"),
        ('{"schema_version": 1, "theorem": "../x"}', "no record"),
    ],
)
def test_what_is_no_record_is_one_line_exit_2_and_nothing_written(
    tmp_path, monkeypatch, capsys, content, message
):
    if content is not None:
        (tmp_path / "record.json").write_text(content)
    before = sorted(tmp_path.iterdir())
    assert command(monkeypatch, "report", tmp_path) == 2
    found = capsys.readouterr()
    assert found.out == ""
    assert len(found.err.splitlines()) == 1
    assert message in found.err
    assert sorted(tmp_path.iterdir()) == before


def test_report_takes_the_record_for_its_directory(folder, monkeypatch, capsys):
    assert command(monkeypatch, "report", folder / "record.json") == 0
    assert capsys.readouterr().out.strip() == str(folder / "report.html")


def test_a_github_job_gets_a_summary_and_annotations(tmp_path, monkeypatch, capfd):
    from theorems.kawaguchi_2021.linear_rate.conclusion import conclusion
    from verify.theorem.claims import Part

    told = Part(lambda problem, path: conclusion(problem, path, 2.5))
    monkeypatch.setattr(conclusion, "parts", [told])
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    tight = [*SMALL, "--labels", "aligned", "--samples", "4"]
    assert command(monkeypatch, "theorem", "linear-rate", *tight, "--json", "--out", tmp_path / "runs") == 1
    found = capfd.readouterr()
    assert json.loads(found.out)["verdict"] == "VIOLATED"
    assert "::error title=linear-rate K-T1%3A VIOLATED::" in found.err
    assert "VIOLATED: linear-rate, K-T1" in (tmp_path / "summary.md").read_text()


def test_completion_knows_commands_and_theorems(tmp_path, monkeypatch):
    monkeypatch.setenv("_VERIFY_COMPLETE", "bash_complete")
    for words, expected in (("verify rep", "plain,report"), ("verify theorem rel", "plain,relu-convergence")):
        monkeypatch.setenv("COMP_WORDS", words)
        monkeypatch.setenv("COMP_CWORD", str(words.count(" ")))
        assert verify(cwd=tmp_path).stdout.strip() == expected
    monkeypatch.setenv("_VERIFY_COMPLETE", "bash_source")
    assert "complete -o nosort -F _verify_completion verify" in verify(cwd=tmp_path).stdout
