"""What a report shows first, and what it says only once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from verify.records.record import ClaimRecord, Record
from verify.theorem.verdicts import Verdict, worst
from verify.views.outcome import Outcome, outcome


@dataclass(frozen=True)
class ClaimGroup:
    """Claims that belong together. The picture of the conclusion stands beside one group of a run."""

    title: str
    claims: Sequence[ClaimRecord]
    pictured: bool = False

    @property
    def compared(self) -> list[ClaimRecord]:
        """The claims for which numbers were compared."""
        return [claim for claim in self.claims if has_numbers(claim)]

    @property
    def beside_picture(self) -> list[ClaimRecord]:
        """The claims that the picture shows: conclusions, or else the first claim."""
        return [claim for claim in self.claims if claim.kind == "conclusion"] or list(self.claims[:1])


@dataclass(frozen=True)
class Remark:
    """A sentence, the claims that it is about, and the worst verdict that it explains."""

    claims: Sequence[str]
    text: str
    verdict: Verdict


def groups(record: Record) -> list[ClaimGroup]:
    """Failed and broken claims, conclusions, the steps to them, then claims beside the theorem.

    Each group is in the theorem's order, except that failed conclusions come before failed steps, and broken
    ones before both.
    """
    failed = [claim for claim in record.claims if outcome(claim) in (Outcome.FAILED, Outcome.BROKEN)]
    failed.sort(key=lambda claim: (-claim.verdict.severity, claim.kind != "conclusion"))
    rest = [claim for claim in record.claims if claim not in failed and not elsewhere(claim)]
    conclusions = [claim for claim in rest if claim.required and claim.kind == "conclusion"]
    found = [
        ClaimGroup("Not verified", failed, pictured=not conclusions),
        ClaimGroup("Conclusion", conclusions, pictured=True),
        ClaimGroup(
            "Hypotheses and steps of the proof",
            [claim for claim in rest if claim.required and claim not in conclusions],
        ),
        ClaimGroup("Beside the theorem", [claim for claim in rest if not claim.required]),
        ClaimGroup("For other settings", [claim for claim in record.claims if elsewhere(claim)]),
    ]
    return [group for group in found if group.claims]


def elsewhere(claim: ClaimRecord) -> bool:
    """Whether a claim is meant for other settings: informative, and not applicable in this one."""
    return claim.verdict is Verdict.NOT_APPLICABLE and not claim.required


def has_numbers(claim: ClaimRecord) -> bool:
    """Whether numbers were compared for a claim."""
    return any(check.points or check.measured is not None for check in claim.checks)


def messages(claim: ClaimRecord) -> list[str]:
    """What the checks of a claim say, each sentence once."""
    return list(dict.fromkeys(check.message for check in claim.checks if check.message))


def shared(record: Record) -> list[Remark]:
    """What several claims say, to be shown once for all of them."""
    said: dict[str, dict[str, Verdict]] = {}
    for claim in record.claims:
        for message in messages(claim):
            verdicts = (check.verdict for check in claim.checks if check.message == message)
            said.setdefault(message, {})[claim.id] = worst(verdicts)
    return [Remark(list(of), text, worst(of.values())) for text, of in said.items() if len(of) > 1]


def own_messages(record: Record, claim: ClaimRecord) -> list[str]:
    """What only this claim says."""
    common = {remark.text for remark in shared(record)}
    return [message for message in messages(claim) if message not in common]


def notes(record: Record) -> list[str]:
    """The notes that repeat neither a claim nor an error."""
    return list(_unsaid(record))


def _unsaid(record: Record) -> Iterator[str]:
    said = {record.error, *(message for claim in record.claims for message in messages(claim))}
    for note in dict.fromkeys(record.notes):
        if note not in said:
            yield note
