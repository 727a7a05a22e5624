"""What a training leaves behind for a picture."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class LossCurve:
    """Training and test loss at recorded epochs, each (k,), and the step that was taken.

    `norm` (k,) is what else is watched: of the implicit ReLU network ``gamma ||A|| / sqrt(m)``, with
    its error; of the others nothing.
    """

    epochs: NDArray[np.int64]
    train: Array
    test: Array
    step: float
    norm: Array = field(default_factory=lambda: np.empty(0))
    norm_error: Array = field(default_factory=lambda: np.empty(0))


def recorded_epochs(epochs: int, points: int) -> NDArray[np.int64]:
    """Epochs from 0 to the last, at most about `points`: half evenly, half geometrically spaced."""
    half = points // 2
    spread = np.concatenate([[0], np.linspace(0, epochs, half), np.geomspace(1, epochs, half)])
    return np.unique(np.rint(spread).astype(np.int64))
