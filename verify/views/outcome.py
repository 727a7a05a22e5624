"""How a claim's verdict reads to tools that know only passed, failed, broken and skipped.

It agrees with the exit code: a claim that keeps the theorem from being VERIFIED is not passed.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from verify.records.record import CheckRecord, ClaimRecord, Record
from verify.theorem.verdicts import Verdict, worst
from verify.views.numbers import number, place


class Outcome(StrEnum):
    """What a test runner makes of a claim."""

    PASSED = "passed"
    FAILED = "failed"
    BROKEN = "broken"
    SKIPPED = "skipped"


def outcome(claim: ClaimRecord) -> Outcome:
    """A required claim that is not VERIFIED has failed; an informative one only when VIOLATED."""
    if claim.verdict is Verdict.VERIFIED:
        return Outcome.PASSED
    if claim.verdict is Verdict.ERROR:
        return Outcome.BROKEN
    if claim.required or claim.verdict is Verdict.VIOLATED:
        return Outcome.FAILED
    return Outcome.SKIPPED


#: What came of the two forms of an erratum, in words: of the printed one, and of the repaired one.
REFUTED = {
    Verdict.VERIFIED: "the {} form fails here",
    Verdict.INCONCLUSIVE: "whether the {} form fails here is not decided",
    Verdict.NOT_APPLICABLE: "the {} form is not judged here",
    Verdict.VIOLATED: "the {} form does not fail here",
    Verdict.ERROR: "the comparison with the {} form broke",
}
REPAIRED = {
    Verdict.VERIFIED: "the repaired one holds",
    Verdict.INCONCLUSIVE: "whether the repaired one holds is not decided",
    Verdict.NOT_APPLICABLE: "the repaired one is not judged",
    Verdict.VIOLATED: "the repaired one fails",
    Verdict.ERROR: "the comparison with the repaired one broke",
}


def erratum(claim: ClaimRecord) -> str:
    """In words what came of an erratum; "" for other claims. VERIFIED means that something printed is false.

    Checks of the printed form are named ``erratum: ...``, and what they rest on ``premise: ...``.
    """
    if claim.kind != "erratum":
        return ""
    refuted, repaired = (
        [check.verdict for check in claim.checks if keep(check.quantity)]
        for keep in (
            lambda name: name.startswith("erratum:"),
            lambda name: not name.startswith(("erratum:", "premise:")),
        )
    )
    form = "printed" if repaired else "refuted"  # some errata only refute a reading
    parts = [REFUTED[worst(refuted)].format(form)] if refuted else []
    parts += [REPAIRED[worst(repaired)]] if repaired else []
    return ", ".join(parts)


def unexplained(record: Record) -> str:
    """Why the run is not VERIFIED where no claim shows it because the run broke; "" otherwise."""
    shown = any(outcome(claim) in (Outcome.FAILED, Outcome.BROKEN) for claim in record.claims)
    if record.verdict is Verdict.VERIFIED or (shown and not record.error):
        return ""
    return record.error or f"the run is {record.verdict}: {'; '.join(record.notes) or 'nothing was compared'}"


def open_checks(claim: ClaimRecord) -> list[CheckRecord]:
    """The checks of a claim that are not VERIFIED, the worst first."""
    found = [check for check in claim.checks if check.verdict is not Verdict.VERIFIED]
    return sorted(found, key=lambda check: check.narrowness, reverse=True)


def headline(claim: ClaimRecord) -> str:
    """One line: the verdict and the comparison that decided it."""
    checks = open_checks(claim)
    return f"{claim.verdict}: {_comparison(checks[0])}" if checks else str(claim.verdict)


def explanation(record: Record, claim: ClaimRecord) -> str:
    """Every number behind a claim that is not VERIFIED, and the command that reproduces them."""
    return "\n".join(_explain(record, claim))


def _explain(record: Record, claim: ClaimRecord) -> Iterator[str]:
    kind = claim.kind if claim.required else f"{claim.kind}, informative"
    yield f"{claim.id} ({kind}; {claim.source}): {claim.text}"
    if words := erratum(claim):
        yield words
    if claim.seeds:
        yield f"verified in {claim.seeds.verified} of {claim.seeds.drawn} draws"
    for check in open_checks(claim):
        yield f"{check.verdict}: {_comparison(check)}"
        parts = ", ".join(f"{name} {number(part)}" for name, part in check.budget_parts.items())
        numbers = {
            "slack": number(check.slack),
            "error budget": number(check.budget) + (f" ({parts})" if parts else ""),
            "at": place(check.where),
            "points compared": str(check.points) if check.points else "",
            "why": check.message,
        }
        yield from (f"  {name}: {text}" for name, text in numbers.items() if text)
    if not claim.checks:
        yield "nothing was compared for it"
    yield f"to see it at home: {record.command}"


def _comparison(check: CheckRecord) -> str:
    if check.measured is None and check.bound is None:
        return f"{check.quantity}: {check.message}" if check.message else check.quantity
    bound = f"{check.relation} {number(check.bound)}"
    return f"{check.quantity}: measured {number(check.measured)}, expected {bound}"
