"""The memory that the training of a wide network takes."""

from __future__ import annotations

import math
from dataclasses import dataclass

#: The narrowest network worth advising.
NARROWEST = 10


@dataclass(frozen=True)
class Footprint:
    """Peak memory of the training of a network of width m, in bytes: ``square m^2 + linear m + fixed``."""

    width: int
    square: float
    linear: float
    fixed: float = 0.0

    @property
    def bytes(self) -> float:
        return self.square * self.width**2 + self.linear * self.width + self.fixed

    def advice(self, size: float) -> str:
        """What to type for `size` bytes: the largest width that fits, to two digits."""
        room = max(0.0, size - self.fixed)
        width = int((math.sqrt(self.linear**2 + 4 * self.square * room) - self.linear) / (2 * self.square))
        unit = 10 ** max(0, len(str(width)) - 2)
        return f"--widths {width // unit * unit} or less" if width >= NARROWEST else "fewer --samples"
