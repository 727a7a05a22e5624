"""Theorems of other packages: the template, installed and run, and packages that are broken."""

import subprocess
import sys
from types import SimpleNamespace

import pytest

import theorems
from tests import example
from tests.faults import IN_A_RUN, PLANTED, STATIC, UNDRAWABLE, drawing, edited
from verify import app
from verify.commands import selftest
from verify.records.record import Record, Suite
from verify.runs.lint import findings, smallest_setting

NAME = "quadratic-descent"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return example.install(tmp_path_factory.mktemp("template"))


@pytest.fixture
def verify(tmp_path, monkeypatch, capsys):
    """The command line in this process, in an empty folder, with these sites and no theorem built in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(theorems, "BUILT_IN", {})
    monkeypatch.setattr(selftest, "outcomes", lambda group: [])  # it takes its time, and is tested elsewhere

    def run(*arguments, sites):
        with monkeypatch.context() as patch:
            for site in sites:
                patch.syspath_prepend(str(site))
            patch.setattr(sys, "argv", ["verify", *arguments])
            with pytest.raises(SystemExit) as stopped:
                app.main()
        for module in [name for name in sys.modules if name.startswith("their_")]:
            del sys.modules[module]
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
    assert [line.split()[0] for line in done.stdout.splitlines()][-2:] == ["ling-convergence", NAME]


def test_the_template_is_shown_and_its_falsehoods_are_caught(site, verify):
    assert "||x_k|| <= rho^k ||x_0||" in verify("show", NAME, sites=[site]).out
    power = verify("power", NAME, sites=[site])
    assert power.code == 0
    assert "5 of 5 false claims" in power.out


def test_the_template_runs_with_its_options_and_its_report_is_remade(tmp_path, site, verify):
    options = ["--condition", "100", "--start", "slowest", "--steps", "200"]
    done = verify("theorem", NAME, *options, "--json", sites=[site])
    assert done.code == 0, done.err
    record = Record.model_validate_json(done.out)
    assert record.setting["condition"] == 100
    assert record.rates["tightness"] == pytest.approx(1, abs=1e-6)
    folder = next((tmp_path / "results" / "runs").iterdir())
    page = folder / "report.html"
    assert "||x_k|| &lt;= rho^k ||x_0|| for every k" in page.read_text()
    page.unlink()
    assert verify("report", str(folder), sites=[]).code == 0  # the record is enough
    assert page.exists()


def test_formulas_and_a_statement_of_its_own_are_in_the_report(tmp_path, verify):
    given = 'FORMULAS = (("claim", (r"\\rho^k",)),)\nSTATEMENT = "It falls."\nSOURCES = '
    own = edited(tmp_path, ("SOURCES = ", given))
    assert verify("theorem", "own", "--quiet", sites=[own]).code == 0
    (page,) = tmp_path.glob("results/runs/*/report.html")
    assert "<math" in page.read_text()
    assert "It falls." in page.read_text()
    assert "for every k" not in page.read_text()


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--step", "2"], 3, "use --step 1"),
        (["--condition", "0"], 2, "greater than or equal to 2"),
        (["--conditon", "3"], 2, "--condition"),
    ],
)
def test_the_template_says_what_is_wrong(site, verify, options, code, message):
    done = verify("theorem", NAME, *options, sites=[site])
    assert done.code == code
    assert message in " ".join((done.out + done.err).split())


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"start": "slowest"},
        {"condition": 1e6},
        {"step": 1.99},
        {"steps": 1},
        {"condition": 2, "steps": 300},
    ],
)
def test_settings_of_the_template(monkeypatch, site, options):
    from verify.runs.run import run_theorem
    from verify.theorem.settings import make_setting

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
    assert (folder / f"{NAME}.tight" / "trajectory.npz").exists()
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
    assert f"`verify lint {name}`" in named.err
    assert "Traceback" in verify("theorem", name, "--debug", sites=sites).err


@pytest.mark.parametrize("case", ["claim ids", "false constant", "preset option", "reserved"])
def test_a_static_fault_is_refused_with_package_and_place(tmp_path, site, verify, case):
    *edit, said = STATIC[case]
    own = edited(tmp_path, edit)
    named = verify("theorem", "own", "--quiet", sites=[site, own])
    assert named.code == 2
    assert named.out == ""
    assert len(named.err.splitlines()) == 1
    assert said in named.err
    assert "does not load: their-own: their_own.py:" in named.err


@pytest.mark.parametrize("case", ["integrate", "check", "exit in a condition", "rate None", "pictures"])
def test_a_fault_in_a_run_is_an_error_with_package_and_place(tmp_path, verify, case):
    *edit, said = IN_A_RUN[case]
    own = edited(tmp_path, edit)
    run = verify("theorem", "own", "--json", sites=[own])
    assert run.code == 4, run.out
    record = Record.model_validate_json(run.out)
    assert record.verdict == "ERROR"
    assert said in record.error
    assert len(record.error.splitlines()) == 1
    assert "their-own: their_own.py:" in record.error


def test_a_picture_that_cannot_be_written_is_an_error(tmp_path, verify):
    run = verify("theorem", "own", "--json", sites=[edited(tmp_path, UNDRAWABLE)])
    assert run.code == 4, run.out
    assert "'path' cannot be drawn: ValueError" in Record.model_validate_json(run.out).error


@pytest.mark.parametrize("case", PLANTED)
def test_a_fault_of_a_falsehood_is_one_line_and_the_other_theorems_are_tried(tmp_path, site, verify, case):
    *edit, said = PLANTED[case]
    own = edited(tmp_path, edit)
    power = verify("power", sites=[site, own])
    assert power.code == 4
    assert "5 of 5 false claims" in power.out
    assert len(power.err.splitlines()) == 1
    assert "their-own: their_own.py:" in power.err
    assert said in power.err
    assert "Traceback" not in power.err
    told = verify("power", "own", "--debug", sites=[own]).err
    assert ("Traceback" in told) == ("(): " in said)


def test_a_falsehood_that_is_none_survives(tmp_path, verify):
    power = verify("power", "own", sites=[edited(tmp_path, ("left=0.81", "left=0.9"))])
    assert power.code == 1
    assert "SURVIVED" in power.out
    assert "5 of 6 false claims" in power.out


def test_lint_says_everything_at_once_with_the_lines(tmp_path, verify):
    static = [STATIC["description"], STATIC["reserved argument"], STATIC["false for no reason"]]
    in_a_run = [IN_A_RUN["rate None"], IN_A_RUN["count"], IN_A_RUN["figure leads out"], PLANTED["raises"]]
    survivor = ("power=2)", "power=1)", "falsehood 'rho^2 a step': comes out VERIFIED")
    cases = [*static, *in_a_run, survivor]
    starts = [
        "    as_json: int",
        "    as_json: int",
        '@CLAIMS.step("Q-1"',
        *["@dataclass(frozen=True)\nclass Path"] * 2,
    ]
    starts += ["def pictures", "    problem=lambda", '@CLAIMS.step("Q-1"']
    edits = [
        ("dimension: int", "as_json: int"),
        (', description="dimension d"', ""),
        ("setting.dimension", "setting.as_json"),
        *(case[:2] for case in cases if "dimension" not in case[0]),
    ]
    own = edited(tmp_path, *edits)
    source = (own / "their_own.py").read_text()
    lint = verify("lint", "own", sites=[own])
    assert lint.code == 4
    assert lint.err == ""
    for (*_, said), start in zip(cases, starts, strict=True):
        number = 1 + source[: source.index(f"\n{start}") + 1].count("\n")
        told = said.replace("dimension", "as_json")
        place = f"their-own: their_own.py:{number}: "
        assert any(line.startswith(place) and told in line for line in lint.out.splitlines()), (place, told)
    assert lint.out.splitlines()[-1] == "own: 8 problems", lint.out


def test_lint_has_nothing_to_say_of_the_template(site, verify):
    lint = verify("lint", NAME, sites=[site])
    assert lint.code == 0, lint.out
    assert lint.out == f"{NAME}: no problems\n"


@pytest.mark.parametrize("case", ["condition", "no check", "no checks", "check of text", "exit in build"])
def test_lint_shows_what_breaks_a_run(tmp_path, verify, case):
    *edit, said = IN_A_RUN[case]
    lint = verify("lint", "own", sites=[edited(tmp_path, edit)])
    assert lint.code == 4
    assert said in lint.out
    assert lint.out.splitlines()[-1] == "own: 1 problem"


def test_lint_shows_what_a_price_is_not(tmp_path, verify):
    own = edited(tmp_path, ("TIGHT = {", "def cost(setting):\n    return 3\n\n\nTIGHT = {"))
    assert (
        "cost(): returns one int: return a verify.theorem.cost.Cost" in verify("lint", "own", sites=[own]).out
    )


def test_lint_refuses_a_first_run_that_cannot_be(tmp_path, verify):
    own = edited(tmp_path, ('Variant("random")', 'Variant("random", {"step": 3})'))
    lint = verify("lint", "own", sites=[own])
    assert lint.code == 4
    assert "the first run of the quick preset is refused (the step 3 is not below 2/L" in lint.out
    assert verify("lint", "onw", sites=[own]).code == 2


@pytest.mark.parametrize("name", theorems.BUILT_IN)
def test_lint_has_nothing_to_say_of_the_built_in_theorems(monkeypatch, name):
    theorem = theorems.load(name)
    assert theorems.find(name, app.cli.reserved_names()).faults == []
    if name == "trust-region-newton":  # the others take seconds, and test_power has their planted claims
        assert findings(theorem, smallest_setting(theorem, name)).problems == []


def test_a_name_that_two_packages_provide_is_served_by_neither(tmp_path, site, verify):
    (tmp_path / "second").mkdir()
    own, again = edited(tmp_path), example.provide(tmp_path / "second", "own", "1 / 0", "their-second")
    listed = verify("list", sites=[site, own, again])
    assert NAME in listed.out
    assert "own" not in listed.out
    assert len(listed.err.splitlines()) == 1
    for package in ("their-own", "their-second"):
        assert package in listed.err
    assert verify("theorem", "own", sites=[own, again]).code == 2
    assert verify("power", sites=[site, own, again]).code == 4


def test_a_name_of_a_built_in_theorem_is_one_line_and_the_built_in_one_is_served(
    tmp_path, site, verify, monkeypatch
):
    monkeypatch.setattr(
        theorems, "BUILT_IN", {"trust-region-newton": "theorems.kawaguchi_2021.trust_region_newton"}
    )
    taken = example.provide(tmp_path, "trust-region-newton", "1 / 0", "their-taken")
    listed = verify("list", sites=[site, taken])
    assert listed.out.split()[0] == "trust-region-newton"
    assert len(listed.err.splitlines()) == 1
    assert "of the package their-taken has the name of a built-in theorem" in listed.err
    monkeypatch.syspath_prepend(str(taken))
    (fault,) = theorems.find("trust-region-newton").faults
    assert fault in listed.err


def test_an_option_of_two_types_is_validated_by_each_theorem(tmp_path, site, verify):
    own = edited(
        tmp_path,
        ("dimension: int = Field(20, ge=3, le=1000,", 'dimension: Literal["few", "many"] = Field("few",'),
        ("setting.dimension", "len(setting.dimension)"),
    )
    assert verify("theorem", "own", "--dimension", "many", "--quiet", sites=[site, own]).code == 0
    assert verify("theorem", NAME, "--dimension", "7", "--quiet", sites=[site, own]).code == 0
    refused = verify("theorem", "own", "--dimension", "7", sites=[site, own])
    assert refused.code == 2
    assert "--dimension 7: it should be 'few' or 'many'" in refused.err
    assert "few|many" in verify("theorem", "own", "--help", sites=[site, own]).out
    assert "INTEGER" in verify("theorem", NAME, "--help", sites=[site, own]).out


def test_debug_shows_the_traceback_of_a_run_and_the_record_keeps_it(tmp_path, verify):
    own = edited(tmp_path, IN_A_RUN["exit in check"][:2])
    run = verify("theorem", "own", "--json", "--debug", sites=[own])
    assert run.code == 4
    assert Record.model_validate_json(run.out).traceback == run.err
    assert run.err.startswith("Traceback")
    assert run.err.endswith("SystemExit: 0\n")


def test_lint_shows_the_tracebacks_with_debug(tmp_path, verify):
    own = edited(tmp_path, drawing("1 / 0"), PLANTED["raises"][:2])
    assert verify("lint", "own", sites=[own]).err == ""
    told = verify("lint", "own", "--debug", sites=[own])
    assert told.code == 4
    assert told.err.count("Traceback") == 2
    assert "ZeroDivisionError: division by zero\n" in told.err


def test_what_a_theorem_prints_does_not_spoil_json(tmp_path):
    """Here and in worker processes, on importing it, too."""
    own = edited(
        tmp_path,
        ("\nNAME =", "\nprint('ON IMPORT')\nNAME ="),
        ('"""Gradient descent; it', 'print("IN A RUN")\n    """It'),
    )
    done = subprocess.run(
        [sys.executable, "-m", "verify", "theorem", "own", "--seeds", "2", "--json"],
        cwd=tmp_path,
        env=example.environment(own),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert Record.model_validate_json(done.stdout).verdict == "VERIFIED"
    assert done.stderr.count("IN A RUN") == 3
    assert "ON IMPORT" in done.stderr


def test_a_broken_package_keeps_the_exit_code_from_0(tmp_path, site, verify):
    found = verify("power", sites=[site, example.provide(tmp_path, "zero", "1 / 0")])
    assert found.code == 4
    assert "5 of 5" in found.out
    assert "their-zero" in found.err


def test_a_name_that_is_not_the_entry_points(tmp_path, site, verify):
    source = (site / "quadratic_descent.py").read_text()
    sites = [site, example.provide(tmp_path, "other", source)]
    assert "calls itself 'quadratic-descent'" in verify("show", "other", sites=sites).err
