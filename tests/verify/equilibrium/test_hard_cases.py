"""Layers that came out wrong once: wrong ones VERIFIED, right ones VIOLATED."""

import numpy as np
import pytest
import torch
from torch import nn

from tests.verify.equilibrium import layers
from tests.verify.equilibrium.layers import Hand, Linear
from verify.equilibrium import equilibrium_checks
from verify.equilibrium.spectrum import Estimate, _eigenvalue
from verify.theorem.errors import InputError
from verify.theorem.verdicts import Verdict


def verdict(report, name):
    return report[name].verdict


class Rectified(Hand):
    """z* = relu(W z + U x + shift): in a kink where x is 0 and shift is."""

    def __init__(self, shift=0.0, fault=""):
        super().__init__(fault)
        self.shift = shift

    def f(self, z, x):
        return torch.relu(z @ self.W.T + x @ self.U.T + self.shift)


def test_a_norm_just_below_1_is_not_taken_for_an_equation_that_is_nearly_singular():
    """Neumann's series bounds ||(I - J)^-1|| by 1e4 where it is 0.5."""
    report = equilibrium_checks(Linear(-0.9999 * np.eye(66)).float(), torch.ones(1, 66))
    assert verdict(report, "well-posed") is Verdict.VERIFIED
    assert report.numbers["||(I - J)^-1||"] == pytest.approx(1 / 1.9999)
    slow = equilibrium_checks(Linear(0.9999 * np.eye(66)).float(), torch.ones(1, 66))
    assert verdict(slow, "well-posed") is Verdict.VIOLATED


def test_an_equilibrium_in_a_kink_is_undecided():
    """A sample is padded with zeros, and torch takes the slope of one side of relu there."""
    x = layers.inputs()
    x[1] = 0
    report = equilibrium_checks(Rectified().double(), x)
    assert verdict(report, "reference") is Verdict.INCONCLUSIVE
    assert verdict(report, "gradient") is Verdict.VERIFIED
    assert verdict(equilibrium_checks(Rectified().double(), layers.inputs()), "reference") is Verdict.VERIFIED


@pytest.mark.parametrize("fault", ["", "detached"])
def test_a_gradient_of_0_shows_nothing(fault):
    dead = Rectified(-100, fault).double()
    report = equilibrium_checks(dead, layers.inputs(), set_tolerance=layers.set_tolerance)
    assert verdict(report, "gradient") is verdict(report, "tolerances") is Verdict.INCONCLUSIVE
    assert "give inputs" in str(report)


class Large(Hand):
    """Inputs a million times larger than the weights, beside whose gradient that of W is next to nothing."""

    def f(self, z, x):
        return torch.tanh(z @ self.W.T + x @ self.U.T / 1e6)

    def forward(self, x):
        found = super().forward(x)
        if self.fault == "W" and found.requires_grad:
            self.W.requires_grad_(False)
            found = super().forward(x)
            self.W.requires_grad_(True)
        return found


@pytest.mark.parametrize(("fault", "expected"), [("", Verdict.VERIFIED), ("W", Verdict.VIOLATED)])
def test_a_parameter_is_judged_whatever_the_units_of_the_others(fault, expected):
    report = equilibrium_checks(Large(fault).double(), 1e6 * layers.inputs())
    assert verdict(report, "gradient") is expected
    if fault:
        assert report.errors["W"] == pytest.approx(1)


def test_a_tolerance_counts_as_good_where_all_parameters_do_and_not_the_whole_only():
    report = equilibrium_checks(
        Large("W").double(), 1e6 * layers.inputs(), set_tolerance=layers.set_tolerance
    )
    assert report.loosest is None
    assert verdict(report, "tolerances") is Verdict.VIOLATED


class ByNumpy(torch.autograd.Function):
    """Right derivatives, of which torch knows no second ones and takes them for 0."""

    @staticmethod
    def forward(ctx, z):
        return z.clone()

    @staticmethod
    def backward(ctx, g):
        return torch.from_numpy(g.detach().numpy().copy())


def test_a_kernel_without_second_derivatives_is_refused():
    """J u would be that of the other terms, 0.2 u here, and an iteration that diverges a contraction."""

    def of(layer, z, x):
        return -0.2 * z + ByNumpy.apply(z @ layer.W.T) + x

    layer = Linear(-1.3 * np.eye(66))
    layer.forward = lambda x: x / 2.5
    with pytest.raises(InputError, match="J u and J\\^T v disagree"):
        equilibrium_checks(layer, torch.ones(1, 66, dtype=torch.float64), map=of)


