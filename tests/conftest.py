"""Shared pieces of the tests."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np
import pytest
import scipy.linalg  # noqa: F401  (its BLAS must be loaded to be limited)
import threadpoolctl

import theorems
from verify.linear_deq.model import DeepEquilibriumLinear
from verify.losses.square import SquareObjective


@pytest.fixture(scope="session", autouse=True)
def one_blas_thread():
    """Small problems, and tests side by side: BLAS pools of all cores only wait for each other."""
    with threadpoolctl.threadpool_limits(limits=1), pytest.MonkeyPatch.context() as patch:
        for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
            patch.setenv(name, "1")  # for the processes that the tests start
        yield


@pytest.fixture(scope="session", autouse=True)
def outside_of_any_job():
    """Runs made by the tests are none of the GitHub job's that the tests run in."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
            patch.delenv(name, raising=False)
        yield


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code and what it printed."""

    code: int
    out: str
    err: str


@pytest.fixture
def unpictured(monkeypatch):
    """Runs in this process draw no pictures, which takes longer than all the rest of a small one."""
    for name in theorems.BUILT_IN:
        monkeypatch.setattr(theorems.load(name), "pictures", lambda problem, path: {})


@pytest.fixture
def command(monkeypatch, capsys, tmp_path):
    """Runs ``verify arguments`` in this process and an empty folder: quicker than a process of its own."""
    from verify import app

    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["verify", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as stopped:
            app.main()
        said = capsys.readouterr()
        return Ended(int(stopped.value.code or 0), said.out, said.err)

    return run


@pytest.fixture
def rng():
    return np.random.default_rng(20210)


def linear_model(rng, width, outputs, samples, gamma=0.7, spread=1.0):
    """A model, the square loss on Gaussian data, and random parameters."""
    model = DeepEquilibriumLinear(width, outputs, gamma)
    features = rng.standard_normal((width, samples))
    targets = rng.standard_normal((outputs, samples))
    theta = model.pack(spread * rng.standard_normal((width, width)), rng.standard_normal((outputs, width)))
    return model, SquareObjective(features, targets), features, targets, theta
