"""Theorems 3.1 and 3.2: they hold where they should, and their checks fail where a claim is false."""

import dataclasses

import numpy as np
import pytest

import theorems.gao_2022 as theorem
from verify.data import samples as data
from verify.records.record import claim_records
from verify.relu_deq.kernels import arc_cosine_kernel
from verify.runs.run import run_theorem
from verify.theorem.claims import theorem_verdict
from verify.theorem.errors import HypothesisError, InputError
from verify.theorem.protocol import silent
from verify.theorem.settings import make_setting

SMALL = {"width": 400, "samples": 10, "points": 11}


def run(**options):
    problem = theorem.build(make_setting(theorem, SMALL | options))
    return problem, theorem.integrate(problem, silent)


def checks(problem, path):
    return list(theorem.check(problem, path))


def verdicts(found):
    return {record.id: record.verdict for record in claim_records(theorem.CLAIMS, found)}


@pytest.fixture(scope="module")
def tight():
    return run(labels="aligned", data="sphere", points=21, alignment=0.001)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"data": "sphere"},
        {"data": "sphere", "seed": 3, "gamma": 0.05},
        {"classes": "3,8", "horizon": 2.0},
        {"data": "sphere", "labels": "aligned"},
        {"samples": 2, "width": 200, "step": 0.01},
        {"dtype": "float32"},
        {"dtype": "float32", "data": "sphere", "labels": "aligned"},
    ],
)
def test_the_theorems_hold(options):
    found = verdicts(checks(*run(**options)))
    assert theorem_verdict(theorem.CLAIMS, found) == "VERIFIED", found


def test_the_errata_are_confirmed_with_their_size():
    found = checks(*run())
    sizes = {check.claim: check.slack for check in found if check.quantity.startswith("erratum")}
    assert set(sizes) == {claim.id for claim in theorem.CLAIMS if "false" in claim.text}
    assert min(sizes.values()) > 0.08
    assert {verdicts(found)[claim] for claim in sizes} == {"VERIFIED"}


def test_lemma_3_5_ii_as_printed_fails_exactly_beyond_its_width():
    """(ii) at t = 0 is sqrt(m) <= 16 c sqrt(n) ||r(0)|| / lambda_0."""
    problem, path = run(data="sphere")
    threshold = 256 * problem.norm_constant**2 * 10 * problem.initial_residual**2 / problem.lambda_0**2
    assert theorem.printed_bound(path, "ii").verdict == "VERIFIED"
    assert problem.model.width < threshold
    near = theorem.near_labels(problem)
    assert theorem.printed_bound(near, "ii").verdict == "VIOLATED"
    assert problem.model.width > threshold * (near.problem.initial_residual / problem.initial_residual) ** 2


def test_every_planted_claim_is_caught():
    planted = theorem.planted()
    assert len(planted) >= 10
    assert {entry.mutation: entry.check.verdict for entry in planted} == {
        entry.mutation: "VIOLATED" for entry in planted
    }
    claims = {claim.id for claim in theorem.CLAIMS}
    assert {entry.claim for entry in planted} | {entry.check.claim for entry in planted} <= claims


def test_the_aligned_setting_is_tight_and_the_honest_chain_is_not_violated_there(tight):
    _, path = tight
    assert path.rates["tightness"] == pytest.approx(1.0, abs=1e-6)
    assert {check.verdict for check in theorem.sharp_chain(path)} <= {"VERIFIED", "INCONCLUSIVE"}
    assert theorem.sharp_chain(path, factor=2.02)[1].verdict == "VIOLATED"
    assert theorem.decay(path, 2.02 * path.kernel_spectrum[:, 0].max()).verdict == "VIOLATED"


def test_a_wrong_step_of_the_flow_shows(monkeypatch):
    """The flow moves A by 1.01 of its gradient: the closed forms are right, the path is not theirs."""
    from verify.relu_deq import model as relu

    honest = relu.State.moved

    def wrong(self, *moves, **how):
        after = honest(self, *moves, **how)
        a = self.theta.a + 1.01 * (after.theta.a - self.theta.a)
        theta = dataclasses.replace(after.theta, a=a)
        return self.model.at(theta, guess=(after.z, after.p), accuracy=after.accuracy)

    monkeypatch.setattr(relu.State, "moved", wrong)
    found = checks(*run())
    assert verdicts(found)["G-L2.3"] == "VIOLATED"


