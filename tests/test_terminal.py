"""Every command in a real terminal: no traceback, no broken line, the exit code of a pipe."""

from __future__ import annotations

import re
import signal

import pytest
from wcwidth import wcswidth

from tests import terminal

SMALL = ["--width", "4", "--outputs", "2", "--samples", "20", "--points", "9"]

#: `verify all` has its terminal in .ci/wheel.
COMMANDS = {
    "help": (["--help"], 0),
    "theorem help": (["theorem", "--help"], 0),
    "list": (["list"], 0),
    "show": (["show", "relu-convergence"], 0),
    "info": (["info"], 0),
    "cite": (["cite", "linear-rate", "ling-convergence"], 0),
    "some claims": (["theorem", "linear-rate", *SMALL, "--claim", "K-T1"], 0),
    "theorem": (["theorem", "linear-rate", *SMALL], 0),
    "quiet": (["theorem", "linear-rate", *SMALL, "--quiet"], 0),
    "two theorems": (["theorem", "linear-rate", "trust-region-newton", "--width", "4", "--points", "9"], 0),
    "seeds": (["theorem", "linear-rate", *SMALL, "--seeds", "2"], 0),
    "silent theorem": (["theorem", "linear-rate", *SMALL, "--loss", "cross-entropy", "--tau", "0"], 3),
    "wrong option": (["theorem", "linear-rate", "--widht", "4"], 2),
    "curves": (["figures", "linear-rate", "--preset", "quick", "--list"], 0),
    "figures": (["figures", "trust-region-newton", "--preset", "quick"], 0),
    "lint": (["lint", "trust-region-newton"], 0),
    "power": (["power", "trust-region-newton"], 0),
    "sweep": (
        ["sweep", "linear-rate", "--over", "width=2,3", "--data", "synthetic", "--claim", "K-T1.PL"],
        0,
    ),
    "compare": (["compare", "nowhere", "elsewhere"], 2),
    "accept": (["accept", "nowhere"], 2),
    "report": (["report", "nowhere"], 2),
}

#: What every test run looks at; the others are for .ci/run.
GLANCE = {
    ("theorem help", 120),
    ("theorem", 80),
    ("silent theorem", 120),
    ("wrong option", 80),
    ("power", 80),
}


#: Those that take long.
LASTING = {
    "figures",
    "power",
    "quiet",
    "seeds",
    "silent theorem",
    "some claims",
    "sweep",
    "theorem",
    "two theorems",
}


def inspected(screen, columns):
    """What no screen may show, whatever the command."""
    assert "Traceback" not in screen.text
    assert max(map(wcswidth, screen.lines)) <= columns  # a combining mark takes no column of its own
    return screen


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        pytest.param(name, columns, marks=() if (name, columns) in GLANCE else pytest.mark.campaign)
        for name in COMMANDS
        for columns in (80, 120)
        if columns == 80 or name not in LASTING or (name, columns) in GLANCE  # 80 are harder to fit
    ],
)
def test_every_command_in_a_terminal(tmp_path, name, columns):
    arguments, code = COMMANDS[name]
    colour = {"NO_COLOR": "1"} if columns == 120 else {}
    screen = inspected(terminal.run(*arguments, cwd=tmp_path, columns=columns, environment=colour), columns)
    assert screen.code == code, screen.text
    assert screen.text.strip()
    if "NO_COLOR" in colour:
        assert not re.search(rb"\x1b\[[349]\d", screen.sent)


def test_the_progress_names_the_phases_and_leaves_no_trace(tmp_path):
    screen = inspected(terminal.run("theorem", "linear-rate", *SMALL, cwd=tmp_path), 80)
    for phase in ("build", "gradient flow", "checks", "pictures"):
        assert f"linear-rate: {phase}".encode() in screen.sent
        assert f"linear-rate: {phase}" not in screen.text


LONG = {
    "theorem": (["theorem", "linear-rate", "--width", "200", "--points", "1000"], b"gradient flow"),
    "seeds": (["theorem", "linear-rate", "--width", "64", "--seeds", "9"], b"linear-rate: draws"),
    "all": (["all", "--preset", "thorough"], b"all: runs"),
}

#: What every test run stops.
STOPPED = {("theorem", signal.SIGINT), ("all", signal.SIGTERM)}


@pytest.mark.parametrize(
    ("name", "ending"),
    [
        pytest.param(name, ending, marks=() if (name, ending) in STOPPED else pytest.mark.campaign)
        for name in LONG
        for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    ],
)
def test_a_run_that_is_stopped_ends_at_once_and_leaves_nothing(tmp_path, name, ending):
    arguments, seen = LONG[name]
    screen = inspected(terminal.run(*arguments, cwd=tmp_path, stop=(seen, ending)), 80)
    assert screen.code == 128 + ending
    word = "interrupted" if ending is signal.SIGINT else "terminated"
    assert f"verify: {word}, nothing was written for the unfinished run" in screen.text
    assert screen.ending is not None
    assert screen.ending < 5  # 2 s where nothing else runs
    assert not [path for path in (tmp_path / "results").rglob("*") if path.is_file()]
    assert not [path for path in (tmp_path / "results").rglob(".partial-*")]
    assert terminal.emptied(screen.group, seconds=2), "a worker is left"
