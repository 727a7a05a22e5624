"""Theorem 2: the step, its multiplier, delta_bar, and what is planted against them."""

import numpy as np
import pytest

import theorems.kawaguchi_2021.trust_region_newton as theorem
from verify.records.record import claim_records
from verify.runs.run import run_theorem
from verify.theorem.claims import theorem_verdict
from verify.theorem.errors import HypothesisError, InputError
from verify.theorem.protocol import silent
from verify.theorem.settings import make_setting


def run(**options):
    problem = theorem.build(make_setting(theorem, options))
    return problem, theorem.integrate(problem, silent)


def verdicts(problem, trajectory):
    checks = theorem.check(problem, trajectory)
    return {record.id: record.verdict for record in claim_records(theorem.CLAIMS, checks)}


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
    problem, trajectory = run(**options)
    found = verdicts(problem, trajectory)
    assert theorem_verdict(theorem.CLAIMS, found) == "VERIFIED", found
    assert found["K-T2.beyond"] == "VERIFIED"
    step = theorem.newton_step(trajectory.path)
    assert step.measured <= 1e-9
    assert step.points >= 5 * len(theorem.FRACTIONS)
    assert np.all(np.abs(trajectory.orders - 2) <= 0.1)


def test_the_metric_is_the_printed_one_and_the_hessian_that_of_the_shallow_loss():
    _, trajectory = run(width=4, data="synthetic", loss="logistic", points=15)
    path = trajectory.path
    step = theorem.step_at(path, 3, 0.3)
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
    assert np.allclose(step.hessian, numeric, atol=1e-7)
    f = np.linalg.inv(step.u) @ step.hessian @ np.linalg.inv(step.u).T
    s = problem.model.at(path.thetas[3]).stochastic
    norms = [np.linalg.norm((np.diag(c) - np.outer(c, c)) @ q[0]) ** 2 for c in s.T]
    scaling = np.diag(1 + problem.model.gamma**2 * np.array(norms))
    assert np.allclose(step.metric, step.u @ (np.linalg.inv(scaling) - step.delta * f) @ step.u.T)
    root = np.sqrt(scaling)
    assert step.bar == pytest.approx(1 / np.linalg.eigvalsh(root @ f @ root)[-1])


def test_a_vanishing_hessian_leaves_delta_bar_infinite(monkeypatch):
    """Flat tails: with zero curvature any delta will do, and the step is that of steepest descent."""
    from verify.losses.square import SquareObjective

    _, trajectory = run(width=3, data="synthetic", points=15)
    monkeypatch.setattr(SquareObjective, "curvatures", lambda self, w: np.zeros(self._samples))
    step = theorem.step_at(trajectory.path, 2, 0.5)
    assert step.bar == np.inf
    assert theorem.definiteness(trajectory.path, 0.9, positive=True).verdict == "NOT_APPLICABLE"
    assert theorem.newton_step(trajectory.path).verdict == "VERIFIED"


def test_several_outputs_get_an_answer(tmp_path):
    with pytest.raises(InputError, match="--outputs 1"):
        make_setting(theorem, {"outputs": 3})
    path = tmp_path / "two.npz"
    np.savez(path, x=np.eye(5), y=np.ones((5, 2)))
    with pytest.raises(HypothesisError, match="one column"):
        theorem.build(make_setting(theorem, {"data": str(path)}))
    record = run_theorem(theorem, make_setting(theorem, {"data": str(path)})).record
    assert record.verdict == "NOT_APPLICABLE"
    assert all(claim.verdict == "NOT_APPLICABLE" for claim in record.claims)


def test_every_planted_claim_is_caught():
    assert {planted.check.verdict for planted in theorem.planted()} == {"VIOLATED"}
