"""A record in the formats that papers and other programs take, on disk never over somebody's own file."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from verify.records.directory import write_file_whole
from verify.records.record import Record, Suite
from verify.theorem.errors import InputError
from verify.views.comparisons import COLUMNS, comparisons_csv
from verify.views.paper import MADE_BY, paper_table

Export = Literal["latex", "csv", "json"]


def record_json(made: Record | Suite) -> str:
    """The record as its file has it."""
    return made.model_dump_json(indent=1)


EXPORTS: Mapping[Export, Callable[[Record | Suite], str]] = MappingProxyType(
    {"latex": paper_table, "csv": comparisons_csv, "json": record_json}
)


def write_export(text: str, kind: Export, file: Path) -> str:
    """Write a record's export to a file, whole or not at all; "wrote", or "replaced" for an older export.

    InputError for a file that is no such export, which may be somebody's paper, or that cannot be written.
    """
    if file.is_dir():
        raise InputError(f"--output {file} is a folder: name a file, such as {file / f'claims.{kind}'}")
    there = file.exists()
    try:
        if there and not _is_export(file.read_text(encoding="utf-8", errors="replace"), kind):
            raise InputError(
                f"--output {file} is there and was not written as {kind} by this command: it stays as it is; "
                "remove it, or give another name"
            )
        write_file_whole(file, text.rstrip("\n") + "\n")
    except OSError as problem:
        raise InputError(
            f"cannot write --output {file} ({problem.strerror}): name a file in a folder that can be written"
        ) from problem
    return "replaced" if there else "wrote"


def _is_export(text: str, kind: Export) -> bool:
    """Whether a text was made by the function of that kind, an empty one included."""
    if not text.strip():
        return True
    if kind == "latex":
        return text.startswith(MADE_BY)
    if kind == "csv":
        return text.partition("\n")[0].strip() == ",".join(COLUMNS)
    try:
        found = json.loads(text)
    except ValueError:
        return False
    return isinstance(found, dict) and "schema_version" in found
