"""Data files that lie about their size, and numbers that no computation bears."""

import io
import zipfile

import numpy as np
import pytest

from theorems import gao_2022
from theorems.kawaguchi_2021 import linear_rate
from verify.data import file as data_file
from verify.data import samples as data
from verify.data.file import read_arrays
from verify.data.images import Images
from verify.numerics import memory
from verify.runs.run import run_theorem
from verify.theorem.errors import InputError
from verify.theorem.settings import make_setting


def header(shape, dtype="<f8"):
    """The header of an .npy file, and no data."""
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": dtype, "fortran_order": False, "shape": shape})
    return stream.getvalue()


def npz(path, x, y):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", x)
        archive.writestr("y.npy", y)
    return path


def refused(path):
    with pytest.raises(InputError) as caught:
        read_arrays(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def nothing_is_loaded(monkeypatch):
    def load(*_, **__):
        raise AssertionError("an array was made")

    monkeypatch.setattr(data_file.np, "load", load)


@pytest.mark.usefixtures("nothing_is_loaded")
@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (header((10**6, 10**6)), header((10**6,)), "would be 7.3 TiB, the file holds"),
        (header((4, -2)), header((4,)), r"should be"),
        (header((10**30, 10**30)), header((10**30,)), "damaged"),
        (header((2, 2), "|O"), header((2,)), "not numbers"),
        (header((2, 2))[:20], header((2,)), "cannot read"),
        (b"\x93NUMPY\x09\x00", header((2,)), "cannot read"),
    ],
)
def test_headers_are_judged_before_any_array_is_made(tmp_path, x, y, message):
    assert message in refused(npz(tmp_path / "a.npz", x, y))


@pytest.mark.usefixtures("nothing_is_loaded")
def test_a_file_that_unpacks_to_more_than_memory_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(data_file, "available_memory", lambda: 2**20)
    path = npz(tmp_path / "a.npz", header((1000, 100)) + bytes(800_000), header((1000,)) + bytes(8000))
    assert path.stat().st_size < 10_000
    assert "1.0 MiB are free" in refused(path)


def test_a_file_that_memory_holds_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(data_file, "available_memory", lambda: 3 * 2**20)
    path = npz(tmp_path / "a.npz", header((1000, 100)) + bytes(800_000), header((1000,)) + bytes(8000))
    assert read_arrays(path)[0].shape == (1000, 100)


def test_an_encrypted_or_oddly_packed_file_is_refused(tmp_path):
    path = npz(tmp_path / "a.npz", header((2, 2)) + bytes(32), header((2,)) + bytes(16))
    content = bytearray(path.read_bytes())
    encrypted = content.copy()
    for mark, at in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        place = encrypted.find(mark)
        encrypted[place + at] |= 1
    path.write_bytes(encrypted)
    assert "cannot read" in refused(path)
    content[content.find(b"PK\x01\x02") + 10] = 99
    path.write_bytes(content)
    assert "cannot read" in refused(path)


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (np.full((4, 2), 2**53 + 2), np.arange(4), "2**53"),
        (np.ones((4, 2)), np.arange(4, dtype=np.uint64) + np.uint64(2**63), "2**53"),
        (np.ones((4, 2), bool), np.arange(4), "bool"),
        (np.full((4, 2), np.finfo(np.longdouble).max), np.arange(4), "in float64 at least"),
    ],
)
def test_numbers_that_float64_does_not_hold(tmp_path, x, y, message):
    np.savez(tmp_path / "a.npz", x=x, y=y)
    assert message in refused(tmp_path / "a.npz")


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.longdouble, np.int8, np.uint64, ">f8"])
def test_every_kind_of_number_comes_as_float64(tmp_path, dtype):
    x = np.arange(8).reshape(4, 2)
    np.savez(tmp_path / "a.npz", x=x.astype(dtype), y=np.arange(4, dtype=dtype))
    read, y = read_arrays(tmp_path / "a.npz")
    assert read.dtype == np.float64
    assert y.dtype in (np.float64, np.int64)
    assert np.array_equal(read, x)


def files(folder, x=1.0, y=1.0):
    rng = np.random.default_rng(1)
    path = folder / "data.npz"
    np.savez(path, x=x * rng.standard_normal((8, 5)), y=y * rng.standard_normal(8))
    return path


