"""The command that runs theorems in a setting."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from verify.commands.base import library, reserved_names
from verify.commands.settings import TheoremCommand
from verify.commands.shared import (
    STYLES,
    announce,
    chosen_setting,
    complete_theorem,
    config_option,
    configuration,
    format_option,
    given_options,
    json_option,
    out_option,
    picture_formats,
    quiet_option,
    show_in_job,
    tell_traceback,
    verbose_option,
)
from verify.theorem import presets
from verify.theorem.errors import InputError

if TYPE_CHECKING:
    from verify.plots import Prints


@click.command(cls=TheoremCommand)
@click.argument("names", nargs=-1, required=True, metavar="NAME...", shell_complete=complete_theorem)
@out_option
@config_option
@click.option(
    "--seeds",
    type=click.IntRange(1, 100_000),
    default=1,
    metavar="N",
    help="run N independent draws, with seeds from --seed upwards; one row a claim",
)
@format_option
@click.option(
    "--style",
    type=click.Choice(STYLES),
    help="pictures with the column width and font size of a conference's papers, without titles",
)
@click.option(
    "--claim",
    "asked",
    multiple=True,
    metavar="ID",
    help="judge this claim and what it rests on, no others; again for more",
)
@click.option(
    "--skip",
    "skipped",
    multiple=True,
    metavar="ID",
    help="judge all claims but this one, on which no other may rest; again for more",
)
@verbose_option
@quiet_option
@json_option
def theorem(
    names: tuple[str, ...],
    out: Path,
    config: Path | None,
    seeds: int,
    formats: str,
    style: str | None,
    asked: tuple[str, ...],
    skipped: tuple[str, ...],
    verbose: bool,
    quiet: bool,
    as_json: bool,
    **options: str | None,
) -> int:
    """Check theorem NAME (or several) in the setting that the options describe.

    An option goes to each theorem that has it; an option left out keeps its default. So does the id of a
    claim: with --claim or --skip the verdict is that of the claims that were judged, not the theorem's.
    """
    from verify.theorem.selection import select

    modules = library().theorems.catalogue(names, reserved_names()).theorems
    given, pinned = given_options(modules, options), configuration(config)
    settings = [chosen_setting(module, pinned, given, presets.Variant()) for module in modules]
    prints = _prints(formats, style)
    chosen = list(zip(modules, settings, select(modules, asked, skipped), strict=True))

    # What runs and writes takes half a second to load: not before the options are known to be good.
    from verify.commands.progress import progress_line
    from verify.records.directory import require_writable
    from verify.runs.cost import Plan, announcement
    from verify.runs.judged import follows_path
    from verify.runs.run import run_theorem, write_run
    from verify.runs.seeds import run_seeds
    from verify.theorem.verdicts import worst
    from verify.views import terminal
    from verify.views.github import require_summary
    from verify.views.part import titled

    plans = [
        [Plan(module, setting, seeds)]
        for module, setting, selection in chosen
        if follows_path(module, selection.judged if selection else None)
    ]
    expected = announcement(plans) if plans else ""
    require_writable(out)
    require_summary(os.environ)
    announce(expected, not (quiet or as_json))
    console = terminal.console()
    page = terminal.Page(console)
    records = []
    for module, setting, selection in chosen:
        with progress_line(module.NAME, shown=not (quiet or as_json)) as progress:
            if seeds > 1:
                run = run_seeds(module, setting, seeds, progress, selection=selection, prints=prints)
            else:
                run = run_theorem(module, setting, progress, selection=selection, prints=prints)
        record, written = write_run(run, out)
        records.append(record)
        tell_traceback(record)
        if as_json:
            continue
        if not quiet:
            console.print((page.seeds if seeds > 1 else page.result)(record, verbose))
        line = terminal.last_line(record.verdict, titled(record), str(written), record.reason)
        console.print(line, soft_wrap=True)
    if as_json:
        made = [record.model_dump(mode="json") for record in records]
        click.echo(json.dumps(made[0] if len(made) == 1 else made, indent=1, ensure_ascii=False))
    show_in_job(records)
    return worst(record.verdict for record in records).exit_code


def _prints(formats: str, style: str | None) -> Prints:
    """How pictures are to be written; InputError for formats that leave the reports without pictures."""
    from verify.figures.paper import PAPERS
    from verify.plots import Prints

    suffixes = picture_formats(formats)
    if "png" not in suffixes:
        raise InputError(f"--format {formats}: the reports show png, so add it: --format png,{formats}")
    return Prints(suffixes, PAPERS[style] if style else None)
