"""Data sets and everything a data file can get wrong."""

import numpy as np
import pytest

from verify.data import samples as data
from verify.theorem.errors import InputError


def test_digits_are_projected_one_hot_and_reproducible():
    first, again, other = (data.digits(20, 10, 150, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert first.features.shape == (20, 150)
    assert first.targets.shape == (10, 150)
    assert np.array_equal(first.targets.sum(axis=0), np.ones(150))
    assert np.array_equal(first.features, again.features)
    assert not np.array_equal(first.features, other.features)
    assert np.linalg.matrix_rank(data.digits(64, 10, 300, np.random.default_rng(0)).features) <= 61


def test_one_output_codes_two_classes_as_signs():
    drawn = data.digits(8, 1, 50, np.random.default_rng(0))
    assert set(np.unique(drawn.targets)) == {-1.0, 1.0}


def test_a_file_gives_classes_or_regression_targets(tmp_path):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((12, 5))
    cases = {
        "classes": (np.arange(12) % 3, (3, 12)),
        "signs": (np.where(np.arange(12) % 2, 1, -1), (1, 12)),
        "regression": (rng.standard_normal(12), (1, 12)),
        "several": (rng.standard_normal((12, 4)), (4, 12)),
    }
    for name, (y, shape) in cases.items():
        path = tmp_path / f"{name}.npz"
        np.savez(path, x=x, y=y)
        drawn = data.from_file(path, 7, None, rng)
        assert drawn.features.shape == (7, 12)
        assert drawn.targets.shape == shape
    assert data.from_file(path, 7, 5, rng).samples == 5


X, Y = np.ones((3, 2)), np.array([0.0, 1.0, 2.0])


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": X}, "no array `y`"),
        ({"y": Y}, "no array `x`"),
        ({"x": X, "y": Y[:2]}, "3 rows and `y` 2"),
        ({"x": X * np.nan, "y": Y}, "NaN or infinite"),
        ({"x": X, "y": np.full(3, np.inf)}, "NaN or infinite"),
        ({"x": X[:1], "y": Y[:1]}, "one sample"),
        ({"x": X.astype(str), "y": Y}, "not numbers"),
        ({"x": X, "y": np.array(["a", "b", "c"])}, "not numbers"),
        ({"x": Y, "y": Y}, r"should be \(n, d\)"),
        ({"x": X, "y": np.zeros(3, int)}, "one class"),
        ({"x": np.array([{}, {}], dtype=object), "y": Y}, "cannot read|not numbers"),
    ],
)
def test_bad_files_are_named_and_explained(tmp_path, arrays, message):
    path = tmp_path / "data.npz"
    np.savez(path, **arrays)
    with pytest.raises(InputError, match=message) as caught:
        data.from_file(path, 4, None, np.random.default_rng(0))
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_things_that_are_no_npz_file(tmp_path):
    text, array, cut = tmp_path / "a.npz", tmp_path / "b.npy", tmp_path / "c.npz"
    text.write_text("hello")
    np.save(array, X)
    np.savez(cut, x=X, y=Y)
    cut.write_bytes(cut.read_bytes()[:100])
    for path in (text, array, cut, tmp_path / "none.npz", tmp_path):
        with pytest.raises(InputError, match="npz"):
            data.from_file(path, 4, None, np.random.default_rng(0))


def test_too_many_samples_or_classes():
    rng = np.random.default_rng(0)
    with pytest.raises(InputError, match="--samples 1797 or fewer"):
        data.digits(8, 10, 1798, rng)
    with pytest.raises(InputError, match="--outputs 10 or fewer"):
        data.digits(8, 11, 20, rng)
