"""scikit-learn's bundled digits, 1797 images of 8 x 8 pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def bundled_digits() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Pixels (1797, 64), 0 to 16, and labels (1797,), 0 to 9."""
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    return pixels, labels
