"""The Python interface: what the command line says, as objects."""

from __future__ import annotations

import ast
import doctest
import importlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import verify
from verify.api import calls
from verify.api.listing import Theorems
from verify.api.rows import Rows
from verify.api.wording import in_python
from verify.sweeps.grid import parse_axis
from verify.theorem.claims import Claims

DOCS = Path(__file__).parents[1] / "docs"

#: A theorem without costly laws, in a small setting.
SMALL = {"width": 3, "samples": 6, "points": 9, "gamma": 0.7}
WORDS = ["--width", "3", "--samples", "6", "--points", "9", "--gamma", "0.7"]


@pytest.fixture(scope="module")
def run():
    return verify.run("trust-region-newton", **SMALL)


@pytest.fixture(scope="module")
def silent():
    """A hypothesis fails before there is a path."""
    return verify.run("linear-deq", smallest=0)


def same(record: dict) -> dict:
    """What two records of one setting have in common."""
    return {key: value for key, value in record.items() if key not in ("started", "timings")}


def test_record_is_that_of_the_command_line(run, command):
    told = json.loads(command("theorem", "trust-region-newton", *WORDS, "--json").out)
    assert same(run.record) == same(told)


def test_saved_directory_is_that_of_the_command_line(run, command, tmp_path):
    command("theorem", "trust-region-newton", *WORDS, "--quiet", "--out", "there")
    (there,) = (tmp_path / "there").iterdir()
    run.figure("plane").axes[0].set_title("mine")  # a picture that was changed is the user's own
    run._repr_html_()
    here = run.save(tmp_path / "here")
    files = sorted(path.relative_to(there) for path in there.rglob("*"))
    assert files == sorted(path.relative_to(here) for path in here.rglob("*"))
    for name in ("figures/plane.svg", "figures/agreement.png"):
        assert (there / name).read_bytes() == (here / name).read_bytes()
    with np.load(here / "trajectory.npz") as stored:
        assert stored.keys() == run.trajectory.keys()
        assert all(np.array_equal(stored[name], run.trajectory[name]) for name in stored)
    with np.load(here / "comparisons.npz") as stored:
        assert all(np.array_equal(stored[name], run.comparisons[name]) for name in stored)


def test_the_first_of_several_draws_is_the_run_itself(run):
    draws = verify.run("trust-region-newton", seeds=2, **SMALL)
    first, second = draws.record["draws"]
    assert (first["seed"], second["seed"]) == (0, 1)
    assert first["rates"] == run.rates
    assert draws.record["command"].endswith(" --points 9 --seeds 2")
    assert [(row["verified"], row["drawn"]) for row in draws.claims] == [(2, 2)] * len(run.claims)


def test_a_claim_has_the_comparison_that_decides_it(run):
    record = {claim["id"]: claim for claim in run.record["claims"]}
    assert [row["id"] for row in run.claims] == list(record)
    for row in run.claims:
        assert row["verdict"] == record[row["id"]]["verdict"]
        shares = [one["slack"] / one["budget"] for one in record[row["id"]]["checks"] if one["budget"]]
        assert row["slack_in_budgets"] == min(shares)
        assert row["quantity"] in [one["quantity"] for one in record[row["id"]]["checks"]]


def test_tables_are_taken_as_they_are(run, silent):
    for rows in (run.claims, silent.claims, verify.theorems()["linear-deq"].options):
        table = pa.Table.from_pylist(rows)  # which wants one type a column
        assert table.column_names == list(rows[0])
        assert table.num_rows == len(rows)
        assert all(type(row) is dict for row in rows)


def test_pandas_takes_claims(run):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(run.claims)
    assert list(frame["id"]) == [row["id"] for row in run.claims]


def test_progress_is_told():
    phases = []
    verify.run("linear-deq", smallest=0, progress=lambda phase, done, total: phases.append(phase))
    assert set(phases) == {"build", "checks"}


def test_arrays_are_not_to_be_written_to(run):
    """Those of a law are the next run's as well."""
    for arrays in (run.trajectory, run.comparisons):
        with pytest.raises(ValueError, match="read-only"):
            next(iter(arrays.values()))[...] = 0


