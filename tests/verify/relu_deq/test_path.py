"""The path of the ReLU flow: where it ends, and what it says of its error there."""

import numpy as np
import pytest

import verify.relu_deq.path as module
from theorems.gao_2022.problem import build
from theorems.gao_2022.setting import Setting
from verify.flow import FlowError
from verify.relu_deq.path import COARSER, relu_path

SINGLE = {"seed": 518364642, "width": 132, "samples": 7, "gamma": 0.08, "points": 16, "dtype": "float32"}


def followed(**options):
    return relu_path(build(Setting(**options)), lambda _: None, probed=False)


def test_errors_are_told_by_paths_at_the_same_times():
    """Both meet the floor of single precision, each at its own time, where log ||r||^2 differs by 1.2."""
    flow = followed(**SINGLE, tolerance=0.00685242192513092)
    assert flow.log_decay[-1] > 10
    assert flow.log_error.max() < 0.2
    assert flow.energy_error.max() < 0.2


def test_a_coarser_path_that_is_lost_ends_the_path(monkeypatch):
    """What was followed until then is kept."""
    tolerance, honest = 0.01, module.integrate

    def lost_when_coarse(start, times, used, stop):
        for point in honest(start, times, used, stop):
            if used == COARSER * tolerance and point.time >= times[5]:
                raise FlowError("stuck")
            yield point

    options = {"width": 60, "samples": 3, "data": "sphere", "points": 9, "tolerance": tolerance}
    whole = followed(**options)
    monkeypatch.setattr(module, "integrate", lost_when_coarse)
    flow = followed(**options)
    assert flow.lost == "stuck"
    assert flow.times == pytest.approx(whole.times[:5])
    assert np.allclose(flow.residuals, whole.residuals[:5], rtol=1e-2)
