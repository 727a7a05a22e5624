"""Sources of the claims of Theorem 1, how sharp its identities are, the settings of their falsehoods."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PAPER = "Kawaguchi 2021, Theorem 1"
COROLLARIES = "Kawaguchi 2021, corollaries of Theorem 1"
MODEL = "Kawaguchi 2021, section 3"

#: An identity whose error budget is wider than this would pass a formula that is 0.1% wrong.
IDENTITY_RESOLUTION = 1e-3

#: The bound is attained to 1e-5: a constant that is off by 0.1% shows.
TIGHT: Mapping[str, Any] = {"width": 16, "labels": "aligned", "points": 31}

#: Several outputs and Gaussian features: no term of D vanishes.
DRAWN: Mapping[str, Any] = {"width": 6, "outputs": 3, "samples": 30, "data": "synthetic", "points": 15}

#: The logistic loss without tau: its optimum lies on the radius, and the path leaves that.
BOUNDED: Mapping[str, Any] = {
    "width": 4,
    "samples": 60,
    "data": "synthetic",
    "loss": "logistic",
    "tau": 0,
    "radius": 1.7,
    "points": 31,
}

#: The same loss within the smallest radius that covers the path.
COVERED: Mapping[str, Any] = {**BOUNDED, "tau": 0.1, "radius": "auto", "horizon": 5.0, "points": 15}
