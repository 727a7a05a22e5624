"""The files that CI servers read, and the snippets that the documents tell people to copy."""

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
DOCUMENT = (ROOT / "docs" / "ci.md").read_text()


def snippets(language):
    return re.findall(rf"^```{language}\n(.*?)^```", DOCUMENT, flags=re.DOTALL | re.MULTILINE)


def step(name):
    return next(step for step in ACTION["runs"]["steps"] if step.get("name") == name)


def test_inputs_of_the_action_are_described_and_used():
    text = str(ACTION["runs"])
    for name, described in ACTION["inputs"].items():
        assert described["description"]
        assert f"inputs.{name}" in text
    assert all("shell" in step for step in ACTION["runs"]["steps"] if "run" in step)
    # Inputs reach the shell through its environment: pasted into a script they would be run.
    assert not any("${{" in step["run"] for step in ACTION["runs"]["steps"] if "run" in step)


def test_what_is_passed_to_the_action_are_its_inputs():
    used = [WORKFLOW["jobs"]["theorems"]["steps"][-1]]
    used += [
        step for job in yaml.safe_load(snippets("yaml")[0])["jobs"].values() for step in job["steps"][1:]
    ]
    for step in used:
        assert set(step["with"]) <= set(ACTION["inputs"])


@pytest.mark.parametrize(
    ("inputs", "called"),
    [
        ({}, "all --preset quick --out report"),
        ({"AGAINST": "my references"}, "all --preset quick --against my references --out report"),
        ({"THEOREMS": "a b", "OPTIONS": "--seeds 3"}, "theorem a b --out report --seeds 3"),
        ({"OPTIONS": "$(touch pwned)"}, "all --preset quick --out report $(touch pwned)"),
    ],
)
def test_the_action_calls_verify_and_keeps_its_exit_code(tmp_path, inputs, called):
    stub = tmp_path / "verify"
    stub.write_text('#!/bin/sh\necho "$@"\nexit 3\n')
    stub.chmod(0o755)
    given = {"THEOREMS": "", "PRESET": "quick", "AGAINST": "", "OPTIONS": "", "OUT": "report", **inputs}
    assert set(given) == set(step("Verify")["env"])
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", step("Verify")["run"]],
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}", **given},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == called
    assert done.returncode == 3
    assert not (tmp_path / "pwned").exists()


def test_the_gitlab_snippet_names_the_junit_report_where_it_is_written():
    job = yaml.safe_load(snippets("yaml")[2])["theorems"]
    folder = job["artifacts"]["paths"][0]
    assert job["script"][-1].endswith(f"--out {folder}")
    assert job["artifacts"]["reports"]["junit"] == f"{folder}/*/junit.xml"


def test_readme_and_document_have_one_recipe():
    recipe = "pip install -q -c constraints.txt . && verify all --preset quick --against built-in"
    assert recipe in (ROOT / "README.md").read_text()
    assert recipe in DOCUMENT
