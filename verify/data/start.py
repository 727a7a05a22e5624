"""Start files of the user's: npz with the parameters that a flow begins from, and data if they go with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from verify.data.file import Shapes, names_in, read_headers, read_named
from verify.data.samples import LEAST_SCALE, digest_of, require_scale
from verify.theorem.errors import InputError
from verify.theorem.settings import BaseSetting, option_name, setting_of

Array = NDArray[np.float64]

#: Names of the arrays that stand for the data, where a theorem takes them from a start file.
FEATURES, TARGETS = "features", "targets"

#: Sizes of arrays as a theorem names them, such as {"B": ("m_y", "m")}.
Letters = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class StartFormat:
    """What a start file of a theorem holds.

    parameters  all of these
    fields      the field of the setting that each size is, where it is one: {"m": "width"}
    data        both or neither of `FEATURES` and `TARGETS`
    """

    parameters: Letters
    fields: Mapping[str, str]
    data: Letters = field(default_factory=dict)

    @property
    def takes(self) -> str:
        """What the option takes, in words."""
        also = f", and {_listed(self.data)} if it is to bring the data" if self.data else ""
        return f"--start takes an npz file with arrays {_listed(self.parameters)}{also}"


@dataclass(frozen=True)
class Start:
    """What a start file holds.

    path        the file
    parameters  arrays by name, float64
    data        features and targets, float64; empty where the file has none
    """

    path: str
    parameters: Mapping[str, Array]
    data: Mapping[str, Array]

    @property
    def described(self) -> Mapping[str, str]:
        """For the record: a digest of the parameters."""
        return {"start": digest_of(*self.parameters.values())}


class StartSetting(BaseSetting):
    """The setting of a theorem that can be checked from a start of the user's."""

    #: What the file holds.
    START: ClassVar[StartFormat]

    start: str | None = Field(
        None, examples=["checkpoint.npz"], description="initial parameters, FILE.npz; default: drawn"
    )


S = TypeVar("S", bound=StartSetting)


def sized(setting: S) -> tuple[S, bool]:
    """The setting with the sizes of its start file, and whether that brings the data; for what a run takes.

    Only headers are read, and given options are not compared with them, as `started` does. InputError for an
    unusable file.
    """
    if setting.start is None:
        return setting, False
    sizes, wanted = _sizes(setting)
    return setting.model_copy(update=sizes), FEATURES in wanted


def started(setting: S) -> tuple[S, Start | None]:
    """The setting with the sizes of its start file, and what that holds; the setting as it is without one.

    Where the file brings the data, the setting's `data` names it. InputError for an unusable file, for sizes
    that an option contradicts or that the setting does not allow, and for data from two places.
    """
    if setting.start is None:
        return setting, None
    path, layout = Path(setting.start), setting.START
    sizes, wanted = _sizes(setting)
    for name, size in sizes.items():
        given = getattr(setting, name)
        if name in setting.model_fields_set and given not in (None, size):
            option = option_name(name)
            raise InputError(f"{option} {given}: {path} has {size}: use {option} {size}, or leave it out")
    found = read_named(path, wanted, layout.takes, lambda shapes: _checked(path, wanted, shapes))
    arrays = {name: array.astype(float, copy=False) for name, array in found.items()}
    for name, array in arrays.items():
        require_scale(array, name, path, LEAST_SCALE if name == FEATURES else 0.0)
    data = {name: arrays[name] for name in layout.data if name in arrays}
    if data and "data" in setting.model_fields_set:
        raise InputError(
            f"--data and --start: {path} has `{FEATURES}` and `{TARGETS}` of its own: leave --data out, or "
            "write the file without them"
        )
    own = {"data": str(path)} if data else {}
    parameters = {name: arrays[name] for name in layout.parameters}
    return _refitted(setting, sizes).model_copy(update=own), Start(str(path), parameters, data)


def _wanted(path: Path, layout: StartFormat) -> Letters:
    """The arrays to read; InputError for a file that is none or has only half of the data."""
    if not path.is_file():
        raise InputError(f"no file {path}: {layout.takes}")
    present = names_in(path, layout.takes) & layout.data.keys()
    if len(present) == 1:
        raise InputError(f"{path} has only one of `{FEATURES}` and `{TARGETS}`: give both, or neither")
    return {**layout.parameters, **(layout.data if present else {})}


def _sizes(setting: StartSetting) -> tuple[dict[str, int], Letters]:
    """The fields of the setting that are sizes of the file, and the arrays to read."""
    layout, path = setting.START, Path(setting.start or "")
    wanted = _wanted(path, layout)
    headers = read_headers(path, wanted, layout.takes)
    found = _checked(path, wanted, {name: header.shape for name, header in headers.items()})
    return {name: found[letter] for letter, name in layout.fields.items() if letter in found}, wanted


def _checked(path: Path, wanted: Letters, shapes: Shapes) -> dict[str, int]:
    """The sizes by letter; InputError where the arrays' shapes do not fit together."""
    sizes: dict[str, int] = {}
    for name, letters in wanted.items():
        shape = shapes[name]
        if len(shape) == len(letters) + 1 and name not in (FEATURES, TARGETS):
            one = {own: "[-1]" * (len(shapes[own]) > len(sizes)) for own, sizes in wanted.items()}
            picked = ", ".join(f"{own}=f['{own}']{index}" for own, index in one.items())
            raise InputError(
                f"{path}: `{name}` {shape} should be {_listed({name: letters})}, at one time: pick one, in "
                f"Python: f = numpy.load('{path}'); numpy.savez('start.npz', {picked})"
            )
        fits = len(shape) == len(letters) and min(shape) >= 1
        if not fits or any(sizes.setdefault(*pair) != pair[1] for pair in zip(letters, shape, strict=True)):
            have = ", ".join(f"`{own}` {shapes[own]}" for own in wanted)
            raise InputError(f"{path}: {have} should be {_listed(wanted)}: write arrays of these sizes")
    return sizes


def _refitted(setting: S, sizes: Mapping[str, int]) -> S:
    """The setting with these sizes; InputError where it does not allow them."""
    try:
        return setting_of(type(setting), {**setting.model_dump(include=setting.model_fields_set), **sizes})
    except InputError as refused:
        had = ", ".join(f"{name} {size}" for name, size in sizes.items())
        raise InputError(
            f"--start {setting.start} has {had} ({refused}): give a file of other sizes"
        ) from None


def _listed(letters: Letters) -> str:
    """Arrays with their sizes, in words."""
    return " and ".join(
        f"`{name}` ({', '.join(sizes)}{',' * (len(sizes) == 1)})" for name, sizes in letters.items()
    )