def test_sliding_excuses_no_more_than_the_defect_that_was_seen(tight):
    _, path = tight
    wrong = theorem.sharp_chain(path, factor=2.02)[0]
    assert wrong.verdict == "VIOLATED"
    assert theorem._sliding(path, wrong).verdict == "VIOLATED"
    sliding = dataclasses.replace(path, defect=path.defect + 1.0)
    assert theorem._sliding(sliding, wrong).verdict == "NOT_APPLICABLE"


def test_a_wrong_kernel_breaks_the_proof(monkeypatch):
    """With gamma~ for gamma~^2 in the part of A, the flow is none, and Lemma 3.1 says so."""
    from verify.relu_deq import model as relu

    honest = relu.State.kernel_parts

    def wrong(self, other):
        parts = honest(self, other)
        parts[0] /= self.model.coupling
        return parts

    monkeypatch.setattr(relu.State, "kernel_parts", wrong)
    assert verdicts(checks(*run()))["G-L3.1"] == "VIOLATED"


def test_a_wrong_gradient_is_seen(monkeypatch):
    from verify.relu_deq import model as relu

    honest = relu.State.directional
    monkeypatch.setattr(relu.State, "directional", lambda self, change: 1.001 * honest(self, change))
    assert verdicts(checks(*run()))["G-L2.3"] == "VIOLATED"


def test_too_small_a_width_says_what_fails_first():
    outcome = run_theorem(
        theorem, make_setting(theorem, {"width": 20, "samples": 20, "horizon": 3.0, "points": 11})
    )
    assert outcome.record.verdict == "NOT_APPLICABLE"
    assert outcome.record.error is None
    assert any("first to fail: lambda_min(G(0))" in note for note in outcome.record.notes)
    premise = next(claim for claim in outcome.record.claims if claim.id == "G-start")
    assert "C in m >= C (n^2/lambda_0^2) log(n/delta) must exceed" in premise.checks[0].message


def test_a_failing_instance_refutes_a_constant_and_not_the_theorem():
    """A step a million times too long: Theorem 3.2 has its constant unspecified."""
    problem, path = run(data="sphere", step=5.0)
    found = [check for check in checks(problem, path) if check.claim == "G-T3.2"]
    assert found[0].verdict == "NOT_APPLICABLE"
    assert "lower --step" in found[0].message
    assert found[1].verdict == "VERIFIED"


def test_the_largest_descent_step_is_near_the_stability_limit():
    problem, _ = run(data="sphere")
    top = np.linalg.eigvalsh(problem.start.kernel_parts(problem.start).sum(axis=0))[-1]
    low, high = theorem.largest_step(problem, 15, 2 / top)
    assert 0.8 < low * top / 2 < high * top / 2 < 2.5
    assert theorem.descend(problem, 0.9 * low, 15).log_change[-1] < 0
    assert theorem.descend(problem, 4 * high, 15).log_change.max() > 0


def test_a_gamma_that_the_theorem_does_not_allow():
    found = verdicts(checks(*run(gamma=0.4)))
    assert found["G-gamma"] == found["G-T3.1"] == "NOT_APPLICABLE"
    assert found["G-L2.2"] == found["G-L3.1"] == "VERIFIED"


def test_parallel_inputs_are_named_or_perturbed(tmp_path, rng):
    x = rng.standard_normal((6, 4))
    x[4] = -3 * x[1]
    path = tmp_path / "data.npz"
    np.savez(path, x=x, y=np.array([0, 1, 0, 1, 0, 1]))
    options = {"data": str(path), "samples": None, "width": 100}
    with pytest.raises(HypothesisError, match=r"inputs 1 and 4 are parallel .*--perturb"):
        run(**options)
    assert run_theorem(theorem, make_setting(theorem, options)).record.verdict == "NOT_APPLICABLE"
    problem, _ = run(**options, perturb=0.1)
    assert "noise of size 0.1 was added to 1 inputs" in problem.notes[0]
    assert np.linalg.norm(problem.model.inputs, axis=0) == pytest.approx(np.ones(6))


