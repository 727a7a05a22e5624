"""Checks of implicit layers: right ones pass, and each check sees what is planted for it."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from tests.verify.equilibrium import layers
from tests.verify.equilibrium.layers import Convolution, Detached, Hand, Kinked, Linear
from verify.equilibrium import equilibrium_checks
from verify.theorem.errors import InputError
from verify.theorem.verdicts import Verdict

NAMES = ["contraction", "radius", "well-posed", "residual", "distance", "reference", "gradient", "descent"]


def normal(rows, columns, seed=0):
    return np.random.default_rng(seed).standard_normal((rows, columns))


def verdict(report, name):
    return report[name].verdict


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_right_layer_is_verified_throughout(dtype):
    layer = Hand().to(dtype)
    report = equilibrium_checks(
        layer, layers.inputs(dtype), tolerance=1e-6, set_tolerance=layers.set_tolerance
    )
    assert [found.name for found in report.findings] == [*NAMES, "tolerances", "kept tolerances"]
    assert {found.verdict for found in report.findings} == {Verdict.VERIFIED}, str(report)
    report.require()
    errors = {one.tolerance: one.error for one in report.sweep}
    assert errors[report.loosest] <= 1e-3 < errors[10 * report.loosest]
    # What rounding does to a gradient in float32 is in its budget; in float64 next to nothing is.
    budget = report["gradient"].check.largest_budget
    assert 1e-8 < budget < 1e-5 if dtype is torch.float32 else budget < 1e-11


def test_the_gradient_of_a_direct_solve_agrees_and_numbers_are_those_of_dense_matrices():
    w = 0.4 * normal(30, 30) / np.sqrt(30)
    report = equilibrium_checks(Linear(w), torch.as_tensor(normal(3, 30)), tolerance=1e-9)
    assert report.verdict is Verdict.VERIFIED, str(report)
    assert max(report.errors.values()) < 1e-10
    found = report.numbers
    assert found["||J||"] == pytest.approx(np.linalg.norm(w, 2), rel=1e-8)
    assert found["spectral radius of J"] == pytest.approx(np.abs(np.linalg.eigvals(w)).max(), rel=1e-6)
    # Where f contracts this is Neumann's bound.
    exact = np.linalg.norm(np.linalg.inv(np.eye(30) - w), 2)
    assert exact <= found["||(I - J)^-1||"] <= 1 / (1 - np.linalg.norm(w, 2)) * (1 + 1e-6)


def test_images_and_kinks():
    """Differences of equilibria must step between the kinks, of which there are hundreds."""
    x = torch.randn(3, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    report = equilibrium_checks(Convolution(), x, tolerance=1e-5)
    assert report.verdict is Verdict.VERIFIED, str(report)
    assert report["residual"].check.points == 3


def test_without_contraction_the_inverse_is_found_by_iteration():
    w = 1.3 * normal(30, 30) / np.sqrt(30)
    report = equilibrium_checks(Linear(w), torch.as_tensor(normal(3, 30)))
    exact = np.linalg.norm(np.linalg.inv(np.eye(30) - w), 2)
    assert report.numbers["||(I - J)^-1||"] == pytest.approx(exact, rel=1e-5)
    assert report.numbers["spectral radius of J"] == pytest.approx(
        np.abs(np.linalg.eigvals(w)).max(), rel=1e-6
    )
    assert verdict(report, "contraction") is verdict(report, "radius") is Verdict.VIOLATED
    assert verdict(report, "gradient") is Verdict.VERIFIED, "Newton's equilibrium has a gradient all the same"
    assert verdict(report, "distance") is Verdict.NOT_APPLICABLE
    assert report.verdict is Verdict.VIOLATED
    assert "spectral normalisation" in str(report)


def test_a_norm_above_1_with_a_radius_below_is_no_violation():
    report = equilibrium_checks(
        Linear(np.array([[0.5, 10.0], [0.0, 0.5]])), torch.ones(2, 2, dtype=torch.float64)
    )
    assert verdict(report, "contraction") is Verdict.NOT_APPLICABLE
    assert verdict(report, "radius") is Verdict.VERIFIED
    assert verdict(report, "distance") is Verdict.NOT_APPLICABLE
    assert report.verdict is Verdict.VERIFIED


def test_an_equation_that_is_nearly_singular_is_not_well_posed_in_single_precision():
    w = np.diag([1 - 1e-5, 0.5])
    ones = torch.ones(2, 2)
    assert verdict(equilibrium_checks(Linear(w).float(), ones), "well-posed") is Verdict.VIOLATED
    assert verdict(equilibrium_checks(Linear(w), ones.double()), "well-posed") is Verdict.VERIFIED


def test_a_singular_equation_is_undecided():
    layer = Linear(np.eye(2))
    layer.forward = lambda x: 0 * x
    report = equilibrium_checks(layer, torch.zeros(2, 2, dtype=torch.float64))
    assert verdict(report, "well-posed") is verdict(report, "gradient") is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("stop", ["abs", "rel"])
def test_a_solver_that_stops_early_breaks_its_promise(stop):
    report = equilibrium_checks(Hand(iterations=3).double(), layers.inputs(), tolerance=1e-6, stop=stop)
    assert verdict(report, "residual") is Verdict.VIOLATED
    assert "maximal number of iterations" in report["residual"].advice
    with pytest.raises(AssertionError, match="VIOLATED +residual"):
        report.require()


def test_a_residual_that_says_little_of_the_distance():
    report = equilibrium_checks(Kinked(), torch.zeros(1, dtype=torch.float64))
    assert report.numbers["||z - z*||, from the equilibrium"] == pytest.approx(0.91, abs=0.01)
    assert verdict(report, "distance") is Verdict.VIOLATED


def test_a_term_that_torch_does_not_differentiate():
    w = 0.5 * normal(5, 5) / np.sqrt(5)
    report = equilibrium_checks(Detached(w), torch.as_tensor(normal(2, 5)))
    assert verdict(report, "reference") is Verdict.VIOLATED
    assert "detach" in str(report)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("one step", "gradient of one step"),
        ("transpose", "J where J^T belongs"),
        ("twice", "one Jacobian too many"),
        ("sign", "opposite sign"),
        ("detached", "detached from the graph"),
    ],
)
def test_a_wrong_backward_pass_is_seen_and_named(fault, words):
    report = equilibrium_checks(Hand(fault).double(), layers.inputs(), tolerance=1e-6)
    assert verdict(report, "gradient") is Verdict.VIOLATED
    assert words in report["gradient"].advice
    assert next(iter(report.errors)) in report["gradient"].advice
    assert verdict(report, "reference") is Verdict.VERIFIED
    descends = {"sign": Verdict.VIOLATED, "detached": Verdict.INCONCLUSIVE}
    assert verdict(report, "descent") is descends.get(fault, Verdict.VERIFIED)


def test_a_gradient_that_is_no_number_is_an_error():
    layer, x = Hand("nan").double(), layers.inputs()
    report = equilibrium_checks(layer, x, set_tolerance=layers.set_tolerance)
    assert report.verdict is verdict(report, "gradient") is Verdict.ERROR
    assert "it is not finite" in report["gradient"].advice
    assert report.loosest is None


def test_a_tolerance_that_is_too_loose_is_told_which_would_do():
    layer = Hand(tolerance=0.3).double()
    report = equilibrium_checks(layer, layers.inputs(), tolerance=0.3, set_tolerance=layers.set_tolerance)
    assert verdict(report, "residual") is Verdict.VERIFIED
    assert verdict(report, "gradient") is Verdict.VIOLATED
    assert f"set the tolerance to {report.loosest:g} or below" in report["gradient"].advice
    assert verdict(report, "tolerances") is verdict(report, "kept tolerances") is Verdict.VERIFIED
    layer.tolerance = report.loosest
    assert verdict(equilibrium_checks(layer, layers.inputs()), "gradient") is Verdict.VERIFIED


def test_tolerances_that_do_not_help_and_tolerances_that_are_not_kept():
    wrong = equilibrium_checks(Hand("one step").double(), layers.inputs(), set_tolerance=layers.set_tolerance)
    assert verdict(wrong, "tolerances") is Verdict.VIOLATED
    assert verdict(wrong, "kept tolerances") is Verdict.VERIFIED
    assert wrong.loosest is None
    deaf = equilibrium_checks(Hand(iterations=3).double(), layers.inputs(), set_tolerance=lambda *_: None)
    assert verdict(deaf, "kept tolerances") is Verdict.VIOLATED


def test_what_rounding_may_explain_is_undecided():
    report = equilibrium_checks(Hand(), layers.inputs(torch.float32), target=2e-7)
    assert verdict(report, "gradient") is Verdict.INCONCLUSIVE
    assert "float64" in report["gradient"].check.message
    hasty = equilibrium_checks(Hand(), layers.inputs(torch.float32), tolerance=1e-8)
    assert verdict(hasty, "residual") is Verdict.INCONCLUSIVE
    layer, x = Hand().double(), layers.inputs()
    assert verdict(equilibrium_checks(layer, x, target=2e-7), "gradient") is Verdict.VERIFIED


def test_rounding_alone_is_inside_its_budget():
    """Right layers in float32, and one whose slow direction a single sample of the rounding misses."""
    q, _ = np.linalg.qr(np.random.default_rng(10).standard_normal((12, 12)))
    slow = Linear((q * np.r_[0.999, np.linspace(-0.9, 0.9, 11)]) @ q.T).float()
    given = [(slow, torch.randn(3, 12, generator=torch.Generator().manual_seed(10)))]
    given += [(Hand(seed=seed, tolerance=1e-12), layers.inputs(torch.float32)) for seed in range(3)]
    for layer, x in given:
        points = equilibrium_checks(layer, x)["gradient"].check.arrays
        budget = points["budget rounding"] + points["budget reference"]
        assert (points["measured"] < budget).all()
        assert (budget < 1e-3).all()


def test_an_output_that_is_near_no_equilibrium_is_undecided():
    layer = Hand().double()
    report = equilibrium_checks(layer, layers.inputs(), map=lambda layer, z, x: z + 1)
    assert verdict(report, "gradient") is Verdict.INCONCLUSIVE
    assert "near no fixed point" in str(report)


def test_several_inputs_a_frozen_parameter_and_a_map_of_ones_own():
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.cell = Hand().double().requires_grad_(False)
            self.cell.U.requires_grad_(True)

        def forward(self, x, shift, count):
            return self.cell(x + shift)

    x = layers.inputs()
    report = equilibrium_checks(
        Two(), (x, 0.1 * x, torch.tensor(3)), map=lambda layer, z, x, shift, _: layer.cell.f(z, x + shift)
    )
    assert report.verdict is Verdict.VERIFIED, str(report)
    assert set(report.errors) == {"cell.U", "input 1", "input 2"}


def test_the_users_layer_and_inputs_are_left_as_they_were():
    layer, x = Hand(tolerance=1e-3), layers.inputs(torch.float32)
    before = copy.deepcopy(layer.state_dict())
    equilibrium_checks(layer, x, set_tolerance=layers.set_tolerance)
    assert layer.tolerance == 1e-3
    assert all(torch.equal(before[name], part) for name, part in layer.state_dict().items())
    assert all(part.grad is None and part.dtype is torch.float32 for part in layer.parameters())
    assert x.grad is None
    assert not x.requires_grad


class Noisy(Hand):
    def f(self, z, x):
        return nn.functional.dropout(super().f(z, x), 1e-4, training=self.training)


class Drifting(Hand):
    def f(self, z, x):
        self.calls = getattr(self, "calls", 0) + 1
        return super().f(z, x) + 1e-3 * self.calls


@pytest.mark.parametrize(
    ("layer", "given", "options", "words"),
    [
        (lambda x: x, layers.inputs(), {}, "give a torch.nn.Module"),
        (nn.Linear(4, 4).double(), layers.inputs(), {}, r"has no method f\(z, x\): give map="),
        (Hand().double(), [1.0], {}, r"give inputs=\(x,\)"),
        (Hand().double(), layers.inputs(), {"tolerance": 0}, "tolerance=0: it should be above 0"),
        (Hand().double(), layers.inputs(), {"target": 2}, "between 0 and 1"),
        (Hand().double(), layers.inputs(), {"stop": "both"}, "'abs' or 'rel'"),
        (Hand().double(), layers.inputs(), {"map": lambda layer, z, x: z[:1]}, "of the shape of the layer's"),
        (Hand().double(), layers.inputs(), {"map": lambda layer, z, x: 1 / 0}, "raised ZeroDivisionError"),
        (Hand().double(), layers.inputs(), {"map": lambda layer, z, x: z / 0}, "not finite"),
        (Hand().double(), layers.inputs(), {"set_tolerance": lambda layer: None}, "set_tolerance"),
        (Noisy().double(), layers.inputs(), {}, "draws random numbers"),
        (Drifting().double(), layers.inputs(), {}, "two values for one z"),
        (nn.GRU(4, 4).double(), layers.inputs(), {"map": lambda layer, z, x: z}, "returned tuple"),
        (nn.Identity(), layers.inputs() * np.inf, {"map": lambda layer, z, x: z}, "inf or nan"),
    ],
)
def test_bad_input_says_what_to_type(layer, given, options, words):
    with pytest.raises(InputError, match=words):
        equilibrium_checks(layer, given, **options)


def test_the_fixture_fails_a_test_with_the_table(equilibrium_checks):
    assert equilibrium_checks(Hand().double(), layers.inputs()).verdict is Verdict.VERIFIED
    wrong = Hand("one step").double()
    assert equilibrium_checks(wrong, layers.inputs(), require=False).verdict is Verdict.VIOLATED
    with pytest.raises(AssertionError, match="VIOLATED +gradient"):
        equilibrium_checks(wrong, layers.inputs())
