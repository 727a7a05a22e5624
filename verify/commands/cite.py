"""The command that prints references for a paper."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from verify.commands.base import Command, library, reserved_names
from verify.theorem.errors import InputError

if TYPE_CHECKING:
    from verify.figures.protocol import FigureModule
    from verify.theorem.protocol import Theorem


def _complete(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem | str]:
    """Names of theorems and figures, for the shell."""
    with ctx.scope(cleanup=False):  # completion runs outside of it
        return [name for name in _names() if name.startswith(incomplete)]


@click.command(cls=Command)
@click.argument("names", nargs=-1, metavar="NAME...", shell_complete=_complete)
def cite(names: tuple[str, ...]) -> int:
    """Print BibTeX of the papers behind theorem or figure NAME (or several), and of the suite.

    Without a name, of the suite alone.
    """
    from verify.theorem.bibliography import references
    from verify.views.bibtex import bibliography

    modules = [module for name in names for module in _named(name)]
    for module in modules:
        if not references(module):
            sources = "; ".join(getattr(module, "SOURCES", ())) or "none are given"
            click.echo(
                f"verify: {module.NAME} lists no references for BibTeX; its sources: {sources} (its author "
                "can add REFERENCES, see docs/paper.md)",
                err=True,
            )
    click.echo(bibliography(one for module in modules for one in references(module)))
    return 0


def _names() -> list[str]:
    return list(dict.fromkeys([*library().theorems.names(), *library().figures.FIGURES]))


def _named(name: str) -> Iterator[Theorem | FigureModule]:
    """The theorem and the figure of that name; InputError where there is neither."""
    if name not in _names():
        near = difflib.get_close_matches(name, _names(), n=1, cutoff=0.0)
        raise InputError(
            f"there is no theorem or figure {name!r}: did you mean {near[0]!r}? "
            f"There are {', '.join(_names())}"
        )
    if name in library().theorems.names():
        yield library().theorems.load(name, reserved_names())
    if name in library().figures.FIGURES:
        yield library().figures.load(name)
