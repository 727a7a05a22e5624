"""How reports write numbers and places."""

from __future__ import annotations

from collections.abc import Mapping


def number(value: float | None) -> str:
    """A number as reports show it; nothing for a missing or infinite one."""
    return "" if value is None else f"{value + 0.0:.4g}"  # no minus zero


def place(where: Mapping[str, float | None]) -> str:
    """Where along the path a comparison was decided."""
    return ", ".join(f"{name} {number(value)}" for name, value in where.items())
