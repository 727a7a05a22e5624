"""The linear model's closed forms against autograd, finite differences and brute force."""

import numpy as np
import pytest
import torch

from tests.conftest import linear_model
from verify.linear_deq.model import DeepEquilibriumLinear, linear_map, softmax
from verify.linear_deq.resolvent import DeflatedResolvent, LUResolvent, resolvent
from verify.numerics.differentiation import directional_derivative

SHAPES = [(1, 1, 3), (2, 1, 5), (6, 10, 100), (12, 3, 5), (40, 4, 7)]


@pytest.mark.parametrize(("width", "outputs", "samples"), SHAPES)
def test_gradients_agree_with_autograd_through_the_samples(rng, width, outputs, samples):
    model, objective, features, targets, theta = linear_model(rng, width, outputs, samples)
    a, b = (torch.tensor(x, requires_grad=True) for x in model.unpack(theta))
    u = torch.eye(width, dtype=torch.float64) - model.gamma * torch.softmax(a, dim=0)
    loss = ((b @ torch.linalg.solve(u, torch.tensor(features)) - torch.tensor(targets)) ** 2).sum()
    loss.backward()
    gradient, excess = model.gradient(theta, objective)
    expected = model.pack(a.grad.numpy(), b.grad.numpy())
    assert np.linalg.norm(gradient - expected) <= 1e-11 * np.linalg.norm(expected)
    assert objective.optimal_value + excess == pytest.approx(loss.item(), rel=1e-12)


def test_gradients_agree_with_central_differences_of_the_iterated_network(rng):
    model, objective, features, targets, theta = linear_model(rng, 5, 2, 9)

    def loss(theta):
        a, b = model.unpack(theta)
        z = np.zeros_like(features)
        for _ in range(200):
            z = model.gamma * softmax(a) @ z + features
        return np.sum((b @ z - targets) ** 2)

    step = 1e-6
    numeric = np.array(
        [(loss(theta + step * e) - loss(theta - step * e)) / (2 * step) for e in np.eye(theta.size)]
    )
    gradient, _ = model.gradient(theta, objective)
    assert np.allclose(gradient, numeric, rtol=1e-6, atol=1e-6 * np.abs(gradient).max())


@pytest.mark.parametrize(("width", "outputs", "samples"), SHAPES)
def test_map_change_is_the_complex_step_derivative_and_adjoint_to_gradients(rng, width, outputs, samples):
    model, _, _, _, theta = linear_model(rng, width, outputs, samples)
    state = model.at(theta)
    d_a, d_b = rng.standard_normal((width, width)), rng.standard_normal((outputs, width))
    change = state.map_change(d_a, d_b)
    expected = directional_derivative(
        lambda a, b: linear_map(a, b, model.gamma), (state.a, state.b), (d_a, d_b)
    )
    assert np.allclose(change, expected, rtol=1e-10, atol=1e-10 * np.abs(expected).max())
    g = rng.standard_normal((outputs, width))
    g_a, g_b = state.gradients(g)
    assert np.vdot(change, g) == pytest.approx(np.vdot(d_a, g_a) + np.vdot(d_b, g_b), rel=1e-9)


def test_columns_of_the_softmax_sum_to_one_even_for_huge_entries(rng):
    s = softmax(1e4 * rng.standard_normal((30, 30)))
    assert np.allclose(s.sum(axis=0), 1, atol=1e-14)
    assert np.all(s >= 0)


@pytest.mark.parametrize("gamma", [0.1, 0.8, 0.99])
@pytest.mark.parametrize("width", [64, 300, 600])
@pytest.mark.parametrize("spread", [1.0, 100.0])
def test_both_solvers_agree_with_a_dense_solve(rng, width, gamma, spread):
    s = softmax(spread * rng.standard_normal((width, width)))
    rows = rng.standard_normal((3, width))
    u = np.eye(width) - gamma * s
    for solver in (LUResolvent(s, gamma), DeflatedResolvent(s, gamma)):
        for found, matrix in ((solver.solve(rows), u), (solver.solve_transposed(rows), u.T)):
            expected = np.linalg.solve(matrix.T, rows.T).T
            assert np.linalg.norm(found - expected) <= 1e-11 / (1 - gamma) * np.linalg.norm(expected)


def test_wide_models_iterate_and_slow_ones_fall_back(rng):
    assert isinstance(resolvent(np.eye(10), 0.5), LUResolvent)
    wide = resolvent(softmax(rng.standard_normal((600, 600))), 0.8)
    assert isinstance(wide, DeflatedResolvent)
    wide.solve(np.ones((2, 600)))
    assert wide._fallback is None
    saturated = DeflatedResolvent(np.eye(600)[rng.permutation(600)], 0.99)
    saturated.solve(rng.standard_normal((2, 600)))
    assert saturated._fallback is not None


def test_packing_is_invertible(rng):
    model = DeepEquilibriumLinear(4, 3, 0.5)
    a, b = rng.standard_normal((4, 4)), rng.standard_normal((3, 4))
    back = model.unpack(model.pack(a, b))
    assert np.array_equal(back[0], a)
    assert np.array_equal(back[1], b)
