"""Image data sets: bundled digits, others by name, or a file, as rows of pixels between 0 and 1 with labels.

Those by name come from this machine where they are (`verify.data.stored`); else scikit-learn fetches them
from OpenML, and they stay in its cache folder. All become grey and 28 x 28.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from verify.data.cifar import COLOURED_PIXELS
from verify.data.digits import bundled_digits
from verify.data.file import read_arrays
from verify.data.parallel import moved_apart
from verify.data.samples import unit_columns
from verify.data.stored import DEBIAN, PIXELS, StoredImages, stored_images
from verify.theorem.errors import InputError

Array = NDArray[np.float64]

#: OpenML's data sets: the number it knows each by, which never changes, and the title in pictures.
OPENML: Mapping[str, tuple[int, str]] = MappingProxyType(
    {
        "mnist": (554, "MNIST"),
        "fashion-mnist": (40996, "Fashion-MNIST"),
        "kuzushiji-mnist": (41982, "Kuzushiji-MNIST"),
        "cifar-10": (40927, "CIFAR-10"),
        "cifar-100": (41983, "CIFAR-100"),
        "svhn": (41081, "SVHN"),
    }
)

#: Side of the grey images, and of the coloured ones that they are made of.
SIDE, COLOURED_SIDE = 28, 32

#: Bounds of the largest entry of images: 0 to 1 is meant, 0 to 255 will do. Targets made of images get noise
#: of size 1; with entries of 1e-10 the flow of figure kawaguchi-1 breaks.
LEAST_PIXEL, LARGEST_PIXEL = 1e-3, 1e3

#: Rows made grey at a time.
BATCH = 4096


@dataclass(frozen=True)
class Images:
    """A data set by name: digits, one of OpenML's, or an npz file with x (n, d) and y (n,).

    home  folder in which one of OpenML's is looked for; None: where Debian's package puts it, else OpenML
    """

    name: str
    home: str | None = None

    def __post_init__(self) -> None:
        """Raise InputError for a name that means nothing."""
        if self.name == "digits" or self.name in OPENML or self.name.endswith(".npz"):
            return
        raise InputError(f"--data {self.name}: it should be digits, {', '.join(OPENML)}, or a file FILE.npz")

    @property
    def title(self) -> str:
        """The name as a picture shows it."""
        return OPENML[self.name][1] if self.name in OPENML else Path(self.name).stem

    @property
    def fingerprint(self) -> str:
        """What the numbers depend on: the contents of files, of those by name with it, else the name."""
        if not self.name.endswith(".npz"):
            return f"{self.name} {self._stored.digest}" if self._stored else self.name
        try:
            return hashlib.sha256(Path(self.name).read_bytes()).hexdigest()
        except OSError:
            read_arrays(Path(self.name))
            raise

    @cached_property
    def loaded(self) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Pixels (n, d) and labels (n,); InputError when they cannot be had."""
        if self.name == "digits":
            pixels, labels = bundled_digits()
            return (pixels / 16).astype(np.float32), labels
        if self.name.endswith(".npz"):
            return self._of_file()
        return (grey(self._stored.rows), self._stored.labels) if self._stored else fetch(self.name)

    @property
    def _stored(self) -> StoredImages | None:
        """What lies on this machine of a data set by name."""
        return stored_images(self.name, self.home) if self.name in OPENML else None

    def _of_file(self) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        x, y = read_arrays(Path(self.name))
        y = y.squeeze(axis=1) if y.ndim == 2 and y.shape[1] == 1 else y
        if y.ndim != 1 or not np.issubdtype(y.dtype, np.integer):
            raise InputError(f"{self.name}: `y` should hold class labels, whole numbers of shape (n,)")
        largest = float(np.abs(x).max())
        if not LEAST_PIXEL <= largest <= LARGEST_PIXEL:
            raise InputError(
                f"{self.name}: the largest entry of `x` is {largest:.2g}, that of an image should be from "
                f"{LEAST_PIXEL:g} to {LARGEST_PIXEL:g}: scale `x` to pixels from 0 to 1"
            )
        return x.astype(np.float32), y.astype(np.int64)


