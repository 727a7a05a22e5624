"""What of a theorem a search for counterexamples may vary; see `verify falsify`.

A theorem module may carry ``SEARCH``, a sequence of `Space`s. All that a search moves is a vector of numbers
that are standard normal where it starts, so that a start prefers nothing; the space says what they stand for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Digits of an option that a search moves, so that its command can be read.
DIGITS = 6


@dataclass(frozen=True)
class Real:
    """A number from `low` to `high`, which a search moves; with `log` by its logarithm, and low > 0."""

    low: float
    high: float
    log: bool = False

    def at(self, normal: float) -> float:
        """The number that stands for a standard normal one: uniformly distributed if that is normal."""
        low, high = (math.log(self.low), math.log(self.high)) if self.log else (self.low, self.high)
        found = low + (high - low) * NormalDist().cdf(normal)
        rounded = float(f"{math.exp(found) if self.log else found:.{DIGITS}g}")
        return min(max(rounded, self.low), self.high)


@dataclass(frozen=True)
class Whole:
    """A whole number from `low` to `high`, drawn anew where a search starts again."""

    low: int
    high: int


def itself(array: Array) -> Array:
    """The array as it is."""
    return array


@dataclass(frozen=True)
class Entries:
    """An array of a file, every entry of which a search moves.

    shape  of the array
    made   the array from one of that shape whose entries are standard normal where the search starts
    """

    shape: tuple[int, ...]
    made: Callable[[Array], NDArray[Any]] = itself


#: What was drawn, by name, to the arrays of a file, by name.
Contents = Callable[[Mapping[str, Any]], Mapping[str, Entries]]


@dataclass(frozen=True)
class Space:
    """Settings among which a search looks.

    name     tells it from the others
    fixed    options that make runs small and quick
    options  what else varies: `Real` is moved; `Whole`, or a sequence of which one is chosen, is drawn
    files    the arrays of the file that an option names, from all that was fixed and drawn
    tight    options with which a violation is run again before it is reported
    """

    name: str
    fixed: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Real | Whole | Sequence[Any]] = field(default_factory=dict)
    files: Mapping[str, Contents] = field(default_factory=dict)
    tight: Mapping[str, Any] = field(default_factory=dict)
