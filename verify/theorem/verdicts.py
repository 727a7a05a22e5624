"""Verdicts of checks, claims and theorems, and the exit codes that report them."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Verdict(StrEnum):
    """Outcome of a check, a claim, a theorem."""

    VERIFIED = "VERIFIED"
    INCONCLUSIVE = "INCONCLUSIVE"
    NOT_APPLICABLE = "NOT_APPLICABLE"
    VIOLATED = "VIOLATED"
    ERROR = "ERROR"

    @property
    def severity(self) -> int:
        """Position from best (0) to worst."""
        return list(Verdict).index(self)

    @property
    def exit_code(self) -> int:
        """The process exit code that reports this verdict."""
        return {"VERIFIED": 0, "VIOLATED": 1, "ERROR": 4}.get(self.value, 3)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst of some verdicts; ERROR for no verdicts, since nothing was checked."""
    return max(verdicts, key=lambda verdict: verdict.severity, default=Verdict.ERROR)


def counts(required: bool, verdict: Verdict) -> bool:
    """Whether a claim with that verdict affects its theorem's: an informative one only when it fails."""
    return required or verdict in (Verdict.VIOLATED, Verdict.ERROR)
