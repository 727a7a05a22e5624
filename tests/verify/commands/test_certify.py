"""`verify certify` and `verify check-certificate`: what they print, write and exit with, and bad input."""

import json
import resource
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from wcwidth import wcswidth

pytest.importorskip("flint")

import theorems
from tests import terminal
from tests.verify.views import records as view_records
from theorems import certificates
from verify.certificates.certificate import Certificate, Word
from verify.commands import certify as module
from verify.records.reading import read_record
from verify.theorem.verdicts import Verdict
from verify.views.html import html as html_of
from verify.views.markdown import report_markdown

ROOT = Path(__file__).parents[3]

ONE = Certificate("linear-rate", "K-T1", "faster-rate", "a statement", Word.PROVED, {}, {})


def state(setting, parameters):
    """A stand-in for what certifies a state: it tells what it was given."""
    told = "none" if parameters is None else str(float(np.sum(parameters["A"])))
    yield replace(ONE, statement=f"width {setting.width}, {told}")


def path(setting, minutes, progress):
    progress("enclosing", 1, 2)
    yield replace(ONE, word=Word.UNDECIDED, statement=f"{minutes} minutes", advice="raise the precision")


@pytest.fixture
def stand_ins(monkeypatch):
    """linear-rate has a state and a path to certify, and there are no disproofs but its own."""
    disproofs = {"linear-rate": certificates.CERTIFIERS["disproofs"]["linear-rate"]}
    table = {"disproofs": disproofs, "state": {"linear-rate": f"{__name__}:state"}}
    table["path"] = {"linear-rate": f"{__name__}:path"}
    monkeypatch.setattr(certificates, "CERTIFIERS", table)


def record_of(folder):
    (file,) = folder.glob("**/certificate.json")
    return file, json.loads(file.read_text(encoding="utf-8"))


def test_a_clean_clone_prints_the_disproofs_and_they_check(command, tmp_path):
    done = command("certify")
    assert (done.code, done.err) == (0, "")
    assert "10 DISPROVED: results/certificates/disproofs-" in done.out
    file, record = record_of(tmp_path / "results" / "certificates")
    assert record["command"] == "verify certify"
    assert record["environment"]["packages"]["python-flint"]
    report = file.with_name("report.md").read_text(encoding="utf-8")
    for one in record["certificates"]:
        assert one["claim"] in done.out
        assert f"## {one['claim']}: DISPROVED" in report
    assert "FLINT" in report
    checked = command("check-certificate", file)
    assert (checked.code, checked.out) == (0, f"all 10 hold: {file}\n")


def test_a_changed_number_is_exit_1_and_says_which_and_why(command, tmp_path):
    assert command("certify", "linear-rate").code == 0
    file, _ = record_of(tmp_path)
    file.write_text(file.read_text().replace("33/32", "33/31"))
    checked = command("check-certificate", file)
    assert checked.code == 1
    assert "the file: its content does not have its digest" in checked.out
    assert "K-T1: not so: least = by_rows(D)" in checked.out


def test_of_one_theorem_disproofs_and_state_are_the_default(command, stand_ins, tmp_path):
    done = command("certify", "linear-rate", "--width", "5", "--out", "here")
    assert done.code == 0
    _, record = record_of(tmp_path / "here")
    assert [one["word"] for one in record["certificates"]] == ["DISPROVED", "PROVED"]
    assert record["certificates"][1]["statement"] == "width 5, none"
    assert "1 PROVED, 1 DISPROVED: here/linear-rate-" in done.out


def test_what_stays_undecided_is_exit_3_and_says_what_to_raise(command, stand_ins, tmp_path):
    done = command("certify", "linear-rate", "--path", "--minutes", "2")
    assert done.code == 3
    assert "2.0 minutes" in done.out
    assert "raise the precision" in done.out
    file, _ = record_of(tmp_path)
    assert "To decide it: raise the precision." in file.with_name("report.md").read_text()


def run_of(theorem, folder, **arrays):
    """The folder of a run of width 3, with these arrays."""
    folder.mkdir()
    record = view_records.record().model_copy(update={"theorem": theorem, "setting": {"width": 3, "seed": 0}})
    (folder / "record.json").write_text(record.model_dump_json(), encoding="utf-8")
    np.savez(folder / "trajectory.npz", **arrays)
    return folder


STORED = {"A": np.arange(18.0).reshape(2, 3, 3), "B": np.zeros((2, 1, 3)), "times": np.arange(5.0)}


@pytest.mark.parametrize(
    "arrays",
    [
        {**STORED, "stored_times": np.array([0.0, 2.5])},
        {f"{end}_{name}": STORED[name][k] for k, end in enumerate(("first", "last")) for name in "AB"}
        | {"times": np.array([0.0, 1.0, 2.5])},
    ],
    ids=["at stored times", "at both ends"],
)
def test_the_stored_states_of_a_run_in_its_setting(command, stand_ins, tmp_path, arrays):
    run = run_of("linear-rate", tmp_path / "run", **arrays)
    done = command("certify", "linear-rate", "--run", run)
    assert done.code == 0
    _, record = record_of(tmp_path / "results" / "certificates")
    assert [one["statement"] for one in record["certificates"]] == [
        f"at time 0 of {run}: width 3, {STORED['A'][0].sum()}",
        f"at time 2.5 of {run}: width 3, {STORED['A'][1].sum()}",
    ]


