"""What views say of a run that judged some claims only, so that nobody takes it for one of the theorem."""

from __future__ import annotations

from collections.abc import Sequence

from verify.records.record import Record


def part(record: Record) -> str:
    """How many of how many claims were judged, such as "6 of 34 claims"; "" where all were."""
    if record.chosen is None:
        return ""
    judged = len(record.claims)
    return f"{judged} of {judged + len(record.chosen.left_out)} claims"


def part_told(record: Record) -> str:
    """What was judged and why, and what was left out; "" where all claims were judged."""
    if record.chosen is None:
        return ""
    return f"{part_judged(record)} Left out: {_listed(record.chosen.left_out) or 'none'}."


def part_judged(record: Record) -> str:
    """In two sentences what was judged and why; "" where all claims were judged."""
    if record.chosen is None:
        return ""
    asked = record.chosen.asked
    premises = [claim.id for claim in record.claims if claim.id not in asked]
    if not asked:
        judged = f"all but {_listed(record.chosen.skipped)}"
    elif premises:
        resting = "it rests" if len(asked) == 1 else "they rest"
        judged = f"{_listed(asked)}, and what {resting} on, {_listed(premises)}"
    else:
        judged = _listed(asked)
    return f"{part(record)} judged: {judged}. This is no verdict on the theorem."


def titled(record: Record) -> str:
    """The run's label, with how much of its theorem was judged where that is not all."""
    return f"{record.label}, {part(record)}" if record.chosen else record.label


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
