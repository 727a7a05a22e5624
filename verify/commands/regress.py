"""Commands about records: compare, accept, report."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

import click

from verify.commands.base import Command, Folder, library
from verify.theorem.errors import InputError

if TYPE_CHECKING:
    from verify.records.record import Record, Suite
    from verify.views.export import Export

DEFAULT_REFERENCE = Path("results") / "reference"

#: The word for the references that come with the suite.
BUILT_IN = "built-in"

#: The exit code of a run that differs from its reference; verdicts have their own.
DIFFERS = 5


@click.command(cls=Command)
@click.argument("reference", type=click.Path(path_type=Path))
@click.argument("run", type=click.Path(path_type=Path))
def compare(reference: Path, run: Path) -> int:
    """Compare RUN with REFERENCE, number by number, each by its own tolerance; exit 5 if one moved.

    Both are records or the folders that hold one; a folder of references is searched for the one of
    the run's preset or theorem, and so are those of the suite for REFERENCE `built-in`. Timings are never
    compared.
    """
    from verify.records.reading import read_record
    from verify.records.regression import compare_records
    from verify.views import terminal

    record = read_record(run)
    found = compare_records(reference_of(reference, record.reference_name), record, str(reference))
    console = terminal.console()
    page = terminal.Page(console)
    if found.differences:
        console.print(page.differences(found.differences))
    console.print(page.compared(found))
    return DIFFERS if found.differences else 0


@click.command(cls=Command)
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=Folder(),
    default=DEFAULT_REFERENCE,
    show_default=True,
    help="folder of references",
)
@click.option("--allow-unverified", is_flag=True, help="accept a run that is not VERIFIED throughout")
def accept(run: Path, out: Path, allow_unverified: bool) -> int:
    """Make RUN the reference of its preset (or theorem), which later runs are compared with."""
    from verify.records.reading import read_record
    from verify.records.regression import write_reference

    click.echo(f"wrote {write_reference(read_record(run), out, allow_unverified)}")
    return 0


@click.command("report", cls=Command)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--open", "opened", is_flag=True, help="open the HTML report")
@click.option(
    "--format",
    "kind",
    type=click.Choice(["latex", "csv", "json"]),
    help="print it instead: a table of claims and rates for a paper, a row a comparison, or the record",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="with --format: write to this file, over an older one of that format only",
)
def remake_report(folder: Path, opened: bool, kind: Export | None, output: Path | None) -> int:
    """Remake report.md, report.html and junit.xml of the run in DIR from its record; --format prints it."""
    from verify.records.reading import RECORD, read_record
    from verify.views.files import write_views

    if kind is None and output is not None:
        raise InputError(f"--output {output} needs a format: add --format latex, csv or json")
    if kind is not None and opened:
        raise InputError(
            "--open shows the HTML report, --format prints something else: leave one of them out"
        )
    if kind is not None:
        _export(folder, kind, output)
        return 0
    if folder.name == RECORD:
        folder = folder.parent
    if opened:
        _require_browser()
    write_views(folder, read_record(folder))
    page = folder / "report.html"
    click.echo(page)
    if opened:
        webbrowser.open(page.resolve().as_uri())
    return 0


def _export(folder: Path, kind: Export, output: Path | None) -> None:
    """Print a record in some format, or write it to a file and say so."""
    from verify.records.reading import read_record
    from verify.views.export import EXPORTS, write_export

    text = EXPORTS[kind](read_record(folder))
    if output is None:
        click.echo(text.rstrip("\n"))
    else:
        click.echo(f"{write_export(text, kind, output)} {output}")


def reference_of(given: Path, name: str) -> Record | Suite:
    """The reference of a preset or theorem from what was named on the command line."""
    from verify.records.regression import read_reference

    if str(given) != BUILT_IN:
        return read_reference(given, name)
    there = {file.stem: file for file in sorted(library().theorems.REFERENCES.glob("*.json"))}
    if name not in there:
        raise InputError(
            f"no reference of {name} is {BUILT_IN}, only of {', '.join(there)}: make one of your own with "
            "`verify accept RUN`, which says where it is"
        )
    return read_reference(there[name], name)


def _require_browser() -> None:
    try:
        webbrowser.get()
    except webbrowser.Error:
        raise InputError("found no browser for --open: leave it out, and open report.html yourself") from None
