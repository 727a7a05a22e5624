"""The trust-region solver against brute force and SciPy."""

import numpy as np
import pytest
from scipy.optimize import minimize

from verify.numerics.trust_region import optimality_residual, trust_region_step


def problem(rng, size, rank):
    root = rng.standard_normal((size, rank))
    metric = rng.standard_normal((size, size))
    return rng.standard_normal(size), root @ root.T, metric @ metric.T + 0.1 * np.eye(size)


@pytest.mark.parametrize(("size", "rank"), [(1, 1), (3, 3), (6, 2), (20, 20)])
@pytest.mark.parametrize("radius", [1e-3, 0.5])
def test_active_steps_are_optimal(rng, size, rank, radius):
    gradient, hessian, metric = problem(rng, size, rank)
    step, mu = trust_region_step(gradient, hessian, metric, radius)
    if mu > 0:
        assert np.sqrt(step @ metric @ step) == pytest.approx(radius, rel=1e-10)
        assert optimality_residual(gradient, hessian, metric, step, mu) < 1e-9

    def model(v):
        return gradient @ v + 0.5 * v @ hessian @ v

    inverse_root = np.linalg.inv(np.linalg.cholesky(metric)).T
    for _ in range(200):
        direction = rng.standard_normal(size)
        direction *= radius * rng.uniform() / np.linalg.norm(direction)
        assert model(step) <= model(inverse_root @ direction) + 1e-9


def test_an_interior_minimum_has_multiplier_zero(rng):
    gradient, hessian, metric = problem(rng, 4, 4)
    step, mu = trust_region_step(gradient, hessian + np.eye(4), metric, 1e3)
    assert mu == 0
    assert np.allclose(step, np.linalg.solve(hessian + np.eye(4), -gradient), rtol=1e-9)


def test_against_a_general_optimiser(rng):
    gradient, hessian, metric = problem(rng, 3, 3)
    step, _ = trust_region_step(gradient, hessian, metric, 0.2)
    found = minimize(
        lambda v: gradient @ v + 0.5 * v @ hessian @ v,
        np.zeros(3),
        method="SLSQP",
        constraints={"type": "ineq", "fun": lambda v: 0.04 - v @ metric @ v},
        options={"ftol": 1e-14},
    )
    assert np.allclose(step, found.x, atol=1e-5)


def test_an_indefinite_metric_is_refused(rng):
    gradient, hessian, _ = problem(rng, 3, 3)
    with pytest.raises(np.linalg.LinAlgError):
        trust_region_step(gradient, hessian, np.diag([1.0, 1.0, -1.0]), 1.0)
