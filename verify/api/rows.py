"""Tables as lists of dicts, which a terminal and a notebook show as tables, and pandas takes as they are."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import Any, overload

from markupsafe import Markup, escape
from rich.console import Console, RenderableType
from rich.table import Table

from verify.api.wording import meant
from verify.theorem.errors import InputError
from verify.theorem.verdicts import Verdict
from verify.views.notation import markup, unicode
from verify.views.numbers import number

#: Characters of a line of text.
WIDTH = 110

#: Of a verdict in a notebook, on white or black: white letters on these.
COLOURS = {
    Verdict.VERIFIED: "#1a7f37",
    Verdict.VIOLATED: "#b3261e",
    Verdict.ERROR: "#b3261e",
    Verdict.INCONCLUSIVE: "#8a5a00",
    Verdict.NOT_APPLICABLE: "#8a5a00",
}

#: Columns that are written in the notation of claims.
MATHEMATICS = ("text", "meaning")

#: A notebook's own style for tables would set texts to the right.
CELL = "text-align:left;vertical-align:top;padding-right:1em"


class Rows(list[dict[str, Any]]):
    """A list of dicts with the same keys, in the same order: ``pandas.DataFrame(rows)`` takes it as it is.

    ``rows["K-T1"]`` is the row that starts with that word, ``rows[0]`` the first. `shown` has the keys that a
    terminal and a notebook show.
    """

    def __init__(self, rows: Iterable[Mapping[str, Any]], shown: Sequence[str]) -> None:
        super().__init__(map(dict, rows))
        self.shown = tuple(shown)

    @overload  # type: ignore[override]
    def __getitem__(self, which: int | str) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, which: slice) -> list[dict[str, Any]]: ...
    def __getitem__(self, which: int | str | slice) -> dict[str, Any] | list[dict[str, Any]]:
        if not isinstance(which, str):
            return super().__getitem__(which)
        heads = {str(next(iter(row.values()))): row for row in self}
        if which not in heads:
            raise InputError(f"there is no {which!r} here: {meant(which, heads)}")
        return heads[which]

    def __repr__(self) -> str:
        table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="")
        for name in self.shown:
            table.add_column(name, no_wrap=name != self.shown[-1], overflow="fold")
        for row in self:
            table.add_row(*(_text(name, row[name]) for name in self.shown))
        return as_text(table)

    def _repr_html_(self) -> str:
        return str(self.html())

    def html(self) -> Markup:
        """The table as a notebook shows it."""
        cell = Markup('<td style="{}">{}</td>').format
        head = Markup().join(Markup('<th style="{}">{}</th>').format(CELL, name) for name in self.shown)
        lines = (Markup().join(cell(CELL, _html(name, row[name])) for name in self.shown) for row in self)
        body = Markup().join(Markup("<tr>{}</tr>").format(line) for line in lines)
        return Markup("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>").format(head, body)


def as_text(shown: RenderableType) -> str:
    """What a terminal would show, as text without colours or a blank at the end of a line."""
    file = io.StringIO()
    Console(file=file, width=WIDTH, force_jupyter=False, highlight=False, markup=False, emoji=False).print(
        shown
    )
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines())


def badge(verdict: Verdict) -> Markup:
    """A verdict as a notebook shows it."""
    style = f"background:{COLOURS[verdict]};color:#fff;padding:0 .5em;border-radius:.25em;white-space:nowrap"
    return Markup('<b style="{}">{}</b>').format(style, verdict)


def sentence(text: str) -> Markup:
    """A text with formulas for a notebook; what stands between backticks is code, and stays as it is."""
    parts = text.split("`")
    formulas = [markup(part) for part in parts[::2]]
    codes = [Markup("<code>{}</code>").format(part) for part in parts[1::2]]
    return Markup().join(one for pair in zip_longest(formulas, codes, fillvalue="") for one in pair)


def _text(column: str, value: Any) -> str:
    if column not in MATHEMATICS:
        return _plain(value)
    parts = value.split("`")
    return "`".join([part if i % 2 else unicode(part) for i, part in enumerate(parts)])


def _html(column: str, value: Any) -> Markup:
    if column in MATHEMATICS:
        return sentence(value)
    return badge(Verdict(value)) if value in list(Verdict) else escape(_plain(value))


def _plain(value: Any) -> str:
    return number(value) if isinstance(value, float) or value is None else str(value)
