"""Image data sets on this machine: every layout from small files of our own, whole and broken."""

import gzip
import pickle
import struct
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from tests.idx import idx, write_idx
from verify.data import stored
from verify.data.cifar import read_batch
from verify.data.idx import read_idx
from verify.data.images import Images, grey
from verify.data.stored import DEBIAN, stored_images
from verify.theorem.errors import InputError

TRAIN, TEST = 8, 4


@pytest.fixture(autouse=True)
def nothing_kept():
    stored_images.cache_clear()
    yield
    stored_images.cache_clear()


@pytest.fixture
def grey_images(rng):
    """Training and test images (n, 28, 28) with labels."""
    return [(rng.integers(0, 256, (n, 28, 28), dtype=np.uint8), rng.integers(0, 3, n)) for n in (TRAIN, TEST)]


def damaged(content, rng, count):
    """The content cut, with bytes changed, and with bytes put in, so many times; mostly near the start."""
    for _ in range(count):
        place = int(rng.integers(min(len(content), 200)))
        kind, byte = rng.integers(3), bytes([rng.integers(256)])
        yield (
            content[: rng.integers(len(content))]
            if kind == 0
            else content[:place] + byte + content[place + int(kind == 1) :]
        )


def write_keras(path, parts):
    (train, train_labels), (test, test_labels) = parts
    np.savez(path, x_train=train, y_train=train_labels, x_test=test, y_test=test_labels)


def batch(rows, labels, name=b"labels"):
    """A pickle as Python 2 and NumPy 1 wrote those of CIFAR, opcode by opcode."""
    return (
        b"\x80\x02}(U\x04dataq\x00cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
        + b"(K\x01"
        + b"".join(b"J" + struct.pack("<i", size) for size in rows.shape)
        + b"\x86cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R"
        + b"(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89"
        + b"T"
        + struct.pack("<i", rows.size)
        + rows.tobytes()
        + b"tb"
        + b"U"
        + bytes([len(name)])
        + name
        + b"]("
        + b"".join(b"K" + bytes([label]) for label in labels)
        + b"eu."
    )


def write_cifar(folder, rng, names, labels_name):
    folder.mkdir(parents=True)
    rows, labels = [], []
    for name in names:
        rows.append(rng.integers(0, 256, (3, 3072), dtype=np.uint8))
        labels.append(rng.integers(0, 3, 3))
        (folder / name).write_bytes(batch(rows[-1], labels[-1].tolist(), labels_name))
    return np.concatenate(rows), np.concatenate(labels)


@pytest.mark.parametrize(
    ("name", "place", "packed"),
    [
        ("mnist", "MNIST/raw", False),
        ("mnist", "MNIST/raw", True),
        ("fashion-mnist", "FashionMNIST/raw", False),
        ("fashion-mnist", "fashion-mnist", True),
        ("kuzushiji-mnist", "KMNIST/raw", True),
    ],
)
def test_idx_folders_give_training_images_before_test_images(tmp_path, grey_images, name, place, packed):
    write_idx(tmp_path / place, grey_images, packed)
    pixels, labels = Images(name, str(tmp_path)).loaded
    assert np.array_equal(
        pixels * 255, np.concatenate([images.reshape(-1, 784) for images, _ in grey_images])
    )
    assert np.array_equal(labels, np.concatenate([of for _, of in grey_images]))


def test_keras_file_gives_the_same(tmp_path, grey_images):
    write_idx(tmp_path / "torchvision" / "MNIST" / "raw", grey_images, packed=False)
    (tmp_path / "keras").mkdir()
    write_keras(tmp_path / "keras" / "mnist.npz", grey_images)
    homes = [Images("mnist", str(tmp_path / home)) for home in ("torchvision", "keras")]
    assert np.array_equal(homes[0].loaded[0], homes[1].loaded[0])
    assert np.array_equal(homes[0].loaded[1], homes[1].loaded[1])
    # What is kept under its setting does not depend on where the same images lie.
    assert homes[0].fingerprint == homes[1].fingerprint
    assert homes[0].fingerprint.startswith("mnist sha256:")


