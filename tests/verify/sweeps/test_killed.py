"""SIGKILL in mid-sweep, to a worker or to the process itself: nothing is lost, nothing is there twice."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.verify.sweeps.test_sweep import asked, rows, swept

ROOT = Path(__file__).parents[3]

#: Cells, and seconds that each takes.
CELLS, PAUSE = 30, 0.05

SWEEP = f"""
import sys
from pathlib import Path
from tests.verify.sweeps.test_sweep import asked, swept
swept(asked("size=1:{CELLS}:{CELLS}", seeds=1, pause={PAUSE}), Path(sys.argv[1]))
"""


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    found = swept(asked(f"size=1:{CELLS}:{CELLS}", seeds=1, pause=PAUSE), tmp_path_factory.mktemp("whole"))
    return rows(found)


def begun(folder):
    """A process that sweeps in a folder, once a third of its cells are there."""
    process = subprocess.Popen([sys.executable, "-c", SWEEP, str(folder)], cwd=ROOT)
    until = time.monotonic() + 60
    while len(list(folder.glob("*/parts/*.parquet"))) < CELLS / 3:
        assert process.poll() is None, "it ended before it was killed"
        assert time.monotonic() < until
        time.sleep(0.02)
    return process


def test_a_killed_worker_costs_nothing(tmp_path, undisturbed):
    process = begun(tmp_path)
    workers = [
        child for child in psutil.Process(process.pid).children() if "popen_loky" in " ".join(child.cmdline())
    ]
    os.kill(workers[0].pid, signal.SIGKILL)
    assert process.wait(60) == 0
    found = swept(asked(f"size=1:{CELLS}:{CELLS}", seeds=1, pause=PAUSE), tmp_path)
    assert found.computed == 0
    assert rows(found) == undisturbed


def test_a_killed_sweep_goes_on_where_it_was(tmp_path, undisturbed):
    process = begun(tmp_path)
    workers = psutil.Process(process.pid).children()
    process.kill()
    process.wait(60)
    there = len(list(tmp_path.glob("*/parts/*.parquet")))
    found = swept(asked(f"size=1:{CELLS}:{CELLS}", seeds=1, pause=PAUSE), tmp_path)
    assert 0 < found.computed <= CELLS - there
    assert rows(found) == undisturbed
    assert psutil.wait_procs(workers, timeout=60)[1] == [], "its workers end with it"


def test_an_interrupted_sweep_leaves_its_table(tmp_path):
    process = begun(tmp_path)
    process.send_signal(signal.SIGINT)
    process.wait(60)
    found = swept(asked("size=1", seeds=1, pause=PAUSE), tmp_path)
    assert found.computed == 0
    table = next(tmp_path.glob("*/table.parquet"))
    assert table.exists()