def test_everything_can_be_recomputed_from_the_trajectory_alone():
    outcome = run_theorem(theorem, make_setting(theorem, SMALL | {"width": 200}))
    arrays = outcome.arrays
    x, y, gamma = arrays["inputs"], arrays["targets"], float(arrays["gamma"])
    assert arrays["limit_kernel"] == pytest.approx(arc_cosine_kernel(x))
    for name, at in (("first", 0), ("last", -1)):
        a, w, u, v = (arrays[f"{name}_{key}"] for key in "awuv")
        phi = np.maximum(w @ x, 0) / np.sqrt(200)
        z = phi
        for _ in range(100):
            z = np.maximum(gamma / np.sqrt(200) * a @ z + phi, 0)
        assert arrays["residuals"][at] == pytest.approx(u @ z + v @ phi - y, abs=1e-7)
        assert arrays["part_minima"][at, 3] == pytest.approx(np.linalg.eigvalsh(phi.T @ phi)[0], abs=1e-12)
    loss = arrays["loss"]
    measured = np.log(loss[0] / loss[-1]) / arrays["times"][-1]
    assert outcome.record.rates["measured"] == pytest.approx(measured)


def test_the_same_seed_gives_the_same_numbers():
    first, again = (run(seed=5)[1] for _ in range(2))
    assert np.array_equal(first.residuals, again.residuals)
    assert np.array_equal(first.kernel_spectrum, again.kernel_spectrum)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"classes": "1"}, "--classes 1: it should be two whole numbers"),
        ({"classes": "1,1"}, "the two classes should differ"),
        ({"classes": "0,11"}, "digits has no class 11"),
        ({"samples": 2000}, "--samples 2000 is more than digits has: use --samples 360 or fewer"),
        ({"data": "missing.npz"}, "no data file missing.npz"),
        ({"gamma": 1.5}, "--gamma"),
    ],
)
def test_bad_input_is_named(options, message):
    with pytest.raises(InputError, match=message):
        run(**options)


def test_data_have_unit_norm_and_signs(tmp_path, rng):
    files = {"labels": np.arange(8) % 2 + 3, "regression": rng.standard_normal(8)}
    for name, y in files.items():
        np.savez(tmp_path / f"{name}.npz", x=rng.standard_normal((8, 3)), y=y)
    drawn = [
        data.unit_digits((0, 1), 30, rng),
        data.sphere(30, rng),
        data.unit_file(tmp_path / "labels.npz", (0, 1), None, rng),
        data.unit_file(tmp_path / "regression.npz", (0, 1), 5, rng),
    ]
    for one in drawn:
        assert np.linalg.norm(one.features, axis=0) == pytest.approx(np.ones(one.samples))
        assert one.targets.shape == (1, one.samples)
    assert all(set(np.unique(one.targets)) == {-1.0, 1.0} for one in drawn[:3])
    np.savez(tmp_path / "zero.npz", x=np.zeros((4, 2)), y=np.arange(4) % 2)
    np.savez(tmp_path / "wide.npz", x=np.ones((4, 2)), y=np.ones((4, 2)))
    np.savez(tmp_path / "one.npz", x=np.ones((4, 2)), y=np.ones(4, int))
    for name, message in (("zero", "is zero"), ("wide", "one output"), ("one", "one class")):
        with pytest.raises(InputError, match=message):
            data.unit_file(tmp_path / f"{name}.npz", (0, 1), None, rng)


def test_labels_that_end_the_flow_at_once_are_no_error(tmp_path, rng):
    path = tmp_path / "data.npz"
    np.savez(path, x=rng.standard_normal((8, 5)), y=1e4 * rng.standard_normal(8))
    with pytest.raises(HypothesisError, match=r"raise --width, or give labels smaller than 1\.\de\+04"):
        run(width=400, samples=None, data=str(path))
