"""What a search may vary of the linear model without softmax: its start and its data, in small sizes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from verify.data.start import FEATURES, TARGETS
from verify.theorem.space import Entries, Real, Space, Whole


def start(options: Mapping[str, Any]) -> Mapping[str, Entries]:
    """A, neutral as the theorem draws it, M, and data."""
    d, k, n = options["width"], options["outputs"], options["samples"]
    parameters = {"A": Entries((k, d), lambda normal: normal / np.sqrt(d)), "M": Entries((k, k))}
    return {**parameters, FEATURES: Entries((d, n)), TARGETS: Entries((k, n))}


SQUARE = Space(
    "square",
    fixed={"points": 9, "rtol": 1e-7},
    options={
        "width": Whole(1, 4),
        "outputs": Whole(1, 3),
        "samples": Whole(2, 5),
        "horizon": Real(1e-2, 3.0, log=True),
    },
    files={"start": start},
    tight={"rtol": 1e-10},
)

#: Where the rate is attained.
ALIGNED = Space(
    "aligned",
    fixed={"points": 9, "rtol": 1e-7, "labels": "aligned"},
    options={"width": Whole(2, 5), "smallest": Real(0.05, 0.5), "horizon": Real(1.0, 30.0, log=True)},
    tight={"rtol": 1e-10},
)

SEARCH = (SQUARE, ALIGNED)
