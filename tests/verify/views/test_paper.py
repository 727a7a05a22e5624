"""The table for a paper, comparisons as rows, and files of them: what is in them, what they replace."""

import csv
import io
import json
import re

import pytest

import theorems
from tests.test_report_command import command
from tests.verify.views import records
from tests.verify.views.test_latex import COMMANDS
from verify.records.record import Seeds
from verify.records.regression import read_reference
from verify.theorem.errors import InputError
from verify.theorem.verdicts import Verdict
from verify.views.comparisons import comparisons_csv
from verify.views.export import EXPORTS, write_export
from verify.views.paper import LONGEST_FLOAT, paper_table

#: Commands of tables, beside those of texts.
WORDS = """
    begin end centering footnotesize setlength tabcolsep LTcapwidth linewidth caption label medskip toprule
    midrule bottomrule endfirsthead endhead endfoot raggedright dagger multicolumn begingroup endgroup
"""
TABLE = COMMANDS | frozenset(WORDS.split())


def assert_compiles(text):
    """What can be seen without LaTeX: a document of all these tables was compiled by hand."""
    assert text.isascii()
    code = "\n".join(line for line in text.splitlines() if not line.startswith("%"))
    bare = re.sub(r"\\[^A-Za-z]", ".", code)
    assert bare.count("{") == bare.count("}")
    assert bare.count("$") % 2 == 0
    assert "%" not in bare
    assert "#" not in bare
    assert set(re.findall(r"\\([A-Za-z]+)", bare)) <= TABLE
    environments = re.findall(r"\\(begin|end)\{(\w+)\}", code)
    assert [name for kind, name in environments if kind == "begin"] == [
        name for kind, name in reversed(environments) if kind == "end"
    ] or len(re.findall(r"\\caption", code)) > 1
    for line in code.splitlines():  # as many columns as the table has
        if line.endswith(r"\\") and " & " in line and "multicolumn" not in line:
            assert len(re.findall(r"(?<!\\)&", line)) == 5, line


@pytest.mark.parametrize("preset", ["quick", "standard"])
def test_every_theorem_has_a_table(preset):
    made = read_reference(theorems.REFERENCES, preset)
    text = paper_table(made)
    assert_compiles(text)
    assert text.count(r"\caption") == len(made.theorems)


def test_a_table_of_hostile_texts_compiles():
    made = records.hostile()
    for one in (made, made.model_copy(update={"draws": []})):
        assert_compiles(paper_table(one))


def test_the_table_has_verdict_numbers_rates_setting_versions_and_command():
    made = records.record(
        ("A", Verdict.VERIFIED, True),
        ("B", Verdict.VIOLATED, False),
        ("E", Verdict.NOT_APPLICABLE, False),
        environment={"verify": "1.2", "python": "3.11", "packages": {"numpy": "2.4", "scipy": "1.17"}},
        effective={"m": 4, "gamma": 0.8},
    )
    text = paper_table(made)
    assert r"A & \raggedright text of $A$ & verified & $-30.25$ & $\le$ $-30.5$ & $-4$ \\" in text
    assert r"B$^\dagger$ & \raggedright text of $B$ & violated &" in text
    assert "Not about this setting: E." in text
    assert r"rate & measured & & $2$ & & \\" in text
    assert r"Setting: $m = 4,\; \gamma = 0.8$" in text
    assert "verify 1.2, Python 3.11, numpy 2.4, scipy 1.17" in text
    assert r"\texttt{verify theorem some-theorem -{}-seed 3}" in text
    assert r"\begin{table}" in text


def test_of_an_identity_the_difference_is_shown():
    made = records.record(("A", Verdict.VERIFIED, True))
    check = made.claims[0].checks[0].model_copy(update={"relation": "="})
    made = made.model_copy(update={"claims": [made.claims[0].model_copy(update={"checks": [check]})]})
    assert r"& $=$ $-30.5$ & $\pm 4$ \\" in paper_table(made)


def test_draws_are_counted_and_rates_spread():
    made = records.record(
        ("A", Verdict.VERIFIED, True), draws=[records.draw(1, 1.0, 2.0), records.draw(2, 3.0, 1.0)]
    )
    seeds = {"verified": 1, "drawn": 2, "interval": (0.0126, 0.9874)}
    made = made.model_copy(update={"claims": [made.claims[0].model_copy(update={"seeds": Seeds(**seeds)})]})
    text = paper_table(made)
    assert r"1 of 2 & \multicolumn{2}{r@{}}{0.013 to 0.987} \\" in text
    assert "median $2$, $1$ to $3$" in text