def test_laws_are_judged_anew_for_other_claims(monkeypatch):
    """As after `importlib.reload`, while a theorem is being written."""
    import theorems.linear_deq as module

    judged = []
    monkeypatch.setattr(calls, "laws_of", lambda theorem: judged.append(theorem.CLAIMS) or {})
    claims = [Claims("as it was", module.CLAIMS), Claims("as it is", module.CLAIMS)]
    for one in (claims[0], claims[0], claims[1]):
        monkeypatch.setattr(module, "CLAIMS", one)
        verify.run("linear-deq", smallest=0)
    assert judged == claims


def test_claims_that_need_no_path_need_no_memory_for_one(monkeypatch):
    """As on the command line."""
    monkeypatch.setattr("verify.runs.cost.available_memory", lambda: 1)
    with pytest.raises(verify.InputError, match="memory"):
        verify.run("linear-rate", **SMALL)
    assert verify.run("linear-rate", claims=["K-NC"], **SMALL).verdict == "VERIFIED"


def test_a_broken_hypothesis_is_no_exception(silent):
    assert silent.verdict is verify.Verdict.NOT_APPLICABLE
    assert "`smallest=0.001`" in silent.reason
    with pytest.raises(verify.HypothesisError, match=r"M\(0\) is singular.*use `smallest=0.001`"):
        _ = silent.trajectory
    with pytest.raises(verify.HypothesisError, match="singular"):
        silent.figure("loss")
    assert silent.comparisons == {}


def test_a_run_that_breaks_is_told(monkeypatch):
    import theorems.linear_deq as module

    def broken(problem, progress):
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr(module, "integrate", broken)
    run = verify.run("linear-deq", width=2, samples=4)
    assert run.verdict is verify.Verdict.ERROR
    assert "by zero" in run.reason
    with pytest.raises(verify.TheoremError, match="by zero"):
        _ = run.trajectory


def test_values_of_other_types_are_those_of_a_setting(tmp_path):
    file = tmp_path / "mine.npz"
    rng = np.random.default_rng(0)
    np.savez(file, x=rng.standard_normal((6, 2)), y=rng.standard_normal((6, 1)))
    given = {"width": np.int64(2), "horizon": np.float64(0.5), "data": file, "points": 9}
    run = verify.run("linear-deq", **given)
    assert run.record["setting"]["horizon"] == 0.5
    assert run.record["command"].split(" --")[1:] == ["width 2", f"data {file}", "horizon 0.5", "points 9"]


OPTIONS = "There are seed, start, width"


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("linear-rat", {}, "did you mean 'linear-rate'? `verify.theorems()` shows all"),
        (3, {}, "3 is no theorem's name"),
        ("kawaguchi", {}, '`verify.run("linear-rate")` or `verify.run("trust-region-newton")` runs them'),
        (
            "linear-rate",
            {"gama": 0.9},
            f"`gama` is no option of linear-rate: did you mean `gamma`? {OPTIONS}",
        ),
        ("linear-rate", {"perturb": 1}, "leave it out; it belongs to relu-convergence"),
        ("linear-rate", {"gamma": 1.5}, "`gamma=1.5`: it should be less than 1, for example `gamma=0.9`"),
        ("linear-rate", {"width": None}, "`width=None`: it should be a valid integer"),
        ("linear-rate", {"width": "abc"}, "`width='abc'`: it should be a valid integer"),
        ("linear-rate", {"labels": "aligned", "loss": "logistic"}, "use `loss='square'`"),
        (
            "linear-rate",
            {"data": "no.npz"},
            "no data file no.npz: `data` takes digits, synthetic, images by name",
        ),
        ("linear-rate", {"outputs": 20}, "use `outputs=10` or fewer, or `data='synthetic'`"),
        ("linear-rate", {"seeds": 0}, "`seeds=0`: it is a whole number from 1 to 100000"),
        ("linear-rate", {"seeds": 2, "seed": 2**32 - 1}, "use `seed=4294967294` or less"),
        ("linear-rate", {"claims": "K-T1"}, "give a list of ids, `claims=['K-T1']`"),
        ("linear-rate", {"claims": ["K-T9"]}, 'did you mean K-T1? `verify.theorems()["linear-rate"].claims`'),
        ("linear-rate", {"skip": ["K-T1.PL"]}, "K-T1 rests on it"),
    ],
)
def test_bad_input_is_told_in_python(name, options, message):
    with pytest.raises(verify.InputError) as told:
        verify.run(name, **options)
    assert message in str(told.value)
    assert "--" not in str(told.value)


