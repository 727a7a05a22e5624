"""A network that no theorem here has: no term v^T phi, phi = W x as it is, and W stays where it starts.

As in Ling et al. 2023. It is made of the suite's model and flow, without a line changed there.
"""

import numpy as np
import pytest
import torch

from verify.numerics.arrays import Placement
from verify.relu_deq.descent import descend
from verify.relu_deq.features import Identity
from verify.relu_deq.model import ImplicitReLU
from verify.relu_deq.parameters import ALL_BLOCKS, Parameters
from verify.relu_deq.path import relu_path
from verify.relu_deq.probe import probe
from verify.relu_deq.problem import ReluProblem

WIDTH, INPUTS, SAMPLES = 60, 6, 9

TRAINED = tuple(block for block in ALL_BLOCKS if block.name in "au")


@pytest.fixture(params=[TRAINED, ALL_BLOCKS[:3]], ids=["A and u", "A, W and u"])
def state(request, rng):
    inputs = rng.standard_normal((INPUTS, SAMPLES))
    inputs /= np.linalg.norm(inputs, axis=0)
    model = ImplicitReLU(inputs, WIDTH, 1.0, Identity(), request.param)
    a = 0.3 * rng.standard_normal((WIDTH, WIDTH)) / np.sqrt(WIDTH)
    u = rng.standard_normal(WIDTH) / np.sqrt(WIDTH)
    return model.at(Parameters(a, rng.standard_normal((WIDTH, INPUTS)), u, None))


def jacobian(state):
    """Rows of the Jacobian in what is trained, by autograd through 60 sweeps."""
    leaves = {name: torch.tensor(part, requires_grad=True) for name, part in state.theta.parts.items()}
    phi = leaves["w"] @ torch.tensor(state.model.inputs)
    z = torch.zeros_like(phi)
    for _ in range(60):
        z = torch.relu(leaves["a"] @ z + phi)
    trained = [leaves[block.name] for block in state.model.trained]
    outputs = leaves["u"] @ z
    assert state.output == pytest.approx(outputs.detach().numpy(), abs=1e-12)
    return [[g.numpy() for g in torch.autograd.grad(y, trained, retain_graph=True)] for y in outputs]


def test_gradients_and_kernel_are_those_of_autograd(state, rng):
    other = state.moved((state, 0.1 * rng.standard_normal(SAMPLES)))
    weights = rng.standard_normal(SAMPLES)
    here, there = jacobian(state), jacobian(other)
    gradients = state.gradients(weights)
    assert gradients.v is None
    for k, block in enumerate(state.model.trained):
        expected = sum(c * row[k] for c, row in zip(weights, here, strict=True))
        assert gradients.parts[block.name] == pytest.approx(expected, abs=1e-11)
        dense = np.array([[np.vdot(x[k], y[k]) for y in there] for x in here])
        assert state.kernel_parts(other)[k] == pytest.approx(dense, abs=1e-11)
    kept = set(state.theta.parts) - {block.name for block in state.model.trained}
    for name in kept:
        assert np.array_equal(other.theta.parts[name], state.theta.parts[name])
        assert not gradients.parts[name].any()


def test_closed_forms_are_the_complex_step_through_the_unrolled_network(state, rng):
    targets = rng.standard_normal(SAMPLES)
    at = probe(state, targets, float(np.linalg.norm(state.theta.a, 2)), 0.0, rng)
    assert at.closed == pytest.approx(at.derivative, abs=1e-9)
    assert at.move_along == pytest.approx(at.expected_along, abs=1e-9)
    assert at.gap(at.parts) < 1e-9


def test_flow_and_descent_follow_it(state, rng):
    norms = (float(np.linalg.norm(state.theta.a, 2)), float(np.linalg.norm(state.theta.w, 2)))
    targets = state.output + 0.1 * rng.choice([-1.0, 1.0], size=SAMPLES)
    problem = ReluProblem(state, targets, norms, 1.0, 9, 1e-3, 0, Placement())
    path = relu_path(problem, lambda _: None)
    assert not path.lost
    assert path.part_minima.shape == (9, len(state.model.trained))
    assert path.distances.shape == (9, 3)
    gap = np.abs(path.log_decay - path.log_energy)
    assert np.all(gap <= path.log_error + path.energy_error)
    assert gap[-1] < 1e-2 < path.log_decay[-1]
    assert np.all(path.log_decay[1:] > 2 * (path.integrated_lambda[0] - path.integrated_lambda[1])[1:])
    assert [at.gap(at.parts) < 1e-8 for at in path.probes] == [True] * 3
    descent = descend(problem, 1e-2, 5)
    assert np.all(np.diff(descent.residuals) < 0)
