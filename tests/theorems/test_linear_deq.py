"""linear-deq: its formulas against oracles that share none of them, and what it says of bad input."""

from dataclasses import replace

import numpy as np
import pytest
import scipy
import torch

import theorems.linear_deq as theorem
from theorems.linear_deq_flow import norm, velocity
from verify.theorem.errors import HypothesisError, InputError
from verify.theorem.judgement import Judge
from verify.theorem.protocol import silent
from verify.theorem.settings import make_setting
from verify.theorem.verdicts import Verdict, worst

LOSSES = {
    "square": lambda q, y: ((q - y) ** 2).sum(),
    "logistic": lambda q, y: (torch.nn.functional.softplus(-y * q) + 0.1 * q**2).sum(),
    "cross-entropy": lambda q, y: (torch.logsumexp(q, 0) - (y * q).sum(0)).sum() + 0.1 * (q**2).sum(),
    "hinge": lambda q, y: (torch.relu(1 - y * q) ** 2).sum(),
}


def build(**options):
    return theorem.build(make_setting(theorem, {"points": 15, "rtol": 1e-7, **options}))


def run(**options):
    problem = build(**options)
    return problem, theorem.integrate(problem, silent)


def verdicts(problem, path):
    judge = Judge({"start": problem, "problem": problem, "path": path})
    return {one.claim.id: worst(check.verdict for check in judge.checks(one)) for one in theorem.CLAIMS}


def conserved(path):
    return path.A @ path.A.swapaxes(1, 2) + path.M @ path.M.swapaxes(1, 2)


@pytest.mark.parametrize("loss", LOSSES)
def test_the_velocity_is_minus_what_autograd_finds(loss):
    problem = build(loss=loss, width=3, smallest=0.5)
    A, M, W, G, _, _ = problem.at(problem.S)
    leaves = [torch.tensor(part, requires_grad=True) for part in (A, M)]
    q = torch.linalg.solve(leaves[1], leaves[0]) @ torch.tensor(problem.X)
    LOSSES[loss](q, torch.tensor(problem.Y)).backward()
    expected = -np.hstack([leaf.grad.numpy() for leaf in leaves])
    np.testing.assert_allclose(velocity(M, W, G), expected, rtol=1e-9, atol=1e-9 * norm(expected))


def test_for_one_weight_the_loss_is_that_of_the_closed_form():
    """With k = d = 1 the angle of (A, M) is all that moves, as W = tan(angle), at |(A, M)| = sqrt(C)."""
    problem, path = run(width=1, outputs=1, samples=5, seed=2)
    best, curvature, C = (
        problem.objective.minimiser.item(),
        problem.objective.pl_constant,
        norm(problem.S) ** 2,
    )
    # dW/dt = -curvature (W - best) (1 + W^2)^2 / C, solved for t(W) by quadrature.
    start, W = path.W[0].item(), path.W[8].item()
    took, _ = scipy.integrate.quad(lambda w: -C / (curvature * (w - best) * (1 + w * w) ** 2), start, W)
    assert took == pytest.approx(path.times[8], rel=1e-5)
    assert path.rates["tightness"] == pytest.approx(1, rel=1e-3)
    assert set(verdicts(problem, path).values()) == {Verdict.VERIFIED, Verdict.NOT_APPLICABLE}


def test_an_independent_integrator_goes_the_same_way_and_conserves_the_matrix():
    problem, path = run(width=3, outputs=2, samples=9, rtol=1e-9)
    k, phi, y = 2, problem.X, problem.Y

    def field(_, theta):
        A, M = np.hsplit(theta.reshape(k, -1), [3])
        inverse = np.linalg.inv(M)
        G = 2 * (inverse @ A @ phi - y) @ phi.T
        return np.hstack([-inverse.T @ G, inverse.T @ G @ (inverse @ A).T]).ravel()

    end = path.times[10]
    done = scipy.integrate.solve_ivp(field, (0, end), problem.S.ravel(), "DOP853", rtol=1e-12, atol=1e-12)
    S = done.y[:, -1].reshape(k, -1)
    np.testing.assert_allclose(S, np.hstack([path.A[10], path.M[10]]), atol=1e-7)
    np.testing.assert_allclose(S @ S.T, problem.S @ problem.S.T, atol=1e-9)
    assert norm(conserved(path) - conserved(path)[0]).max() < path.drift * np.linalg.norm(
        conserved(path)[0], 2
    )


def test_aligned_labels_attain_the_sharp_rate_on_a_line():
    problem, path = run(labels="aligned", width=4, rtol=1e-9)
    assert path.rates["tightness"] == pytest.approx(1, rel=1e-5)
    moved = path.W[-1] - path.W[0]
    assert np.linalg.svd(moved, compute_uv=False)[1] < 1e-6 * norm(moved)
    fall, a = -np.log(path.E[-1] / path.E[0]), theorem.OFFSET
    assert 1 < fall / (problem.rate * path.times[-1]) < (1 + a**2) ** 2
    assert set(verdicts(problem, path).values()) == {Verdict.VERIFIED}


@pytest.mark.parametrize(
    "options", [{}, {"loss": "logistic"}, {"loss": "hinge", "seed": 1}, {"smallest": 1e-2}]
)
def test_a_start_next_to_a_singular_matrix_is_verified(options):
    problem, path = run(**{"width": 3, "outputs": None, "smallest": 1e-3, "points": 11, **options})
    assert path.E[-1] < 1e-5 * path.E[0]
    assert set(verdicts(problem, path).values()) <= {Verdict.VERIFIED, Verdict.NOT_APPLICABLE}


def test_a_drift_beyond_what_the_tolerance_lets_pass_is_refused():
    problem, path = run(width=2, outputs=1, samples=9, loss="logistic", seed=1)
    assert verdicts(problem, path)["D-1"] == Verdict.VERIFIED
    size = np.linalg.norm(problem.S, 2)
    for budgets, verdict in ((0.5, Verdict.VERIFIED), (2, Verdict.VIOLATED)):
        drifted = path.M * np.sqrt(1 + budgets * path.drift * size**2 / path.M[0].item() ** 2)
        drifted[0] = path.M[0]
        assert verdicts(problem, replace(path, M=drifted))["D-1"] == verdict


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"smallest": 0}, HypothesisError, "use --smallest 0.001"),
        ({"loss": "cross-entropy", "tau": 0}, HypothesisError, "use --tau 0.1"),
        ({"loss": "logistic", "tau": 0}, HypothesisError, "use --tau 0.1"),
        ({"loss": "hinge", "width": 4, "samples": 9}, HypothesisError, "use --samples 4 or fewer"),
        ({"width": 0}, InputError, "--width 0"),
        ({"rtol": 1e-3}, InputError, "--rtol 0.001"),
        ({"loss": "logistic", "outputs": 2}, InputError, "needs labels"),
        ({"loss": "cross-entropy", "outputs": 1}, InputError, "one-hot"),
        ({"labels": "aligned", "loss": "hinge"}, InputError, "--loss square"),
        ({"labels": "aligned", "smallest": 1}, InputError, "--smallest 0.5"),
        ({"data": "no.npz"}, InputError, "no.npz"),
    ],
)
def test_bad_input_is_told_what_to_type(options, error, said):
    with pytest.raises(error, match=said):
        build(**options)