def test_a_table_longer_than_a_page_is_broken_over_pages():
    claims = [(f"C{number}", Verdict.VERIFIED, True) for number in range(LONGEST_FLOAT)]
    assert r"\begin{longtable}" in paper_table(records.record(*claims))
    assert r"\begin{longtable}" not in paper_table(records.record(*claims[:-1]))


@pytest.mark.parametrize(
    "made", [records.every_verdict(), records.hostile(), records.suite(records.every_verdict())]
)
def test_a_row_a_comparison_with_every_number(made):
    text = comparisons_csv(made)
    rows = list(csv.DictReader(io.StringIO(text)))
    runs = made.theorems if hasattr(made, "theorems") else [made]
    checks = [(claim, check) for run in runs for claim in run.claims for check in claim.checks]
    assert len(rows) == len(checks)
    for row, (claim, check) in zip(rows, checks, strict=True):
        assert (row["claim"], row["claim_verdict"], row["quantity"]) == (
            claim.id,
            claim.verdict,
            check.quantity,
        )
        for name in ("measured", "bound", "slack", "budget"):
            assert float(row[name]) == getattr(check, name)
        assert json.loads(row["where"]) == check.where
        assert json.loads(row["budget_parts"]) == check.budget_parts


def test_a_claim_without_comparisons_has_a_row():
    made = records.record(("A", Verdict.ERROR, True))
    made = made.model_copy(update={"claims": [made.claims[0].model_copy(update={"checks": []})]})
    (row,) = csv.DictReader(io.StringIO(comparisons_csv(made)))
    assert (row["claim"], row["claim_verdict"], row["measured"]) == ("A", "ERROR", "")


@pytest.mark.parametrize("kind", EXPORTS)
def test_a_file_is_written_whole_and_replaces_its_like_only(tmp_path, kind):
    made = records.every_verdict()
    file = tmp_path / "new" / "claims"
    assert write_export(EXPORTS[kind](made), kind, file) == "wrote"
    first = file.read_text()
    assert write_export(EXPORTS[kind](made), kind, file) == "replaced"
    assert file.read_text() == first
    for mine in (r"\documentclass{article}", "a,b\n1,2\n", '{"a": 1}', "[1]"):
        file.write_text(mine)
        with pytest.raises(InputError, match=f"was not written as {kind}"):
            write_export(EXPORTS[kind](made), kind, file)
        assert file.read_text() == mine
    with pytest.raises(InputError, match="is a folder: name a file"):
        write_export("", kind, tmp_path)


@pytest.fixture
def folder(tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    (run / "record.json").write_text(records.every_verdict().model_dump_json(indent=1))
    return run


@pytest.mark.parametrize("kind", EXPORTS)
def test_the_command_prints_or_writes_and_leaves_the_run_alone(folder, tmp_path, monkeypatch, capsys, kind):
    assert command(monkeypatch, "report", folder, "--format", kind) == 0
    printed = capsys.readouterr().out
    assert command(monkeypatch, "report", folder, "--format", kind, "--output", tmp_path / "it") == 0
    assert capsys.readouterr().out == f"wrote {tmp_path / 'it'}\n"
    assert (tmp_path / "it").read_text() == printed
    assert [path.name for path in folder.iterdir()] == ["record.json"]
    if kind == "json":
        assert json.loads(printed) == json.loads((folder / "record.json").read_text())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--output", "x"], "add --format latex, csv or json"),
        (["--format", "csv", "--open"], "leave one of them out"),
        (["--format", "word"], "'latex', 'csv', 'json'"),
        (["--format", "csv", "--output", "/proc/nowhere/x"], "in a folder that can be written"),
    ],
)
def test_bad_options_are_one_line_and_write_nothing(folder, tmp_path, monkeypatch, capsys, options, said):
    assert command(monkeypatch, "report", folder, *options) == 2
    found = capsys.readouterr()
    assert found.out == ""
    assert len(found.err.splitlines()) == 1
    assert said in found.err
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["record.json", "run"]
