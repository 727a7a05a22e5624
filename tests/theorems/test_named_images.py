"""Images by name as the theorems draw them: as those of a file with the same rows."""

import numpy as np
import pytest

from tests.idx import write_idx
from theorems.gao_2022.setting import Setting as ReluSetting
from theorems.kawaguchi_2021.linear_rate.problem import Setting as LinearRateSetting
from theorems.ling_2023.setting import Setting as LingSetting
from theorems.two_classes import draw_data as two_classes
from verify.data.stored import stored_images
from verify.linear_deq.build import draw_data
from verify.theorem.errors import InputError


@pytest.fixture
def home(tmp_path, rng):
    """A folder with MNIST of 40 images of three classes, and a file with the same."""
    stored_images.cache_clear()
    parts = [(rng.integers(1, 256, (n, 28, 28)), np.arange(n) % 3) for n in (30, 10)]
    write_idx(tmp_path / "MNIST" / "raw", parts, packed=True)
    rows = np.concatenate([images.reshape(-1, 784) for images, _ in parts])
    labels = np.concatenate([labels for _, labels in parts])
    np.savez(tmp_path / "same.npz", x=(rows / 255).astype(np.float32), y=labels)
    yield tmp_path
    stored_images.cache_clear()


def both(home, kind, **options):
    """The setting that names the images, and the one that names the file."""
    named = kind(data="mnist", data_home=str(home), **options)
    return named, kind(data=str(home / "same.npz"), **options)


@pytest.mark.parametrize("kind", [ReluSetting, LingSetting])
def test_two_classes_are_those_of_the_file(home, kind):
    named, of_file = (
        two_classes(setting, np.random.default_rng(3))
        for setting in both(home, kind, samples=12, classes="2,1")
    )
    assert np.array_equal(named.features, of_file.features)
    assert np.array_equal(named.targets, of_file.targets)
    assert named.digest == of_file.digest


def test_projected_images_are_those_of_the_file(home):
    named, of_file = (
        draw_data(setting, None, np.random.default_rng(3))
        for setting in both(home, LinearRateSetting, samples=24, outputs=3, width=7)
    )
    assert np.allclose(named.features, of_file.features, rtol=1e-12)
    assert np.array_equal(named.targets, of_file.targets)
    assert named.note.startswith("784 of 784 pixels")


def test_more_than_there_is_is_explained(home):
    relu, linear = ReluSetting, LinearRateSetting
    mnist = {"data": "mnist", "data_home": str(home)}
    for draw, setting, message in (
        (two_classes, relu(**mnist), "--samples 50 is more than mnist has: use --samples 27"),
        (two_classes, relu(**mnist, classes="0,5"), "mnist has no class 5"),
        (draw_data, linear(**mnist, outputs=4), "more than the 3 classes of mnist"),
        (draw_data, linear(**mnist, outputs=3), "--samples 100 is more than mnist has of classes 0 to 2"),
    ):
        given = (None,) if draw is draw_data else ()
        with pytest.raises(InputError, match=message):
            draw(setting, *given, np.random.default_rng(0))
