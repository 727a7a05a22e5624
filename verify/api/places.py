"""Folders that are written to."""

from __future__ import annotations

import os
from pathlib import Path

from verify.records.directory import require_writable
from verify.theorem.errors import InputError


def folder_of(given: str | os.PathLike[str]) -> Path:
    """The folder, which can be written to; InputError if not, or for an empty name, an unset variable's."""
    if not str(given).strip():
        raise InputError("an empty name is no folder: give one, or '.' for this one")
    folder = Path(given)
    require_writable(folder)
    return folder
