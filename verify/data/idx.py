"""IDX files, in which MNIST and its successors come: a header, then bytes."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from verify.theorem.errors import InputError

Bytes = NDArray[np.uint8]

#: What the third byte of an IDX file says of bytes without sign; the fourth says how many dimensions follow.
UNSIGNED_BYTE = 8

#: Most bytes that a file may hold unpacked, ten times those of MNIST: a small gz file can hold any number.
LARGEST = 2**29


def read_idx(path: Path, dimensions: int) -> Bytes:
    """The bytes of an IDX file, gzipped or not, as an array of so many dimensions.

    Raises InputError for a file that is cut, too long, or none.
    """
    content = _unpacked(path)
    start = 4 * (1 + dimensions)
    if len(content) < start or content[:4] != bytes([0, 0, UNSIGNED_BYTE, dimensions]):
        raise InputError(
            f"{path} is no IDX file of bytes in {dimensions} dimension{'s' * (dimensions > 1)}: it begins "
            f"with {content[:4].hex(' ') or 'nothing'}, not with 00 00 08 {dimensions:02x}: get it anew"
        )
    shape = tuple(int(size) for size in np.frombuffer(content[4:start], ">u4"))
    expected, held = int(np.prod(shape, dtype=object)), len(content) - start
    if held != expected:
        sizes = " x ".join(map(str, shape))
        raise InputError(
            f"{path} holds {held} bytes, its header says {sizes} = {expected}: it is damaged, get it anew"
        )
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def _unpacked(path: Path) -> bytes:
    """What a file holds; InputError where it cannot be read or would be too large."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
            content = stream.read(LARGEST + 1)
    except (OSError, EOFError, zlib.error) as problem:
        raise InputError(f"cannot read {path} ({problem}): get it anew") from problem
    if len(content) > LARGEST:
        raise InputError(
            f"{path} holds more than {LARGEST} bytes, no set of images read here does: get it anew"
        )
    return content
