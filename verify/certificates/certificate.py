"""What was proved of one statement, with the exact numbers from which anyone can check it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

#: JSON whose numbers are texts of exact numbers (`verify.certificates.exact`), or whole.
Exact = Mapping[str, Any]


class Word(StrEnum):
    """What a certificate says; never mixed with the numerical verdicts.

    PROVED     for these data, taken as exact numbers, the inequality holds, every rounding enclosed; of a
               path: the exact flow from this start exists on [0, T] and obeys it there
    DISPROVED  at this explicit point the statement as printed, or in the reading that is named, is false,
               strictly, so that it is false on an open set
    IDENTITY   holds for all parameters of this size but for an error probability that the degree bounds
    UNDECIDED  the enclosure holds the bound: neither side is shown
    """

    PROVED = "PROVED"
    DISPROVED = "DISPROVED"
    IDENTITY = "IDENTITY"
    UNDECIDED = "UNDECIDED"


#: What every certificate rests on besides its own formulas.
TRUSTED = ("FLINT and python-flint", "CPython", "the formulas and the code of this suite")


@dataclass(frozen=True)
class Certificate:
    """What was shown of one statement.

    theorem    name of the theorem
    claim      id of the claim that it is about, such as G-L3.1
    kind       which rule of the checker applies to it, such as "gram-derivative"
    statement  what was decided, in one sentence, with the reading and the source
    word       PROVED, DISPROVED, IDENTITY or UNDECIDED
    given      the explicit object: exact numbers, from which `found` follows
    found      what was derived: both sides, or enclosures [low, high]
    shown      the lines of a report: the argument with its numbers, as a mathematician would print it
    advice     where UNDECIDED, what to raise; else ""
    trusted    what it rests on
    """

    theorem: str
    claim: str
    kind: str
    statement: str
    word: Word
    given: Exact
    found: Exact
    shown: Sequence[str] = ()
    advice: str = ""
    trusted: Sequence[str] = field(default=TRUSTED)


def decided(held: bool, certificate: Certificate, advice: str) -> Certificate:
    """The certificate where its inequalities `held`; else UNDECIDED, without an argument, and what to do."""
    return certificate if held else replace(certificate, word=Word.UNDECIDED, shown=(), advice=advice)
