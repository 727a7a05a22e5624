"""`pytest --verify-theorems` in a project of someone else's."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import theorems
from tests import example, faults

DOCUMENT = Path(__file__).parents[1] / "docs" / "ci.md"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return example.install(tmp_path_factory.mktemp("template"))


def run_pytest(*arguments, cwd, sites=()):
    command = [sys.executable, "-m", "pytest", "-p", "verify_pytest", "-p", "no:cacheprovider", "-W", "error"]
    return subprocess.run(
        [*command, *arguments],
        cwd=cwd,
        env=example.environment(*sites),
        capture_output=True,
        text=True,
        timeout=120,
    )


def outcomes(done):
    """How many passed, failed, were skipped."""
    return {
        word: int(count) for count, word in re.findall(r"(\d+) (passed|failed|skipped|error)", done.stdout)
    }


def test_a_test_for_each_claim_of_each_run(tmp_path, site):
    done = run_pytest("-v", "--verify-theorems=quadratic-descent", cwd=tmp_path, sites=[site])
    assert done.returncode == 0, done.stdout
    assert "verify::quadratic-descent.tight::Q-T PASSED" in done.stdout
    assert outcomes(done) == {"passed": 6}


def test_a_failure_is_the_numbers_and_an_undecided_informative_claim_is_skipped(tmp_path, site):
    theirs = faults.edited(
        tmp_path,
        ("power * path.step", "3 * power * path.step"),
        ("problem.rho > 0.9", "problem.rho > 0.1"),
        ('"random", description', '"slowest", description'),
    )
    done = run_pytest("--verify-theorems=own", cwd=tmp_path, sites=[theirs])
    assert done.returncode == 1
    assert outcomes(done) == {"failed": 2, "passed": 4, "skipped": 2}
    assert "log ||x_k|| / ||x_0||: measured" in done.stdout
    assert "error budget" in done.stdout
    assert "verify theorem own" in done.stdout
    assert "Traceback" not in done.stdout
    assert "verify_pytest.py" not in done.stdout


def test_a_run_that_breaks_fails_every_claim_and_runs_once(tmp_path, site):
    source = (
        (site / "quadratic_descent.py").read_text().replace('NAME = "quadratic-descent"', 'NAME = "broken"')
    )
    source = source.replace('"""Gradient descent; it', 'print("RUNS"); 1 / 0\n    """Gradient descent; it')
    theirs = example.provide(tmp_path, "broken", source)
    done = run_pytest("-s", "--verify-theorems=broken", "-k", "tight", cwd=tmp_path, sites=[theirs])
    assert outcomes(done) == {"failed": 3}
    assert "ZeroDivisionError" in done.stdout
    assert done.stderr.count("RUNS") == 1


def test_an_unknown_name_says_which_there_are(tmp_path):
    (tmp_path / "tests").mkdir()
    done = run_pytest("--verify-theorems", "tests", cwd=tmp_path)
    assert done.returncode == 4
    assert "there is no theorem 'tests'" in done.stderr
    assert "linear-rate, trust-region-newton" in done.stderr


def test_without_the_option_nothing_of_the_suite_is_imported(tmp_path):
    (tmp_path / "test_own.py").write_text(
        "import sys\n\n\ndef test_own():\n"
        "    heavy = {'theorems', 'verify', 'numpy', 'pydantic', 'click'}\n"
        "    assert not heavy & set(sys.modules)\n"
    )
    done = run_pytest("-p", "no:hypothesispytest", "-p", "no:benchmark", cwd=tmp_path)
    assert outcomes(done) == {"passed": 1}, done.stdout


@pytest.mark.campaign
def test_the_example_of_the_document(tmp_path):
    text = DOCUMENT.read_text()
    for language in ("ini", "python"):
        body = re.search(rf"^```{language}\n# (\S+)\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)
        (tmp_path / body[1]).write_text(body[2])
    done = run_pytest(cwd=tmp_path)
    assert outcomes(done) == {"passed": 1 + 2 * len(theorems.load("trust-region-newton").CLAIMS.claims)}
