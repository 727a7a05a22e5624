"""How reports write numbers, places and settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

#: Digests are told apart by their first digits.
DIGEST, SHOWN_DIGITS = re.compile(r"\b[0-9a-f]{16,}\b"), 8


def number(value: float | None) -> str:
    """A number as reports show it; nothing for a missing or infinite one."""
    return "" if value is None else f"{value + 0.0:.4g}"  # no minus zero


def duration(seconds: float) -> str:
    """Seconds as a person says them."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    if seconds < 6000:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def place(where: Mapping[str, float | None]) -> str:
    """Where along the path a comparison was decided."""
    return ", ".join(f"{name} {number(value)}" for name, value in where.items())


def setting_line(effective: Mapping[str, Any]) -> str:
    """The values that a run was made with, without those that are left open, in one line."""
    return ", ".join(
        f"{name} {brief(value)}" if isinstance(value, str) else f"{name} = {brief(value)}"
        for name, value in effective.items()
        if value is not None
    )


def brief(value: object) -> str:
    """A value of a setting, its digests cut short."""
    if isinstance(value, float):
        return f"{value:.6g}"
    return DIGEST.sub(lambda digest: digest[0][:SHOWN_DIGITS], str(value))