class Accumulating(Hand):
    """Its backward pass adds to the gradients of the parameters itself, as `loss.backward()` allows."""

    def forward(self, x):
        layer, z = self, super().forward(x).detach()

        class Own(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x, anchor):
                return z.clone()

            @staticmethod
            def backward(ctx, g):
                with torch.enable_grad():
                    inner = x.detach().requires_grad_()
                    Hand.forward(layer, inner).backward(g)
                return inner.grad, None

        return Own.apply(x, torch.zeros((), requires_grad=True))


def test_a_backward_pass_that_adds_to_the_gradients_itself():
    report = equilibrium_checks(Accumulating().double(), layers.inputs())
    assert report.verdict is Verdict.VERIFIED, str(report)


class Slow(Linear):
    """z* of a slow iteration in float32, which stops with a residual just below its tolerance."""

    tolerance = 1e-6

    def forward(self, x):
        z = super().forward(x)
        return z + 0.98 * self.tolerance / (1 - self.W[0, 0].detach()) / len(self.W) ** 0.5


def test_a_residual_just_below_its_tolerance_keeps_it():
    layer, x = Slow(0.99 * np.eye(4)).float(), torch.full((2, 4), 0.01)
    report = equilibrium_checks(layer, x, set_tolerance=layers.set_tolerance)
    assert verdict(report, "kept tolerances") is Verdict.VERIFIED


def test_a_spectral_radius_above_1_is_not_known_by_a_bound_from_above():
    """Far from normal a computed eigenvalue may be anywhere; ||J|| says only that none is larger."""
    found = _eigenvalue(1.14, 1e-16, 1e-17, Estimate(1.2, 0.0), lambda times: None)
    assert found.value - found.error < 1
    sure = _eigenvalue(1.14, 1e-9, 0.5, Estimate(1.2, 0.0), lambda times: None)
    assert sure.error < 1e-8
    # An eigenvalue of 1 is not known to be on either side.
    edge = _eigenvalue(1 + 1e-15, 0.0, 1.0, Estimate(1.0, 0.0), lambda times: None)
    assert edge.value - edge.error < 1


def test_what_cannot_be_checked_says_why():
    class Complex(Hand):
        def __init__(self):
            super().__init__()
            self.c = nn.Parameter(torch.zeros(2, dtype=torch.complex64))

    with pytest.raises(InputError, match="the parameter c is complex"):
        equilibrium_checks(Complex(), layers.inputs(torch.float32))
    other = Hand().double()
    with pytest.raises(InputError, match="does not depend on W.*from the layer that it is given"):
        equilibrium_checks(Hand().double(), layers.inputs(), map=lambda _, z, x: other.f(z, x))
    half = lambda layer, z, x: torch.tanh(z @ layer.W.T + x @ layer.U.detach().T)  # noqa: E731
    with pytest.raises(InputError, match="does not depend on U"):
        equilibrium_checks(Hand().double(), layers.inputs(), map=half)


class Masked(Hand):
    """Draws a mask in every forward pass, which the map is given."""

    mask = 1.0

    def f(self, z, x):
        return torch.tanh((self.mask * z) @ self.W.T + x @ self.U.T)

    def forward(self, x):
        self.mask = 2.0 * (torch.rand(len(x), len(self.W)) < 0.5)
        return super().forward(x)


def test_what_differs_by_more_than_rounding_are_two_maps():
    """What the masks make of f would be in the budget for rounding."""
    with pytest.raises(InputError, match="which is no rounding.*mask"):
        equilibrium_checks(Masked(), layers.inputs(torch.float32))


class Elsewhere(Linear):
    """The right gradient at the wrong place."""

    def forward(self, x):
        return super().forward(x) + 1


def test_without_a_tolerance_the_output_must_still_be_near_an_equilibrium():
    random = torch.Generator().manual_seed(0)
    layer, x = Elsewhere(0.5 * np.eye(3)), torch.randn(2, 3, generator=random, dtype=torch.float64)
    assert verdict(equilibrium_checks(Linear(0.5 * np.eye(3)), x), "residual") is Verdict.VERIFIED
    report = equilibrium_checks(layer, x)
    assert verdict(report, "residual") is Verdict.VIOLATED
    assert report.verdict is Verdict.VIOLATED
