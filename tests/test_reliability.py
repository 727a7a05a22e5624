"""What must not happen: half a record, a traceback, a number that depends on the day."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import threadpoolctl

import theorems
from verify.records.directory import PARTIAL_PREFIX
from verify.records.reading import read_record
from verify.records.regression import differences
from verify.runs import run
from verify.runs.judged import laws_of
from verify.runs.run import run_theorem, write_run
from verify.theorem.settings import make_setting

SMALL = ["--width", "4", "--outputs", "2", "--samples", "20", "--points", "15"]

FILES = {"record.json", "report.md", "report.html", "junit.xml", "trajectory.npz", "comparisons.npz"}

CHEAP = {
    "linear-rate": {"width": 6, "outputs": 2, "samples": 20, "points": 9, "rtol": 1e-8},
    "trust-region-newton": {"width": 6, "samples": 20, "points": 9, "rtol": 1e-8},
    "relu-convergence": {"width": 128, "samples": 8, "points": 9},
    "ling-convergence": {"width": 60, "samples": 3, "points": 9, "epochs": 20},
    "linear-deq": {"width": 3, "outputs": 2, "samples": 20, "points": 9, "rtol": 1e-7},
}

#: Forks a process that writes a run over and over, and kills it; 20 times, anywhere in the first two.
KILLER = """
import os, random, signal, sys, time, warnings
from dataclasses import replace
from pathlib import Path
import theorems
from verify.runs.run import run_theorem, write_run
from verify.theorem.settings import make_setting
warnings.simplefilter("ignore")
theorem = theorems.load("linear-rate")
run = run_theorem(theorem, make_setting(theorem, {"width": 4, "outputs": 2, "samples": 20, "points": 9}))
run = replace(
    run,
    record=run.record.model_copy(update={"figures": ["loss.png"]}),
    figures={"loss": run.figures["loss"]},
)
runs = Path("results/runs")
runs.mkdir(parents=True)
write_run(run, runs)
begun = time.perf_counter()
write_run(run, runs)
length = time.perf_counter() - begun
draw = random.Random(1)
for _ in range(20):
    child = os.fork()
    while child == 0:
        write_run(run, runs)
    time.sleep(draw.uniform(0, 2 * length))
    os.kill(child, signal.SIGKILL)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != -signal.SIGKILL:
        sys.exit("a write failed")
"""


def verify(*arguments, cwd, **how):
    return subprocess.run(
        [sys.executable, "-m", "verify", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=120,
        **how,
    )


def whole_runs(folder):
    """Directories of finished runs; each has a readable record and all its files."""
    found = [path for path in folder.iterdir() if not path.name.startswith(PARTIAL_PREFIX)]
    for path in found:
        record = read_record(path)
        assert {file.name for file in path.iterdir()} >= FILES
        assert {file.name for file in (path / "figures").glob("*.png")} == set(record.figures)
        with np.load(path / "trajectory.npz") as arrays:
            assert all(np.isfinite(arrays[name]).all() for name in arrays.files)
    return found


@pytest.mark.parametrize("name", CHEAP)
def test_the_same_setting_gives_the_same_numbers(name, unpictured):
    theorem = theorems.load(name)
    first, second = (run_theorem(theorem, make_setting(theorem, CHEAP[name])) for _ in range(2))
    one, two = (again.record.model_dump() for again in (first, second))
    for record in (one, two):
        del record["timings"], record["started"]
    assert one == two
    assert first.arrays.keys() == second.arrays.keys()
    for key, array in first.arrays.items():
        assert np.array_equal(array, second.arrays[key]), key


@pytest.mark.campaign
@pytest.mark.parametrize("name", CHEAP)
def test_two_threads_give_the_verdicts_of_one_and_its_numbers_within_tolerance(name, monkeypatch):
    theorem = theorems.load(name)
    setting = make_setting(theorem, CHEAP[name])
    limit, laws = threadpoolctl.threadpool_limits, laws_of(theorem)  # these have one thread always
    records = []
    for threads in (1, 2):
        monkeypatch.setattr(run.threadpoolctl, "threadpool_limits", lambda limits, n=threads: limit(n))
        records.append(run_theorem(theorem, setting, laws=laws).record)
    assert differences(*records) == []


@pytest.mark.campaign
def test_killed_at_random_moments_a_run_is_whole_or_absent(tmp_path):
    killed = subprocess.run(
        [sys.executable, "-c", KILLER],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
    )
    assert killed.returncode == 0, killed.stderr
    runs = tmp_path / "results" / "runs"
    before = whole_runs(runs)
    assert len(before) > 2
    assert len(before) < len(list(runs.iterdir())), "no kill hit a write: the test shows nothing"
    done = verify("theorem", "linear-rate", *SMALL, "--quiet", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(whole_runs(runs)) == len(before) + 1


@pytest.mark.campaign
def test_a_full_disk_is_exit_4_and_earlier_results_stay(tmp_path):
    """2 MB hold a run or two, then the disk is full."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = f'"{sys.executable}" -m verify theorem linear-rate {" ".join(SMALL)} --out disk --quiet'
    script = (
        "mount -t tmpfs -o size=2000k tmpfs disk || exit 77\n"
        f"for i in 1 2 3 4 5; do {command}; code=$?; [ $code = 0 ] || break; done\n"
        "cp -r disk kept; exit $code"
    )
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=100
    )
    if done.returncode in (1, 77) and "verify" not in done.stderr:
        pytest.skip(f"no small disk can be mounted here: {done.stderr.strip()}")
    assert done.returncode == 4, done.stderr
    assert done.stderr.count("\n") == 1
    assert "No space left" in done.stderr
    assert "earlier results are whole" in done.stderr
    kept = list((tmp_path / "kept").iterdir())
    assert len(kept) == done.stdout.count("VERIFIED") >= 1
    assert whole_runs(tmp_path / "kept") == kept


