"""From enclosures to words and to lines of a report."""

from __future__ import annotations

from enum import Enum

from flint import arb

from verify.certificates.certificate import Certificate, Word
from verify.certificates.exact import binary

#: The largest symmetric matrix whose eigenvalues are enclosed, half a minute; the largest data, in numbers,
#: which a certificate holds as 20 MB of text.
LARGEST_ORDER, MOST_ENTRIES = 1500, 1_000_000


def undecided(theorem: str, claim: str, kind: str, statement: str, advice: str) -> Certificate:
    """Of what nothing is known, as where it is too large."""
    return Certificate(theorem, claim, kind, statement, Word.UNDECIDED, {}, {}, advice=advice)


def above(low: arb, high: arb, *bounds: arb) -> Word:
    """Whether a number within [low, high] lies above all of `bounds`, enclosed.

    PROVED where it does for certain, DISPROVED where one of them lies above it for certain, else UNDECIDED.
    """
    if all(low > bound for bound in bounds):
        return Word.PROVED
    return Word.DISPROVED if any(high < bound for bound in bounds) else Word.UNDECIDED


def enclosed(low: arb, high: arb) -> list[str]:
    """The texts of [low, high], rounded outward; an end that is not finite is "-inf" or "inf"."""
    return [
        binary(low.lower()) if low.is_finite() else "-inf",
        binary(high.upper()) if high.is_finite() else "inf",
    ]


def shown(low: arb, high: arb, digits: int = 15) -> str:
    """An enclosure in decimals, rounded outward."""
    if not (low.is_finite() and high.is_finite()):
        return f"[{low.str(digits)}, {high.str(digits)}]"
    return low.union(high).str(digits)


class Sided(Enum):
    """On which side of a bound a number lies for certain."""

    ABOVE = "above"
    BELOW = "below"
    OPEN = "open"

    @property
    def word(self) -> Word:
        """PROVED where the side is known, so that a statement is to name it."""
        return Word.UNDECIDED if self is Sided.OPEN else Word.PROVED


def sided(low: arb, high: arb, bound: arb) -> Sided:
    """The side of `bound`, enclosed, of a number within [low, high]; a number that equals it lies above."""
    if low >= bound:
        return Sided.ABOVE
    return Sided.BELOW if high < bound else Sided.OPEN