EXAMPLE = 'for example over={"width": "64:1024:log5"} or over={"width": [64, 128]}'


@pytest.mark.parametrize(
    ("over", "options", "message"),
    [
        ({}, {}, f"over={{}}: it says what to vary, {EXAMPLE}"),
        ({"width": 3}, {}, EXAMPLE),
        ({"width": []}, {}, f"give at least one value, {EXAMPLE}"),
        ({"widht": [3]}, {}, '`over={"widht": [3]}`: linear-rate has no option widht: it has start, width'),
        ({"width": [3, 3]}, {}, '`over={"width": [3, 3]}`: 3 is there twice'),
        ({"width": "3:4"}, {}, "a range is first:last:count"),
        ({"seed": [1]}, {}, "seeds are drawn for every cell: use `seeds` N"),
        ({"gamma": [0.5, 1.5]}, {}, "`gamma=1.5`: it should be less than 1"),
        ({"width": [4]}, {"width": 3}, "`width=3` is given and swept: leave out `width`"),
        ({"width": [4]}, {"claims": "K-T1"}, "give a list of ids, `claims=['K-T1']`"),
        ({"width": [4]}, {"claims": ["K-T"]}, 'did you mean K-T1? `verify.theorems()["linear-rate"].claims`'),
        ({"width": [4]}, {"claims": ["K-L.rho"]}, "`claims='K-L.rho'`: no setting changes it"),
        ({"width": [4]}, {"jobs": 0}, "`jobs=0`: it is a whole number from 1 to 1000"),
        ({"width": [4]}, {"minutes": -1}, "`minutes=-1`: it is a number above 0"),
        ({"width": [4]}, {"out": "/proc/x"}, "give a folder that can be written with `out`"),
        ({"width": [4]}, {"out": " "}, "an empty name is no folder"),
    ],
)
def test_a_bad_sweep_is_told_in_python(over, options, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(verify.InputError) as told:
        verify.sweep("linear-rate", over=over, **options)
    assert message in str(told.value)
    assert list(tmp_path.iterdir()) == []


def test_other_bad_names_are_told(run):
    with pytest.raises(verify.InputError, match="no figure 'plain': did you mean `plane`"):
        run.figure("plain")
    with pytest.raises(verify.InputError, match="no 'K-T9' here: did you mean `K-T2`"):
        _ = run.claims["K-T9"]
    with pytest.raises(verify.InputError, match="no theorem 'linear': did you mean `linear-"):
        _ = verify.theorems()["linear"]
    with pytest.raises(KeyError, match="did you mean `features`"):
        _ = run.trajectory["feature"]
    with pytest.raises(verify.InputError, match="with `out`"):
        run.save("/proc/x")


def test_a_sweep_and_its_command_share_a_folder(command, tmp_path):
    asked = {"over": {"width": "2:3:2"}, "claims": ["K-T2.mu"], "samples": 6, "points": 9}
    swept = verify.sweep("trust-region-newton", out=tmp_path / "sweeps", jobs=1, **asked)
    words = [
        "--over",
        "width=2,3",
        "--claim",
        "K-T2.mu",
        "--samples",
        "6",
        "--points",
        "9",
        "--out",
        "sweeps",
    ]
    told = json.loads(command("sweep", "trust-region-newton", *words, "--json").out)
    assert told["computed"] == 0  # the command found both cells there
    assert swept.folder == tmp_path / "sweeps" / swept.folder.name
    assert (swept.verdict, swept.whole) == ("VERIFIED", True)
    assert swept.table.column("width").to_pylist() == [2, 3]
    assert swept.claims["K-T2.mu"]["verified"] == swept.claims["K-T2.mu"]["cells"] == 2
    assert "2 of 2 cells" in repr(swept)
    assert "K-T2.mu" in swept._repr_html_()


def test_theorems_are_listed():
    found = verify.theorems()
    assert found.names[0] == found[0].name == "linear-rate"
    assert [one.name for one in found] == found.names
    assert found[1:].names == found.names[1:]
    assert "Global convergence" in repr(found)
    assert "Global convergence" in found._repr_html_()
    assert found.broken == []
    theorem = found["linear-rate"]
    assert {"id": "K-T1", "kind": "conclusion", "required": True}.items() <= theorem.claims["K-T1"].items()
    assert "`gamma=0.9`" in theorem.options["gamma"]["meaning"]
    assert theorem.statement.strip() in repr(theorem)
    assert "<math" in theorem._repr_html_()


def test_a_run_is_shown(run, silent):
    lines = repr(run).splitlines()
    assert lines[0] == "VERIFIED  trust-region-newton"
    assert all(any(line.startswith(f"VERIFIED {row['id']} ") for line in lines) for row in run.claims)
    assert all(len(line) <= 110 for line in lines)
    assert repr(silent).startswith("NOT_APPLICABLE  linear-deq  M(0) is singular")
    page = run._repr_html_()
    assert "10 of 10 claims VERIFIED" in page
    assert page.count("<iframe srcdoc=") == 1
    assert page.count("data:image/") == len(run.figures)
    assert "<script" not in page
    assert run.figure("plane")._repr_png_().startswith(b"\x89PNG")


def test_what_a_record_holds_is_text_in_a_notebook():
    meant = Rows([{"option": "tau", "meaning": "weight of tau; `tau=0.1`"}], ("option", "meaning"))
    assert "weight of τ; `tau=0.1`" in repr(meant)
    assert "<code>tau=0.1</code>" in meant._repr_html_()
    rows = Rows([{"id": "<b>", "verdict": "VIOLATED", "text": "a < b & <i>"}], ("id", "verdict", "text"))
    page = rows._repr_html_()
    assert "&lt;b&gt;" in page
    assert "<i>" not in page.replace("<i>a</i>", "").replace("<i>b</i>", "").replace("<i>i</i>", "")


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("lower --gamma or raise --width", "lower `gamma` or raise `width`"),
        ("use --sigma-w 0.35 or less", "use `sigma_w=0.35` or less"),
        ("use --samples 1e3.", "use `samples=1e3`."),
        ("see `verify list` and `verify lint x --y`", "see `verify.theorems()` and `verify lint x --y`"),
        ("--over data=a.npz;b,c: no", "`over={\"data\": ['a.npz', 'b', 'c']}`: no"),
        ("no option here: 5 - 3", "no option here: 5 - 3"),
    ],
)
def test_messages_in_python(said, meant):
    assert in_python(said) == meant


