"""Data sets: samples are columns, ``features`` (m, n) and ``targets`` (m_y, n)."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from verify.errors import InputError

Array = NDArray[np.float64]

DIGITS_CLASSES = 10


@dataclass(frozen=True)
class Data:
    """Features (m, n), targets (m_y, n), and what a reader must know of where they come from."""

    features: Array
    targets: Array
    note: str

    @property
    def samples(self) -> int:
        return self.features.shape[1]


def gaussian_projection(inputs: Array, width: int, rng: np.random.Generator) -> Array:
    """``R inputs`` with R (width, d) of independent N(0, 1/width) entries, the features of Kawaguchi 2021."""
    return rng.standard_normal((width, inputs.shape[0])) @ inputs / np.sqrt(width)


def one_hot(labels: NDArray[np.int64]) -> Array:
    """One row a class, 1 where the sample is of it; a single row of +1 and -1 for two classes."""
    classes = np.unique(labels)
    if len(classes) == 2:
        return np.where(labels == classes[1], 1.0, -1.0)[None, :]
    return (labels[None, :] == classes[:, None]).astype(float)


def digits(width: int, outputs: int, samples: int, rng: np.random.Generator) -> Data:
    """A random draw of scikit-learn's bundled 8x8 digits, projected to `width` features.

    `outputs` classes 0, 1, ...; one-hot targets, or +1/-1 of classes 0 and 1 for one output. Pixels
    are divided by 16. Those that are zero in every image of the draw carry nothing and are dropped;
    the rank of the features is at most the number of the others.
    """
    if outputs > DIGITS_CLASSES:
        raise InputError(
            f"--outputs {outputs} is more than the {DIGITS_CLASSES} classes of digits: use --outputs "
            f"{DIGITS_CLASSES} or fewer, or --data synthetic"
        )
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    classes = max(outputs, 2)
    of_class = np.flatnonzero(labels < classes)
    if samples > len(of_class):
        raise InputError(
            f"--samples {samples} is more than digits has of classes 0 to {classes - 1}: use --samples "
            f"{len(of_class)} or fewer, or --data synthetic"
        )
    chosen = rng.permutation(of_class)[:samples]
    inputs = pixels[chosen].T / 16.0
    live = inputs[inputs.any(axis=1)]
    labels = labels[chosen]
    targets = (
        np.where(labels == 1, 1.0, -1.0)[None, :]
        if outputs == 1
        else (labels[None, :] == np.arange(outputs)[:, None]).astype(float)
    )
    note = f"{live.shape[0]} of 64 pixels are not zero throughout, so rank Phi <= {live.shape[0]}"
    return Data(gaussian_projection(live, width, rng), targets, note)


def synthetic(
    width: int, outputs: int, samples: int, rng: np.random.Generator, *, classes: bool = False
) -> Data:
    """Gaussian features N(0, 1/n) and targets from a random linear map plus N(0, 1) noise.

    With `classes` the targets are the classes these numbers decide: signs for one output, the largest
    of several one-hot.
    """
    features = rng.standard_normal((width, samples)) / np.sqrt(samples)
    teacher = rng.standard_normal((outputs, width))
    targets = teacher @ features + rng.standard_normal((outputs, samples))
    if classes:
        winners = targets.argmax(axis=0)
        targets = np.sign(targets) if outputs == 1 else (winners == np.arange(outputs)[:, None]).astype(float)
    return Data(features, targets, "")


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
    if y.ndim == 1 and np.issubdtype(y.dtype, np.integer):
        if len(np.unique(y)) < 2:
            raise InputError(f"{path}: the labels `y` are all of one class: give two classes or more")
        targets = one_hot(y.astype(np.int64))
    else:
        targets = np.atleast_2d(y.astype(float).T)
    return Data(gaussian_projection(x.astype(float).T, width, rng), targets, "")


def read_arrays(path: Path) -> tuple[NDArray[np.generic], NDArray[np.generic]]:
    """Arrays ``x`` (n, d) and ``y`` (n,) or (n, m_y) of an npz file; InputError for anything else."""
    expected = "an npz file with arrays `x` (n, d) and `y` (n,) or (n, m_y), as numpy.savez writes"
    if not path.is_file():
        raise InputError(f"no data file {path}: --data takes digits, synthetic or {expected}")
    try:
        if not zipfile.is_zipfile(path):
            raise InputError(f"{path} is not {expected}")
        with np.load(path, allow_pickle=False) as archive:
            missing = [name for name in ("x", "y") if name not in archive.files]
            if missing:
                raise InputError(f"{path} has no array `{missing[0]}`: --data takes {expected}")
            x, y = archive["x"], archive["y"]
    except InputError:
        raise
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as problem:
        raise InputError(f"cannot read {path} ({problem}): --data takes {expected}") from problem
    for name, array in (("x", x), ("y", y)):
        if not (np.issubdtype(array.dtype, np.floating) or np.issubdtype(array.dtype, np.integer)):
            raise InputError(f"{path}: `{name}` holds {array.dtype}, not numbers: give floats or integers")
        if not np.all(np.isfinite(array)):
            raise InputError(f"{path}: `{name}` has entries that are NaN or infinite: remove those rows")
    if x.ndim != 2 or y.ndim not in (1, 2) or 0 in x.shape or 0 in y.shape:
        raise InputError(f"{path}: `x` {x.shape} and `y` {y.shape} should be (n, d) and (n,) or (n, m_y)")
    if len(x) != len(y):
        raise InputError(f"{path}: `x` has {len(x)} rows and `y` {len(y)}: give one `y` for each row")
    if len(x) < 2:
        raise InputError(f"{path} holds one sample: give two or more")
    return x, y


#: Dimension of the synthetic sphere.
SPHERE_DIMENSION = 20


def unit_columns(inputs: Array, of: str) -> Array:
    """Columns (d, n) scaled to norm 1; InputError, naming `of`, when one is zero."""
    norms = np.linalg.norm(inputs, axis=0)
    if not norms.all():
        raise InputError(
            f"{of}: sample {int(np.argmin(norms))} is zero, no multiple of it has norm 1: drop it"
        )
    return inputs / norms


def sphere(samples: int, rng: np.random.Generator) -> Data:
    """Inputs uniform on the unit sphere of R^20 and targets +1 or -1 by coin toss, shape (1, n)."""
    inputs = unit_columns(rng.standard_normal((SPHERE_DIMENSION, samples)), "sphere")
    return Data(inputs, rng.choice([-1.0, 1.0], size=(1, samples)), "")


def unit_digits(classes: tuple[int, int], samples: int, rng: np.random.Generator) -> Data:
    """A random draw of two classes of scikit-learn's digits, unit norm, targets +1 for the second.

    Inputs (64, n), targets (1, n). Raises InputError for too many samples.
    """
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    return _two_classes(pixels, labels, classes, samples, "digits", rng)


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
        return _two_classes(x.astype(float), y, pair, samples, str(path), rng)
    rows = _draw_rows(np.arange(len(x)), samples, str(path), rng)
    return Data(unit_columns(x[rows].astype(float).T, str(path)), y[rows].astype(float)[None, :], "")


def _two_classes(
    rows: Array,
    labels: NDArray[np.generic],
    classes: tuple[int, int],
    samples: int | None,
    of: str,
    rng: np.random.Generator,
) -> Data:
    absent = [label for label in classes if label not in labels]
    if absent:
        raise InputError(f"--classes: {of} has no class {absent[0]}, it has {np.unique(labels).tolist()}")
    chosen = _draw_rows(np.flatnonzero(np.isin(labels, classes)), samples, of, rng)
    inputs = rows[chosen].T
    inputs = unit_columns(inputs[inputs.any(axis=1)], of)
    return Data(inputs, np.where(labels[chosen] == classes[1], 1.0, -1.0)[None, :], "")


def _draw_rows(
    rows: NDArray[np.intp], samples: int | None, of: str, rng: np.random.Generator
) -> NDArray[np.intp]:
    if samples is None:
        return rows
    if samples > len(rows):
        raise InputError(f"--samples {samples} is more than {of} has: use --samples {len(rows)} or fewer")
    return rng.permutation(rows)[:samples]
