"""Theorem 1: it holds where it should, and its checks fail where a claim is false."""

import re
from dataclasses import replace

import numpy as np
import pytest

import theorems.kawaguchi_2021.linear_rate as theorem
from theorems.kawaguchi_2021.linear_rate.conclusion import conclusion, tightness
from theorems.kawaguchi_2021.linear_rate.hypotheses import one_percent_more, radius
from theorems.kawaguchi_2021.linear_rate.problem import witness
from theorems.kawaguchi_2021.linear_rate.proof import chain_rule, energy_identity, pl_along_path
from theorems.kawaguchi_2021.linear_rate.shared import IDENTITY_RESOLUTION
from verify.runs.run import run_theorem
from verify.theorem.claims import theorem_verdict
from verify.theorem.errors import InputError
from verify.theorem.judgement import Judge
from verify.theorem.protocol import silent
from verify.theorem.settings import make_setting
from verify.theorem.verdicts import worst


def run(**options):
    problem = theorem.build(make_setting(theorem, options))
    return problem, theorem.integrate(problem, silent)


def checks(statement, problem, path):
    return Judge({"start": problem, "problem": problem, "path": path}).checks(statement)


def verdicts(problem, path):
    return {
        statement.claim.id: worst(check.verdict for check in checks(statement, problem, path))
        for statement in theorem.CLAIMS
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
        *[
            {"loss": loss, "width": width, "samples": samples, "data": "synthetic", **more}
            for loss, more in [
                ("square", {"outputs": 3}),
                ("logistic", {"tau": 0.05}),
                ("logistic", {"tau": 0}),
                ("cross-entropy", {"outputs": 3}),
            ]
            for width, samples in [(5, 40)]
        ],
        *[
            pytest.param(
                {"loss": loss, "width": 9, "samples": 6, "data": "synthetic", **more},
                marks=pytest.mark.campaign,
            )
            for loss, more in [
                ("square", {"outputs": 3}),
                ("logistic", {"tau": 0.05}),
                ("logistic", {"tau": 0}),
                ("cross-entropy", {"outputs": 3}),
            ]
        ],
        pytest.param({"loss": "logistic"}, marks=pytest.mark.campaign),
        pytest.param({"loss": "cross-entropy", "width": 8, "outputs": 4}, marks=pytest.mark.campaign),
        {"loss": "hinge", "width": 9, "samples": 6, "data": "synthetic"},
        pytest.param({"loss": "hinge"}, marks=pytest.mark.campaign),
    ],
)
def test_the_theorem_holds(options):
    problem, path = run(**options)
    found = verdicts(problem, path)
    assert theorem_verdict(theorem.CLAIMS.claims, found) == "VERIFIED", found


def test_rank_deficient_features_silence_the_printed_corollary_only():
    problem, path = run(width=64, samples=80, horizon=1.0)
    found = verdicts(problem, path)
    assert found["K-T1.rank"] == "NOT_APPLICABLE"
    assert theorem_verdict(theorem.CLAIMS.claims, found) == "VERIFIED"


def test_descent_is_followed_within_its_own_error():
    problem, path = run(integrator="descent", width=6, data="synthetic", horizon=5.0)
    assert verdicts(problem, path)["K-T1"] == "VERIFIED"


def test_descent_that_would_take_forever_is_refused():
    with pytest.raises(InputError, match="--integrator descent needs .* use --horizon"):
        run(integrator="descent")


def test_the_aligned_setting_is_tight(tight):
    problem, path = tight
    assert 1.0 <= path.rates["tightness"] <= 1.01
    found = checks(conclusion, problem, path)
    assert worst(check.verdict for check in found) == "VERIFIED"
    slack = path.log_decay[-1] - 2 * problem.objective.pl_constant * path.integrated_lambda[0][-1]
    assert slack >= 20 * (
        path.energy_residual[-1] + 2 * problem.objective.pl_constant * path.integrated_lambda[1][-1]
    )
    assert found[-1].quantity.endswith("int lambda_min")
    assert {check.verdict for check in tightness(problem, path)} == {"VERIFIED"}


def test_a_rate_one_percent_faster_is_violated_there(tight):
    problem, path = tight
    assert list(conclusion(problem, path, factor=2.02))[-1].verdict == "VIOLATED"


