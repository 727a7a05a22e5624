"""Theorems of other packages: the template, installed and run, and packages that are broken."""

import json
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests import example
from verify.report.record import Record, Suite

NAME = "quadratic-descent"

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return example.install(tmp_path_factory.mktemp("template"))


@pytest.fixture
def verify(tmp_path, monkeypatch, capsys):
    """The command line in this process, in an empty folder, with these sites and no theorem built in."""
    import cli
    import theorems

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(theorems, "BUILT_IN", {})

    def run(*arguments, sites):
        with monkeypatch.context() as patch:
            for site in sites:
                patch.syspath_prepend(str(site))
            patch.setattr(sys, "argv", ["verify", *arguments])
            with pytest.raises(SystemExit) as stopped:
                cli.main()
        found = capsys.readouterr()
        return SimpleNamespace(code=stopped.value.code, out=found.out, err=found.err)

    return run


def test_the_template_is_listed_after_the_built_in_theorems(tmp_path, site):
    done = subprocess.run(
        [sys.executable, "-m", "verify", "list"],
        cwd=tmp_path,
        env=example.environment(site),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0
    assert [line.split()[0] for line in done.stdout.splitlines()][-2:] == ["relu-convergence", NAME]


def test_the_template_is_shown_and_its_planted_claims_are_caught(site, verify):
    assert "f(x_k) <= rho^{2k} f(x_0)" in verify("show", NAME, sites=[site]).out
    power = verify("power", NAME, sites=[site])
    assert power.code == 0
    assert "3 of 3 false claims caught" in power.out


def test_the_template_runs_with_its_options_and_its_report_is_remade(tmp_path, site, verify):
    options = ["--condition", "100", "--start", "slowest", "--steps", "200"]
    done = verify("theorem", NAME, *options, "--json", sites=[site])
    assert done.code == 0, done.err
    record = Record.model_validate_json(done.out)
    assert record.setting["condition"] == 100
    assert record.rates["tightness"] == pytest.approx(1, abs=1e-6)
    folder = next((tmp_path / "results" / "runs").iterdir())
    page = folder / "report.html"
    assert "<math" in page.read_text()
    page.unlink()
    assert verify("report", str(folder), sites=[]).code == 0  # the record is enough
    assert page.exists()


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--step", "2"], 3, "use --step 1"),
        (["--condition", "0"], 2, "greater than or equal to 1.01"),
        (["--conditon", "3"], 2, "--condition"),
    ],
)
def test_the_template_says_what_is_wrong(site, verify, options, code, message):
    done = verify("theorem", NAME, *options, sites=[site])
    assert done.code == code
    assert message in " ".join((done.out + done.err).split())


@pytest.mark.parametrize(
    "options", [{}, {"start": "slowest"}, {"condition": 1e6}, {"step": 1.99}, {"steps": 1}]
)
def test_settings_of_the_template(monkeypatch, site, options):
    from verify.run import run_theorem
    from verify.theorem import make_setting

    monkeypatch.syspath_prepend(str(site))
    import quadratic_descent

    assert (
        run_theorem(quadratic_descent, make_setting(quadratic_descent, options)).record.verdict == "VERIFIED"
    )


def test_verify_all_has_both_runs_of_the_template(tmp_path, site, verify):
    assert verify("all", "--quiet", "--jobs", "1", "--out", str(tmp_path), sites=[site]).code == 0
    (folder,) = tmp_path.iterdir()
    suite = Suite.model_validate_json((folder / "record.json").read_text())
    assert [record.label for record in suite.theorems] == [f"{NAME}.random", f"{NAME}.tight"]
    assert (folder / f"{NAME}.tight" / "figures" / "descent.svg").exists()
    assert f"{NAME}.tight" in (folder / "report.html").read_text()


@pytest.mark.parametrize(
    ("name", "source", "reason"),
    [
        ("without", "import nothing_of_that_name", "ModuleNotFoundError"),
        ("zero", "1 / 0", "ZeroDivisionError"),
        ("syntax", "def f(:", "SyntaxError"),
        ("partly", "NAME = 'partly'", "lacks TITLE"),
    ],
)
def test_a_broken_package_is_one_line_and_the_others_are_served(tmp_path, site, verify, name, source, reason):
    sites = [site, example.provide(tmp_path, name, source)]
    listed = verify("list", sites=sites)
    assert NAME in listed.out
    assert listed.code == 0
    assert len(listed.err.splitlines()) == 1
    assert f"their-{name}" in listed.err
    assert reason in listed.err
    named = verify("theorem", name, sites=sites)
    assert named.code == 2
    assert named.err == listed.err


def test_a_broken_package_keeps_the_exit_code_from_0(tmp_path, site, verify):
    found = verify("power", sites=[site, example.provide(tmp_path, "zero", "1 / 0")])
    assert found.code == 4
    assert "3 of 3" in found.out
    assert "their-zero" in found.err


def test_a_name_that_is_not_the_entry_points(tmp_path, site, verify):
    source = (site / "quadratic_descent.py").read_text()
    sites = [site, example.provide(tmp_path, "other", source)]
    assert "calls itself 'quadratic-descent'" in verify("show", "other", sites=sites).err


def test_the_document_quotes_the_template():
    document = (ROOT / "docs" / "adding-a-theorem.md").read_text()
    source = (example.SOURCE / "quadratic_descent.py").read_text()
    project = (example.SOURCE / "pyproject.toml").read_text()
    quoted = re.findall(r"^```(python|toml)\n(.*?)^```", document, flags=re.DOTALL | re.MULTILINE)
    assert len(quoted) >= 4
    words = "".join((source + project).split())
    for _, text in quoted:
        for line in text.splitlines():
            assert "".join(line.split()) in words, line


def test_the_document_names_everything_that_a_theorem_has():
    from verify.theorem import missing_attributes

    document = (ROOT / "docs" / "adding-a-theorem.md").read_text()
    assert all(f"`{name}" in document for name in missing_attributes(json))
