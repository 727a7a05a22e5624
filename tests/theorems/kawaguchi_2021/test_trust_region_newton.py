"""Theorem 2: the step, its multiplier, delta_bar, and what is planted against them."""

from dataclasses import replace

import numpy as np
import pytest

import theorems.kawaguchi_2021.trust_region_newton as theorem
from theorems.kawaguchi_2021.trust_region_newton.claims import delta_bar, newton_step, path_order
from theorems.kawaguchi_2021.trust_region_newton.local import local_model
from theorems.kawaguchi_2021.trust_region_newton.path import PathForm, newton_path
from theorems.kawaguchi_2021.trust_region_newton.steps import FRACTIONS
from verify.runs.power import trials
from verify.runs.run import run_theorem
from verify.theorem.claims import theorem_verdict
from verify.theorem.errors import HypothesisError, InputError
from verify.theorem.judgement import Judge
from verify.theorem.protocol import silent
from verify.theorem.settings import make_setting
from verify.theorem.verdicts import worst


def run(**options):
    problem = theorem.build(make_setting(theorem, options))
    return problem, theorem.integrate(problem, silent)


def verdicts(problem, path):
    judge = Judge({"start": problem, "problem": problem, "path": path})
    return {
        statement.claim.id: worst(check.verdict for check in judge.checks(statement))
        for statement in theorem.CLAIMS
    }


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"loss": "logistic", "data": "synthetic", "width": 6},
        {"data": "synthetic", "width": 12, "samples": 5},
        {"loss": "logistic", "data": "synthetic", "width": 12, "samples": 5, "tau": 0},
        {"width": 1, "data": "synthetic"},
        {"gamma": 0.99, "width": 5, "data": "synthetic"},
    ],
)
def test_the_theorem_holds(options):
    problem, path = run(**options)
    found = verdicts(problem, path)
    assert theorem_verdict(theorem.CLAIMS.claims, found) == "VERIFIED", found
    assert found["K-T2.beyond"] == "VERIFIED"
    step = newton_step(path)
    assert step.measured <= 1e-9
    assert step.points >= 5 * len(FRACTIONS)
    assert np.all(np.abs(path.form.seen.orders - 2) <= 0.1)


def test_the_metric_is_the_printed_one_and_the_hessian_that_of_the_shallow_loss():
    path = run(width=4, data="synthetic", loss="logistic", points=15)[1].flow
    local = local_model(path, 3)
    problem = path.problem
    q, eps = problem.model.at(path.thetas[3]).q, 1e-6
    numeric = [
        (
            problem.objective.excess_and_gradient(q + eps * e[None, :])[1][0]
            - problem.objective.excess_and_gradient(q - eps * e[None, :])[1][0]
        )
        / (2 * eps)
        for e in np.eye(4)
    ]
    assert np.allclose(local.hessian, numeric, atol=1e-7)
    f = np.linalg.inv(local.u) @ local.hessian @ np.linalg.inv(local.u).T
    s = problem.model.at(path.thetas[3]).stochastic
    norms = [np.linalg.norm((np.diag(c) - np.outer(c, c)) @ q[0]) ** 2 for c in s.T]
    scaling = np.diag(1 + problem.model.gamma**2 * np.array(norms))
    assert np.allclose(local.metric(0.3), local.u @ (np.linalg.inv(scaling) - 0.3 * f) @ local.u.T)
    root = np.sqrt(scaling)
    assert local.bar == pytest.approx(1 / np.linalg.eigvalsh(root @ f @ root)[-1])


def test_a_vanishing_hessian_leaves_delta_bar_infinite(monkeypatch):
    """Flat tails: with zero curvature any delta will do, and the step is that of steepest descent."""
    from verify.losses.square import SquareObjective

    problem = theorem.build(make_setting(theorem, {"width": 3, "data": "synthetic", "points": 15}))
    monkeypatch.setattr(SquareObjective, "curvatures", lambda self, w: np.zeros(self._samples))
    path = newton_path(problem, silent)
    assert {local.bar for local in path.models} == {np.inf}
    assert {check.verdict for check in delta_bar(path)} == {"NOT_APPLICABLE"}
    assert newton_step(path).verdict == "VERIFIED"


def test_orders_that_rounding_hides_decide_nothing():
    _, path = run(width=3, data="synthetic", points=15)
    hidden = replace(path, form=PathForm(*np.array([[0.0, 1.0], [2.0, 1.7], [np.inf, np.inf]])))
    found = path_order(hidden)
    assert found.verdict == "INCONCLUSIVE"
    assert "--seed" in found.message
    assert "order of the path form" not in hidden.rates
    half = replace(path, form=PathForm(*np.array([[0.0, 1.0], [2.0, 1.7], [0.01, np.inf]])))
    assert path_order(half).verdict == "VERIFIED"
    assert path_order(half).points == 1


def test_each_problem_is_solved_once(monkeypatch):
    from theorems.kawaguchi_2021.trust_region_newton import steps

    solve, solved = steps.trust_region_step, []
    monkeypatch.setattr(steps, "trust_region_step", lambda *of: solved.append(of) or solve(*of))
    record = run_theorem(theorem, make_setting(theorem, {"width": 3, "points": 15})).record
    assert record.verdict == "VERIFIED"
    assert len(solved) <= len(FRACTIONS) * 15
    assert "eigenvalues" not in record.counts


def test_several_outputs_get_an_answer(tmp_path):
    with pytest.raises(InputError, match="--outputs 1"):
        make_setting(theorem, {"outputs": 3})
    path = tmp_path / "two.npz"
    np.savez(path, x=np.eye(5), y=np.ones((5, 2)))
    with pytest.raises(HypothesisError, match="one column"):
        theorem.build(make_setting(theorem, {"data": str(path)}))
    record = run_theorem(theorem, make_setting(theorem, {"data": str(path)})).record
    assert record.verdict == "NOT_APPLICABLE"
    lawless = [claim for claim in record.claims if claim.id not in ("K-T2.solver", "K-T2.order")]
    assert all(claim.verdict == "NOT_APPLICABLE" for claim in lawless)


def test_every_planted_claim_is_caught():
    found = trials(theorem)
    assert not [(trial.falsehood.what, trial.missed) for trial in found if not trial.caught]
    assert {trial.falsehood.claim for trial in found} == {claim.id for claim in theorem.CLAIMS.claims}