def test_a_pl_constant_one_percent_larger_is_violated_there(tight):
    problem, path = tight
    assert pl_along_path(problem, path).verdict == "VERIFIED"
    assert pl_along_path(problem, path, one_percent_more).verdict == "VIOLATED"


def test_a_wrong_gradient_breaks_the_proof(monkeypatch):
    """With gamma^2 for gamma in dL/dA the flow is no gradient flow, and steps 1 and 3 say so."""
    from verify.linear_deq import model as linear

    honest = linear.LinearState.gradients

    def wrong(self, g):
        d_a, d_b = honest(self, g)
        return self.gamma * d_a, d_b

    monkeypatch.setattr(linear.LinearState, "gradients", wrong)
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


def test_large_paths_keep_their_ends_only(monkeypatch):
    from verify.linear_deq import path as linear_flow

    monkeypatch.setattr(linear_flow, "STORED_BYTES", 100)
    _, path = run(width=4, outputs=1)
    assert path.arrays["A"].shape == (2, 4, 4)
    assert path.arrays["stored_times"] == pytest.approx([0.0, path.times[-1]])


def test_a_run_that_breaks_is_an_error_not_a_pass(monkeypatch):
    monkeypatch.setattr(theorem, "integrate", lambda *_: 1 / 0)
    record = run_theorem(theorem, make_setting(theorem, {})).record
    assert record.verdict == "ERROR"
    assert "ZeroDivisionError" in record.error


def test_a_path_that_leaves_the_radius_is_checked_until_then():
    problem, path = run(loss="logistic", tau=0, width=5, data="synthetic", radius=3.0)
    found = verdicts(problem, path)
    assert found["K-T1.R"] == "NOT_APPLICABLE"
    assert found["K-T1"] == "VERIFIED"
    assert path.left_at is not None
    assert path.map_norm.max() < 3.0
    assert any("leaves the radius" in note for note in path.notes)


def test_the_automatic_radius_is_the_smallest_that_covers_the_path():
    options = {"loss": "logistic", "width": 5, "data": "synthetic", "horizon": 20.0}
    problem, path = run(**options)
    assert path.left_at is None
    largest = path.map_norm.max()
    assert largest < problem.objective.radius <= largest * 1.0002
    assert run(**options, radius=float(0.999 * largest))[1].left_at is not None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"loss": "logistic", "radius": 0.01}, "--radius .* or more, or --radius auto"),
        ({"loss": "cross-entropy", "tau": 0}, "use --tau 0.1"),
        ({"loss": "hinge", "width": 5, "samples": 20}, "needs rank Phi = n"),
    ],
)
def test_broken_hypotheses_are_not_applicable_and_say_how_to_meet_them(options, message):
    record = run_theorem(theorem, make_setting(theorem, options)).record
    assert record.verdict == "NOT_APPLICABLE"
    assert any(re.search(message, note) for note in record.notes)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"loss": "hinge", "outputs": 2}, "--outputs 1"),
        ({"loss": "logistic", "outputs": 2}, "--outputs 1"),
        ({"loss": "cross-entropy", "outputs": 1}, "--outputs 2"),
        ({"loss": "square", "tau": 0.1}, "leave it out"),
        ({"loss": "hinge", "radius": 3.0}, "leave it out"),
        ({"loss": "logistic", "labels": "aligned"}, "--loss square"),
        ({"loss": "logistic", "radius": "wide"}, "--radius wide"),
        ({"loss": "logistic", "radius": -1}, "greater than 0"),
    ],
)
def test_options_that_do_not_go_together_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        make_setting(theorem, options)


def test_targets_must_suit_the_loss(tmp_path):
    path = tmp_path / "regression.npz"
    np.savez(path, x=np.random.default_rng(0).standard_normal((9, 3)), y=np.linspace(0, 1, 9))
    for loss in ("logistic", "hinge", "cross-entropy"):
        with pytest.raises(InputError, match="--loss square"):
            theorem.build(make_setting(theorem, {"data": str(path), "loss": loss}))


def test_excess_is_followed_over_twenty_decades():
    _, path = run(width=6, outputs=3, samples=40, data="synthetic", horizon=1e4)
    assert path.excess[-1] <= 1e-20 * path.excess[0]


