"""Configuration files: settings per theorem, pinned in TOML.

    [linear-rate]
    width = 64

    [linear-rate.tight]     # only the run `tight` of a preset
    seed = 3

Keys are option names without their dashes in front; values are what the command line takes.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from verify.theorem.errors import InputError
from verify.theorem.presets import NAMES, variants
from verify.theorem.protocol import Theorem


@dataclass(frozen=True)
class Config:
    """Values by theorem, and by theorem and run, as text; the names are checked, the values are not yet."""

    source: str = ""
    of_theorem: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    of_run: Mapping[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)

    def values(self, theorem: str, run: str = "") -> dict[str, str]:
        """What the file says of a run: what it says of its theorem, then of the run itself."""
        return {**self.of_theorem.get(theorem, {}), **self.of_run.get((theorem, run), {})}


def read_config(path: Path, theorems: Sequence[Theorem]) -> Config:
    """The settings of a TOML file; InputError with the nearest known name for a name that is not known."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else problem
        raise InputError(f"cannot read {path} ({reason}): --config takes a TOML file of settings") from None
    known = {theorem.NAME: theorem for theorem in theorems}
    of_theorem: dict[str, dict[str, str]] = {}
    of_run: dict[tuple[str, str], dict[str, str]] = {}
    for name, table in tables.items():
        if name not in known:
            raise _unknown(path, f"{name!r} is no theorem", name, known)
        if not isinstance(table, dict):
            raise InputError(f"{path}: {name} is a value, not a table of settings: write [{name}] above them")
        runs = {variant.name for preset in NAMES for variant in variants(known[name], preset)}
        fields = known[name].Setting.model_fields
        tops = {key: value for key, value in table.items() if not isinstance(value, dict)}
        of_theorem[name] = _texts(path, name, tops, fields)
        for run, nested in table.items():
            if isinstance(nested, dict):
                if run not in runs:
                    raise _unknown(path, f"[{name}.{run}] is no run of a preset", run, runs)
                of_run[name, run] = _texts(path, f"{name}.{run}", nested, fields)
    return Config(str(path), of_theorem, of_run)


def _texts(path: Path, table: str, values: Mapping[str, Any], fields: Collection[str]) -> dict[str, str]:
    """Values as the command line would have them."""
    texts = {}
    for key, value in values.items():
        name = key.replace("-", "_")
        if name not in fields:
            raise _unknown(path, f"[{table}] has no setting {key!r}", key, fields)
        if not isinstance(value, str | int | float):
            raise InputError(f"{path}: [{table}] {key} = {value!r}: a setting is a number or a text")
        texts[name] = str(value)
    return texts


def _unknown(path: Path, what: str, name: str, known: Collection[str]) -> InputError:
    near = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.0)
    return InputError(f"{path}: {what}: did you mean {near[0]!r}?" if near else f"{path}: {what}")
