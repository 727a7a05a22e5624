"""A space as a search sees it: whole numbers and choices drawn, all else a vector that is normal at first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verify.data.file import write_arrays
from verify.theorem.errors import InputError
from verify.theorem.protocol import Theorem
from verify.theorem.settings import BaseSetting, make_setting
from verify.theorem.space import Array, Entries, Real, Space, Whole

#: A step of 1 of the number that scales an array multiplies it by this.
SCALE = 3.0

#: An array is scaled by no more than its tenth power, so that nothing overflows before the theorem sees it.
LARGEST_STEP = 10.0


@dataclass(frozen=True)
class Point:
    """A place in a space.

    options  of the setting
    arrays   by the option that names their file, and by name
    tight    options that replace some of these where a violation is run again
    """

    options: Mapping[str, Any]
    arrays: Mapping[str, Mapping[str, NDArray[Any]]]
    tight: Mapping[str, Any]

    def setting(self, theorem: Theorem, folder: Path) -> BaseSetting:
        """The setting, whose files are written to `folder`; InputError where the theorem refuses it."""
        return make_setting(theorem, {**self.options, **write_arrays(self.arrays, folder)})

    def tightened(self) -> Point:
        """The same place with smaller errors."""
        return Point({**self.options, **self.tight}, self.arrays, {})


@dataclass(frozen=True)
class Chart:
    """A space whose whole numbers and choices are drawn: a map from normal numbers to its points.

    options  fixed and drawn
    moved    options that are numbers to be moved
    files    arrays by the option that names their file, and by name
    tight    see `Point`
    """

    options: Mapping[str, Any]
    moved: Mapping[str, Real]
    files: Mapping[str, Mapping[str, Entries]]
    tight: Mapping[str, Any]

    @property
    def size(self) -> int:
        """How many numbers a point takes: one an option, an entry of an array, or the scale of an array."""
        entries = [one for arrays in self.files.values() for one in arrays.values()]
        return len(self.moved) + sum(1 + int(np.prod(one.shape)) for one in entries)

    def at(self, numbers: Array) -> Point:
        """The point that these numbers, (size,), stand for."""
        left = iter(np.asarray(numbers, dtype=float))
        moved = {name: real.at(next(left)) for name, real in self.moved.items()}
        arrays = {
            option: {name: _array(entries, left) for name, entries in named.items()}
            for option, named in self.files.items()
        }
        return Point({**self.options, **moved}, arrays, self.tight)


def _array(entries: Entries, left: Any) -> NDArray[Any]:
    """An array from the next numbers: its scale, then its entries."""
    scale = SCALE ** np.clip(next(left), -LARGEST_STEP, LARGEST_STEP)
    normal = np.array([next(left) for _ in range(int(np.prod(entries.shape)))]).reshape(entries.shape)
    return np.asarray(entries.made(scale * normal))


def spaces_of(theorem: Theorem) -> Sequence[Space]:
    """What a theorem lets a search vary; InputError where it says nothing of that."""
    found: Sequence[Space] = getattr(theorem, "SEARCH", ())
    if not found:
        raise InputError(
            f"{theorem.NAME} does not say what a search may vary: give it SEARCH, see the docstring "
            "of verify.theorem.space, or search another, `verify falsify linear-rate`"
        )
    return found


def drawn(space: Space, pinned: Mapping[str, Any], random: np.random.Generator) -> Chart:
    """The space with its whole numbers and choices drawn; `pinned` options, files included, do not vary."""
    options, moved = {**space.fixed, **pinned}, {}
    for name, what in space.options.items():
        if name in pinned:
            continue
        if isinstance(what, Real):
            moved[name] = what
        elif isinstance(what, Whole):
            options[name] = int(random.integers(what.low, what.high + 1))
        else:
            options[name] = what[int(random.integers(len(what)))]
    files = {option: contents(options) for option, contents in space.files.items() if option not in pinned}
    tight = {name: value for name, value in space.tight.items() if name not in pinned}
    return Chart(options, moved, files, tight)
