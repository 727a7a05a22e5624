"""Certificates of both theorems at one point, against the suite's floats, autograd and what is false."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch

flint = pytest.importorskip("flint")
from flint import arb, ctx  # noqa: E402

from tests.theorems.certified_states import by_kind, holds, noise, propose_badly, too_high, words  # noqa: E402
from theorems.kawaguchi_2021 import enclosed, identities, linear_rate_state  # noqa: E402
from theorems.kawaguchi_2021 import trust_region_newton_state as newton_state  # noqa: E402
from theorems.kawaguchi_2021.enclosed import EnclosedState  # noqa: E402
from theorems.kawaguchi_2021.linear_rate.problem import Setting, build, witness  # noqa: E402
from theorems.kawaguchi_2021.trust_region_newton.problem import Setting as NewtonSetting  # noqa: E402
from theorems.kawaguchi_2021.trust_region_newton.problem import build as build_newton  # noqa: E402
from verify.certificates.balls import PRECISION, midpoints  # noqa: E402
from verify.certificates.certificate import Word  # noqa: E402
from verify.certificates.exact import parsed  # noqa: E402
from verify.certificates.modular import degree_of  # noqa: E402
from verify.linear_deq.model import DeepEquilibriumLinear  # noqa: E402
from verify.linear_deq.spectrum import FlowOperator, operator_terms, smallest_eigenvalue_floors  # noqa: E402

DRAWN = {"width": 6, "outputs": 3, "samples": 30, "data": "synthetic"}
LOSSES = {
    "square": DRAWN,
    "logistic": {**DRAWN, "outputs": 1, "loss": "logistic", "radius": 20.0},
    "cross-entropy": {**DRAWN, "loss": "cross-entropy"},
    "hinge": {"width": 8, "loss": "hinge"},
    "more features than samples": {**DRAWN, "samples": 4},
}


def state_of(m=5, outputs=2, gamma=0.7):
    rng = np.random.default_rng(3)
    a, b = rng.standard_normal((m, m)), rng.standard_normal((outputs, m))
    model = DeepEquilibriumLinear(m, outputs, gamma)
    return a, b, model.at(model.pack(a, b))


def test_d_is_that_of_the_suite_and_of_autograd():
    """By outputs here, by features there; and J J^T of the map from parameters to Q."""
    a, b, state = state_of()
    with ctx.workprec(PRECISION):
        found = midpoints(EnclosedState.of(a, b, state.gamma).flow_operator())
    first, second, _ = operator_terms(state)
    dense = (first + state.gamma**2 * second).reshape(5, 2, 5, 2).transpose(1, 0, 3, 2).reshape(10, 10)
    np.testing.assert_allclose(found, dense, rtol=1e-12, atol=1e-13)

    def linear_map(a, b):
        u = torch.eye(5, dtype=torch.float64) - state.gamma * torch.softmax(a, dim=0)
        return (b @ torch.linalg.inv(u)).reshape(-1)

    parts = torch.autograd.functional.jacobian(linear_map, (torch.tensor(a), torch.tensor(b)))
    jacobian = torch.cat([part.reshape(10, -1) for part in parts], dim=1).numpy()
    np.testing.assert_allclose(found, jacobian @ jacobian.T, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("name", LOSSES)
def test_enclosures_hold_what_the_suite_computes(name):
    setting = Setting(**LOSSES[name])
    problem, found = build(setting), list(linear_rate_state.certify_state(setting, None))
    assert set(words(found).values()) == {Word.PROVED, Word.IDENTITY}
    of, state = by_kind(found), problem.model.at(problem.theta)
    operator, objective = FlowOperator(state), problem.objective
    least = operator.smallest_eigenvalue(np.ones(operator.shape)).value
    holds(of["flow-operator"].found["lambda_min"], least, 1e-12)
    holds(of["pl-constant"].found["sigma_squared"], objective.singular_values[-1] ** 2, 1e-9)
    holds(of["pl-constant"].found["kappa"], objective.pl_constant, 1e-9)
    excess, g = objective.excess_and_gradient(state.q)
    holds(of["excess"].found["excess"], excess, 1e-20 if objective.radius == np.inf else 1e-9, 1e-9)
    holds(of["excess"].found["ratio"], 0.5 * np.vdot(g, g) / excess, 1e-9, 1e-9)
    holds(of["nonconvex"].found["rise"], witness(problem).rise, 1e-20, 1e-9)


def test_parameters_of_another_time_are_those_certified():
    a, b, state = state_of(6, 3, 0.8)
    found = by_kind(linear_rate_state.certify_state(Setting(**DRAWN), {"A": a, "B": b}))
    assert found.keys() == {"flow-operator", "excess"}
    least = FlowOperator(state).smallest_eigenvalue(np.ones((6, 3))).value
    holds(found["flow-operator"].found["lambda_min"], least, 1e-12)
    assert found["flow-operator"].given["B"][0][0] == found["excess"].given["B"][0][0]
    assert parsed(found["excess"].given["B"][0][0]) == b[0, 0]


@pytest.mark.parametrize("propose", [noise, too_high])
def test_noise_proves_nothing(monkeypatch, propose):
    propose_badly(monkeypatch, propose)
    found = words(linear_rate_state.certify_state(Setting(**DRAWN), None))
    assert found["flow-operator"] is found["pl-constant"] is Word.UNDECIDED
    assert "excess" not in found  # without a lower bound of kappa there is nothing to compare with
    found = words(newton_state.certify_state(NewtonSetting(**{**DRAWN, "outputs": 1}), None))
    assert found["flow-operator"] is Word.UNDECIDED


def test_ends_that_are_no_witness_prove_nothing(monkeypatch):
    """Of one A: L is convex in B."""

    def same(start):
        true = witness(start)
        one, other = true.ends
        shifted = one.copy()
        shifted[36:] = other[36:]
        return replace(true, ends=(one, shifted))

    monkeypatch.setattr(linear_rate_state, "witness", same)
    found = words(linear_rate_state.certify_state(Setting(**DRAWN), None))
    assert found["nonconvex"] is not Word.PROVED


def test_a_false_minimiser_widens_the_excess():
    setting = Setting(**LOSSES["cross-entropy"])
    problem = build(setting)
    problem.objective.minimiser = problem.objective.minimiser + 0.1
    point = linear_rate_state.Point(problem, *problem.model.unpack(problem.theta))
    found = by_kind(linear_rate_state.certify_point(point, initial=True))
    low, high = map(parsed, found["excess"].found["excess"])
    true = build(setting).objective.excess_and_gradient(problem.model.at(problem.theta).q)[0]
    assert low < true < high
    assert high - low > 1e-3 * true


@pytest.mark.parametrize(("factor", "word"), [(1.01, Word.DISPROVED), (1.0, Word.UNDECIDED)])
def test_a_planted_floor_is_not_proved(monkeypatch, factor, word):
    """1% above lambda_min(D), and within its enclosure."""
    setting = Setting(**DRAWN)
    [low, high] = by_kind(linear_rate_state.certify_state(setting, None))["flow-operator"].found["lambda_min"]
    middle = float((parsed(low) + parsed(high)) / 2)
    monkeypatch.setattr(linear_rate_state, "floors", lambda *_: (arb(0), arb(factor * middle)))
    assert words(linear_rate_state.certify_state(setting, None))["flow-operator"] is word


def test_what_is_too_large_is_told_what_to_type(monkeypatch):
    monkeypatch.setattr(linear_rate_state, "LARGEST_ORDER", 10)
    monkeypatch.setattr(identities, "LARGEST", 4)
    found = list(linear_rate_state.certify_state(Setting(**DRAWN), None))
    assert by_kind(found)["flow-operator"].word is Word.UNDECIDED
    assert "smaller --width" in by_kind(found)["flow-operator"].advice
    assert by_kind(found)["identity"].given["sizes"] == {"m": 4, "m_y": 3}


def test_floors_are_those_of_the_suite():
    with ctx.workprec(PRECISION):
        found = [float(one) for one in enclosed.floors(32, arb(0.8))]
    np.testing.assert_allclose(found, smallest_eigenvalue_floors(32, 0.8), rtol=1e-14)


@pytest.mark.parametrize("loss", ["square", "logistic"])
def test_delta_bar_is_where_g_delta_turns(loss):
    """G_delta has a negative eigenvalue just beyond delta_bar, and none just below it, by floats."""
    setting = NewtonSetting(**{**DRAWN, "outputs": 1, "loss": loss})
    found = list(newton_state.certify_state(setting, None))
    assert set(words(found).values()) == {Word.PROVED, Word.IDENTITY}
    low, high = (float(parsed(end)) for end in by_kind(found)["newton-bar"].found["delta_bar"])
    assert high - low < 1e-12 * low
    problem = build_newton(setting).model
    state = problem.model.at(problem.theta)
    s, q, u = state.stochastic, state.q[0], np.eye(6) - state.gamma * state.stochastic
    scaling = 1 + state.gamma**2 * np.sum((s * q[:, None] - s * (q @ s)) ** 2, axis=0)
    hessian = (problem.features * problem.objective.curvatures(state.q)) @ problem.features.T
    for delta, sign in ((low * (1 - 1e-6), 1), (high * (1 + 1e-6), -1)):
        least = np.linalg.eigvalsh(u @ np.diag(1 / scaling) @ u.T - delta * hessian)[0]
        assert sign * least > 0


def spoiled(method, change):
    """A copy of the variables one method of which is changed."""
    original = getattr(identities.Variables, method)
    return lambda self, *args: change(self, original, *args)


FALSE = {
    "gamma for gamma^2 in D": ("d_times_g", lambda v, f: f(replace(v, slope=v.gamma))),
    "the second term of D dropped": ("d_times_g", lambda v, f: f(replace(v, slope=v.gamma - v.gamma))),
    "a sign of the first term": ("d_times_g", lambda v, f: f(v) - v.g @ v.v.T @ v.v - v.g @ v.v.T @ v.v),
    "J_k = diag(s_k)": ("jacobian", lambda v, f, x: v.s * x),
    "a gradient of the wrong sign": ("gradients", lambda v, f: (f(v)[0] - f(v)[0] - f(v)[0], f(v)[1])),
}


@pytest.mark.parametrize("what", FALSE)
def test_a_false_formula_is_refuted(monkeypatch, what):
    method, change = FALSE[what]
    monkeypatch.setattr(identities.Variables, method, spoiled(method, change))
    found = {c.given["identity"]: c.word for c in identities.linear_identities("linear-rate", 4, 3)}
    wrong = {name for name, word in found.items() if word is Word.DISPROVED}
    assert wrong & {"chain-rule", "energy", "linear-gradient"}
    assert "chain-rule" in wrong


def test_a_false_newton_step_is_refuted(monkeypatch):
    assert identities.newton_identity("t", 5, 8).word is Word.IDENTITY
    drawn = identities.Variables.drawn
    with monkeypatch.context() as patch:
        patch.setattr(
            identities.Variables, "drawn", lambda *sizes: replace(at := drawn(*sizes), slope=at.gamma)
        )
        assert identities.newton_identity("t", 5, 8).word is Word.DISPROVED
    twice = spoiled("map_speed", lambda v, f, *way: f(v, *way) + f(v, *way))
    monkeypatch.setattr(identities.Variables, "map_speed", twice)
    assert identities.newton_identity("t", 5, 8).word is Word.DISPROVED


def test_noise_leaves_delta_bar_wide_and_not_wrong(monkeypatch):
    setting = NewtonSetting(**{**DRAWN, "outputs": 1})
    true = by_kind(newton_state.certify_state(setting, None))["newton-bar"].found["delta_bar"]
    propose_badly(monkeypatch, noise)
    found = by_kind(newton_state.certify_state(setting, None))["newton-bar"].found["delta_bar"]
    assert parsed(found[0]) < parsed(true[0]) < parsed(true[1]) < parsed(found[1])


def test_one_feature_has_identities_too():
    assert {c.word for c in identities.linear_identities("t", 1, 2)} == {Word.IDENTITY}


def test_the_degree_by_hand():
    """m = 3: U of degree 2, V = adj(U)/det(U) of 4 over 6, Q = B V of 5 over 6.

    gamma^2 Q J_k J_k Q^T G V^T V has 2 + 5 + 4 + 5 + 1 + 4 + 4 = 25 over 24; all else has no more above it.
    """
    assert degree_of(partial(identities.chain_rule, m=3, outputs=2)) == 25