@lru_cache(maxsize=len(OPENML))
def fetch(name: str) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """One of OpenML's data sets, grey; InputError when it cannot be fetched whole."""
    from sklearn.datasets import fetch_openml, get_data_home

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what a retry warns of is in the error, if it comes to one
            data, target = fetch_openml(
                data_id=OPENML[name][0], as_frame=False, parser="liac-arff", return_X_y=True, n_retries=1
            )
        labels = np.asarray(target).astype(np.int64)
        pixels = grey(data)
    except Exception as problem:  # a network, a server, a checksum, a file: each fails in a way of its own
        reason = " ".join(str(problem).split()) or type(problem).__name__
        package = f"`apt-get install {DEBIAN[name][1]}`, " if name in DEBIAN else ""
        raise InputError(
            f"--data {name}: cannot be had from OpenML ({reason[:120]}), nor is it in the cache folder "
            f"{get_data_home()} (SCIKIT_LEARN_DATA moves it): use {package}--data-home DIR with a folder of "
            "torchvision or Keras that has it, --data digits or --data FILE.npz"
        ) from problem
    if name == "svhn":
        labels %= 10  # there the label of the digit 0 is 10
    return pixels, labels


def grey(rows: NDArray[np.generic]) -> NDArray[np.float32]:
    """Rows of 784 grey or 3072 coloured pixels up to 255 as rows of 784 between 0 and 1."""
    from scipy.ndimage import zoom

    if rows.shape[1] == PIXELS:
        return np.asarray(rows, dtype=np.float32) / np.float32(255)
    if rows.shape[1] != COLOURED_PIXELS:
        raise ValueError(f"images of {rows.shape[1]} pixels, not 784 or 3072")
    planes = _channels_are_planes(np.asarray(rows[:BATCH], dtype=np.float32))
    out = np.empty((len(rows), PIXELS), dtype=np.float32)
    for first in range(0, len(rows), BATCH):
        batch = np.asarray(rows[first : first + BATCH], dtype=np.float32) / 255
        flat = (
            batch.reshape(len(batch), 3, -1).mean(axis=1)
            if planes
            else batch.reshape(len(batch), -1, 3).mean(axis=2)
        )
        square = flat.reshape(len(batch), COLOURED_SIDE, COLOURED_SIDE)
        factor = SIDE / COLOURED_SIDE
        out[first : first + BATCH] = zoom(square, (1, factor, factor), order=1).reshape(len(batch), -1)
    return out


def _channels_are_planes(rows: NDArray[np.float32]) -> bool:
    """Whether red, green and blue follow one another plane by plane, or pixel by pixel.

    OpenML has both and does not say which. The channels of one pixel differ less than neighbouring pixels do.
    """
    planes = rows.reshape(len(rows), 3, -1)
    pixels = rows.reshape(len(rows), -1, 3)
    return float(np.ptp(planes, axis=1).mean()) < float(np.ptp(pixels, axis=2).mean())


@dataclass(frozen=True)
class Split:
    """Training and test samples of a data set.

    train          inputs, (d, n)
    train_targets  (m_y, n)
    test           inputs, (d, n)
    test_targets   (m_y, n)
    """

    train: Array
    train_targets: Array
    test: Array
    test_targets: Array


def two_classes(
    images: Images, classes: tuple[int, int], samples: int | None, seed: int, noise: float
) -> Split:
    """Unit-norm images of two classes, as many of each as there are, targets -1 and +1 (1, n).

    `samples` for training and as many for testing; without a number all there are. Training inputs
    parallel to others get `noise`, relative to norm 1.
    """
    pixels, labels = images.loaded
    rng = np.random.default_rng(seed)
    absent = [label for label in classes if label not in labels]
    if absent:
        raise InputError(
            f"--classes: {images.name} has no class {absent[0]}, it has {np.unique(labels).tolist()[:20]}"
        )
    of_class = [rng.permutation(np.flatnonzero(labels == label)) for label in classes]
    available = min(len(rows) for rows in of_class) // 2
    each = available if samples is None else samples // 2
    if each > available:
        raise InputError(
            f"--samples {samples}: {images.name} has {2 * available} for training and as many for testing: "
            f"use --samples {2 * available} or fewer"
        )
    halves = [np.concatenate([rows[i * each : (i + 1) * each] for rows in of_class]) for i in (0, 1)]
    inputs = [unit_columns(pixels[rows].T.astype(float), images.name) for rows in halves]
    targets = np.repeat([[-1.0, 1.0]], each, axis=1)
    train, _ = moved_apart(inputs[0], noise, rng, "perturbed inputs")
    return Split(train, targets, inputs[1], targets)
