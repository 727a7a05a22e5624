"""Image data sets on this machine: Debian's package, and folders laid out by torchvision or Keras."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from verify.data.cifar import COLOURED_PIXELS, read_batch
from verify.data.file import read_named
from verify.data.idx import read_idx
from verify.data.samples import digest_of
from verify.theorem.errors import InputError

Bytes = NDArray[np.uint8]
Labelled = tuple[Bytes, NDArray[np.int64]]
Reader = Callable[[Path], Labelled]

#: Pixels of a grey image of 28 x 28.
PIXELS = 28 * 28

#: An option of settings that take data sets by name.
DataHome = Annotated[
    str | None,
    Field(
        examples=["~/.keras/datasets"],
        description="folder of torchvision or Keras with the images that --data names; default: Debian's "
        "package, else OpenML",
    ),
]

#: Where a package of Debian and Ubuntu puts a data set, and its name.
DEBIAN: Mapping[str, tuple[Path, str]] = MappingProxyType(
    {"fashion-mnist": (Path("/usr/share/datasets/fashion-mnist"), "dataset-fashion-mnist")}
)


class StoredImages(NamedTuple):
    """A data set as stored, training images before test images.

    rows    bytes, (n, 784) grey or (n, 3072) in planes
    labels  (n,)
    digest  of both: the same images are the same wherever they lie
    """

    rows: Bytes
    labels: NDArray[np.int64]
    digest: str


#: The two parts of a data set in IDX files, in the order in which OpenML has them.
PARTS = ("train", "t10k")

#: Arrays of Keras' file, in the same order.
KERAS_IMAGES, KERAS_LABELS = ("x_train", "x_test"), ("y_train", "y_test")


@lru_cache(maxsize=8)
def stored_images(name: str, home: str | None) -> StoredImages | None:
    """A data set from the folder `home` or, without one, from Debian's package; None where that is not there.

    Raises InputError where `home` has no such data set, and for files that are missing or damaged.
    """
    if home is None:
        folder = DEBIAN[name][0] if name in DEBIAN else None
        found = _idx_folder(folder) if folder and folder.is_dir() else None
    else:
        found = _of_home(name, Path(home).expanduser())
    return found and StoredImages(*found, digest_of(*found))


def _of_home(name: str, home: Path) -> Labelled:
    """A data set of a folder that torchvision or Keras filled."""
    for place, read in LAYOUTS.get(name, ()):
        if (home / place).exists():
            return read(home / place)
    if not home.is_dir():
        raise InputError(
            f"--data-home {home}: there is no such folder: give one that torchvision or Keras filled"
        )
    places = ", ".join(place for place, _ in LAYOUTS.get(name, ()))
    looked = f"none of {places} is there" if places else f"of {name} no layout is known"
    known = "a folder that torchvision or Keras filled with it"
    raise InputError(f"--data-home {home} has no {name} ({looked}): give {known}, or leave --data-home out")


def _idx_folder(folder: Path) -> Labelled:
    """The four IDX files of a folder, each gzipped or not."""
    images = [read_idx(_file(folder, f"{part}-images-idx3-ubyte"), 3) for part in PARTS]
    labels = [read_idx(_file(folder, f"{part}-labels-idx1-ubyte"), 1) for part in PARTS]
    return _joined(folder, images, labels)


def _file(folder: Path, name: str) -> Path:
    """The file of that name, or the one with .gz behind it; InputError where neither is there."""
    for file in (folder / name, folder / f"{name}.gz"):
        if file.is_file():
            return file
    raise InputError(
        f"{folder} has neither {name} nor {name}.gz: put the four IDX files of the data set there"
    )


def _keras_file(path: Path) -> Labelled:
    """The arrays of Keras' mnist.npz."""
    names = (*KERAS_IMAGES, *KERAS_LABELS)
    takes = "Keras' mnist.npz has arrays `x_train`, `y_train`, `x_test` and `y_test`"
    arrays = read_named(path, names, takes, lambda shapes: None)  # sizes are compared below
    images = [arrays[name] for name in KERAS_IMAGES]
    for name, of in zip(KERAS_IMAGES, images, strict=True):
        if of.dtype != np.int64 or of.min(initial=0) < 0 or of.max(initial=0) > 255:
            raise InputError(f"{path}: `{name}` should hold bytes, whole numbers from 0 to 255: get it anew")
    return _joined(path, [of.astype(np.uint8) for of in images], [arrays[name] for name in KERAS_LABELS])


def _batches(files: Sequence[str], labels: str) -> Reader:
    """Reads a folder of CIFAR: its batches in order, the test batch last."""

    def read(folder: Path) -> Labelled:
        batches = [read_batch(folder / file, labels) for file in files]
        return _joined(folder, [rows for rows, _ in batches], [found for _, found in batches])

    return read


def _joined(of: Path, images: Sequence[NDArray[Any]], labels: Sequence[NDArray[Any]]) -> Labelled:
    """Parts of a data set as rows one below the other; InputError where they do not fit together."""
    for part, numbers in zip(images, labels, strict=True):
        if part.ndim < 2 or numbers.shape != part.shape[:1] or not np.issubdtype(numbers.dtype, np.integer):
            raise InputError(
                f"{of}: images {part.shape} and labels {numbers.shape} do not go together, there should be a "
                "whole number for each image: get them anew"
            )
        if part.shape[1:] != images[0].shape[1:]:
            raise InputError(
                f"{of}: images of {images[0].shape[1:]} and of {part.shape[1:]} pixels: get them anew"
            )
    rows = np.concatenate([part.reshape(len(part), -1) for part in images])
    if rows.shape[1] not in (PIXELS, COLOURED_PIXELS):
        raise InputError(f"{of}: images of {rows.shape[1]} pixels, not {PIXELS} or {COLOURED_PIXELS}")
    return rows, np.concatenate(labels).astype(np.int64)


_CIFAR_10 = _batches([*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"], "labels")
_CIFAR_100 = _batches(["train", "test"], "fine_labels")

#: Below the folder of torchvision's or Keras' data sets: where each lies, and what reads it.
LAYOUTS: Mapping[str, Sequence[tuple[str, Reader]]] = MappingProxyType(
    {
        "mnist": [("MNIST/raw", _idx_folder), ("mnist.npz", _keras_file)],
        "fashion-mnist": [("FashionMNIST/raw", _idx_folder), ("fashion-mnist", _idx_folder)],
        "kuzushiji-mnist": [("KMNIST/raw", _idx_folder)],
        "cifar-10": [
            ("cifar-10-batches-py", _CIFAR_10),
            ("cifar-10-batches-py-target/cifar-10-batches-py", _CIFAR_10),
        ],
        "cifar-100": [
            ("cifar-100-python", _CIFAR_100),
            ("cifar-100-python-target/cifar-100-python", _CIFAR_100),
        ],
    }
)
