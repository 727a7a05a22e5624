"""A cluster of two worker processes: the numbers of local ones; bad addresses and workers."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.verify.sweeps.test_sweep import TOY, asked, rows, swept
from verify.sweeps.cluster import cluster_at
from verify.sweeps.sweep import run_sweep
from verify.theorem.errors import InputError

dask = pytest.importorskip("dask")
distributed = pytest.importorskip("distributed")

ROOT = Path(__file__).parents[3]

#: A worker that is started anew when it dies, as a supervisor would: dask's nannies fail at that at times.
SUPERVISOR = """
while kill -0 $PPID; do "$0" -m distributed.cli.dask_worker "$1" --no-nanny --nthreads 1 --no-dashboard; done
"""

pytestmark = pytest.mark.filterwarnings("ignore")  # those of other packages, on sockets at the end


@pytest.fixture(scope="module")
def cluster():
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 1}),  # deaths are told soon
        distributed.LocalCluster(n_workers=0, dashboard_address=None, silence_logs=50) as cluster,
    ):
        supervisors = [
            subprocess.Popen(
                ["bash", "-c", SUPERVISOR, sys.executable, cluster.scheduler_address],
                cwd=ROOT,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            for _ in range(2)
        ]
        yield cluster
        for supervisor in supervisors:
            os.killpg(supervisor.pid, signal.SIGKILL)
            supervisor.wait()


@pytest.fixture
def address(cluster):
    with distributed.Client(cluster, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=120)  # those that the last test killed come back
    return cluster.scheduler_address


def test_the_numbers_are_those_of_local_processes(address, tmp_path):
    sweep = asked("size=1:5:5", "ratio=0.5,2", seeds=2)
    with cluster_at(address, TOY) as workers:
        assert workers.processes == 2
        found = run_sweep(sweep, tmp_path / "cluster", workers)
    assert found.whole
    assert rows(found) == rows(swept(sweep, tmp_path / "here"))


def test_a_cell_that_kills_its_workers_is_lost_and_the_others_are_not(address, tmp_path):
    with cluster_at(address, TOY) as workers:
        found = run_sweep(asked("word=fine,die", seeds=2), tmp_path, workers)
    assert found.whole
    assert (found.verdicts["VERIFIED"], found.verdicts["ERROR"]) == (2, 2)


def test_what_has_been_fetched_is_let_go(address):
    """The scheduler would compute it again where the worker dies that made it."""
    with cluster_at(address, TOY) as workers:
        executor = workers.executor()
        assert [one.result() for one in [executor.submit(abs, -1), executor.submit(abs, -2)]] == [1, 2]
        for _ in range(100):
            if not workers.client.futures:
                break
            time.sleep(0.05)
        assert not workers.client.futures


def test_nobody_answers(monkeypatch):
    monkeypatch.setattr("verify.sweeps.cluster.PATIENCE", 0.5)
    with pytest.raises(InputError, match="dask scheduler"), cluster_at("tcp://127.0.0.1:1", TOY):
        pass


def test_other_code_is_refused(address, monkeypatch):
    monkeypatch.setattr("verify.sweeps.cluster.code_version", lambda module: "other")
    with pytest.raises(InputError, match="install the same"), cluster_at(address, TOY):
        pass
