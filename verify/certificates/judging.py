"""From enclosures to words and to lines of a report."""

from __future__ import annotations

from flint import arb

from verify.certificates.certificate import Word
from verify.certificates.exact import binary


def above(low: arb, high: arb, *bounds: arb) -> Word:
    """Whether a number within [low, high] lies above all of `bounds`, enclosed.

    PROVED where it does for certain, DISPROVED where one of them lies above it for certain, else UNDECIDED.
    """
    if all(low > bound for bound in bounds):
        return Word.PROVED
    return Word.DISPROVED if any(high < bound for bound in bounds) else Word.UNDECIDED


def enclosed(low: arb, high: arb) -> list[str]:
    """The texts of [low, high], of exact or rounded outward; an end that is infinite is "-inf" or "inf"."""
    found = low.lower(), high.upper()
    return [binary(end) if end.is_finite() else str(end).strip("[]") for end in found]


def shown(low: arb, high: arb, digits: int = 15) -> str:
    """An enclosure in decimals, rounded outward."""
    if not (low.is_finite() and high.is_finite()):
        return f"[{low.str(digits)}, {high.str(digits)}]"
    return low.union(high).str(digits)
