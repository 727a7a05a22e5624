"""The theorems, to look at and to iterate over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import overload

from markupsafe import Markup

from verify.api.rows import Rows
from verify.api.wording import in_python, meant
from verify.commands.options import option_rows
from verify.theorem import protocol
from verify.theorem.errors import InputError
from verify.views.mathml import mathml


@dataclass(frozen=True, repr=False)
class Theorem:
    """A theorem that can be run.

    name       what `verify.run` takes
    title      what it is called
    statement  what it states, with its hypotheses
    sources    where it is from
    claims     a dict for each claim: id, text, kind, source, required
    options    a dict for each option: option, meaning
    """

    name: str
    title: str
    statement: str
    sources: Sequence[str]
    claims: Rows
    options: Rows
    _formulas: Sequence[tuple[str, Sequence[str]]] = ()

    def __repr__(self) -> str:
        return f"{self.name}: {self.title}\n\n{self.statement.strip()}\n\n{self.claims}"

    def _repr_html_(self) -> str:
        formulas = Markup().join(
            Markup("<dt>{}</dt><dd>{}</dd>").format(label, Markup().join(map(mathml, latex)))
            for label, latex in self._formulas
        )
        shown = Markup(
            "<div><b>{}</b> <code>{}</code><dl>{}</dl>"
            "<details><summary>The statement in full</summary>"
            '<pre style="white-space:pre-wrap">{}</pre></details>'
            "<details><summary>{} claims</summary>{}</details>"
            "<details><summary>Options</summary>{}</details><small>{}</small></div>"
        ).format(
            self.title,
            self.name,
            formulas,
            self.statement.strip(),
            len(self.claims),
            self.claims.html(),
            self.options.html(),
            "; ".join(self.sources),
        )
        return str(shown)


class Theorems(Sequence[Theorem]):
    """All theorems that load; `broken` says of each other one why it does not."""

    def __init__(self, found: Sequence[Theorem], broken: Sequence[str] = ()) -> None:
        self._found, self.broken = list(found), list(broken)

    @property
    def names(self) -> list[str]:
        """What `verify.run` takes."""
        return [one.name for one in self]

    @overload
    def __getitem__(self, which: int | str) -> Theorem: ...
    @overload
    def __getitem__(self, which: slice) -> Theorems: ...
    def __getitem__(self, which: int | str | slice) -> Theorem | Theorems:
        if isinstance(which, slice):
            return Theorems(self._found[which])
        if isinstance(which, int):
            return self._found[which]
        if which not in self.names:
            raise InputError(f"there is no theorem {which!r}: {meant(which, self.names)}")
        return self._found[self.names.index(which)]

    def __iter__(self) -> Iterator[Theorem]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    @property
    def _rows(self) -> Rows:
        rows = ({"theorem": one.name, "title": one.title, "claims": len(one.claims)} for one in self)
        return Rows(rows, ("theorem", "claims", "title"))

    def __repr__(self) -> str:
        return "\n".join([repr(self._rows), *self.broken])

    def _repr_html_(self) -> str:
        broken = (Markup("<div>{}</div>").format(line) for line in self.broken)
        return str(self._rows.html() + Markup().join(broken))


def listed(module: protocol.Theorem) -> Theorem:
    """What there is to say of a theorem."""
    claims = (
        {"id": one.id, "text": one.text, "kind": one.kind, "source": one.source, "required": one.required}
        for one in module.CLAIMS.claims
    )
    options = (
        {
            "option": words.split(" ")[0].removeprefix("--").replace("-", "_"),
            "meaning": in_python(text, module.Setting),
        }
        for rows in option_rows(module.Setting).values()
        for words, text in rows
    )
    return Theorem(
        module.NAME,
        module.TITLE,
        protocol.statement(module),
        tuple(module.SOURCES),
        Rows(claims, ("id", "kind", "text")),
        Rows(options, ("option", "meaning")),
        protocol.formulas(module),
    )
