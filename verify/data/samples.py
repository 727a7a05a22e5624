"""Data sets: samples are columns, ``features`` (m, n) and ``targets`` (m_y, n)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from verify.data.digits import bundled_digits
from verify.data.file import read_arrays
from verify.theorem.errors import InputError

Array = NDArray[np.float64]

#: The most outputs that a setting may ask for; labels with more classes are probably row numbers.
MOST_CLASSES = 1000


#: Sizes of arrays from which products of four entries stay far from overflow, and from zero. Tried: at
#: 1e-50 and at 1e100 integrators break and identities fail.
LEAST_SCALE, LARGEST_SCALE = 1e-30, 1e30


@dataclass(frozen=True)
class Data:
    """A data set, drawn and projected.

    features  (m, n)
    targets   (m_y, n)
    digest    of the numbers as drawn, before any product: another BLAS would round that otherwise
    note      what a reader must know of where the numbers come from
    """

    features: Array
    targets: Array
    digest: str
    note: str = ""

    @property
    def samples(self) -> int:
        return self.features.shape[1]


def digest_of(*arrays: NDArray[np.generic]) -> str:
    """A digest of some arrays: kinds, shapes and every entry."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype.str} {array.shape}\n".encode() + np.ascontiguousarray(array).tobytes())
    return f"sha256:{digest.hexdigest()[:16]}"


def require_scale(array: NDArray[np.generic], name: str, of: object, least: float = 0.0) -> None:
    """Raise InputError for an array whose largest entry is too large or, unless 0, too small."""
    largest = float(np.abs(array).max())
    if largest and not least <= largest <= LARGEST_SCALE:
        allowed = f"from {least:g} to {LARGEST_SCALE:g}" if least else f"{LARGEST_SCALE:g} or less"
        raise InputError(
            f"{of}: the largest entry of `{name}` is {largest:.2g}, it should be {allowed}: divide `{name}` "
            f"by {largest:.0e}"
        )


def gaussian_projection(inputs: Array, width: int, rng: np.random.Generator) -> Array:
    """``R inputs`` with R (width, d) of independent N(0, 1/width) entries, the features of Kawaguchi 2021."""
    return rng.standard_normal((width, inputs.shape[0])) @ inputs / np.sqrt(width)


def one_hot(labels: NDArray[np.generic]) -> Array:
    """A row for each class, 1 where the sample belongs to it; for two classes a single row of +1 and -1."""
    classes = np.unique(labels)
    if len(classes) == 2:
        return np.where(labels == classes[1], 1.0, -1.0)[None, :]
    return (labels[None, :] == classes[:, None]).astype(float)


def digits(width: int, outputs: int, samples: int, rng: np.random.Generator) -> Data:
    """A random draw of scikit-learn's bundled 8x8 digits, projected to `width` features.

    Pixels are divided by 16; see `labelled`.
    """
    pixels, labels = bundled_digits()
    return labelled(pixels / 16.0, labels, "digits", width, outputs, samples, rng)


def labelled(
    pixels: NDArray[np.floating],
    labels: NDArray[np.integer],
    of: str,
    width: int,
    outputs: int,
    samples: int,
    rng: np.random.Generator,
) -> Data:
    """A random draw of images (N, d) with labels (N,) 0, 1, ..., projected to `width` features.

    `outputs` classes 0, 1, ...; one-hot targets, or +1/-1 of classes 0 and 1 for one output. Pixels that
    are zero in every image of the draw carry nothing and are dropped; the rank of the features is at most
    the number of the others. InputError, which names the data set `of`, where it has less than was asked for.
    """
    known = int(labels.max()) + 1
    if outputs > known:
        raise InputError(
            f"--outputs {outputs} is more than the {known} classes of {of}: use --outputs {known} or fewer, "
            "or --data synthetic"
        )
    classes = max(outputs, 2)
    of_class = np.flatnonzero(labels < classes)
    if samples > len(of_class):
        raise InputError(
            f"--samples {samples} is more than {of} has of classes 0 to {classes - 1}: use --samples "
            f"{len(of_class)} or fewer, or --data synthetic"
        )
    chosen = rng.permutation(of_class)[:samples]
    inputs = np.asarray(pixels[chosen].T, dtype=float)
    live = inputs[inputs.any(axis=1)]
    labels = labels[chosen]
    targets = (
        np.where(labels == 1, 1.0, -1.0)[None, :]
        if outputs == 1
        else (labels[None, :] == np.arange(outputs)[:, None]).astype(float)
    )
    note = f"{live.shape[0]} of {len(inputs)} pixels are not zero throughout, so rank Phi <= {live.shape[0]}"
    return Data(gaussian_projection(live, width, rng), targets, digest_of(inputs, labels), note)


def synthetic(
    width: int, outputs: int, samples: int, rng: np.random.Generator, *, classes: bool = False
) -> Data:
    """Gaussian features N(0, 1/n) and targets from a random linear map plus N(0, 1) noise.

    With `classes` the targets are classes made of these numbers: for one output their signs, for several the
    one-hot index of the largest.
    """
    features = rng.standard_normal((width, samples)) / np.sqrt(samples)
    teacher = rng.standard_normal((outputs, width))
    targets = teacher @ features + rng.standard_normal((outputs, samples))
    if classes:
        winners = targets.argmax(axis=0)
        targets = np.sign(targets) if outputs == 1 else (winners == np.arange(outputs)[:, None]).astype(float)
    return Data(features, targets, digest_of(features, teacher))


