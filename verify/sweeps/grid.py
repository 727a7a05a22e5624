"""Grids of settings, as a command line describes them.

An axis is an option and its values: ``width=50,100,200``, ``gamma=0.1:0.9:9`` (nine, evenly spaced) or
``width=64:4096:log7`` (seven, geometrically). Values that contain commas are parted by semicolons.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np

from verify.theorem.errors import InputError
from verify.theorem.protocol import Theorem
from verify.theorem.settings import BaseSetting, draws, make_setting, option_name

#: The most values that one range may have.
MOST_VALUES = 10_000

#: The most cells of one sweep.
MOST_CELLS = 1_000_000

EXAMPLES = "--over width=50,100,200, --over gamma=0.1:0.9:9 or --over width=64:4096:log7"


@dataclass(frozen=True)
class Axis:
    """An option and the values that it takes, each as a command line would give it."""

    option: str
    values: Sequence[str]

    @property
    def as_words(self) -> str:
        """What to type after ``--over``."""
        separator = ";" if any("," in value for value in self.values) else ","
        return f"{self.option.replace('_', '-')}={separator.join(self.values)}"


@dataclass(frozen=True)
class Cell:
    """One run of a sweep.

    key      a digest of its setting, by which the table knows it
    setting  with its seed
    swept    the values of the options that are swept
    """

    key: str
    setting: BaseSetting
    swept: Mapping[str, Any]


def parse_axis(theorem: Theorem, text: str, listed: Sequence[str] | None = None) -> Axis:
    """The axis that ``OPTION=VALUES`` describes; InputError for anything else.

    Values that are `listed` are not read from the text.
    """
    name, equals, values = text.partition("=")
    option = name.strip().removeprefix("--").replace("-", "_")
    fields = theorem.Setting.model_fields
    if not equals or not values.strip():
        raise InputError(f"--over {text}: give an option and its values, such as {EXAMPLES}")
    if option == "seed":
        raise InputError(f"--over {text}: seeds are drawn for every cell: use --seeds N, from --seed upwards")
    if option not in fields:
        allowed = ", ".join(field.replace("_", "-") for field in fields if field != "seed")
        raise InputError(f"--over {text}: {theorem.NAME} has no option {name}: it has {allowed}")
    if listed is not None:
        found = list(listed)
    elif ":" in values:
        whole = _is_whole(fields[option].annotation)
        found = _range(text, values, whole)
    else:
        found = [value.strip() for value in values.split(";" if ";" in values else ",")]
    if "" in found:
        raise InputError(f"--over {text}: a value is missing between two commas: {EXAMPLES}")
    if repeated := [value for value in found if found.count(value) > 1]:
        raise InputError(f"--over {text}: {repeated[0]} is there twice: give each value once")
    return Axis(option, found)


def _range(text: str, values: str, whole: bool) -> list[str]:
    """The values of ``first:last:count`` or ``first:last:logcount``."""
    parts = values.split(":")
    refused = InputError(
        f"--over {text}: a range is first:last:count or first:last:logcount, as in {EXAMPLES}"
    )
    if len(parts) != 3:
        raise refused
    geometric = parts[2].startswith("log")
    try:
        first, last, count = float(parts[0]), float(parts[1]), int(parts[2].removeprefix("log"))
    except ValueError:
        raise refused from None
    if not (np.isfinite([first, last]).all() and 2 <= count <= MOST_VALUES):
        raise InputError(f"--over {text}: a range has from 2 to {MOST_VALUES} values between finite numbers")
    if geometric and not (first > 0 and last > 0):
        raise InputError(
            f"--over {text}: a geometric range needs numbers above 0: start with another, or drop log"
        )
    found = np.geomspace(first, last, count) if geometric else np.linspace(first, last, count)
    if whole:
        return list(dict.fromkeys(str(round(value)) for value in found))
    # Twelve digits: 0.3, not 0.30000000000000004.
    return list(dict.fromkeys(f"{value:.12g}" for value in found))


def _is_whole(kind: Any) -> bool:
    """Whether a field of this type takes whole numbers and no others."""
    kinds = {kind, *get_args(kind)}
    return int in kinds and float not in kinds


def make_cells(
    theorem: Theorem, given: Mapping[str, Any], axes: Sequence[Axis], seeds: int
) -> Sequence[Cell]:
    """Every setting of the grid with every seed; all are looked at, so that a bad one shows before any runs.

    `given` are the options that stay. InputError for a bad one, or for too many cells.
    """
    for number, axis in enumerate(axes):
        if any(axis.option == other.option for other in axes[:number]):
            raise InputError(f"--over {axis.option} is there twice: give all its values in one")
        if axis.option in given:
            option = option_name(axis.option)
            raise InputError(f"{option} {given[axis.option]} is given and swept: leave out {option}")
    total = seeds * int(np.prod([len(axis.values) for axis in axes], dtype=float))
    if total > MOST_CELLS:
        raise InputError(f"{total} cells are more than {MOST_CELLS}: fewer --seeds, or coarser ranges")
    cells = []
    for point in itertools.product(*(axis.values for axis in axes)):
        chosen = dict(zip((axis.option for axis in axes), point, strict=True))
        setting = make_setting(theorem, {**given, **chosen})
        swept = {name: getattr(setting, name) for name in chosen}
        cells += [Cell(cell_key(theorem, one), one, swept) for one in draws(setting, seeds)]
    return cells


def cell_key(theorem: Theorem, setting: BaseSetting) -> str:
    """A digest of a theorem's name and all that its setting says."""
    text = json.dumps([theorem.NAME, setting.model_dump(mode="json")], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
