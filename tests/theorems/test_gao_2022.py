"""Theorems 3.1 and 3.2: they hold where they should, and their checks fail where a claim is false."""

import dataclasses
import subprocess
import sys

import numpy as np
import pytest

import theorems.gao_2022 as theorem
from theorems.gao_2022 import flow, network, output_weights
from theorems.gao_2022.promise import Promises, near_labels
from theorems.gao_2022.steps import keeps_rate, largest_step
from verify.data import samples as data
from verify.records.record import claim_records
from verify.relu_deq.descent import descend
from verify.relu_deq.kernels import arc_cosine_kernel
from verify.relu_deq.path import relu_path
from verify.runs.judged import laws_of
from verify.runs.run import run_theorem
from verify.theorem.claims import theorem_verdict
from verify.theorem.compare import at_most
from verify.theorem.errors import HypothesisError, InputError
from verify.theorem.judgement import Judge
from verify.theorem.protocol import silent
from verify.theorem.settings import make_setting

SMALL = {"width": 400, "samples": 10, "points": 11}

#: A flow that slides along kinks.
SLIDES = {"width": 100, "samples": 4, "seed": 2, "tolerance": 1e-3}

#: Stand for the laws, which take seconds and are the same in every run.
NO_LAWS = {
    name: [at_most("left out", 0, 1, budget={})]
    for name in (
        *("G-L3.4.norm", "G-T3.1.law", "G-L3.1.blocks", "G-T3.1.box", "G-T3.1.errors"),
        *(
            "G-T3.1.path",
            "G-T3.1.pathError",
            "G-T3.1.posed",
            "G-T3.1.steps",
            "G-T3.1.normals",
            "G-T3.1.impulse",
        ),
    )
}


def run(**options):
    problem = theorem.build(make_setting(theorem, SMALL | options))
    return problem, theorem.integrate(problem, silent)


def checks(problem, path, laws=NO_LAWS):
    judge = Judge({"start": problem, "problem": problem, "path": path}, laws=laws)
    return [check for statement in theorem.CLAIMS for check in judge.checks(statement)]


def verdicts(found):
    return {record.id: record.verdict for record in claim_records(theorem.CLAIMS.claims, found)}


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
    assert theorem_verdict(theorem.CLAIMS.claims, found) == "VERIFIED", found


def test_the_errata_are_confirmed_with_their_size():
    found = checks(*run(), laws=laws_of(theorem))
    sizes = {check.claim: check.slack for check in found if check.quantity.startswith("erratum")}
    assert set(sizes) == {claim.id for claim in theorem.CLAIMS.claims if claim.kind == "erratum"}
    assert min(sizes.values()) > 0.08
    assert {verdicts(found)[claim] for claim in sizes} == {"VERIFIED"}


def test_lemma_3_5_ii_as_printed_fails_exactly_beyond_its_width():
    """(ii) at t = 0 is sqrt(m) <= 16 c sqrt(n) ||r(0)|| / lambda_0."""
    problem, path = run(data="sphere")
    threshold = 256 * problem.norm_constant**2 * 10 * problem.initial_residual**2 / problem.lambda_0**2

    def printed(of, along):
        return output_weights.moved_by_flow(of, along, "u", 16.0, "any", itself=True).verdict

    assert printed(problem, path.flow) == "VERIFIED"
    assert problem.width < threshold
    near = near_labels(problem, Promises.of(problem), 9)
    assert printed(near, path.trained.near) == "VIOLATED"
    assert problem.width > threshold * (near.initial_residual / problem.initial_residual) ** 2


def test_every_claim_has_a_falsehood_and_most_come_out_violated():
    planted = theorem.CLAIMS.falsehoods
    assert {falsehood.claim for falsehood in planted} == {claim.id for claim in theorem.CLAIMS.claims}
    assert sum(falsehood.becomes == "VIOLATED" for falsehood in planted) > 20


def test_the_aligned_setting_is_tight_and_the_honest_chain_is_not_violated_there(tight):
    _, path = tight
    assert path.rates["tightness"] == pytest.approx(1.0, abs=1e-6)
    assert flow.sharp(path).verdict == "VERIFIED"
    assert flow.slowest(path).verdict in ("VERIFIED", "INCONCLUSIVE")
    assert flow.slowest(path, rate=2.002).verdict == "VIOLATED"


