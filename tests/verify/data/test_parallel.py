"""Parallel inputs are found by their angle, and moved apart."""

import numpy as np
import pytest

from verify.data.parallel import PARALLEL_ANGLE, moved_apart, parallel_pairs


@pytest.mark.parametrize("angle", [0.0, 0.3 * PARALLEL_ANGLE, 3 * PARALLEL_ANGLE, 1e-5, 0.1])
@pytest.mark.parametrize("sign", [1, -1])
def test_an_angle_decides_however_small(angle, sign):
    pair = np.array([[1.0, sign * np.cos(angle)], [0.0, sign * np.sin(angle)], [0.0, 0.0]])
    assert len(parallel_pairs(pair)) == (angle <= PARALLEL_ANGLE)


def test_pairs_come_in_order_and_sizes_do_not_matter(rng):
    inputs = rng.standard_normal((5, 6))
    inputs[:, 3] = -2 * inputs[:, 1]
    inputs[:, 5] = 1e-3 * inputs[:, 0]
    assert parallel_pairs(inputs).tolist() == [[0, 5], [1, 3]]


def test_only_the_later_of_two_is_moved(rng):
    inputs = rng.standard_normal((5, 4))
    inputs[:, 2] = inputs[:, 0]
    inputs /= np.linalg.norm(inputs, axis=0)
    moved, count = moved_apart(inputs, 0.01, rng, "inputs")
    assert count == 1
    assert np.allclose(moved[:, [0, 1, 3]], inputs[:, [0, 1, 3]], rtol=0, atol=1e-15)
    assert 1e-3 < np.linalg.norm(moved[:, 2] - inputs[:, 2]) < 0.1
    assert not len(parallel_pairs(moved))