def test_a_false_path_of_the_shallow_model_is_its_own():
    """For n < m both models fit the data and end elsewhere; the shallow end is the nearest to Q(0)."""
    problem, path = run(width=10, outputs=2, samples=4, data="synthetic", horizon=1e3)
    start = problem.model.at(problem.theta).q
    projector = problem.features @ np.linalg.pinv(problem.features)
    nearest = start - (start - problem.objective.minimiser) @ projector
    assert np.allclose(path.shallow[-1], nearest, atol=1e-7)
    assert path.distance[-1] > 0.01


def test_the_witness_shows_that_the_loss_is_not_convex():
    problem, path = run(width=3, outputs=2, samples=10, data="synthetic")
    arrays = path.arrays
    model = problem.model

    def loss(a, b):
        s = np.exp(a) / np.exp(a).sum(axis=0)
        q = b @ np.linalg.inv(np.eye(3) - model.gamma * s)
        return np.sum((q @ problem.features - problem.targets) ** 2)

    ends = [loss(a, b) for a, b in zip(arrays["nonconvex_A"], arrays["nonconvex_B"], strict=True)]
    middle = loss(arrays["nonconvex_A"].mean(axis=0), arrays["nonconvex_B"].mean(axis=0))
    assert middle - np.mean(ends) == pytest.approx(witness(problem).rise, rel=1e-8)
    assert witness(problem).rise > 0


def test_the_automatic_radius_holds_the_path_between_the_points_checked():
    """||Q_t||_1 peaks between two checked times of the path from which the radius is found."""
    problem, path = run(data="synthetic", loss="logistic", tau=0, radius="auto")
    assert radius(problem, path).verdict == "VERIFIED"
    assert path.left_at is None
    assert path.times[-1] == pytest.approx(problem.horizon, rel=1e-3)  # rounding decides where a flow ends


def test_steps_hold_to_rounding_for_targets_of_any_size(tmp_path):
    # ||Q|| of 1e3: blocks of D are sums of terms of 1e6, and their rounding is no violation.
    rng = np.random.default_rng(1)
    x, y = rng.standard_normal((8, 5)), 1e3 * rng.standard_normal((8, 2))
    np.savez(tmp_path / "data.npz", x=x, y=y)
    problem, path = run(width=4, points=9, rtol=1e-6, horizon=1.0, data=str(tmp_path / "data.npz"))
    assert path.chain_rule_gap.max() > problem.identity_rounding
    found = [chain_rule(path), *energy_identity(path)]
    assert {check.verdict for check in found} == {"VERIFIED"}
    assert found[0].budget < IDENTITY_RESOLUTION


@pytest.mark.parametrize("rtol", [1e-3, 1e-4, 1e-10])
def test_ten_times_the_energy_integral_is_never_verified(rtol):
    problem, path = run(width=6, outputs=2, data="synthetic", points=15, rtol=rtol)
    false = replace(path, log_energy=10 * path.log_energy)
    assert worst(check.verdict for check in energy_identity(false)) in ("VIOLATED", "INCONCLUSIVE")
    assert worst(check.verdict for check in checks(conclusion, problem, path)) in ("VERIFIED", "INCONCLUSIVE")


def test_a_path_of_one_point_says_what_is_too_small():
    problem, path = run(width=4, outputs=1, points=9)
    columns = {
        name: value[:1]
        for name, value in vars(path).items()
        if isinstance(value, np.ndarray) and len(value) == len(path.times)
    }
    error = replace(path.error, log=path.error.log[:1], energy=path.error.energy[:1])
    alone = replace(path, **columns, error=error)
    for statement in (energy_identity, conclusion, tightness):
        found = checks(statement, replace(problem, attained=True), alone)
        assert "ERROR" not in {check.verdict for check in found}
        messages = [check.message for check in found if check.verdict == "INCONCLUSIVE"]
        assert statement is tightness or any("too small" in message for message in messages)


def test_targets_that_nearly_coincide_attain_the_bound():
    problem, path = run(labels="aligned", alignment=0.0015, width=10, outputs=2, seed=3)
    assert worst(check.verdict for check in checks(conclusion, problem, path)) == "VERIFIED"
    assert worst(check.verdict for check in conclusion(problem, path, factor=2.02)) == "VIOLATED"