@pytest.mark.campaign
def test_two_runs_at_once_in_one_folder_are_both_whole(tmp_path):
    command = [sys.executable, "-m", "verify", "theorem", "linear-rate", *SMALL, "--quiet"]
    both = [subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    lines = [process.communicate(timeout=100)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    said = {line.split("report: ")[1].strip() for line in lines}
    assert {str(path.relative_to(tmp_path)) for path in whole_runs(tmp_path / "results" / "runs")} == said
    assert len(said) == 2


def test_a_record_cut_at_any_byte_is_refused(tmp_path):
    from verify.theorem.errors import InputError

    theorem = theorems.load("linear-rate")
    setting = make_setting(theorem, {"width": 2, "outputs": 1, "samples": 4, "points": 9})
    text = run_theorem(theorem, setting).record.model_dump_json()
    file = tmp_path / "record.json"
    file.write_text(text)
    assert read_record(file).verdict == json.loads(text)["verdict"]
    for length in [*range(0, len(text), 23), *range(len(text) - 50, len(text))]:
        file.write_text(text[:length])
        with pytest.raises(InputError, match="is cut or no record"):
            read_record(file)


@pytest.mark.parametrize("name", CHEAP)
def test_every_verdict_follows_from_the_numbers_beside_the_record(name, tmp_path, unpictured):
    """As a third party would: from comparisons.npz alone, without the code that decided."""
    theorem = theorems.load(name)
    _, folder = write_run(run_theorem(theorem, make_setting(theorem, CHEAP[name])), tmp_path)
    record = read_record(folder)
    counted = 0
    with np.load(folder / "comparisons.npz") as arrays:
        for claim in record.claims:
            for i, check in enumerate(claim.checks):
                start = f"{claim.id}/{i}/"
                found = {
                    key.removeprefix(start): arrays[key] for key in arrays.files if key.startswith(start)
                }
                if not check.points:
                    assert not found
                    continue
                gap = found["bound"] - found["measured"]
                slack = {"<=": gap, ">=": -gap, "=": -np.abs(gap)}[check.relation]
                budget = sum(part for key, part in found.items() if key.startswith("budget "))
                deciding = ~found["undecided"]
                assert len(slack) == check.points
                if check.slack is None:  # JSON has no infinity
                    assert np.all(np.isinf(slack))
                else:
                    assert np.min(np.abs(slack - check.slack)) <= 1e-12 * abs(check.slack)
                if check.verdict == "VERIFIED":
                    assert np.all((slack >= -budget)[deciding])
                if check.verdict == "VIOLATED":
                    assert np.any(slack < -budget)
                counted += 1
    assert counted >= 8
