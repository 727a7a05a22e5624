"""Run directories and files that appear whole or not at all.

A file in the making has a name of its own and is locked by the process that writes it. A killed process loses
its lock, and whoever writes next beside the file removes it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from verify.theorem.errors import InputError

#: What is not finished carries this prefix; nothing reads it.
PARTIAL_PREFIX = ".partial-"

#: How often a folder is made again that another process has removed.
ATTEMPTS = 100


def require_writable(parent: Path) -> None:
    """Raise InputError when no directory can be made in `parent`; leaves nothing behind."""
    missing = [folder for folder in (parent, *parent.parents) if not folder.exists()]
    try:
        _unused(parent, Path.mkdir).rmdir()
    except OSError as problem:
        raise InputError(
            f"cannot write to {parent} ({problem.strerror}): give a folder that can be written with --out"
        ) from problem
    finally:
        for folder in missing:
            with contextlib.suppress(OSError):
                folder.rmdir()


def write_whole(parent: Path, name: str, fill: Callable[[Path], None]) -> Path:
    """The directory `parent / name`: `fill` fills another one, which is then renamed."""
    remove_abandoned(parent)
    with _locked(parent, Path.mkdir) as partial:
        try:
            fill(partial)
            final = parent / name
            os.rename(partial, final)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
    return final


def write_file_whole(file: Path, content: str | bytes) -> None:
    """Write a file aside and rename it into place, over an older one."""
    remove_abandoned(file.parent)
    with _locked(file.parent, Path.touch) as partial:
        try:
            partial.write_bytes(content.encode() if isinstance(content, str) else content)
            os.replace(partial, file)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise


def remove_abandoned(parent: Path) -> None:
    """Remove from `parent` what killed processes left unfinished; what is still being written is locked."""
    for partial in parent.glob(f"{PARTIAL_PREFIX}*"):
        # Another process may be quicker, or its owner another user: it is no business of this run.
        with contextlib.suppress(OSError):
            descriptor = os.open(partial, os.O_RDONLY)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if partial.is_dir():
                    shutil.rmtree(partial)
                else:
                    partial.unlink()
            finally:
                os.close(descriptor)


def _unused(parent: Path, make: Callable[[Path], None]) -> Path:
    """A new file or directory in `parent`, made if need be, with the permissions that the umask leaves."""
    path = parent / f"{PARTIAL_PREFIX}{secrets.token_hex(8)}"
    for attempt in range(ATTEMPTS):
        try:
            parent.mkdir(parents=True, exist_ok=True)
            make(path)
            break
        # Another process only tried whether it could write there, and took it away: before `make`, or while
        # `mkdir` looked whether what is there is a folder (it then says that it is not). A file stays there.
        except (FileNotFoundError, FileExistsError):
            if attempt == ATTEMPTS - 1:
                raise
    return path


@contextlib.contextmanager
def _locked(parent: Path, make: Callable[[Path], None]) -> Iterator[Path]:
    """A new file or directory, locked until the end; made again where it was removed before it was locked."""
    while True:
        path = _unused(parent, make)
        try:
            descriptor = os.open(path, os.O_RDONLY)
        except FileNotFoundError:
            continue
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if path.exists():
            break
        os.close(descriptor)
    try:
        yield path
    finally:
        os.close(descriptor)
