"""The explicit and conditional forms: adversaries do not break their bounds; what is false is VIOLATED."""

from dataclasses import replace

import numpy as np
import pytest

import theorems.gao_2022 as theorem
from theorems.gao_2022 import conditional, explicit, explicit_descent
from theorems.gao_2022.box import Box, Reach, settled
from theorems.gao_2022.path import followed
from theorems.gao_2022.promise import Promises, near_labels
from theorems.gao_2022.setting import EXPLICIT
from theorems.gao_2022.smooth import Smooth
from verify.theorem.claims import claim_verdict
from verify.theorem.protocol import silent
from verify.theorem.settings import make_setting
from verify.theorem.verdicts import Verdict


def build(**options):
    return theorem.build(make_setting(theorem, {"data": "sphere", "width": 60, "samples": 4} | options))


@pytest.fixture(scope="module")
def tight():
    problem = theorem.build(make_setting(theorem, EXPLICIT))
    return problem, theorem.integrate(problem, silent)


def moved(problem, reach, rng, *, towards=None):
    """The network with every parameter at its distance, in a random direction or against the outputs."""
    state = problem.start
    parts = state.theta.parts
    directions = towards or {name: rng.standard_normal(part.shape) for name, part in parts.items()}
    changed = {
        name: part + distance * directions[name] / np.linalg.norm(directions[name])
        for (name, part), distance in zip(parts.items(), reach.array, strict=True)
    }
    return state.model.at(replace(state.theta, **changed))


def worst_ways(problem, rng):
    """Directions that move outputs, features or adjoints much, and random ones."""
    state, n = problem.start, problem.samples
    ways = [None] * 6
    for weights in (*np.eye(n), np.ones(n), *rng.standard_normal((4, n))):
        gradient = state.gradients(weights).parts
        ways += [gradient, {name: -part for name, part in gradient.items()}]
    left, _, right = np.linalg.svd(state.theta.a)
    of_inputs = np.linalg.svd(problem.inputs)[0][:, 0]
    ways.append(
        {
            "a": np.outer(left[:, 0], right[0]),
            "w": np.outer(np.ones(problem.width), of_inputs),
            "u": state.theta.u,
            "v": state.theta.v,
        }
    )
    return ways


@pytest.mark.parametrize("size", [1e-3, 0.1, 1.0, 5.0])
def test_nothing_leaves_the_bounds_of_a_box(size, rng):
    """Whatever the gates do."""
    problem = build()
    box = Box.of(problem)
    for way in worst_ways(problem, rng):
        reach = Reach.of(size * rng.uniform(0.2, 1.0, 4))
        state = moved(problem, reach, rng, towards=way)
        assert np.linalg.norm(state.phi - problem.phi) <= box.features_moved(reach) * (1 + 1e-9)
        assert np.linalg.norm(state.z - problem.start.z) <= box.equilibria_moved(reach) * (1 + 1e-9)
        assert np.linalg.norm(state.p, axis=0).max() <= box.adjoint(reach)
        assert np.linalg.norm(state.c, axis=0).max() <= box.feature_adjoint(reach)
        assert np.linalg.svd(state.phi)[1][-1] >= box.gram_root(reach) - 1e-12
        for weights in (*np.eye(problem.samples), rng.standard_normal(problem.samples)):
            speeds = [np.linalg.norm(part) for part in state.gradients(weights).parts.values()]
            assert np.all(speeds <= box.speeds(reach) * np.linalg.norm(weights) * (1 + 1e-9))


def test_derivatives_stay_within_their_bounds_while_no_gate_changes(rng):
    problem = build()
    smooth = Smooth.of(problem)
    names = ("a", "w", "u", "v")
    held = 0
    for way in worst_ways(problem, rng):
        reach = Reach.of(1e-3 * rng.uniform(0.2, 1.0, 4))
        state = moved(problem, reach, rng, towards=way)
        if np.any((state.z > 0) != (problem.start.z > 0)) or np.any((state.phi > 0) != (problem.phi > 0)):
            continue
        held += 1
        assert np.linalg.norm(state.p - problem.start.p, axis=0).max() <= smooth.adjoint_moved(reach)
        assert np.linalg.norm(state.c - problem.start.c, axis=0).max() <= smooth.feature_adjoint_moved(reach)
        columns = [
            [one.gradients(unit).parts for unit in np.eye(problem.samples)] for one in (state, problem.start)
        ]
        changes = [
            np.array([(new[name] - old[name]).ravel() for new, old in zip(*columns, strict=True)])
            for name in names
        ]
        sizes = np.array([np.linalg.norm(change, 2) for change in changes])
        assert np.all(sizes <= smooth.blocks_moved(reach) * (1 + 1e-9))
        kernel = state.kernel_parts(problem.start).sum(axis=0)
        assert np.linalg.norm(kernel - smooth.kernel, 2) <= smooth.kernel_moved(reach)
        assert np.linalg.eigvalsh(state.kernel_parts(state).sum(axis=0))[0] >= smooth.rate(reach)
    assert held >= 5


