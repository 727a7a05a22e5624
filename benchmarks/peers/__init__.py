"""What a user would write instead, as fast as its library allows."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import TypeVar

from benchmarks.timing import Missing

T = TypeVar("T")


def peer(package: str, make: Callable[[], T]) -> T | Missing:
    """What `make` gives, or that the package it needs is not installed."""
    return make() if find_spec(package) else Missing(package)
