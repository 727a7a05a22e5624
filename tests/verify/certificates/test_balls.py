"""Exact conversion, norms and eigenvalues in balls, against NumPy and against what floats cannot hold."""

from fractions import Fraction

import numpy as np
import pytest

flint = pytest.importorskip("flint")
from flint import arb, arb_mat, ctx  # noqa: E402

from verify.certificates.balls import (  # noqa: E402
    PRECISION,
    column_norm,
    exact,
    frobenius_norm,
    hadamard,
    midpoints,
    spectral_norm,
)
from verify.certificates.eigenvalues import largest_eigenvalue, smallest_eigenvalue  # noqa: E402
from verify.certificates.exact import binary, ends, parsed  # noqa: E402


@pytest.fixture(autouse=True)
def precision():
    with ctx.workprec(PRECISION):
        yield


def drawn(*shape):
    return np.random.default_rng(0).standard_normal(shape)


@pytest.mark.parametrize("number", [0.1, -3.0, 5e-324, 1.7e308, 0.0, 1 / 3])
def test_a_float_is_read_back_exactly(number):
    assert parsed(binary(number)) == Fraction(number)


def test_a_ball_with_a_radius_has_ends_and_no_text():
    third = arb(1) / 3
    low, high = map(parsed, ends(third))
    assert low < Fraction(1, 3) < high
    assert high - low < Fraction(1, 2**120)
    with pytest.raises(ValueError, match="not one number"):
        binary(third)


def test_bad_numbers_are_refused():
    with pytest.raises(ValueError, match="finite"):
        exact(np.array([[np.nan]]))


def test_norms_are_upper_bounds_next_to_those_of_floats():
    matrix = drawn(5, 7)
    balls = exact(matrix)
    assert float(frobenius_norm(balls)) == pytest.approx(np.linalg.norm(matrix), rel=1e-14)
    assert float(column_norm(balls)) == pytest.approx(np.linalg.norm(matrix, 1), rel=1e-14)
    assert spectral_norm(balls) >= np.linalg.norm(matrix, 2)
    np.testing.assert_array_equal(midpoints(hadamard(balls, balls)), matrix**2)


def test_extreme_eigenvalues_are_enclosed():
    matrix = drawn(12, 12)
    symmetric = exact(matrix + matrix.T)
    values = np.linalg.eigvalsh(matrix + matrix.T)
    for (low, high), value in zip(
        (smallest_eigenvalue(symmetric), largest_eigenvalue(symmetric)), values[[0, -1]], strict=True
    ):
        assert float(low) == pytest.approx(value, abs=1e-11)
        assert 0 < high - low < 1e-11


def test_an_eigenvalue_below_the_reach_of_floats():
    """[[1, 1], [1, 1 + 2^-100]]: its least eigenvalue, 2^-101 to first order, is 0 in floats."""
    small = arb(2) ** -100
    low, high = smallest_eigenvalue(arb_mat([[1, 1], [1, 1 + small]]))
    value = small / 2 * (1 - small / 4)
    assert low < value * (1 + 1e-25)
    assert high > value * (1 - 1e-25)
    assert high - low < 1e-15


@pytest.mark.parametrize("scale", [0.0, 1.0])
def test_vectors_that_are_noise_give_wide_bounds_and_no_wrong_ones(scale):
    matrix = drawn(8, 8)
    symmetric = matrix @ matrix.T
    noise = scale * np.random.default_rng(1).standard_normal((8, 8))
    low, high = smallest_eigenvalue(exact(symmetric), noise)
    value = np.linalg.eigvalsh(symmetric)[0]
    assert low < value - 0.1
    assert high > value + 0.1


def test_a_radius_of_the_entries_widens_the_bounds():
    ball = arb(0, 0.5)
    low, high = smallest_eigenvalue(arb_mat([[2 + ball, ball], [ball, 3 + ball]]))
    assert low < 1  # [[1.5, 0.5], [0.5, 2.5]] has 1.29
    assert high > 1.29