def test_a_reach_exceeds_what_it_is_a_reach_of():
    problem = build()
    box = Box.of(problem)
    reach = box.reach(problem.lambda_0 / 2, 1e-3)
    assert np.all(reach.array > box.speeds(reach) * 1e-3 * 2 / problem.lambda_0)
    assert box.reach(problem.lambda_0 / 2, 1e6) is None
    assert settled(lambda reach: reach.array + 1, lambda reach: reach.a < 10) is None


def test_the_promise_is_lost_with_distance_and_kept_by_near_labels():
    problem = build()
    promises = Promises.of(problem)
    kept = [promises.at(10.0**-k).kept for k in range(9)]
    assert not kept[0]
    assert kept[-1]
    assert sorted(kept) == kept
    near = near_labels(problem, promises, 9)
    assert promises.at(near.initial_residual).kept
    assert promises.at(near.initial_residual / 0.5 * 0.999).kept


def test_the_sharp_rate_is_attained(tight):
    _, path = tight
    assert claim_verdict(list(explicit.lazy_decay(path))) is Verdict.VERIFIED
    assert claim_verdict(list(explicit.lazy_decay(path, rate=1.001))) is Verdict.VIOLATED
    assert claim_verdict(list(explicit.lazy_decay(path, fastest=0.999))) is Verdict.VIOLATED
    assert claim_verdict(list(explicit.lazy_shape(path, speed=0.999))) is Verdict.VIOLATED
    assert claim_verdict(list(explicit_descent.explicit_rate(path, power=1.001))) is Verdict.VIOLATED


def test_no_gate_changes_where_none_may(tight):
    _, path = tight
    for one in explicit.subjects(path):
        assert one.promised.flow is not None
        last, first = one.flow.last, one.problem.start
        assert np.array_equal(last.z > 0, first.z > 0)
        assert np.array_equal(last.phi > 0, first.phi > 0)


def test_descent_reaches_a_decay_that_tells(tight):
    _, path = tight
    along = path.trained
    assert -along.descent.log_change[-1] > 1
    assert -along.explicit.log_change[-1] > 1
    assert claim_verdict(list(explicit_descent.far_enough(path))) is Verdict.VERIFIED


def test_descent_that_would_take_too_long_is_inconclusive():
    problem = build(step=1e-9)
    path = theorem.integrate(problem, silent)
    (check,) = explicit_descent.far_enough(path)
    assert check.verdict is Verdict.INCONCLUSIVE
    assert "use a larger --step" in check.message


def test_labels_far_away_are_promised_nothing_and_their_condition_says_so():
    problem = build()
    path = theorem.integrate(problem, silent)
    assert path.trained.promised.lemma is None
    assert [one.labels for one in explicit.subjects(path) if one.promised.lemma] == ["near labels"]
    lost = replace(path.trained, near_promised=path.trained.promised)
    message = explicit.lemma_speaks(replace(path, training=lost))
    assert "the explicit premises hold neither for" in message
    assert "--" in message


@pytest.mark.parametrize("gamma", [None, 0.05])
def test_the_conditional_forms_speak_of_every_path(gamma):
    problem = build(gamma=gamma)
    path = theorem.integrate(problem, silent)
    assert claim_verdict(list(conditional.conditional_decay(problem, path))) is Verdict.VERIFIED
    assert claim_verdict(list(conditional.moved_less(problem, path))) is Verdict.VERIFIED


def test_a_residual_below_rounding_names_what_to_change():
    problem = theorem.build(
        make_setting(
            theorem,
            {"labels": "aligned", "alignment": 1e-3, "dtype": "float32", "width": 400, "samples": 10},
        )
    )
    path = theorem.integrate(problem, silent)
    assert "use --dtype float64, or --labels aligned with a larger --alignment" in followed(path)
