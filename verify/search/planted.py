"""The planted false claims, each searched for by itself, from neutral starts and not in its own setting."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from verify.search.asked import unviolable
from verify.search.examine import Sought
from verify.search.search import Limits, Tally, search
from verify.theorem.falsehoods import Falsehood
from verify.theorem.protocol import Progress, silent


def hunts(sought: Sought, limits: Limits, progress: Progress = silent) -> Iterator[tuple[Falsehood, Tally]]:
    """Each falsehood of the claims sought, and what a search within the limits found of it."""
    falsehoods = [
        falsehood
        for statement in sought.theorem.CLAIMS
        if statement.claim.id in sought.claims and not unviolable(statement)
        for falsehood in statement.falsehoods
        if not falsehood.breaks_hypothesis
    ]
    for done, falsehood in enumerate(falsehoods):
        progress("planted false claims", done, len(falsehoods))
        tally = Tally()
        search(replace(sought, claims=(falsehood.claim,), falsehood=falsehood), limits, tally)
        yield falsehood, tally
