"""The command line, as a newcomer and as a script would use it."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import theorems
from verify.records.record import Record
from verify.views.markdown import markdown

SMALL = ["--width", "4", "--outputs", "2", "--samples", "20"]


def verify(*arguments, cwd):
    return subprocess.run(
        [sys.executable, "-m", "verify", *arguments], cwd=cwd, capture_output=True, text=True, timeout=120
    )


def test_a_run_leaves_a_whole_directory_and_says_where(tmp_path):
    done = verify("theorem", "linear-rate", *SMALL, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 100
    assert lines[-1].startswith("VERIFIED  linear-rate  report: results/runs/linear-rate-")
    assert done.stderr == ""
    folder = tmp_path / lines[-1].split("report: ")[1]
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    drawn = ("loss", "lambda_min", "energy_residual", "implicit_bias")
    pictures = {f"figures/{name}.{suffix}" for name in drawn for suffix in ("png", "svg")}
    views = {"report.md", "report.html", "junit.xml"}
    assert names == {"record.json", "trajectory.npz", "comparisons.npz"} | views | pictures
    record = Record.model_validate_json((folder / "record.json").read_text())
    assert sorted(record.command.split()) == sorted(["verify", "theorem", "linear-rate", *SMALL])
    assert markdown(record) == (folder / "report.md").read_text()
    assert all(claim.id in (folder / "report.md").read_text() for claim in record.claims)
    with np.load(folder / "trajectory.npz") as arrays:
        assert arrays["features"].shape == (4, 20)


def test_json_is_the_record_and_nothing_else(tmp_path, command, unpictured):
    done = command("theorem", "linear-rate", *SMALL, "--json", "--out", "elsewhere")
    record = json.loads(done.out)
    assert record["schema_version"] == 1
    assert record["setting"]["width"] == 4
    conclusion = next(claim for claim in record["claims"] if claim["id"] == "K-T1")
    assert {"measured", "bound", "slack", "budget", "where", "points"} <= set(conclusion["checks"][0])
    assert len(list((tmp_path / "elsewhere").iterdir())) == 1


def test_quiet_prints_one_line(tmp_path, command, unpictured):
    done = command("theorem", "linear-rate", *SMALL, "--quiet")
    assert done.out.count("\n") == 1


def test_list_show_and_info(tmp_path, command):
    assert "linear-rate" in command("list").out
    shown = command("show", "linear-rate").out
    assert "K-T1.4" in shown
    assert "exp(-2 kappa lambda_T T)" in shown
    assert "numpy" in command("info").out


def test_help_is_quick_to_load(tmp_path):
    code = (
        "import sys\nsys.argv = ['verify', '--help']\nfrom verify import app\n"
        "try:\n    app.main()\nexcept SystemExit:\n    pass\n"
        "loaded = {'torch', 'scipy', 'matplotlib', 'numpy', 'pydantic'} & set(sys.modules)\n"
        "assert not loaded, loaded"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        *[(["--gamma", value], "--gamma") for value in ("0", "1", "-0.5", "nan", "x")],
        *[
            ([option, value], option)
            for option in ("--width", "--samples", "--outputs")
            for value in ("0", "-3", "2.5", "many")
        ],
        *[(["--horizon", value], "--horizon") for value in ("0", "-1", "inf", "nan")],
        (["--seed", "-1"], "--seed"),
        (["--rtol", "1"], "--rtol"),
        (["--points", "2"], "--points"),
        (["--loss", "absolute"], "'square'"),
        (["--data", "mnits"], "digits, synthetic"),
        (["--labels", "aligned", "--samples", "7"], "--samples 32"),
        (["--outputs", "11"], "--outputs 10 or fewer"),
        (["--widht", "3"], "--width"),
        (["--width"], "requires an argument"),
        (["--out", "/proc/nowhere"], "--out"),
        (["--out", "a-file"], "file"),
    ],
)
def test_bad_input_is_one_line_exit_2_and_nothing_written(tmp_path, arguments, message, command):
    (tmp_path / "a-file").write_text("")
    done = command("theorem", "linear-rate", *arguments)
    assert done.code == 2
    assert done.out == ""
    assert len(done.err.splitlines()) == 1
    assert message in done.err
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["a-file"]


def test_unknown_names_suggest_the_nearest(tmp_path, command):
    assert "'linear-rate'" in command("theorem", "linear-rat").err
    assert "'linear-rate'" in command("show", "liner-rate").err
    assert command("theorme").code == 2


def test_a_violated_theorem_exits_1_and_a_broken_run_4(monkeypatch, unpictured, command):
    theorem = theorems.load("linear-rate")
    tight = ["theorem", "linear-rate", *SMALL, "--labels", "aligned", "--samples", "4"]
    assert command(*tight).code == 0
    conclusion = next(statement for statement in theorem.CLAIMS if statement.claim.id == "K-T1")
    honest = conclusion.parts[0]

    def hasty(problem, path):
        return honest.function(problem, path, factor=2.5)

    monkeypatch.setattr(conclusion, "parts", [replace(honest, function=hasty)])
    assert command(*tight).code == 1
    monkeypatch.setattr(theorem, "integrate", lambda *_: 1 / 0)
    assert command(*tight).code == 4


def test_a_failed_write_leaves_nothing_half_done(tmp_path):
    from verify.records.directory import write_whole

    def fill(folder: Path) -> None:
        (folder / "part").write_text("x")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_whole(tmp_path, "run", fill)
    assert list(tmp_path.iterdir()) == []


def test_every_theorem_keeps_the_contract():
    for name in theorems.names():
        theorem = theorems.load(name)
        assert name == theorem.NAME
        assert len({claim.id for claim in theorem.CLAIMS.claims}) == len(theorem.CLAIMS)
        for field, info in theorem.Setting.model_fields.items():
            assert info.description, field


def test_output_that_nobody_reads_is_no_violation(tmp_path):
    command = f"{sys.executable} -m verify power trust-region-newton | head -c 1; exit ${{PIPESTATUS[0]}}"
    found = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, timeout=120)
    assert found.returncode in (0, 141), found.stderr


def test_the_last_line_says_why_a_run_is_not_verified(command):
    options = ["--loss", "hinge", "--width", "4", "--samples", "30", "--quiet"]
    done = command("theorem", "linear-rate", *options)
    assert done.code == 3
    assert "--width 30" in done.out or "rank" in done.out
    assert len(done.out.splitlines()) == 1


def test_a_wrong_option_points_to_the_help_that_lists_the_right_ones(tmp_path, command):
    done = command("theorem", "linear-rate", "--widht", "4")
    assert done.code == 2
    assert "(see verify theorem --help)" in done.err
