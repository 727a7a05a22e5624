"""Run directories and files that appear whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from verify.errors import InputError

#: Unfinished directories carry this prefix; nothing reads them.
PARTIAL_PREFIX = ".partial-"


def require_writable(parent: Path) -> None:
    """Raise InputError when no directory can be made in `parent`; creates `parent` if need be."""
    try:
        parent.mkdir(parents=True, exist_ok=True)
        Path(tempfile.mkdtemp(prefix=PARTIAL_PREFIX, dir=parent)).rmdir()
    except OSError as problem:
        raise InputError(
            f"cannot write to {parent} ({problem.strerror}): give a folder that can be written with --out"
        ) from problem


def write_whole(parent: Path, name: str, fill: Callable[[Path], None]) -> Path:
    """The directory `parent / name`, filled by `fill` aside and then renamed into place."""
    partial = Path(tempfile.mkdtemp(prefix=PARTIAL_PREFIX, dir=parent))
    try:
        fill(partial)
        partial.chmod(0o755)
        final = parent / name
        os.rename(partial, final)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return final


def write_file_whole(file: Path, content: str | bytes) -> None:
    """Write a file aside and rename it into place, over an older one."""
    descriptor, partial = tempfile.mkstemp(prefix=PARTIAL_PREFIX, dir=file.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content.encode() if isinstance(content, str) else content)
        os.chmod(partial, 0o644)
        os.replace(partial, file)
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise
