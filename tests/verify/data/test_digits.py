"""The bundled digits are those that scikit-learn loads."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from verify.data import digits


@pytest.mark.parametrize("elsewhere", [False, True])
def test_the_digits_are_scikit_learns(monkeypatch, elsewhere):
    if elsewhere:  # a scikit-learn that keeps its data in another place
        monkeypatch.setattr(digits, "find_spec", lambda name: None)
    for found, known in zip(digits.bundled_digits(), load_digits(return_X_y=True), strict=True):
        assert np.array_equal(found, known)
        assert found.dtype == known.dtype