@pytest.mark.parametrize("scale", [1e-300, 1e-160, 1e-31, 1e31, 1e150, 1e300])
def test_features_beyond_what_can_be_computed_are_refused(tmp_path, scale):
    setting = make_setting(linear_rate, {"data": str(files(tmp_path, x=scale)), "width": 4})
    with pytest.raises(InputError, match="divide `x` by"):
        linear_rate.build(setting)


@pytest.mark.parametrize("theorem", [linear_rate, gao_2022])
def test_huge_targets_are_refused(tmp_path, theorem):
    setting = make_setting(theorem, {"data": str(files(tmp_path, y=1e200)), "width": 4})
    with pytest.raises(InputError, match="divide `y` by"):
        theorem.build(setting)


def test_features_or_targets_that_put_the_best_map_out_of_reach_are_refused(tmp_path):
    for scales in ({"x": 1e-6}, {"y": 1e6}):
        setting = make_setting(linear_rate, {"data": str(files(tmp_path, **scales)), "width": 4})
        with pytest.raises(InputError, match="too far from a start of size 1"):
            linear_rate.build(setting)


def test_a_loose_rtol_decides_nothing_for_features_of_a_wide_spectrum(tmp_path):
    """It is no refusal: the error of the path is known, and the verdict says that it is too large."""
    path = files(tmp_path)
    x, y = read_arrays(path)
    x[2, 1] *= 1e4
    np.savez(path, x=x, y=y)
    setting = make_setting(linear_rate, {"data": str(path), "width": 4, "points": 9, "rtol": 1e-4})
    assert run_theorem(linear_rate, setting).record.verdict == "INCONCLUSIVE"


def test_more_classes_than_outputs_are_refused(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.ones((2000, 1)), y=np.arange(2000))
    with pytest.raises(InputError, match="2000 classes"):
        data.from_file(tmp_path / "a.npz", 1, None, np.random.default_rng(0))


@pytest.mark.parametrize("scale", [5e-324, 1e-310, 1e-160, 1e300, 1.7e308])
def test_columns_of_any_size_are_scaled_to_norm_one(scale):
    columns = scale * np.array([[1.0, -1.0, 0.0], [1.0, 0.0, 1.0]])
    assert np.linalg.norm(data.unit_columns(columns, "here"), axis=0) == pytest.approx(np.ones(3), rel=1e-15)


def test_a_common_scale_changes_no_network(tmp_path):
    drawn = []
    for scale in (1.0, 2.0**-532):
        path = files(tmp_path, x=scale)
        drawn.append(data.unit_file(path, (0, 1), None, np.random.default_rng(0)).features)
    assert np.array_equal(*drawn)


@pytest.mark.parametrize("scale", [1e-200, 1e-10, 1e100])
def test_images_of_no_size_for_pixels_are_refused(tmp_path, scale):
    np.savez(tmp_path / "a.npz", x=np.full((4, 2), scale), y=np.arange(4) % 2)
    with pytest.raises(InputError, match="scale `x` to pixels"):
        Images(str(tmp_path / "a.npz")).loaded  # noqa: B018


def cgroup(folder, limit, used, cached):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "memory.max").write_text(f"{limit}\n")
    (folder / "memory.current").write_text(f"{used}\n")
    (folder / "memory.stat").write_text(f"anon 5\ninactive_file {cached}\n")


def test_available_memory_heeds_the_limit_of_a_container(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "CGROUPS", tmp_path)
    monkeypatch.setattr(memory, "OWN_CGROUP", tmp_path / "own")
    (tmp_path / "own").write_text("0::/outer/inner\n")
    free = memory.available_memory()
    assert free > 2**20
    cgroup(tmp_path / "outer" / "inner", "max", 10, 0)
    assert memory.available_memory() > free / 2
    cgroup(tmp_path / "outer", 1000, 700, 200)
    assert memory.available_memory() == 500
    cgroup(tmp_path / "outer", 1000, 1700, 200)
    assert memory.available_memory() == 0


@pytest.mark.parametrize(
    ("count", "text"),
    [(80, "80 B"), (1500, "1.5 KiB"), (400 * 2**20, "400 MiB"), (1.3 * 2**30, "1.3 GiB"), (8e12, "7.3 TiB")],
)
def test_sizes_are_said_as_a_person_says_them(count, text):
    assert memory.as_size(count) == text
