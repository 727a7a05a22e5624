"""What a terminal shows of certificates."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from verify.records.record import CertificateRecord
from verify.views.terminal import Page

#: By word; what is proved one way or the other is as certain.
STYLES = {"PROVED": "green", "DISPROVED": "bold green", "IDENTITY": "green", "UNDECIDED": "yellow"}


class CertificatePage(Page):
    """The tables of `verify certify` and `verify check-certificate`."""

    def certified(self, rows: Sequence[CertificateRecord]) -> RenderableType:
        """Certificates by claim, word and statement, then what to do where one is undecided."""
        table = self._table(("claim", "left"), ("word", "left"), ("statement", "fold"))
        for one in rows:
            table.add_row(one.claim, Text(one.word, style=STYLES[one.word]), self.math(one.statement))
        advice = dict.fromkeys(f"{one.claim}: {one.advice}" for one in rows if one.advice)
        return Group(Text(), table, *map(self._remark, advice))
