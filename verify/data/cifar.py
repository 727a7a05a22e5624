"""CIFAR's batches: pickles of Python 2, read without running anything that they name.

A pickle may call any function of any module. These need four names; each stands here for something of ours
that keeps bytes and nothing else, and any other name is refused.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verify.theorem.errors import InputError

Bytes = NDArray[np.uint8]

#: Largest file read, in bytes; CIFAR-100's training set has 155 MB.
LARGEST = 2**29

#: Bytes of an image: red, green and blue planes of 32 x 32.
COLOURED_PIXELS = 3 * 32 * 32


class _Kind:
    """Stands for a numpy.dtype."""

    def __init__(self, code: Any = None, *_: Any) -> None:
        self.code = code

    def __setstate__(self, state: Any) -> None:
        """Byte order and such: bytes have none."""


class _Array:
    """Stands for a numpy array of bytes."""

    def __init__(self, *_: Any) -> None:
        self.values: Bytes | None = None

    def __setstate__(self, state: Any) -> None:
        _, shape, kind, column_major, content = state
        if not isinstance(kind, _Kind) or kind.code not in ("u1", b"u1"):
            raise pickle.UnpicklingError("an array of something else than bytes")
        self.values = np.frombuffer(content, np.uint8).reshape(shape, order="F" if column_major else "C")


NAMES: Mapping[tuple[str, str], Callable[..., Any]] = MappingProxyType(
    {
        ("numpy.core.multiarray", "_reconstruct"): _Array,
        ("numpy._core.multiarray", "_reconstruct"): _Array,
        ("numpy", "ndarray"): _Array,
        ("numpy", "dtype"): _Kind,
    }
)


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in NAMES:
            return NAMES[module, name]
        raise pickle.UnpicklingError(f"it names {module}.{name}, which no batch of images does")


def read_batch(path: Path, labels: str) -> tuple[Bytes, NDArray[np.int64]]:
    """Rows (n, 3072) of a batch, red, green and blue planes, and its labels (n,), by name of their list.

    Raises InputError for a file that holds anything else.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise InputError(f"{path} has more than {LARGEST} bytes, no batch of CIFAR does: get it anew")
        with path.open("rb") as stream:
            batch = _Reader(stream, encoding="bytes").load()
        rows, found = _entry(batch, "data").values, np.asarray(_entry(batch, labels))
    except InputError:
        raise
    except Exception as problem:  # broken pickles raise whatever their opcodes meet
        reason = " ".join(str(problem).split()) or type(problem).__name__
        raise InputError(
            f"cannot read {path} ({reason[:120]}): it should be a batch of CIFAR, the version for Python, as "
            "its authors pickled it: get it anew"
        ) from problem
    if rows is None or rows.ndim != 2 or rows.shape[1] != COLOURED_PIXELS:
        raise InputError(
            f"{path}: images {None if rows is None else rows.shape} should be (n, {COLOURED_PIXELS})"
        )
    if found.shape != (len(rows),) or not np.issubdtype(found.dtype, np.integer):
        raise InputError(f"{path}: {len(rows)} images should have as many labels, not {found.shape}")
    return rows, found.astype(np.int64)


def _entry(batch: Any, name: str) -> Any:
    """An entry of a batch, whose names Python 2 wrote as bytes."""
    return batch[name.encode()] if name.encode() in batch else batch[name]
