"""Theorem 1: it holds where it should, and its checks fail where a claim is false."""

import numpy as np
import pytest

import theorems.linear_rate as theorem
from verify.claim import theorem_verdict, worst
from verify.errors import InputError
from verify.report.record import claim_records
from verify.run import run_theorem
from verify.theorem import make_setting, silent


def run(**options):
    problem = theorem.build(make_setting(theorem, options))
    return problem, theorem.integrate(problem, silent)


def verdicts(problem, path):
    return {
        record.id: record.verdict for record in claim_records(theorem.CLAIMS, theorem.check(problem, path))
    }


@pytest.fixture(scope="module")
def tight():
    return run(labels="aligned", width=16)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"width": 6, "samples": 100, "outputs": 10},
        {"width": 40, "samples": 15, "outputs": 2, "data": "synthetic"},
        {"width": 1, "samples": 10, "outputs": 3},
        {"width": 8, "outputs": 1, "gamma": 0.05},
        {"width": 8, "outputs": 2, "gamma": 0.99, "seed": 3},
        {"labels": "aligned", "width": 6},
        {"data": "synthetic", "width": 5, "integrator": "runge-kutta"},
    ],
)
def test_the_theorem_holds(options):
    problem, path = run(**options)
    found = verdicts(problem, path)
    assert theorem_verdict(theorem.CLAIMS, found) == "VERIFIED", found


def test_rank_deficient_features_silence_the_printed_corollary_only():
    problem, path = run(width=64, samples=80, horizon=1.0)
    found = verdicts(problem, path)
    assert found["K-T1.rank"] == "NOT_APPLICABLE"
    assert theorem_verdict(theorem.CLAIMS, found) == "VERIFIED"


def test_descent_is_followed_within_its_own_error():
    problem, path = run(integrator="descent", width=6, data="synthetic", horizon=5.0)
    assert verdicts(problem, path)["K-T1"] == "VERIFIED"


def test_descent_that_would_take_forever_is_refused():
    with pytest.raises(InputError, match="--integrator descent needs .* use --horizon"):
        run(integrator="descent")


def test_the_aligned_setting_is_tight(tight):
    problem, path = tight
    assert 1.0 <= path.rates["tightness"] <= 1.01
    assert worst(check.verdict for check in theorem.conclusion(problem, path)) == "VERIFIED"
    last = theorem.conclusion(problem, path)[2]
    slack = path.log_decay[-1] - 2 * problem.objective.pl_constant * path.integrated_lambda[0][-1]
    assert slack >= 20 * (
        path.energy_residual[-1] + 2 * problem.objective.pl_constant * path.integrated_lambda[1][-1]
    )
    assert last.quantity.endswith("int lambda_min")


def test_a_rate_one_percent_faster_is_violated_there(tight):
    problem, path = tight
    assert theorem.conclusion(problem, path, factor=2.02)[2].verdict == "VIOLATED"


def test_a_doubled_pl_constant_is_violated_there(tight):
    problem, path = tight
    assert theorem.pl_along_path(problem, path).verdict == "VERIFIED"
    assert theorem.pl_along_path(problem, path, factor=2.0).verdict == "VIOLATED"


def test_a_wrong_gradient_breaks_the_proof(monkeypatch):
    """With gamma^2 for gamma in dL/dA the flow is no gradient flow, and steps 1 and 3 say so."""
    from verify.models import linear

    honest = linear.State.gradients

    def wrong(self, g):
        d_a, d_b = honest(self, g)
        return self.gamma * d_a, d_b

    monkeypatch.setattr(linear.State, "gradients", wrong)
    found = verdicts(*run(width=6))
    assert found["K-T1.1"] == "VIOLATED"
    assert found["K-T1.3"] == "VIOLATED"


def test_everything_can_be_recomputed_from_the_trajectory_alone():
    outcome = run_theorem(theorem, make_setting(theorem, {"width": 10, "outputs": 3, "samples": 30}))
    arrays = outcome.arrays
    phi, y, gamma = arrays["features"], arrays["targets"], float(arrays["gamma"])
    assert len(arrays["A"]) == len(arrays["times"])
    best = np.sum((y @ np.linalg.pinv(phi) @ phi - y) ** 2)
    for a, b, loss, excess, lam in zip(
        arrays["A"], arrays["B"], arrays["loss"], arrays["excess_loss"], arrays["lambda_min"], strict=True
    ):
        s = np.exp(a) / np.exp(a).sum(axis=0)
        inverse = np.linalg.inv(np.eye(10) - gamma * s)
        q = b @ inverse
        assert loss == pytest.approx(np.sum((q @ phi - y) ** 2), rel=1e-9)
        assert excess == pytest.approx(loss - best, rel=1e-6, abs=1e-9)
        d = np.kron(inverse.T @ inverse, np.eye(3))
        for k in range(10):
            qj = q @ (np.diag(s[:, k]) - np.outer(s[:, k], s[:, k]))
            d += gamma**2 * np.kron(np.outer(inverse[k], inverse[k]), qj @ qj.T)
        assert lam == pytest.approx(np.linalg.eigvalsh(d)[0], rel=1e-9)
    rates = outcome.record.rates
    sigma = np.linalg.svd(phi, compute_uv=False)[-1]
    assert rates["kappa"] == pytest.approx(2 * sigma**2)
    end = arrays["times"][-1]
    assert rates["measured"] == pytest.approx(
        np.log(arrays["excess_loss"][0] / arrays["excess_loss"][-1]) / end
    )
    integral = np.trapezoid(arrays["lambda_min"], arrays["times"])
    assert rates["guaranteed"] == pytest.approx(4 * sigma**2 * integral / end, rel=1e-2)


def test_the_same_seed_gives_the_same_numbers():
    first, again = (run(width=6, outputs=2, seed=5)[1] for _ in range(2))
    assert np.array_equal(first.excess, again.excess)
    assert np.array_equal(first.lambda_min, again.lambda_min)


def test_large_trajectories_keep_the_ends_only(monkeypatch):
    from verify import linear_flow

    monkeypatch.setattr(linear_flow, "STORED_BYTES", 100)
    _, path = run(width=4, outputs=1)
    assert path.arrays["A"].shape == (2, 4, 4)
    assert path.arrays["stored_times"] == pytest.approx([0.0, path.times[-1]])


def test_a_run_that_breaks_is_an_error_not_a_pass(monkeypatch):
    monkeypatch.setattr(theorem, "integrate", lambda *_: 1 / 0)
    record = run_theorem(theorem, make_setting(theorem, {})).record
    assert record.verdict == "ERROR"
    assert "ZeroDivisionError" in record.error
