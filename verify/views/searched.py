"""What a terminal shows of a search for violated claims."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import RenderableType
from rich.text import Text

from verify.theorem.verdicts import Verdict
from verify.views.numbers import number
from verify.views.terminal import STYLES, Page


@dataclass(frozen=True)
class Approached:
    """A row of `SearchPage.approaches`.

    claim     id of the claim
    said      what came of the search
    score     how near it came, relative to the larger side; below 0 the claim is violated
    quantity  what was compared there
    sides     measured, relation and bound
    """

    claim: str
    said: str
    score: float | None = None
    quantity: str = ""
    sides: tuple[float | None, str, float | None] | None = None


class SearchPage(Page):
    """The tables of `verify falsify`."""

    def approaches(self, rows: Sequence[Approached]) -> RenderableType:
        """How near a search brought each claim to being violated."""
        table = self._table(
            ("claim", "left"), ("found", "left"), ("closest", "right"), ("comparison", "fold")
        )
        for row in rows:
            sides = [
                number(side) if not isinstance(side, str) else self.math(side) for side in row.sides or ()
            ]
            compared = f"{self.math(row.quantity)}: {' '.join(sides)}" if sides else ""
            style = STYLES[Verdict.VIOLATED] if row.said == Verdict.VIOLATED else ""
            table.add_row(row.claim, Text(row.said, style=style), number(row.score), compared)
        return table

    def hunted(self, rows: Sequence[tuple[str, str, float | None, int]]) -> RenderableType:
        """Planted false claims by id and text, after how many seconds each was found, and runs made."""
        table = self._table(
            ("claim", "left"), ("planted", "fold"), ("found after", "right"), ("runs", "right")
        )
        for claim, what, seconds, runs in rows:
            found = Text("not found", style="bold red") if seconds is None else Text(f"{seconds:.1f} s")
            table.add_row(claim, self.math(what), found, str(runs))
        return table
