"""What a training run leaves for a picture."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class LossCurve:
    """Losses at the recorded epochs, k of them.

    epochs      (k,)
    train       (k,), training loss
    test        (k,), test loss; empty where none is looked at
    step        the step that was taken
    norm        (k,), spectral norm of ``gamma~ A`` of the implicit ReLU network; empty for other models
    norm_error  (k,), error of norm
    """

    epochs: NDArray[np.int64]
    train: Array
    test: Array
    step: float
    norm: Array = field(default_factory=lambda: np.empty(0))
    norm_error: Array = field(default_factory=lambda: np.empty(0))


def recorded_epochs(epochs: int, points: int) -> NDArray[np.int64]:
    """Epochs from 0 to the last, about `points` at most: half evenly spaced, half geometrically."""
    half = points // 2
    spread = np.concatenate([[0], np.linspace(0, epochs, half), np.geomspace(1, epochs, half)])
    return np.unique(np.rint(spread).astype(np.int64))
