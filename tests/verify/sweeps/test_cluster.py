"""A cluster of two worker processes: the numbers of local ones; bad addresses and workers."""

import pytest

from tests.verify.sweeps.test_sweep import TOY, asked, rows, swept
from verify.sweeps.cluster import cluster_at
from verify.sweeps.sweep import run_sweep
from verify.theorem.errors import InputError

dask = pytest.importorskip("dask")
distributed = pytest.importorskip("distributed")

#: Deaths are told soon; processes that die again and again are not taken for good from the cluster.
SETTINGS = {"distributed.scheduler.allowed-failures": 1, "distributed.deploy.lost-worker-timeout": "1 hour"}

pytestmark = pytest.mark.filterwarnings("ignore")  # those of other packages, on sockets at the end


@pytest.fixture(scope="module")
def cluster():
    with (
        dask.config.set(SETTINGS),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50
        ) as cluster,
    ):
        yield cluster


@pytest.fixture
def address(cluster):
    cluster.wait_for_workers(2)  # those that the last test killed come back
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


def test_nobody_answers(monkeypatch):
    monkeypatch.setattr("verify.sweeps.cluster.PATIENCE", 0.5)
    with pytest.raises(InputError, match="dask scheduler"), cluster_at("tcp://127.0.0.1:1", TOY):
        pass


def test_other_code_is_refused(address, monkeypatch):
    monkeypatch.setattr("verify.sweeps.cluster.code_version", lambda module: "other")
    with pytest.raises(InputError, match="install the same"), cluster_at(address, TOY):
        pass
