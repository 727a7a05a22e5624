"""Slides along kinks: normals, H from both sides, and paths against an event-driven reference."""

import json

import numpy as np
import pytest

from tests.verify.relu_deq.event_driven import GAMMA, NETWORKS, TABLE, WIDTH, follow, start
from verify.flow.adaptive import integrate
from verify.numerics.arrays import Placement
from verify.relu_deq.gates import Places
from verify.relu_deq.model import ImplicitReLU
from verify.relu_deq.parameters import Parameters
from verify.relu_deq.path import relu_path
from verify.relu_deq.problem import LeastSquares, ReluProblem
from verify.relu_deq.slides import normals, sides_apart

REFERENCE = json.loads(TABLE.read_text(encoding="utf-8"))

#: The reference knows parameters to 1e-12: below this log ||r||^2 means nothing.
REFERENCE_FLOOR = -40.0


def network(seed):
    inputs, targets, parts = start(seed)
    return ImplicitReLU.scaled(inputs, WIDTH, GAMMA).at(Parameters(*parts)), targets


def path_of(seed, tolerance=1e-2):
    state, targets = network(seed)
    times = REFERENCE[str(seed)]["times"]
    norms = tuple(float(np.linalg.norm(part, 2)) for part in (state.theta.a, state.theta.w))
    problem = ReluProblem(state, targets, norms, times[-1], len(times), tolerance, 0, Placement())
    return relu_path(problem, lambda _: None, probed=False)


@pytest.fixture(scope="module")
def point():
    """A network of 30 units that slides along kinks of features and of states."""
    rng = np.random.default_rng(0)
    inputs = rng.standard_normal((5, 12))
    inputs /= np.linalg.norm(inputs, axis=0)
    state = ImplicitReLU.scaled(inputs, 30, 0.12).at(Parameters.random(30, 5, rng))
    begin = LeastSquares(state, rng.choice([-1.0, 1.0], size=12), 1e-3)
    for found in integrate(begin, np.linspace(0, 20, 81), 1e-3, lambda _: False):
        held = found.at.state.gates.held
        if len(held.features) and len(held.states):
            return found.at
    raise AssertionError("it slides along no two kinds of kinks")


def test_the_table_is_what_the_reference_gives():
    assert len(REFERENCE) == NETWORKS
    times, logs, events = follow(3)
    assert REFERENCE["3"]["times"] == pytest.approx(times)
    assert REFERENCE["3"]["logs"] == pytest.approx(logs, abs=1e-8)
    assert REFERENCE["3"]["events"] == events


@pytest.mark.parametrize("seed", sorted(map(int, REFERENCE)))
def test_the_error_of_a_path_is_no_larger_than_it_says(seed):
    path = path_of(seed)
    truth = np.array(REFERENCE[str(seed)]["logs"])[: len(path.times)]
    assert not path.lost
    known = truth > REFERENCE_FLOOR
    off = np.abs(np.log(np.sum(path.residuals**2, axis=1)) - truth)
    assert np.all((off <= path.log_error + path.rounding + 1e-8)[known])
    identity = np.abs(path.log_energy - (truth[0] - truth))
    assert np.all((identity <= path.energy_error + path.log_error + path.rounding + 1e-8)[known])


@pytest.mark.parametrize("seed", [0, 2, 3])
def test_the_identity_holds_the_better_the_smaller_the_tolerance(seed):
    gaps = []
    for tolerance in (1e-2, 1e-5):
        path = path_of(seed, tolerance)
        gaps.append(np.abs(path.log_decay - path.log_energy).max())
    assert gaps[1] < 0.1 * gaps[0]
    assert gaps[1] < 1e-3


def test_normals_are_the_derivatives_of_guards(point, rng):
    state = point.state
    places = Places(np.array([[3, 1], [7, 4]]), np.array([[3, 1], [11, 0], [3, 2]]))
    found = normals(state, places)
    change = Parameters.random(30, 5, rng)

    def guards(size):
        theta = Parameters(
            *(
                part + size * move
                for part, move in zip(state.theta.parts.values(), change.parts.values(), strict=True)
            )
        )
        return places.of(*state.model.at(theta, None, gates=state.gates, continued=True).guards)

    slope = (guards(1e-5) - guards(-1e-5)) / 2e-5
    along = state.coupling * np.sum(found.lefts["a"] * (change.a @ state.z[:, found.samples]), axis=0)
    along += np.sum(found.lefts["w"] * (change.w @ state.inputs[:, found.samples]), axis=0)
    assert along == pytest.approx(slope, abs=1e-8)


def test_h_is_the_same_from_both_sides_once_projected(point):
    projected, plain, passed = sides_apart(point.slide)
    assert projected <= passed + 1e-9
    assert plain > 1e3 * projected


def test_h_on_a_slide_is_j_p_j_from_dense_matrices(point):
    """Rows of J by one-sided differences, normals by differences of guards, P dense."""
    state, held = point.state, point.state.gates.held
    flat = np.concatenate([part.ravel() for part in state.theta.parts.values()])
    cuts = np.cumsum([part.size for part in state.theta.parts.values()])[:-1]
    shapes = [part.shape for part in state.theta.parts.values()]

    def at(theta):
        parts = [part.reshape(shape) for part, shape in zip(np.split(theta, cuts), shapes, strict=True)]
        moved = state.model.at(Parameters(*parts), (state.z, state.p), gates=state.gates, continued=True)
        return moved.output, held.of(*moved.guards)

    columns = []
    for k in range(len(flat)):
        step = np.zeros_like(flat)
        step[k] = 1e-5
        columns.append([(a - b) / 2e-5 for a, b in zip(at(flat + step), at(flat - step), strict=True)])
    jacobian = np.array([outputs for outputs, _ in columns]).T
    n = np.array([of_guards for _, of_guards in columns])
    projection = np.eye(len(flat)) - n @ np.linalg.pinv(n)
    kernel = point.kernel(point)
    assert kernel == pytest.approx(jacobian @ projection @ jacobian.T, abs=1e-6)
    gram = np.linalg.eigvalsh(state.gram)[0]
    assert np.linalg.eigvalsh(kernel - state.gram)[0] > -1e-9
    assert np.linalg.eigvalsh(kernel)[0] >= gram