def from_file(path: Path, width: int, samples: int | None, rng: np.random.Generator) -> Data:
    """Arrays ``x`` (n, d) and ``y`` (n,) or (n, m_y) of an npz file, x projected to `width` features.

    Whole-number one-dimensional ``y`` are class labels, others are regression targets. With
    `samples` a random draw of so many rows, else all. Raises InputError for anything else.
    """
    x, y = read_arrays(path)
    rows = np.arange(len(x))
    if samples is not None:
        if samples > len(x):
            raise InputError(f"--samples {samples} is more than the {len(x)} rows of {path}: use fewer")
        rows = rng.permutation(rows)[:samples]
    x, y = x[rows], y[rows]
    require_scale(x, "x", path, LEAST_SCALE)
    require_scale(y, "y", path)
    if y.ndim == 1 and np.issubdtype(y.dtype, np.integer):
        classes = len(np.unique(y))
        if classes < 2:
            raise InputError(f"{path}: the labels `y` are all of one class: give two classes or more")
        if classes > MOST_CLASSES:
            raise InputError(
                f"{path}: `y` holds whole numbers, labels of {classes} classes, more than {MOST_CLASSES}: "
                "give floats if they are regression targets"
            )
        targets = one_hot(y)
    else:
        targets = np.atleast_2d(y.astype(float).T)
    return Data(gaussian_projection(x.T, width, rng), targets, digest_of(x, y))


#: Dimension of the synthetic sphere.
SPHERE_DIMENSION = 20


def unit_columns(inputs: Array, of: str) -> Array:
    """Columns (d, n), of any size, scaled to norm 1; InputError, which names `of`, when one is zero."""
    largest = np.abs(inputs).max(axis=0, initial=0.0)
    if not largest.all():
        raise InputError(
            f"{of}: sample {int(np.argmin(largest))} is zero, no multiple of it has norm 1: drop it"
        )
    # By a power of two, which rounds nothing: squares of huge or tiny entries would overflow or vanish.
    inputs = np.ldexp(inputs, -np.frexp(largest)[1])
    return np.asarray(inputs / np.linalg.norm(inputs, axis=0))


def sphere(samples: int, rng: np.random.Generator) -> Data:
    """Inputs uniform on the unit sphere of R^20 and targets +1 or -1 by coin toss, shape (1, n)."""
    drawn = rng.standard_normal((SPHERE_DIMENSION, samples))
    targets = rng.choice([-1.0, 1.0], size=(1, samples))
    return Data(unit_columns(drawn, "sphere"), targets, digest_of(drawn, targets))


def unit_digits(classes: tuple[int, int], samples: int, rng: np.random.Generator) -> Data:
    """A random draw of two classes of scikit-learn's digits, unit norm, targets +1 for the second.

    Inputs (64, n), targets (1, n). Raises InputError for too many samples.
    """
    pixels, labels = bundled_digits()
    return unit_classes(pixels, labels, classes, samples, "digits", rng)


def unit_file(path: Path, classes: tuple[int, int], samples: int | None, rng: np.random.Generator) -> Data:
    """Arrays ``x`` (n, d) and ``y`` (n,) of an npz file, rows of x scaled to norm 1, targets (1, n).

    Whole-number ``y`` are labels: +1 for the second of `classes`, -1 for the first, whole file if it
    has just two. Others are regression targets. Raises InputError for anything else.
    """
    x, y = read_arrays(path)
    if y.ndim == 2 and y.shape[1] > 1:
        raise InputError(f"{path}: the network has one output, `y` has {y.shape[1]} columns: give `y` (n,)")
    y = y.ravel()
    if np.issubdtype(y.dtype, np.integer):
        present = np.unique(y)
        if len(present) < 2:
            raise InputError(f"{path}: the labels `y` are all of one class: give two classes")
        pair = (int(present[0]), int(present[1])) if len(present) == 2 else classes
        return unit_classes(x, y, pair, samples, str(path), rng)
    require_scale(y, "y", path)
    rows = _draw_rows(np.arange(len(x)), samples, str(path), rng)
    x, y = x[rows], y[rows]
    return Data(unit_columns(x.T, str(path)), y.astype(float)[None, :], digest_of(x, y))


def unit_classes(
    rows: NDArray[np.floating],
    labels: NDArray[np.generic],
    classes: tuple[int, int],
    samples: int | None,
    of: str,
    rng: np.random.Generator,
) -> Data:
    """A random draw of two classes of rows (N, d), scaled to norm 1: inputs (d, n), targets (1, n).

    Targets are +1 for the second class. Without `samples` all of them. InputError, which names the data set
    `of`, for an absent class or too many samples.
    """
    absent = [label for label in classes if label not in labels]
    if absent:
        raise InputError(f"--classes: {of} has no class {absent[0]}, it has {np.unique(labels).tolist()}")
    chosen = _draw_rows(np.flatnonzero(np.isin(labels, classes)), samples, of, rng)
    inputs = np.asarray(rows[chosen].T, dtype=float)
    digest = digest_of(inputs, labels[chosen])
    inputs = unit_columns(inputs[inputs.any(axis=1)], of)
    return Data(inputs, np.where(labels[chosen] == classes[1], 1.0, -1.0)[None, :], digest)


def _draw_rows(
    rows: NDArray[np.intp], samples: int | None, of: str, rng: np.random.Generator
) -> NDArray[np.intp]:
    if samples is None:
        return rows
    if samples > len(rows):
        raise InputError(f"--samples {samples} is more than {of} has: use --samples {len(rows)} or fewer")
    return rng.permutation(rows)[:samples]
