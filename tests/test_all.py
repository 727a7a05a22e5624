"""`verify all`, with presets small enough for a test."""

import json
import re

import pytest

import theorems
from verify.records.reading import read_record
from verify.theorem import presets
from verify.theorem.presets import Variant

TINY = {"width": 4, "outputs": 2, "samples": 20, "points": 9, "rtol": 1e-8}


@pytest.fixture
def small(monkeypatch, command, unpictured):
    """Runs `verify ARGUMENTS` with two theorems and small presets; (exit code, stdout, stderr)."""
    monkeypatch.setattr(theorems, "names", lambda: ["linear-rate", "trust-region-newton"])
    linear, newton = map(theorems.load, theorems.names())
    quick = (Variant("one", TINY), Variant("many", TINY, seeds=2))
    monkeypatch.setattr(linear, "PRESETS", {"quick": quick})
    monkeypatch.setattr(newton, "PRESETS", {"quick": (Variant("one", {"width": 4, "points": 9}),)})

    def run(*arguments, jobs=("--jobs", "1")):
        done = command(*arguments, *(jobs if arguments[0] == "all" else ()))
        return done.code, done.out, done.err

    return run


def test_one_table_one_record_one_directory(small, tmp_path):
    code, out, err = small("all", "--width", "3", jobs=())  # in processes of their own
    assert (code, err) == (0, "")
    assert max(map(len, out.splitlines())) <= 100
    labels = ["linear-rate.one", "linear-rate.many", "trust-region-newton.one"]
    assert [line.split()[0] for line in out.splitlines() if " of " in line and line[1] != " "] == labels
    last = out.splitlines()[-1]
    assert last.startswith("VERIFIED  all, quick  report: results/runs/all-")
    folder = tmp_path / last.split("report: ")[1]
    views = {"report.md", "report.html", "junit.xml"}
    assert {path.name for path in folder.iterdir()} == {"record.json", *views, *labels}
    for label in labels:
        assert {path.name for path in (folder / label).iterdir()} >= {"trajectory.npz", "figures"}
    suite = read_record(folder)
    assert suite.command == "verify all --preset quick --width 3"
    assert [record.label for record in suite.theorems] == labels
    assert all(record.setting["width"] == 3 for record in suite.theorems)
    assert suite.theorems[1].claims[0].seeds.drawn == 2


def test_accepted_compared_and_found_to_differ(small, tmp_path, monkeypatch):
    monkeypatch.setattr(theorems.load("linear-rate"), "PRESETS", {"quick": (Variant("one", TINY),)})
    monkeypatch.setattr(theorems, "names", lambda: ["linear-rate"])
    assert small("all", "--json")[0] == 0
    run = next((tmp_path / "results" / "runs").iterdir())
    assert small("accept", run) == (0, "wrote results/reference/quick.json\n", "")
    code, out, err = small("compare", "results/reference", run)
    assert (code, err) == (0, "")
    assert re.fullmatch(r"compared with results/reference: \d{3,} numbers and texts, nothing moved\n", out)
    code, again, _ = small("all", "--against", "results/reference", "--quiet")
    assert code == 0
    assert out.strip() in again, "a comparison that passes says so"

    code, out, err = small("all", "--against", "results/reference", "--seed", "1")
    assert code == 5
    assert "setting  seed" in out
    assert "differ from results/reference: " in err
    assert "of them moved" in out

    reference = tmp_path / "results" / "reference" / "quick.json"
    stored = json.loads(reference.read_text())
    claims = {claim["id"]: claim for claim in stored["theorems"][0]["claims"]}
    claims["K-T1"]["checks"][-1]["slack"] *= 1.1
    reference.write_text(json.dumps(stored))
    code, out, _ = small("compare", "results/reference", run)
    assert code == 5
    assert "slack" in out
    assert "slack, from its sides" in out, "the reference contradicts itself"
    assert out.splitlines()[-1].endswith("2 of them moved")


def test_the_worst_verdict_is_the_exit_code(small, monkeypatch):
    """A setting to which a theorem does not apply: 3, though the others are VERIFIED."""
    silent = Variant("silent", {"width": 4, "loss": "cross-entropy", "tau": 0.0})
    monkeypatch.setattr(theorems, "names", lambda: ["linear-rate"])
    monkeypatch.setattr(theorems.load("linear-rate"), "PRESETS", {"quick": (Variant("one", TINY), silent)})
    code, out, _ = small("all")
    assert code == 3
    assert "linear-rate.silent  K-T1  NOT_APPLICABLE" in out


def test_options_win_over_the_file_and_the_file_over_the_preset(small, tmp_path):
    (tmp_path / "verify.toml").write_text(
        "[linear-rate]\nwidth = 3\noutputs = 1\n"
        + "[linear-rate.many]\nsamples = 10\n[trust-region-newton]\nrtol = 1e-6\n"
    )
    code, out, err = small("all", "--config", "verify.toml", "--points", "11", "--json")
    assert (code, err) == (0, "")
    one, many, newton = (record["setting"] for record in json.loads(out)["theorems"])
    assert (one["width"], one["outputs"], one["samples"], one["points"]) == (3, 1, 20, 11)
    assert (many["width"], many["samples"]) == (3, 10)
    assert (newton["rtol"], newton["points"]) == (1e-6, 11)

    code, out, _ = small("theorem", "linear-rate", "--config", "verify.toml", "--points", "9", "--json")
    assert code == 0
    setting = json.loads(out)["setting"]
    assert (setting["width"], setting["points"]) == (3, 9)


@pytest.mark.parametrize("name", theorems.BUILT_IN)
def test_every_preset_of_every_theorem_is_a_setting(name):
    theorem = theorems.load(name)
    for preset in presets.NAMES:
        runs = presets.variants(theorem, preset)
        assert len({run.name for run in runs}) == len(runs)
        for run in runs:
            assert theorem.Setting(**run.options)


def test_a_theorem_without_presets_runs_its_defaults(monkeypatch):
    theorem = theorems.load("linear-rate")
    monkeypatch.delattr(theorem, "PRESETS")
    assert presets.variants(theorem, "quick") == (Variant(),)


def test_the_references_that_come_with_the_suite_have_a_name(small):
    code, out, err = small("compare", "built-in", theorems.REFERENCES / "quick.json")
    assert (code, err) == (0, "")
    assert out.startswith("compared with built-in: ")
    code, _, err = small("all", "--preset", "thorough", "--against", "built-in")
    assert code == 2
    assert "no reference of thorough is built-in, only of quick, standard" in err