def test_a_wrong_step_of_the_flow_shows(monkeypatch):
    """The flow moves A by 1.01 of its gradient: the closed forms are right, the path is not theirs."""
    from verify.relu_deq import model as relu

    honest = relu.ReluState.moved

    def wrong(self, *moves, **how):
        after = honest(self, *moves, **how)
        a = self.theta.a + 1.01 * (after.theta.a - self.theta.a)
        theta = dataclasses.replace(after.theta, a=a)
        return self.model.at(theta, guess=(after.z, after.p), accuracy=after.accuracy)

    monkeypatch.setattr(relu.ReluState, "moved", wrong)
    found = checks(*run())
    assert verdicts(found)["G-L2.3"] == "VIOLATED"


def test_an_identity_that_is_off_is_violated_and_nothing_excuses_it(tight):
    problem, path = tight
    off = dataclasses.replace(path.flow, log_energy=path.flow.log_energy + 1e-3 * (path.flow.times > 0))
    assert verdicts(checks(problem, dataclasses.replace(path, flow=off)))["G-T3.1.sharp"] == "VIOLATED"


@pytest.mark.parametrize("setting", [SLIDES, {"width": 60, "samples": 4}])
def test_without_the_part_of_w_neither_lemma_3_1_nor_the_identity_holds(monkeypatch, setting):
    """Slides or not: a false Lemma 3.1, throughout."""
    from verify.relu_deq import model as relu

    honest = relu.ReluState.kernel_parts

    def stripped(self, other):
        parts = honest(self, other)
        parts[1] = 0
        return parts

    monkeypatch.setattr(relu.ReluState, "kernel_parts", stripped)
    found = verdicts(checks(*run(**setting)))
    assert found["G-L3.1"] == "VIOLATED"
    assert found["G-T3.1.sharp"] == "VIOLATED"


@pytest.mark.parametrize("factor", [2.02, 2.3])
def test_another_factor_of_the_identity_is_violated_on_slides(factor):
    _, path = run(**SLIDES)
    assert path.flow.held.max() > 0
    assert flow.sharp(path).verdict == "VERIFIED"
    assert flow.sharp(path, factor=factor).verdict == "VIOLATED"


def test_a_wrong_kernel_breaks_the_proof(monkeypatch):
    """With gamma~ for gamma~^2 in the part of A, the flow is none, and Lemma 3.1 says so."""
    from verify.relu_deq import model as relu

    honest = relu.ReluState.kernel_parts

    def wrong(self, other):
        parts = honest(self, other)
        parts[0] /= self.model.coupling
        return parts

    monkeypatch.setattr(relu.ReluState, "kernel_parts", wrong)
    assert verdicts(checks(*run()))["G-L3.1"] == "VIOLATED"


def test_a_wrong_gradient_is_seen(monkeypatch):
    from verify.relu_deq import model as relu

    honest = relu.ReluState.directional
    monkeypatch.setattr(relu.ReluState, "directional", lambda self, change: 1.001 * honest(self, change))
    assert verdicts(checks(*run()))["G-L2.3"] == "VIOLATED"


