"""Data files of the user's: npz with arrays `x` and `y`, read whole or refused with one line."""

from __future__ import annotations

import math
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verify.numerics.memory import as_size, available_memory
from verify.theorem.errors import InputError

Array = NDArray[np.float64]

EXPECTED = "an npz file with arrays `x` (n, d) and `y` (n,) or (n, m_y), as numpy.savez writes"

#: Whole numbers beyond this are not all float64 numbers: two that differ would become one.
LARGEST_WHOLE = 2**53

#: Copies of an array that are alive while it is read: as stored, as float64, and a draw of its rows.
COPIES = 3

#: What zipfile and NumPy raise for files that are damaged, cut, encrypted or packed in a way of their own.
UNREADABLE = (OSError, ValueError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)


def read_arrays(path: Path) -> tuple[Array, NDArray[np.float64 | np.int64]]:
    """Arrays ``x`` (n, d), float64, and ``y`` (n,) or (n, m_y), int64 or float64, of an npz file.

    Raises InputError for anything else, for numbers that float64 does not hold, and, before any array
    is made, for arrays that memory does not hold.
    """
    if not path.is_file():
        raise InputError(f"no data file {path}: --data takes digits, synthetic or {EXPECTED}")
    try:
        if not zipfile.is_zipfile(path):
            raise InputError(f"{path} is not {EXPECTED}")
        _check_headers(path)
        with np.load(path, allow_pickle=False) as archive:
            x, y = archive["x"], archive["y"]
    except UNREADABLE as problem:
        raise InputError(f"cannot read {path} ({problem}): --data takes {EXPECTED}") from problem
    return _numbers(path, "x", x).astype(float, copy=False), _numbers(path, "y", y)


def _check_headers(path: Path) -> None:
    """Types, shapes and sizes, read from the headers in the zip; InputError where they are not usable."""
    shapes = {}
    size = 0
    with zipfile.ZipFile(path) as archive:
        for name in ("x", "y"):
            if f"{name}.npy" not in archive.namelist():
                raise InputError(f"{path} has no array `{name}`: --data takes {EXPECTED}")
            shape, dtype = _header(archive, f"{name}.npy")
            if not (np.issubdtype(dtype, np.floating) or np.issubdtype(dtype, np.integer)):
                raise InputError(f"{path}: `{name}` holds {dtype}, not numbers: give floats or integers")
            stored = math.prod(shape) * dtype.itemsize
            held = archive.getinfo(f"{name}.npy").file_size
            if stored > held:
                raise InputError(
                    f"{path}: `{name}` {shape} would be {as_size(stored)}, the file holds {as_size(held)} of "
                    "it: it is damaged, write it anew"
                )
            shapes[name] = shape
            size += COPIES * math.prod(shape) * max(dtype.itemsize, 8)
    _check_shapes(path, shapes["x"], shapes["y"])
    if size > (available := available_memory()):
        raise InputError(
            f"{path}: arrays `x` {shapes['x']} and `y` {shapes['y']} take {as_size(size)} to read, "
            f"{as_size(available)} are free: write fewer rows"
        )


def _header(archive: zipfile.ZipFile, name: str) -> tuple[tuple[int, ...], np.dtype[np.generic]]:
    """Shape and type of an array in a zip, from its header alone."""
    with archive.open(name) as stream:
        version = np.lib.format.read_magic(stream)
        if version == (1, 0):
            shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
        elif version == (2, 0):
            shape, _, dtype = np.lib.format.read_array_header_2_0(stream)
        else:
            raise ValueError(f"{name} has npy format {version}")
    return shape, dtype


def _check_shapes(path: Path, x: tuple[int, ...], y: tuple[int, ...]) -> None:
    if len(x) != 2 or len(y) not in (1, 2) or min(*x, *y) < 1:
        raise InputError(f"{path}: `x` {x} and `y` {y} should be (n, d) and (n,) or (n, m_y)")
    if x[0] != y[0]:
        raise InputError(f"{path}: `x` has {x[0]} rows and `y` {y[0]}: give one `y` for each row")
    if x[0] < 2:
        raise InputError(f"{path} holds one sample: give two or more")


def _numbers(path: Path, name: str, array: NDArray[Any]) -> NDArray[np.float64 | np.int64]:
    """The array as int64 or float64; InputError where float64 does not hold all its numbers."""
    if np.issubdtype(array.dtype, np.integer):
        if array.min() < -LARGEST_WHOLE or array.max() > LARGEST_WHOLE:
            raise InputError(
                f"{path}: `{name}` has whole numbers beyond 2**53, which float64 cannot tell apart: subtract "
                "an offset, or give floats"
            )
        return array.astype(np.int64, copy=False)
    with np.errstate(over="ignore"):  # of longdouble, told below
        numbers = array.astype(np.float64, copy=False)
    if not np.all(np.isfinite(numbers)):
        raise InputError(
            f"{path}: `{name}` has entries that are NaN or infinite, in float64 at least: remove those rows"
        )
    return numbers