@pytest.mark.parametrize("inner", ["", "-target"])
@pytest.mark.parametrize(
    ("name", "folder", "files", "labels_name"),
    [
        (
            "cifar-10",
            "cifar-10-batches-py",
            [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"],
            b"labels",
        ),
        ("cifar-100", "cifar-100-python", ["train", "test"], b"fine_labels"),
    ],
)
def test_batches_of_cifar(tmp_path, rng, name, folder, files, labels_name, inner):
    place = tmp_path / f"{folder}{inner}" / folder if inner else tmp_path / folder
    rows, labels = write_cifar(place, rng, files, labels_name)
    pixels, found = Images(name, str(tmp_path)).loaded
    assert np.array_equal(pixels, grey(rows))
    assert np.array_equal(found, labels)


def test_a_batch_pickled_by_numpy_of_today_is_read_by_columns_too(tmp_path, rng):
    rows = np.asfortranarray(rng.integers(0, 256, (2, 3072), dtype=np.uint8))
    path = tmp_path / "batch"
    path.write_bytes(pickle.dumps({b"data": rows, b"labels": [1, 0]}, protocol=4))
    found, labels = read_batch(path, "labels")
    assert np.array_equal(found, rows)
    assert labels.tolist() == [1, 0]


class Harm:
    """What a pickle may do when it is read as any other."""

    def __reduce__(self):
        return Path.touch, (Path("harmed"),)


@pytest.mark.parametrize("made", [Harm(), {b"data": Harm(), b"labels": []}, np.float64(1), [print], {}, None])
def test_a_pickle_that_calls_anything_is_refused(tmp_path, monkeypatch, made):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "batch"
    path.write_bytes(pickle.dumps(made))
    with pytest.raises(InputError, match="batch of CIFAR"):
        read_batch(path, "labels")
    assert not (tmp_path / "harmed").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({b"data": np.zeros((2, 3072)), b"labels": [0, 1]}, "something else than bytes"),
        ({b"data": np.zeros((2, 3072), dtype=object), b"labels": [0, 1]}, "something else than bytes"),
        ({b"data": np.zeros((2, 3000), dtype=np.uint8), b"labels": [0, 1]}, r"should be \(n, 3072\)"),
        ({b"data": np.zeros((2, 3072), dtype=np.uint8), b"labels": [0]}, "as many labels"),
        ({b"data": np.zeros((2, 3072), dtype=np.uint8), b"labels": [0.5, 1.5]}, "as many labels"),
        ({b"data": np.zeros((2, 3072), dtype=np.uint8)}, "labels"),
    ],
)
def test_batches_that_are_none_are_explained(tmp_path, content, message):
    path = tmp_path / "batch"
    path.write_bytes(pickle.dumps(content, protocol=4))
    with pytest.raises(InputError, match=message):
        read_batch(path, "labels")


def test_broken_batches_are_refused_or_read_as_bytes(tmp_path, rng):
    whole = batch(rng.integers(0, 256, (2, 3072), dtype=np.uint8), [0, 1])
    path = tmp_path / "batch"
    for content in damaged(whole, rng, 400):
        path.write_bytes(content)
        with suppress(InputError):
            rows, labels = read_batch(path, "labels")
            assert rows.shape == (len(labels), 3072)


IDX_FAULTS = {
    "no IDX file of bytes in 1 dimension": b"",
    "begins with 00 00 0d 01": b"\0\0\x0d\x01" + struct.pack(">I", 1) + b"\0",
    "begins with 50 4b 03 04": b"PK\3\4....",
    "holds 2 bytes, its header says 3 = 3": b"\0\0\x08\x01" + struct.pack(">I", 3) + b"\0\0",
    "holds 4 bytes, its header says 3 = 3": b"\0\0\x08\x01" + struct.pack(">I", 3) + b"\0\0\0\0",
    "4294967295": b"\0\0\x08\x01" + struct.pack(">I", 2**32 - 1) + b"\0\0",
}


@pytest.mark.parametrize("message", IDX_FAULTS)
def test_idx_files_that_are_none_are_explained(tmp_path, message):
    path = tmp_path / "labels"
    path.write_bytes(IDX_FAULTS[message])
    with pytest.raises(InputError, match=message):
        read_idx(path, 1)


def test_a_cut_or_false_gz_file_is_explained(tmp_path):
    path = tmp_path / "labels.gz"
    whole = gzip.compress(idx(np.arange(100)))
    for content in (whole[:-12], b"no gzip at all", whole[:20]):
        path.write_bytes(content)
        with pytest.raises(InputError, match="cannot read"):
            read_idx(path, 1)


