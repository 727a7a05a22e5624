"""The memory that the training of a wide network takes."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Footprint:
    """Peak memory of the training of a network of width m, in bytes: ``square m^2 + linear m + fixed``.

    option  the option that sets the width
    """

    width: int
    square: float
    linear: float
    fixed: float = 0.0
    option: str = "--widths"

    @property
    def bytes(self) -> float:
        return self.square * self.width**2 + self.linear * self.width + self.fixed

    def largest_width(self, size: float) -> int:
        """The largest width for `size` bytes, to two digits; 0 where there is none."""
        room = max(0.0, size - self.fixed)
        root = math.sqrt(self.linear**2 + 4 * self.square * room)
        width = int((root - self.linear) / (2 * self.square))
        unit = 10 ** max(0, len(str(width)) - 2)
        return width // unit * unit
