"""Files of the user's: npz with numbers by name, read whole or refused with one line."""

from __future__ import annotations

import math
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

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


#: Sizes of the arrays of a file, by name.
Shapes = Mapping[str, tuple[int, ...]]


class Header(NamedTuple):
    """Sizes and type of an array of a file."""

    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]


def read_arrays(path: Path) -> tuple[Array, NDArray[np.float64 | np.int64]]:
    """Arrays ``x`` (n, d), float64, and ``y`` (n,) or (n, m_y), int64 or float64, of an npz file.

    Raises InputError for anything else, for numbers that float64 does not hold, and, before any array
    is made, for arrays that memory does not hold.
    """
    if not path.is_file():
        raise InputError(
            f"no data file {path}: --data takes digits, synthetic, images by name such as fashion-mnist, or "
            f"{EXPECTED}"
        )

    def usual(shapes: Shapes) -> None:
        _check_shapes(path, shapes["x"], shapes["y"])

    found = read_named(path, ("x", "y"), f"--data takes {EXPECTED}", usual)
    return found["x"].astype(float, copy=False), found["y"]


def read_named(
    path: Path, names: Collection[str], takes: str, check: Callable[[Shapes], object]
) -> dict[str, NDArray[np.float64 | np.int64]]:
    """The arrays of these names of an npz file, int64 or float64; `check` refuses their sizes.

    `takes` says what the option takes. InputError as for `read_arrays`.
    """
    headers = read_headers(path, names, takes)
    check({name: header.shape for name, header in headers.items()})
    _check_memory(path, headers)
    with _readable(path, takes), np.load(path, allow_pickle=False) as archive:
        found = {name: archive[name] for name in names}
    return {name: _numbers(path, name, array) for name, array in found.items()}


def write_arrays(arrays: Mapping[str, Mapping[str, ArrayLike]], folder: Path) -> dict[str, str]:
    """Write an npz file for each option that names one, over an older one; gives the files by option."""
    files = {option: folder / f"{option}.npz" for option in arrays}
    for option, named in arrays.items():
        content: dict[str, Any] = dict(named)
        np.savez(files[option], **content)
    return {option: str(file) for option, file in files.items()}


def names_in(path: Path, takes: str) -> set[str]:
    """Names of the arrays of an npz file; InputError, with what the option `takes`, for any other file."""
    with _readable(path, takes):
        if not zipfile.is_zipfile(path):
            raise InputError(f"{path} is no npz file: {takes}")
        with zipfile.ZipFile(path) as archive:
            return {name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")}


def read_headers(path: Path, names: Collection[str], takes: str) -> dict[str, Header]:
    """Sizes and types of the arrays of these names, from the headers in the zip: no array is made.

    InputError where one is missing, holds no real numbers, or is not all there.
    """
    headers: dict[str, Header] = {}
    present = names_in(path, takes)
    with _readable(path, takes), zipfile.ZipFile(path) as archive:
        for name in names:
            if name not in present:
                raise InputError(f"{path} has no array `{name}`: {takes}")
            shape, dtype = headers[name] = _header(archive, f"{name}.npy")
            if not (np.issubdtype(dtype, np.floating) or np.issubdtype(dtype, np.integer)):
                raise InputError(f"{path}: `{name}` holds {dtype}, not numbers: give floats or integers")
            stored = math.prod(shape) * dtype.itemsize
            held = archive.getinfo(f"{name}.npy").file_size
            if stored > held:
                raise InputError(
                    f"{path}: `{name}` {shape} would be {as_size(stored)}, the file holds {as_size(held)} of "
                    "it: it is damaged, write it anew"
                )
    return headers


@contextmanager
def _readable(path: Path, takes: str) -> Iterator[None]:
    """Turns what zipfile and NumPy raise into an InputError."""
    try:
        yield
    except UNREADABLE as problem:
        raise InputError(f"cannot read {path} ({problem}): {takes}") from problem


def _check_memory(path: Path, headers: Mapping[str, Header]) -> None:
    """Raise InputError for arrays that memory does not hold as often as they are alive."""
    size = sum(COPIES * math.prod(shape) * max(dtype.itemsize, 8) for shape, dtype in headers.values())
    if size > (available := available_memory()):
        arrays = " and ".join(f"`{name}` {shape}" for name, (shape, _) in headers.items())
        raise InputError(
            f"{path}: arrays {arrays} take {as_size(size)} to read, {as_size(available)} are free: give "
            "smaller ones"
        )


def _header(archive: zipfile.ZipFile, name: str) -> Header:
    """Sizes and type of an array in a zip, from its header alone."""
    with archive.open(name) as stream:
        version = np.lib.format.read_magic(stream)
        if version == (1, 0):
            shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
        elif version == (2, 0):
            shape, _, dtype = np.lib.format.read_array_header_2_0(stream)
        else:
            raise ValueError(f"{name} has npy format {version}")
    return Header(shape, dtype)


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
            f"{path}: `{name}` has entries that are NaN or infinite, in float64 at least: give finite ones"
        )
    return numbers
