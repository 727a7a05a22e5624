"""Objectives against least squares, autograd, SciPy's minimisers and extended precision."""

import numpy as np
import pytest
import torch
from mpmath import mp
from scipy.optimize import minimize

from verify.losses.cross_entropy import CrossEntropyObjective
from verify.losses.hinge import HingeObjective
from verify.losses.logistic import LogisticObjective, pl_constant
from verify.losses.square import SquareObjective
from verify.theorem.errors import HypothesisError


@pytest.mark.parametrize(("width", "samples", "rank"), [(5, 20, 5), (20, 5, 5), (8, 8, 8), (9, 12, 4)])
def test_square_optimum_excess_and_gradient(rng, width, samples, rank):
    features = rng.standard_normal((width, rank)) @ rng.standard_normal((rank, samples))
    targets = rng.standard_normal((3, samples))
    objective = SquareObjective(features, targets)
    best = np.linalg.lstsq(features.T, targets.T, rcond=None)[0].T
    optimum = np.sum((best @ features - targets) ** 2)
    assert len(objective.singular_values) == rank
    assert objective.optimal_value == pytest.approx(optimum, rel=1e-9, abs=1e-18)
    assert np.allclose(objective.minimiser, best, atol=1e-9)
    w = rng.standard_normal((3, width))
    excess, gradient = objective.excess_and_gradient(w)
    residual = w @ features - targets
    assert excess == pytest.approx(np.sum(residual**2) - optimum, rel=1e-10)
    assert np.allclose(gradient, 2 * residual @ features.T, rtol=1e-10, atol=1e-10)
    assert objective.loss(w) == pytest.approx(np.sum(residual**2), rel=1e-12)
    factor = objective.curvature_factor(w)
    assert np.allclose(factor @ factor.T, 2 * features @ features.T, atol=1e-9)


def test_square_pl_is_attained_on_the_weakest_direction(rng):
    features = rng.standard_normal((6, 30))
    objective = SquareObjective(features, rng.standard_normal((2, 30)))
    u = np.linalg.svd(features)[0]
    excess, gradient = objective.excess_and_gradient(objective.minimiser + np.outer([1, 2], u[:, -1]))
    assert 0.5 * np.sum(gradient**2) == pytest.approx(objective.pl_constant * excess, rel=1e-9)


def test_a_tiny_square_excess_keeps_its_digits(rng):
    """Where subtracting two losses gives noise; 60-digit arithmetic is the oracle."""
    features, targets = rng.standard_normal((4, 9)), rng.standard_normal((2, 9))
    objective = SquareObjective(features, targets)
    w = objective.minimiser + 1e-11 * rng.standard_normal((2, 4))
    with mp.workdps(60):
        phi, y, exact_w = mp.matrix(features), mp.matrix(targets), mp.matrix(w)
        exact_best = y * phi.T * (phi * phi.T) ** -1
        exact = float(mp.mnorm((exact_w - exact_best) * phi, "f") ** 2)
    excess = objective.excess_and_gradient(w)[0]
    assert abs(excess / exact - 1) <= objective.excess_rounding(w, 4e-16)
    assert objective.excess_rounding(w, 4e-16) < 1e-2


def torch_loss(kind, w, features, targets, tau):
    q = w @ torch.tensor(features)
    y = torch.tensor(targets)
    if kind == "logistic":
        return torch.nn.functional.softplus(-y * q).sum() + tau * (q**2).sum()
    if kind == "hinge":
        return (torch.clamp(1 - y * q, min=0) ** 2).sum()
    return torch.logsumexp(q, dim=0).sum() - (y * q).sum() + tau * (q**2).sum()


def drawn(kind, rng, width, samples, tau=0.3, radius=3.0):
    features = rng.standard_normal((width, samples))
    if kind == "cross-entropy":
        targets = np.eye(3)[rng.integers(0, 3, samples)].T
        return CrossEntropyObjective(features, targets, tau), features, targets
    targets = np.where(rng.standard_normal((1, samples)) > 0, 1.0, -1.0)
    if kind == "hinge":
        return HingeObjective(features, targets), features, targets
    return LogisticObjective(features, targets, tau, radius), features, targets


CASES = [
    ("logistic", 6, 20, 0.3),
    ("logistic", 6, 4, 0.3),
    ("logistic", 4, 40, 0.0),
    ("logistic", 8, 5, 0.0),
    ("cross-entropy", 5, 20, 0.3),
    ("cross-entropy", 9, 5, 0.01),
    ("hinge", 9, 5, 0.0),
]


