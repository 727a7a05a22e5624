"""What a terminal shows of certificates."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from verify.views.terminal import Page

#: By word; what is proved one way or the other is as certain.
STYLES = {"PROVED": "green", "DISPROVED": "bold green", "IDENTITY": "green", "UNDECIDED": "yellow"}


class CertificatePage(Page):
    """The tables of `verify certify` and `verify check-certificate`."""

    def certified(self, rows: Sequence[tuple[str, str, str, str]]) -> RenderableType:
        """Certificates by claim, word, statement and advice."""
        table = self._table(("claim", "left"), ("word", "left"), ("statement", "fold"))
        for claim, word, statement, _ in rows:
            table.add_row(claim, Text(word, style=STYLES[word]), self.math(statement))
        advice = dict.fromkeys(f"{claim}: {advice}" for claim, _, _, advice in rows if advice)
        return Group(table, *map(self._remark, advice))