@pytest.mark.parametrize(
    ("theorem", "arrays", "said"),
    [
        ("linear-deq", STORED, "is a run of linear-deq: give one of `verify theorem linear-rate`"),
        ("linear-rate", {"times": np.arange(3.0)}, "has no parameters of this theorem"),
    ],
)
def test_a_run_that_is_of_no_use_is_bad_input(command, stand_ins, tmp_path, theorem, arrays, said):
    run = run_of(theorem, tmp_path / "run", **arrays)
    done = command("certify", "linear-rate", "--run", run)
    assert done.code == 2
    assert said in done.err
    assert [one.name for one in tmp_path.iterdir()] == ["run"]


def test_a_missing_package_is_one_line(command, monkeypatch, tmp_path):
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    for words in (["certify"], ["check-certificate", "x.json"]):
        done = command(*words)
        assert done.code == 2
        assert done.err == (
            "verify: certificates need python-flint: python -m pip install 'verify-theorems[certify]'\n"
        )
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("certify nothing", "did you mean"),
        ("certify --state", "`verify certify NAME ...`"),
        ("certify --width 5", "`verify certify NAME ...`"),
        ("certify linear-rate --state --large", "--large is about --disproofs"),
        ("certify linear-rate --minutes 3", "--minutes is about --path"),
        ("certify linear-rate --path --minutes 0", "--minutes"),
        ("certify linear-rate --width 0", "--width 0"),
        ("certify linear-rate --disproofs --width 3", "disproofs have no setting: leave --width out"),
        ("certify linear-deq", "nothing can be certified of linear-deq"),
        ("certify linear-deq --path", "--path is not offered for linear-deq, only for linear-rate"),
        ("certify linear-rate --run nowhere", "cannot read nowhere"),
        ("certify linear-rate --run nowhere --width 3", "leave --width out"),
        ("certify --out file/below", "cannot write to file/below"),
        ("check-certificate nowhere.json", "cannot read nowhere.json"),
        ("check-certificate file", "has no certificates"),
    ],
)
def test_bad_input_is_said_in_a_line_and_nothing_is_written(command, stand_ins, tmp_path, line, said):
    (tmp_path / "file").write_text("{}")
    done = command(*line.split())
    assert done.code == 2
    assert said in done.err
    assert len(done.err.strip().splitlines()) == 1 or "Usage" in done.err
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"digest": 1}', '{"digest": "", "certificates": [1]}', "[" * 10**5]
)
def test_what_is_no_certificate_is_no_fault_of_the_suite(command, tmp_path, text):
    (tmp_path / "file").write_text(text)
    done = command("check-certificate", "file")
    assert (done.code, done.out) == (2, "")
    assert done.err == "verify: file has no certificates: give a certificate.json of `verify certify`\n"


def test_it_is_narrow_enough_and_quick_enough(tmp_path):
    """In a terminal of 80 columns; all of it, imports included, in seconds of CPU."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    screen = terminal.run("certify", cwd=tmp_path)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert screen.code == 0
    assert "10 DISPROVED" in screen.text
    assert max(map(wcswidth, screen.lines)) <= 80
    assert after.ru_utime - before.ru_utime < 8  # 2.4 s here, of which the disproofs are 0.3


def test_beside_the_numerical_verdicts_and_apart_from_them(command, monkeypatch, tmp_path):
    monkeypatch.setattr(theorems, "names", lambda: ["linear-rate"])
    verified = view_records.record(("T-1", Verdict.VERIFIED, True))
    monkeypatch.setattr("verify.runs.suite._run", lambda *runs: [verified])
    done = command("all", "--certify")
    assert done.code == 0
    assert "K-T1 DISPROVED" in " ".join(done.out.split())
    assert done.out.splitlines()[-1].startswith("VERIFIED  all, quick")
    folder = next((tmp_path / "results" / "runs").iterdir())
    suite = read_record(folder)
    assert suite.command == "verify all --preset quick --certify"
    assert [(one.claim, one.word) for one in suite.certificates] == [("K-T1", "DISPROVED")]
    assert "| K-T1 | DISPROVED |" in (folder / "report.md").read_text()
    html = (folder / "report.html").read_text()
    assert html.index("Certificates</h2>") < html.index(">DISPROVED</td>")
    assert "33/32" in (folder / "certificates.md").read_text()
    assert command("check-certificate", folder / "certificate.json").code == 0
    assert command("report", folder).code == 0
    assert (folder / "report.html").read_text() == html


def test_without_being_asked_nothing_is_said_of_certificates(monkeypatch):
    suite = view_records.suite(view_records.record())
    assert "ertificate" not in report_markdown(suite, ["figures"]) + html_of(suite, [ROOT])


@pytest.mark.parametrize("kind", ["disproofs", "state", "path"])
def test_every_entry_of_the_table_is_there(kind):
    assert all(callable(certificates.certifier(kind, name)) for name in certificates.CERTIFIERS[kind])