def test_a_file_that_unpacks_without_end_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("verify.data.idx.LARGEST", 1000)
    path = tmp_path / "labels.gz"
    path.write_bytes(gzip.compress(idx(np.zeros(10_000))))
    with pytest.raises(InputError, match="more than 1000 bytes"):
        read_idx(path, 1)


def test_broken_idx_files_are_refused_or_read_whole(tmp_path, rng):
    whole = idx(rng.integers(0, 256, (3, 4, 5)))
    for suffix, packed in (("", whole), (".gz", gzip.compress(whole))):
        path = tmp_path / f"images{suffix}"
        for content in damaged(packed, rng, 300):
            path.write_bytes(content)
            with suppress(InputError):
                assert read_idx(path, 3).size == 60


def test_folders_that_do_not_fit_together_are_explained(tmp_path, grey_images):
    (train, labels), test = grey_images
    cases = {
        "do not go together": [(train, labels[:-1]), test],
        "of 784 and|pixels": [(train, labels), (test[0][:, :27], test[1])],
        "not 784 or 3072": [(images[:, :5, :5], of) for images, of in grey_images],
    }
    for i, (message, parts) in enumerate(cases.items()):
        write_idx(tmp_path / str(i) / "MNIST" / "raw", parts, packed=False)
        with pytest.raises(InputError, match=message):
            Images("mnist", str(tmp_path / str(i))).loaded  # noqa: B018


def test_a_missing_file_is_named(tmp_path, grey_images):
    write_idx(tmp_path / "MNIST" / "raw", grey_images, packed=True)
    (tmp_path / "MNIST" / "raw" / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(InputError, match="neither t10k-labels-idx1-ubyte nor t10k-labels-idx1-ubyte.gz"):
        Images("mnist", str(tmp_path)).loaded  # noqa: B018


def test_keras_files_of_other_arrays_are_explained(tmp_path, grey_images):
    (train, labels), test = grey_images
    for wrong in (train / 255, train.astype(int) + 1, -train.astype(int)):
        write_keras(tmp_path / "mnist.npz", [(wrong, labels), test])
        with pytest.raises(InputError, match="from 0 to 255"):
            Images("mnist", str(tmp_path)).loaded  # noqa: B018
    np.savez(tmp_path / "mnist.npz", x=train)
    with pytest.raises(InputError, match="x_train"):
        Images("mnist", str(tmp_path)).loaded  # noqa: B018


def test_a_home_that_lacks_the_images_is_explained(tmp_path):
    cases = {
        "mnist": "none of MNIST/raw, mnist.npz is there",
        "svhn": "of svhn no layout is known",
    }
    for name, message in cases.items():
        with pytest.raises(InputError, match=message):
            Images(name, str(tmp_path)).fingerprint  # noqa: B018
    with pytest.raises(InputError, match="no such folder"):
        Images("mnist", str(tmp_path / "nowhere")).fingerprint  # noqa: B018


def test_debians_package_comes_before_the_network(tmp_path, grey_images, monkeypatch):
    monkeypatch.setattr(stored, "DEBIAN", {"fashion-mnist": (tmp_path / "fashion-mnist", "the-package")})
    monkeypatch.setattr("verify.data.images.fetch", lambda name: pytest.fail("the network was asked"))
    write_idx(tmp_path / "fashion-mnist", grey_images, packed=True)
    pixels, _ = Images("fashion-mnist").loaded
    assert pixels.shape == (TRAIN + TEST, 784)
    assert stored_images("mnist", None) is None


@pytest.mark.skipif(not DEBIAN["fashion-mnist"][0].is_dir(), reason="needs dataset-fashion-mnist")
def test_debians_images_are_zalandos():
    found = stored_images("fashion-mnist", None)
    assert found.rows.shape == (70_000, 784)
    # As Zalando's own page prints them: six thousand and one thousand of each class, an ankle boot first.
    assert np.bincount(found.labels[:60_000]).tolist() == [6000] * 10
    assert np.bincount(found.labels[60_000:]).tolist() == [1000] * 10
    assert found.labels[:10].tolist() == [9, 0, 0, 3, 0, 2, 7, 2, 5, 5]
    assert abs(found.rows[:60_000].mean() / 255 - 0.2860) < 5e-5
