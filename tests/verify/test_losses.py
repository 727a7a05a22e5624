"""Objectives against least squares, finite differences and extended precision."""

import numpy as np
import pytest
from mpmath import mp

from verify.losses import SquareObjective


@pytest.mark.parametrize(("width", "samples", "rank"), [(5, 20, 5), (20, 5, 5), (8, 8, 8), (9, 12, 4)])
def test_square_optimum_excess_and_gradient(rng, width, samples, rank):
    features = rng.standard_normal((width, rank)) @ rng.standard_normal((rank, samples))
    targets = rng.standard_normal((3, samples))
    objective = SquareObjective(features, targets)
    best = np.linalg.lstsq(features.T, targets.T, rcond=None)[0].T
    optimum = np.sum((best @ features - targets) ** 2)
    assert len(objective.singular_values) == rank
    assert objective.optimal_value == pytest.approx(optimum, rel=1e-9, abs=1e-18)
    w = rng.standard_normal((3, width))
    excess, gradient = objective.excess_and_gradient(w)
    residual = w @ features - targets
    assert excess == pytest.approx(np.sum(residual**2) - optimum, rel=1e-10)
    assert np.allclose(gradient, 2 * residual @ features.T, rtol=1e-10, atol=1e-10)
    assert objective.loss(w) == pytest.approx(np.sum(residual**2), rel=1e-12)
    assert objective.analytic_excess(w) == pytest.approx(excess, rel=1e-12)
    assert np.allclose(
        objective.curvature_factor(w) @ objective.curvature_factor(w).T, 2 * features @ features.T, atol=1e-9
    )


def test_pl_holds_everywhere_and_is_attained_on_the_weakest_direction(rng):
    features = rng.standard_normal((6, 30))
    targets = rng.standard_normal((2, 30))
    objective = SquareObjective(features, targets)
    u = np.linalg.svd(features)[0]
    best = np.linalg.lstsq(features.T, targets.T, rcond=None)[0].T
    for w in rng.standard_normal((50, 2, 6)):
        excess, gradient = objective.excess_and_gradient(w)
        assert 0.5 * np.sum(gradient**2) >= objective.pl_constant * excess
        assert np.linalg.norm(gradient) <= objective.smoothness * np.linalg.norm(w - best)
    excess, gradient = objective.excess_and_gradient(best + np.outer([1, 2], u[:, -1]))
    assert 0.5 * np.sum(gradient**2) == pytest.approx(objective.pl_constant * excess, rel=1e-9)


def test_a_tiny_excess_keeps_its_digits(rng):
    """At 1e-22 of its start, where subtracting two losses gives noise; 60-digit arithmetic is the oracle."""
    features, targets = rng.standard_normal((4, 9)), rng.standard_normal((2, 9))
    objective = SquareObjective(features, targets)
    best = np.linalg.lstsq(features.T, targets.T, rcond=None)[0].T
    w = best + 1e-11 * rng.standard_normal((2, 4))
    with mp.workdps(60):
        phi, y, exact_w = mp.matrix(features), mp.matrix(targets), mp.matrix(w)
        exact_best = y * phi.T * (phi * phi.T) ** -1
        exact = float(mp.mnorm((exact_w - exact_best) * phi, "f") ** 2)
    excess = objective.excess_and_gradient(w)[0]
    assert abs(excess / exact - 1) <= objective.excess_rounding(w, 4e-16)
    assert objective.excess_rounding(w, 4e-16) < 1e-2
