"""The arc-cosine kernel against integrals and samples, and the fit of scaling laws."""

import numpy as np
import pytest
from scipy.integrate import quad

from verify.numerics.statistics import power_law
from verify.relu_deq.kernels import angles, arc_cosine_kernel, sampled_kernel


def at_angle(t):
    return np.array([[1.0, np.cos(t)], [0.0, np.sin(t)]])


@pytest.mark.parametrize("t", [0.3, 1.2, 2.5])
def test_the_closed_form_is_the_gaussian_integral(t):
    """In polar coordinates E relu(w x) relu(w y) = (1/pi) int max(cos a, 0) max(cos(a - t), 0) da."""
    integral = quad(lambda a: np.cos(a) * np.cos(a - t), t - np.pi / 2, np.pi / 2)[0] / np.pi
    assert arc_cosine_kernel(at_angle(t))[0, 1] == pytest.approx(integral, rel=1e-12)


def test_norms_scale_it(rng):
    inputs, scale = rng.standard_normal((3, 5)), np.array([1.0, 2.0, 0.5, 3.0, 1.5])
    scaled = arc_cosine_kernel(inputs * scale)
    assert scaled == pytest.approx(arc_cosine_kernel(inputs) * np.outer(scale, scale))


def test_samples_approach_it(rng):
    inputs = rng.standard_normal((3, 5))
    apart = sampled_kernel(inputs, 400_000, rng) - arc_cosine_kernel(inputs)
    assert np.abs(apart).max() < 0.05


@pytest.mark.parametrize("t", [1e-2, 1e-5, 1e-6])
def test_the_smallest_eigenvalue_of_two_close_inputs_is_a_quarter_of_the_squared_angle(t):
    assert angles(at_angle(t))[0, 1] == pytest.approx(t, rel=1e-9)
    smallest = np.linalg.eigvalsh(arc_cosine_kernel(at_angle(t)))[0]
    assert smallest == pytest.approx(t**2 / 4, rel=0.3 * t + 1e-15 / t**2)


def test_antiparallel_inputs_are_no_loss_until_there_are_more_than_dimensions(rng):
    few = np.array([[1.0, -1.0, 0.0], [0.0, 0.0, 1.0]])
    assert np.linalg.eigvalsh(arc_cosine_kernel(few))[0] > 0.01
    x = rng.standard_normal((2, 4))
    assert np.linalg.eigvalsh(arc_cosine_kernel(np.hstack([x, -x])))[0] < 1e-12


def test_a_power_law_is_found_within_its_interval(rng):
    sizes = [10, 100, 1000]
    samples = 3.0 * np.array(sizes)[:, None] ** -0.5 * (1 + 0.1 * rng.standard_normal((3, 50)))
    law = power_law(sizes, samples)
    assert abs(law.slope + 0.5) <= law.half_width < 0.05
    assert abs(law.slope + 1.0) > law.half_width