def test_editors_see_what_there_is():
    """The stub, which type checkers read in place of the package, has the names of the package."""
    stub = Path(verify.__file__).with_suffix(".pyi")
    tree = ast.parse(stub.read_text(encoding="utf-8"))
    names = {alias.asname for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert names | {"__version__"} == set(verify.__all__)
    assert all(getattr(verify, name) is getattr(verify.api, name) for name in names)
    assert (stub.parent / "py.typed").is_file()


def test_theorems_that_do_not_load_are_told():
    shown = Theorems([], ["theorem 'x' does not load: <why>"])
    assert "theorem 'x' does not load" in repr(shown)
    assert "&lt;why&gt;" in shown._repr_html_()


def test_listed_values_are_not_read_as_text():
    module = importlib.import_module("theorems.linear_deq")
    assert parse_axis(module, "data=a,b:c", ["a,b:c"]).values == ["a,b:c"]


def test_import_is_light_and_needs_no_pandas(tmp_path):
    code = (
        "import sys\nsys.modules['pandas'] = None\nimport verify\n"
        "assert dir(verify) == sorted(verify.__all__), dir(verify)\n"
        "heavy = {'torch', 'scipy', 'matplotlib', 'numpy', 'pydantic', 'verify.api'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "assert issubclass(verify.InputError, Exception)\n"
        "assert not hasattr(verify, 'nothing')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""


def test_examples_of_the_page(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = doctest.testfile(str(DOCS / "python.md"), module_relative=False, encoding="utf-8")
    assert found.attempted > 15
    assert found.failed == 0


def test_some_claims_are_no_verdict_on_the_theorem():
    run = verify.run("trust-region-newton", width=3, samples=8, points=9, claims=["k-t2"])
    assert [claim["id"] for claim in run.claims] == ["K-T2.bar", "K-T2"]
    assert repr(run).startswith("VERIFIED  trust-region-newton, 2 of 10 claims")
    assert "This is no verdict on the theorem." in run._repr_html_()
    rest = verify.run("trust-region-newton", width=3, samples=8, points=9, skip=["K-T2"])
    assert "K-T2" in rest.record["chosen"]["left_out"]
