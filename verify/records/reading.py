"""Records read back from files, which may be cut, edited, or made by another version."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NoReturn

from pydantic import ValidationError

from verify.records.record import CHOSEN_SCHEMA_VERSION, SCHEMA_VERSION, Record, Suite
from verify.theorem.errors import InputError

RECORD = "record.json"


def read_record(path: Path) -> Record | Suite:
    """The record in a run directory, or in a file; InputError says what is wrong with it."""
    file = path / RECORD if path.is_dir() else path
    try:
        data = json.loads(file.read_text(encoding="utf-8"), parse_constant=_refuse)
    except OSError as problem:
        raise InputError(
            f"cannot read {file} ({problem.strerror}): give a run directory, as `verify all` and "
            f"`verify theorem` write it, or its {RECORD}"
        ) from None
    except (ValueError, RecursionError) as problem:
        raise InputError(
            f"{file} is cut or no record ({str(problem) or 'nested too deeply'}): run the command again that "
            "made it"
        ) from None
    if not isinstance(data, dict) or not isinstance(data.get("schema_version"), int):
        raise InputError(f"{file} is no record, it has no schema_version: give the {RECORD} of a run")
    _require_version(file, data)
    try:
        return Suite(**data) if "theorems" in data else Record(**data)
    except (ValidationError, TypeError) as problem:
        raise InputError(
            f"{file} is no record ({_first(problem)}): run the command again that made it"
        ) from None


def _require_version(file: Path, data: dict[str, Any]) -> None:
    version = data["schema_version"]
    if version in (SCHEMA_VERSION, CHOSEN_SCHEMA_VERSION):
        return
    if version > CHOSEN_SCHEMA_VERSION:
        remedy = "it was made by a newer verify: update this one"
    else:
        remedy = f"it was made by an older verify: make it anew with `{data.get('command', 'verify all')}`"
    raise InputError(
        f"{file} has schema version {version}, this verify reads {SCHEMA_VERSION} and "
        f"{CHOSEN_SCHEMA_VERSION}; {remedy}"
    )


def _first(problem: ValidationError | TypeError) -> str:
    if isinstance(problem, TypeError):
        return str(problem)
    error = problem.errors()[0]
    return f"{'.'.join(map(str, error['loc']))}: {error['msg']}"


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")
