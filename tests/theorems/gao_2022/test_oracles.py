"""The second opinions agree with others still, and a constant that is wrong does not pass them."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from mpmath import mp

import theorems.gao_2022 as theorem
from theorems.gao_2022 import box_oracle, oracles
from verify.relu_deq.kernels import arc_cosine_kernel
from verify.theorem.claims import claim_verdict
from verify.theorem.judgement import Judge
from verify.theorem.protocol import silent
from verify.theorem.settings import make_setting
from verify.theorem.verdicts import Verdict


@pytest.fixture(scope="module")
def run():
    problem = theorem.build(make_setting(theorem, {"data": "sphere", "width": 60, "samples": 4, "points": 9}))
    return problem, theorem.integrate(problem, silent)


def test_the_quadrature_agrees_with_one_in_thirty_digits(rng):
    inputs = rng.standard_normal((3, 2))
    inputs /= np.linalg.norm(inputs, axis=0)
    with mp.workdps(30):
        cosine = mp.mpf(float(inputs[:, 0] @ inputs[:, 1]))
        sine = mp.sqrt(1 - cosine**2)
        radial = mp.quad(lambda rho: rho**3 * mp.exp(-(rho**2) / 2), [0, 2, 6, 20])
        angular = mp.quad(
            lambda f: mp.cos(f) * (cosine * mp.cos(f) + sine * mp.sin(f)),
            [mp.atan2(sine, cosine) - mp.pi / 2, mp.pi / 2],
        )
        exact = float(radial * angular / (2 * mp.pi))
    assert oracles.kernel_by_quadrature(inputs)[0, 1] == pytest.approx(exact, rel=1e-13)
    assert arc_cosine_kernel(inputs)[0, 1] == pytest.approx(exact, rel=1e-13)


@pytest.mark.parametrize("factor", [1e-3, 0.1, 0.99, 1.01, 10.0, 1000.0])
def test_a_wrong_lambda_0_is_violated(run, factor):
    """Whatever the claims with an open constant make of it: at 1000 lambda_0 these say NOT_APPLICABLE."""
    problem, path = run
    wrong = replace(problem, lambda_0=factor * problem.lambda_0)
    judge = Judge({"start": wrong, "problem": wrong, "path": path})
    statement = next(one for one in theorem.CLAIMS if one.claim.id == "G-L3.2.value")
    assert claim_verdict(judge.checks(statement)) is Verdict.VIOLATED


def test_the_tiny_network_s_jacobian_is_that_of_autograd():
    state, jacobians = oracles.tiny()
    parts = {name: torch.tensor(part, requires_grad=True) for name, part in state.theta.parts.items()}
    x = torch.tensor(state.inputs)
    phi = torch.relu(parts["w"] @ x) / len(parts["u"]) ** 0.5
    z = phi
    for _ in range(oracles.SWEEPS):
        z = torch.relu(state.coupling * parts["a"] @ z + phi)
    outputs = parts["u"] @ z + parts["v"] @ phi
    for name, part in parts.items():
        rows = [torch.autograd.grad(one, part, retain_graph=True)[0].numpy().ravel() for one in outputs]
        assert jacobians[name] == pytest.approx(np.array(rows), abs=1e-12)


def test_every_bound_is_held_and_most_are_nearly_attained():
    found = list(box_oracle.tried())
    assert all(one.found <= one.bound * (1 + 1e-6) for one in found)
    assert sum(one.found >= 0.7 * one.bound for one in found) > 25


def test_an_adversary_that_runs_the_wrong_way_is_seen(run):
    problem, path = run
    uphill = path.initial.neighbours.copy()
    uphill[8:] = 2 * np.linalg.eigvalsh(problem.gram)[0] - uphill[8:]
    spoiled = replace(path, initial=replace(path.initial, neighbours=uphill))
    assert claim_verdict(list(oracles.adversary(problem, path))) is Verdict.VERIFIED
    assert claim_verdict(list(oracles.adversary(problem, spoiled))) is Verdict.VIOLATED
