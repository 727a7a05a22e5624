"""The estimated error of a path against a reference run at the tightest tolerance."""

from dataclasses import replace

import numpy as np
import pytest

import theorems.kawaguchi_2021.linear_rate as theorem
from verify.linear_deq.accuracy import path_error
from verify.linear_deq.following import follow, sharper
from verify.linear_deq.path import linear_path
from verify.theorem.settings import make_setting


def true_error(path, reference):
    count = min(len(path.times), len(reference.times))

    def distance(name):
        return np.abs(getattr(path, name)[:count] - getattr(reference, name)[:count])

    return distance("log_decay") + distance("log_energy"), distance("excess") + distance("energy")


@pytest.mark.parametrize("rtol", [1e-8, 1e-6, 1e-4])
@pytest.mark.parametrize(
    "options",
    [
        {"width": 6, "outputs": 2, "data": "synthetic"},
        {"width": 5, "loss": "hinge", "samples": 3},
        {"width": 4, "outputs": 3, "loss": "cross-entropy", "data": "synthetic", "seed": 2},
        {"width": 8, "labels": "aligned", "outputs": 2},
    ],
)
def test_it_covers_the_true_error_and_is_not_far_above_it(options, rtol):
    problem = theorem.build(make_setting(theorem, {**options, "points": 15, "rtol": rtol}))
    problem = replace(problem, horizon=problem.horizon / 4)
    path = linear_path(problem, lambda share: None)
    reference = linear_path(replace(problem, rtol=1e-12), lambda share: None)
    estimate = path_error(path)
    kept = slice(0, 7)  # before rounding ends either path
    for estimated, true in zip((estimate.log, estimate.energy), true_error(path, reference), strict=True):
        assert np.all(estimated[kept] >= true[kept])
        assert estimated[kept][-1] <= 500 * np.maximum.accumulate(true)[kept][-1]


def test_where_the_second_run_has_ended_the_whole_decay_is_uncertain(monkeypatch):
    from verify.linear_deq import accuracy

    problem = theorem.build(make_setting(theorem, {"width": 3, "outputs": 1, "points": 9, "horizon": 0.1}))
    path = linear_path(problem, lambda share: None)
    points = list(accuracy.follow(problem, path.times))
    monkeypatch.setattr(accuracy, "follow", lambda *_: iter(points[:4]))
    found = path_error(path)
    assert np.all(found.log[4:] >= path.log_decay[4:])
    assert np.all(np.isfinite([*found.log, *found.energy]))


def test_a_second_run_that_errs_like_the_path_by_chance_hides_nothing():
    """Here log E errs by 1.87e-3 at --rtol 1e-6, and by 1.84e-3 at ten times that."""
    sizes = {"width": 12, "samples": 12, "outputs": 4, "gamma": 0.633, "data": "synthetic", "points": 9}
    labels = {"labels": "aligned", "alignment": 0.00017614067051503225, "seed": 3091521202}
    flow = {"horizon": 6.751331581866625, "rtol": 1e-6}
    path = linear_path(theorem.build(make_setting(theorem, sizes | labels | flow)), lambda share: None)
    gap = np.abs(path.log_decay - path.log_energy)
    assert np.all(path_error(path).log[1:] > 1.5 * gap[1:])


def test_a_sharper_run_takes_no_steps_that_rounding_hides(tmp_path):
    """As many inputs as features, so that curvatures lie far apart: it took more than 250 000 evaluations."""
    random = np.random.default_rng(0)
    file = tmp_path / "mine.npz"
    np.savez(file, x=random.standard_normal((50, 12)), y=random.standard_normal((50, 3)))
    problem = theorem.build(make_setting(theorem, {"width": 12, "data": str(file)}))
    for point in follow(problem, np.linspace(0, problem.horizon, 9), *sharper(problem)):
        assert point.right_hand_sides < 40_000