def test_too_small_a_width_says_what_fails_first():
    outcome = run_theorem(
        theorem,
        make_setting(theorem, {"width": 20, "samples": 20, "horizon": 3.0, "points": 11}),
        laws=NO_LAWS,
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
    assert found[0].compared == "VIOLATED"
    assert found[0].verdict == "NOT_APPLICABLE"
    assert "lower --step" in found[0].message
    assert found[1].verdict == "VERIFIED"


def test_the_largest_descent_step_is_near_the_stability_limit():
    problem, path = run(data="sphere")
    top = np.linalg.eigvalsh(problem.kernel)[-1]
    low, high = path.trained.largest_step
    assert (low, high) == largest_step(problem, 15, 2 / top)
    assert 0.8 < low * top / 2 < high * top / 2 < 2.5
    assert descend(problem, 0.9 * low, 15).log_change[-1] < 0
    assert descend(problem, 4 * high, 15).log_change.max() > 0


def test_the_largest_descent_step_keeps_the_rate_with_accurate_equilibria():
    # With equilibria good to 1e-7 a step of 3.67/lambda_max(H(0)) keeps it here, by the luck of rounding.
    sizes = {"width": 388, "samples": 14, "points": 13, "tolerance": 0.023561520247274422}
    labels = {"data": "sphere", "labels": "aligned", "alignment": 0.003315829351375402}
    problem, path = run(seed=1129276557, **sizes, **labels)
    low, _ = path.trained.largest_step
    assert keeps_rate(problem, low, problem.steps)
    assert verdicts(checks(problem, path))["G-T3.2"] == "VERIFIED"


def test_a_gamma_that_the_theorem_does_not_allow():
    found = verdicts(checks(*run(gamma=0.4)))
    assert found["G-gamma"] == found["G-T3.1"] == "NOT_APPLICABLE"
    assert found["G-L2.2"] == found["G-L3.1"] == "VERIFIED"


def test_without_a_contraction_derivatives_are_not_taken():
    problem, path = run(gamma=0.99, width=200)
    assert len(path.flow.times) == 1
    assert path.training is None
    assert "is not below 1: lower --gamma" in network.probed(path)
    found = verdicts(checks(problem, path))
    assert found["G-L2.2"] == found["G-L2.3"] == found["G-L3.1"] == "NOT_APPLICABLE"
    assert found["G-L3.2"] == found["G-L3.3.law"] == "VERIFIED"


def test_parallel_inputs_are_named_or_perturbed(tmp_path, rng):
    x = rng.standard_normal((6, 4))
    x[4] = -3 * x[1]
    path = tmp_path / "data.npz"
    np.savez(path, x=x, y=np.array([0, 1, 0, 1, 0, 1]))
    options = {"data": str(path), "samples": None, "width": 100}
    with pytest.raises(HypothesisError, match=r"inputs 1 and 4 are parallel .*--perturb"):
        run(**options)
    assert (
        run_theorem(theorem, make_setting(theorem, options), laws=NO_LAWS).record.verdict == "NOT_APPLICABLE"
    )
    problem, _ = run(**options, perturb=0.1)
    assert "noise of size 0.1 was added to 1 inputs" in problem.notes[0]
    assert np.linalg.norm(problem.model.inputs, axis=0) == pytest.approx(np.ones(6))


def test_everything_can_be_recomputed_from_the_trajectory_alone():
    outcome = run_theorem(theorem, make_setting(theorem, SMALL | {"width": 200}), laws=NO_LAWS)
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
    w = arrays["first_w"]
    assert arrays["initial_neighbours"].shape == (20,)
    assert arrays["descent_gram_minimum"][0] == pytest.approx(arrays["gram_minimum"][0], abs=1e-12)
    assert arrays["norms"][0, 1] == pytest.approx(np.linalg.norm(w, 2))
    loss = arrays["loss"]
    measured = np.log(loss[0] / loss[-1]) / arrays["times"][-1]
    assert outcome.record.rates["measured"] == pytest.approx(measured)


def test_the_same_seed_gives_the_same_numbers():
    first, again = (run(seed=5)[1] for _ in range(2))
    assert first.arrays.keys() == again.arrays.keys()
    for name, array in first.arrays.items():
        assert np.array_equal(array, again.arrays[name]), name


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
        run(width=200, samples=None, data=str(path))


def test_all_that_is_compared_is_observed_in_integrate(monkeypatch):
    """No claim's function follows a flow, descends, or draws; the laws that no setting changes do."""
    problem, path = run(width=200)

    def refused(*_, **__):
        raise AssertionError("a claim computes what integrate is to observe")

    for name in ("theorems.gao_2022.path", "verify.relu_deq.path", "verify.relu_deq.descent"):
        module = sys.modules[name]
        for function in ("relu_path", "descend", "largest_step", "observe_start"):
            monkeypatch.setattr(module, function, refused, raising=False)
    monkeypatch.setattr(np.random, "default_rng", refused)
    found = verdicts(checks(problem, path))
    assert theorem_verdict(theorem.CLAIMS.claims, found) == "VERIFIED", found


def test_importing_the_theorem_is_quick():
    """It leaves to those who need them what takes long to import."""
    heavy = ("scipy.linalg", "scipy.stats", "scipy.interpolate", "sklearn", "joblib", "matplotlib", "torch")
    code = f"import sys, theorems.gao_2022; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_near_labels_meet_the_width_condition_of_lemma_3_5():
    problem, path = run(data="sphere")
    near = path.trained.near_problem
    assert theorem.flow.GIVEN.met(near) >= 1 - 1e-12
    again = relu_path(near, lambda _: None, probed=False)
    assert np.array_equal(again.residuals, path.trained.near.residuals)
    assert near.initial_residual < problem.initial_residual


def test_a_step_too_large_for_any_width_is_named_and_not_blamed_on_the_theorem():
    """With 2/lambda_max(H) descent is at its limit of stability, and beyond 1/lambda_max without a rate."""
    problem, path = run(width=8, samples=2, data="sphere", step=0.77, points=9)
    found = [check for check in checks(problem, path) if check.claim == "G-T3.2.run"]
    assert [check.verdict for check in found] == ["NOT_APPLICABLE"]
    assert "--step 0.77 exceeds 1/lambda_max(H(" in found[0].message
