"""The implicit ReLU network against autograd, finite differences and dense solves."""

import functools

import numpy as np
import pytest
import torch

from verify.numerics.arrays import Placement, host, like
from verify.relu_deq.model import ImplicitReLU, NoEquilibriumError
from verify.relu_deq.parameters import Parameters
from verify.relu_deq.probe import unrolled
from verify.theorem.errors import InputError

NAMES = ("a", "w", "u", "v")


@pytest.fixture
def state(rng):
    inputs = rng.standard_normal((6, 9))
    inputs /= np.linalg.norm(inputs, axis=0)
    return ImplicitReLU.scaled(inputs, 40, 0.3).at(Parameters.random(40, 6, rng))


def torch_outputs(state, parameters):
    """Outputs by 80 plain iterations: contraction by 0.6 leaves nothing of the start."""
    a, w, u, v = parameters
    root = np.sqrt(state.model.width)
    phi = torch.relu(w @ torch.tensor(state.model.inputs)) / root
    z = torch.zeros_like(phi)
    for _ in range(80):
        z = torch.relu(state.model.coupling * (a @ z) + phi)
    return u @ z + v @ phi


def torch_jacobian(state):
    leaves = [torch.tensor(getattr(state.theta, name), requires_grad=True) for name in NAMES]
    rows = []
    for output in torch_outputs(state, leaves):
        gradient = torch.autograd.grad(output, leaves, retain_graph=True)
        rows.append([part.numpy() for part in gradient])
    return rows


def flat(parameters):
    return np.concatenate([np.ravel(getattr(parameters, name)) for name in NAMES])


def combined(theta, change, size):
    return Parameters(*(getattr(theta, name) + size * getattr(change, name) for name in NAMES))


def test_outputs_and_gradients_are_those_of_the_unrolled_network(state, rng):
    leaves = [torch.tensor(getattr(state.theta, name), requires_grad=True) for name in NAMES]
    outputs = torch_outputs(state, leaves)
    assert state.output == pytest.approx(outputs.detach().numpy(), abs=1e-12)
    weights = rng.standard_normal(9)
    (outputs @ torch.tensor(weights)).backward()
    for leaf, found in zip(leaves, vars(state.gradients(weights)).values(), strict=True):
        assert found == pytest.approx(leaf.grad.numpy(), abs=1e-11)


def test_derivatives_agree_with_finite_differences_away_from_kinks(state, rng):
    change, size = Parameters.random(40, 6, rng), 1e-7
    both = [state.model.at(combined(state.theta, change, sign * size)) for sign in (1, -1)]
    # No unit may change sides within the difference, or it is no derivative.
    for side in both:
        assert np.array_equal(side.z > 0, state.z > 0)
        assert np.array_equal(side.phi > 0, state.phi > 0)
    difference = (both[0].output - both[1].output) / (2 * size)
    assert state.directional(change) == pytest.approx(difference, rel=1e-6, abs=1e-6)


def test_the_adjoint_solves_its_dense_system(state):
    for i in range(9):
        mask = np.diag((state.z[:, i] > 0).astype(float))
        system = np.eye(40) - state.model.coupling * mask @ state.theta.a
        assert state.p[:, i] == pytest.approx(mask @ np.linalg.solve(system.T, state.theta.u), abs=1e-11)


def test_the_four_parts_of_the_kernel_are_gram_matrices_of_the_jacobian(state, rng):
    other = state.moved((state, 0.1 * rng.standard_normal(9)))
    here, there = torch_jacobian(state), torch_jacobian(other)
    for second, rows in ((state, here), (other, there)):
        for k, part in enumerate(state.kernel_parts(second)):
            dense = [[np.vdot(x[k], y[k]) for y in rows] for x in here]
            assert part == pytest.approx(np.array(dense), abs=1e-11)
    parts = state.kernel_parts(state)
    assert np.linalg.eigvalsh(parts.sum(axis=0) - parts[3])[0] > 0


def test_moves_are_gradient_steps(state, rng):
    other = state.moved((state, 0.1 * rng.standard_normal(9)))
    first, second = rng.standard_normal((2, 9))
    expected = flat(state.theta) + flat(state.gradients(first)) + flat(other.gradients(second))
    moved = state.moved((state, first), (other, second))
    assert flat(moved.theta) == pytest.approx(expected, abs=1e-12)
    cold = state.model.at(moved.theta)
    assert moved.output == pytest.approx(cold.output, abs=1e-10)
    assert moved.sweeps <= cold.sweeps


def test_warm_starts_and_extrapolation_save_sweeps(state, rng):
    weights = 1e-4 * rng.standard_normal(9)
    near = state.moved((state, weights), accuracy=1e-9)
    nearer = near.moved((near, weights), guess=near.extrapolated(state))
    cold = state.model.at(nearer.theta, accuracy=1e-9)
    assert nearer.sweeps < near.sweeps < cold.sweeps
    assert nearer.output == pytest.approx(cold.output, abs=1e-7)


def test_the_unrolled_network_is_the_same_network(state):
    found = unrolled(state.model, state.theta.parts, 80)
    assert found == pytest.approx(state.output, abs=1e-12)


def test_a_map_that_does_not_contract_is_refused(rng):
    inputs = np.eye(3)
    theta = Parameters(5 * np.ones((4, 4)), np.ones((4, 3)), np.ones(4), np.ones(4))
    with pytest.raises(NoEquilibriumError, match="no equilibrium"):
        ImplicitReLU.scaled(inputs, 4, 0.9).at(theta)


@pytest.mark.parametrize(
    ("library", "dtype"), [("numpy", "float32"), ("torch", "float64"), ("torch", "float32")]
)
def test_one_code_for_both_libraries_and_precisions(state, rng, library, dtype):
    if library == "numpy":
        other = state.placed(Placement(dtype))
    else:
        put = functools.partial(torch.asarray, dtype=getattr(torch, dtype))
        other = ImplicitReLU.scaled(put(state.model.inputs), 40, 0.3).at(state.theta.mapped(put))
    close = 1e-11 if dtype == "float64" else 2e-5
    weights = 0.1 * rng.standard_normal(9)
    change = Parameters.random(40, 6, rng)
    assert str(other.z.dtype).endswith(dtype)
    assert other.directional(change.mapped(lambda part: like(part, other.z))) == pytest.approx(
        state.directional(change), abs=10 * close
    )
    for ours, theirs in ((state, other), (state.moved((state, weights)), other.moved((other, weights)))):
        assert theirs.output.dtype == np.float64
        assert theirs.output == pytest.approx(ours.output, abs=close)
        assert theirs.kernel_parts(other) == pytest.approx(ours.kernel_parts(state), abs=close)
        assert flat(theirs.gradients(weights).mapped(host)) == pytest.approx(
            flat(ours.gradients(weights)), abs=close
        )
    back = other.on_host()
    assert back.z.dtype == np.float64
    assert back.output == pytest.approx(state.output, abs=close)


def test_a_missing_device_is_named():
    if torch.cuda.is_available():
        pytest.skip("there is one")
    with pytest.raises(InputError, match="--device cpu"):
        Placement(device="cuda")
