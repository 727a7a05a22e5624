"""D against its dense definition, its smallest eigenvalue against a dense solver."""

import numpy as np
import pytest

from tests.conftest import linear_model
from verify.linear_deq.gauss_newton import GaussNewton
from verify.linear_deq.model import linear_map
from verify.linear_deq.spectrum import DENSE_UP_TO, FlowOperator, smallest_eigenvalue_floors
from verify.numerics.differentiation import directional_derivative


def dense_operator(state):
    """D as the theorem prints it, term by term, acting on the column-major vec."""
    m, outputs = state.q.shape[1], state.q.shape[0]
    inverse = np.linalg.inv(np.eye(m) - state.gamma * state.stochastic)
    d = np.kron(inverse.T @ inverse, np.eye(outputs))
    for k in range(m):
        s = state.stochastic[:, k]
        j = np.diag(s) - np.outer(s, s)
        d += state.gamma**2 * np.kron(np.outer(inverse[k], inverse[k]), state.q @ j @ j.T @ state.q.T)
    return d


@pytest.mark.parametrize(("width", "outputs"), [(1, 1), (1, 4), (2, 1), (6, 10), (30, 2), (20, 10), (50, 5)])
@pytest.mark.parametrize("spread", [0.0, 1.0, 30.0])
def test_operator_inverse_and_smallest_eigenvalue(rng, width, outputs, spread):
    model, _, _, _, theta = linear_model(rng, width, outputs, 3, spread=spread)
    state = model.at(theta)
    operator, dense = FlowOperator(state), dense_operator(state)
    z = rng.standard_normal((width, outputs))
    scale = np.linalg.norm(dense @ z.ravel())
    assert np.linalg.norm(operator.apply(z).ravel() - dense @ z.ravel()) <= 1e-12 * scale
    assert np.allclose(operator.apply_inverse(operator.apply(z)), z, atol=1e-10)
    values = np.linalg.eigvalsh(dense)
    found = operator.certify(operator.smallest_eigenvalue(rng.standard_normal((width, outputs))))
    assert found.certified
    assert abs(found.value - values[0]) <= found.error + 1e-13 * values[-1]
    assert found.error <= 1e-8 * found.value
    assert operator.exceeds(values[0] * (1 - 1e-8))
    assert not operator.exceeds(values[0] * (1 + 1e-8))
    assert operator.largest_eigenvalue() <= values[-1] * (1 + 1e-12)
    assert operator.largest_eigenvalue() >= 0.8 * values[-1]


def test_both_sides_of_the_dense_switch_are_covered():
    assert 6 * 10 <= DENSE_UP_TO < 20 * 10


def test_floors_hold_and_the_worst_case_nearly_attains_them(rng):
    for width, gamma in [(1, 0.5), (5, 0.9), (40, 0.3)]:
        paper, sharper = smallest_eigenvalue_floors(width, gamma)
        assert paper <= sharper
        for spread in (0.0, 1.0, 100.0):
            model, _, _, _, theta = linear_model(rng, width, 2, 3, gamma, spread)
            start = rng.standard_normal((width, 2))
            assert FlowOperator(model.at(theta)).smallest_eigenvalue(start).value > sharper


def test_chain_rule_through_the_dense_definition(rng):
    model, objective, _, _, theta = linear_model(rng, 7, 3, 20)
    state = model.at(theta)
    _, g = objective.excess_and_gradient(state.q)
    d_a, d_b = state.gradients(g)
    velocity = directional_derivative(
        lambda a, b: linear_map(a, b, model.gamma), (state.a, state.b), (-d_a, -d_b)
    )
    assert np.allclose(velocity.T.ravel(), -dense_operator(state) @ g.T.ravel(), rtol=1e-11, atol=1e-9)


def test_the_preconditioner_inverts_the_gauss_newton_matrix(rng):
    model, objective, features, _, theta = linear_model(rng, 5, 3, 12)
    state = model.at(theta)
    jacobian = np.array([state.map_change(*model.unpack(e)).T.ravel() for e in np.eye(model.size)]).T
    hessian = jacobian.T @ np.kron(2 * features @ features.T, np.eye(3)) @ jacobian
    preconditioner = GaussNewton(model, objective)
    preconditioner.linearise(theta)
    vector = rng.standard_normal(model.size)
    for c in (1e-6, 0.3, 1e5):
        preconditioner.factorise(c)
        back = vector_matrix(hessian, c) @ preconditioner.solve(vector)
        assert np.linalg.norm(back - vector) <= 1e-9 * max(1, c) * np.linalg.norm(vector)


def vector_matrix(hessian, c):
    return np.eye(len(hessian)) + c * hessian
