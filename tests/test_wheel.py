"""The wheel and the sdist: what is in them, and that the wheel needs nothing of the repository."""

import configparser
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

import verify

ROOT = Path(__file__).parents[1]

#: What a working copy has beside the repository.
LEFT = ("*.egg-info", ".*", "__pycache__", "build", "cache", "dist", "falsify", "runs", "site", "sweeps")

#: ... though some of it has a name of the repository's own.
KEPT = {ROOT / "verify" / "runs", ROOT / "verify" / "sweeps", ROOT / ".ci", ROOT / ".github"}
KEPT |= {ROOT / "tests" / "verify" / "runs", ROOT / "tests" / "verify" / "sweeps"}


def surplus(folder, names):
    left = shutil.ignore_patterns(*LEFT)(folder, names)
    return {name for name in left if Path(folder) / name not in KEPT}


def build(kind, scratch):
    """The one file that `python -m build` makes of a copy."""
    shutil.copytree(ROOT, scratch / "copy", ignore=surplus)
    command = [sys.executable, "-m", "build", "--no-isolation", kind, "--outdir", str(scratch / "dist")]
    done = subprocess.run([*command, str(scratch / "copy")], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    (found,) = (scratch / "dist").iterdir()
    return found


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return zipfile.ZipFile(build("--wheel", tmp_path_factory.mktemp("wheel")))


def test_the_wheel_has_all_that_a_run_needs_and_nothing_else(wheel):
    names = set(wheel.namelist())
    tops = {name.split("/")[0] for name in names if ".dist-info" not in name}
    assert tops == {"verify", "theorems", "verify_pytest.py"}, "no top-level cli, tests or benchmarks"
    packages = {
        path.relative_to(ROOT).as_posix()
        for top in ("verify", "theorems")
        for path in (ROOT / top).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {name for name in names if name.startswith(("verify/", "theorems/"))} == packages
    assert {"verify/py.typed", "theorems/py.typed", "theorems/reference/quick.json"} <= packages


def test_its_metadata(wheel):
    (folder,) = {name.split("/")[0] for name in wheel.namelist() if ".dist-info" in name}
    told = Parser().parsestr(wheel.read(f"{folder}/METADATA").decode())
    assert told["Version"] == verify.__version__
    assert told["Requires-Python"] == ">=3.11"
    assert told["License-Expression"] or told["License"] == "MIT"
    assert told["Description-Content-Type"] == "text/markdown"
    entries = configparser.ConfigParser()
    entries.read_string(wheel.read(f"{folder}/entry_points.txt").decode())
    assert dict(entries["console_scripts"]) == {"verify": "verify.app:main"}
    assert dict(entries["pytest11"]) == {"verify_pytest": "verify_pytest"}


def test_the_version_is_written_down_once():
    """Other files may ask for it; none repeats it."""
    digits = re.escape(verify.__version__)
    for name in ("setup.cfg", "pyproject.toml"):
        assert not re.search(rf"^version\s*=\s*[\"']?{digits}", (ROOT / name).read_text(), re.MULTILINE)


@pytest.mark.campaign
def test_the_sdist_has_the_tests_and_what_they_read(tmp_path):
    """That it builds the wheel is seen by .ci/wheel."""
    found = build("--sdist", tmp_path)
    with tarfile.open(found) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"cli.py", "constraints.txt", "action.yml", ".ci/run", ".github/workflows/ci.yml"} <= names
    assert {"tests/test_wheel.py", "tests/data/junit-10.xsd", "docs/ci.md", "benchmarks/run.py"} <= names
    assert {"examples/quadratic-descent/pyproject.toml", "results/README.md"} <= names
    assert not [name for name in names if "__pycache__" in name or name.startswith("results/runs/")]


def test_it_runs_without_the_repository(wheel, tmp_path):
    wheel.extractall(tmp_path / "site")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}

    def run(*command):
        return subprocess.run(
            [sys.executable, *command], cwd="/", env=environment, capture_output=True, text=True, timeout=120
        )

    listed = run("-m", "verify", "list")
    assert listed.returncode == 0, listed.stderr
    assert listed.stdout.startswith("linear-rate")
    shown = run("-m", "verify", "show", "linear-rate")
    assert shown.returncode == 0, shown.stderr