@pytest.mark.parametrize(("kind", "width", "samples", "tau"), CASES)
@pytest.mark.parametrize("distance", [1e-3, 1.0, 300.0])
def test_excess_and_gradient_against_autograd(rng, kind, width, samples, tau, distance):
    objective, features, targets = drawn(kind, rng, width, samples, tau)
    w = objective.minimiser + distance * rng.standard_normal(objective.minimiser.shape)
    if np.isfinite(objective.radius):
        w = np.clip(w, -objective.radius, objective.radius)
    variable = torch.tensor(w, requires_grad=True)
    loss = torch_loss(kind, variable, features, targets, tau)
    loss.backward()
    excess, gradient = objective.excess_and_gradient(w)
    assert objective.loss(w) == pytest.approx(loss.item(), rel=1e-11, abs=1e-11)
    scale = 1e-11 * (1 + abs(loss.item()))
    assert excess == pytest.approx(loss.item() - objective.optimal_value, rel=1e-7, abs=scale)
    expected = variable.grad.numpy()
    assert np.allclose(gradient, expected, rtol=1e-9, atol=1e-10 * (1 + np.abs(expected).max()))


@pytest.mark.parametrize(("kind", "width", "samples", "tau"), CASES)
def test_optimum_against_a_minimiser_of_scipy_and_its_certificate(rng, kind, width, samples, tau):
    objective, features, targets = drawn(kind, rng, width, samples, tau)
    shape = objective.minimiser.shape
    bounds = [(-objective.radius, objective.radius)] * objective.minimiser.size
    found = minimize(
        lambda w: torch_loss(kind, torch.tensor(w.reshape(shape)), features, targets, tau).item(),
        np.zeros(objective.minimiser.size),
        method="L-BFGS-B",
        bounds=bounds if np.isfinite(objective.radius) else None,
        options={"maxiter": 5000, "ftol": 1e-15, "gtol": 1e-8, "maxfun": 200_000},
    )
    assert objective.optimal_value <= found.fun + 1e-9
    assert objective.optimal_value >= found.fun - 1e-5
    assert 0 <= objective.optimum_error < 1e-10


@pytest.mark.parametrize(("kind", "width", "samples", "tau"), CASES)
def test_pl_and_smoothness_hold_all_over_the_ball(rng, kind, width, samples, tau):
    objective, features, _ = drawn(kind, rng, width, samples, tau)
    for scale in (0.01, 0.3, 0.99):
        for _ in range(30):
            w = rng.uniform(-1, 1, objective.minimiser.shape) * scale * min(objective.radius, 30)
            excess, gradient = objective.excess_and_gradient(w)
            assert 0.5 * np.sum(gradient**2) >= objective.pl_constant * excess * (1 - 1e-9)
            other, there = w + 0.1 * rng.standard_normal(w.shape), None
            there = objective.excess_and_gradient(other)[1]
            assert np.linalg.norm(there - gradient) <= objective.smoothness * np.linalg.norm(other - w) * (
                1 + 1e-9
            )


@pytest.mark.parametrize(("kind", "tau", "radius"), [("logistic", 0.2, 50.0), ("cross-entropy", 0.2, None)])
def test_a_tiny_smooth_excess_keeps_its_digits(rng, kind, tau, radius):
    """Against the divergence in 80-digit arithmetic, where the definition cancels in double."""
    objective, features, targets = drawn(kind, rng, 4, 12, tau, radius)
    w = objective.minimiser + 1e-9 * rng.standard_normal(objective.minimiser.shape)
    with mp.workdps(80):

        def loss(w):
            q = mp.matrix(w) * mp.matrix(features)
            total = mp.mpf(0)
            for i in range(features.shape[1]):
                column = [q[k, i] for k in range(q.rows)]
                y = [mp.mpf(float(t)) for t in targets[:, i]]
                if kind == "logistic":
                    total += mp.log(1 + mp.exp(-y[0] * column[0]))
                else:
                    total += mp.log(mp.fsum(mp.exp(c) for c in column)) - mp.fdot(y, column)
                total += tau * mp.fsum(c * c for c in column)
            return total

        exact = float(loss(w) - loss(objective.minimiser))
    excess = objective.excess_and_gradient(w)[0]
    assert excess < 1e-14
    assert abs(excess / exact - 1) <= 1e-6


def test_an_active_radius_needs_its_first_order_term(rng):
    objective, _, _ = drawn("logistic", rng, 8, 5, 0.0, radius=0.3)
    assert np.abs(objective.minimiser).max() == 0.3
    w = 0.5 * objective.minimiser
    excess, _ = objective.excess_and_gradient(w)
    slope = objective.excess_and_gradient(objective.minimiser)[1]
    assert np.vdot(slope, w - objective.minimiser) > 0.05 * excess
    assert excess == pytest.approx(objective.loss(w) - objective.optimal_value, rel=1e-9)


def test_the_logistic_constant_falls_with_the_radius(rng):
    features = rng.standard_normal((3, 10))
    constants = [pl_constant(features, 1.0, 0.1, radius) for radius in (0.01, 0.1, 1.0, 10.0)]
    assert constants == sorted(constants, reverse=True)
    assert constants[0] == pytest.approx(0.45, rel=1e-2)
    assert constants[-1] == pytest.approx(0.2, rel=1e-3)


def test_the_hinge_needs_rank_n(rng):
    with pytest.raises(HypothesisError, match="--samples 3 or fewer"):
        drawn("hinge", rng, 3, 5)
