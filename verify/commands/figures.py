"""The command that redraws figures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from verify.commands.base import Folder, library
from verify.commands.settings import FiguresCommand
from verify.commands.shared import (
    STYLES,
    format_option,
    given_options,
    picture_formats,
    quiet_option,
    verbose_option,
)
from verify.theorem.errors import InputError

if TYPE_CHECKING:
    from verify.figures.protocol import FigureModule, Size
    from verify.theorem.settings import BaseSetting

DEFAULT_FIGURES = Path("results") / "figures"
CACHE = Path("results") / "cache"


@click.command("figures", cls=FiguresCommand)
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "--preset",
    type=click.Choice(["quick", "standard", "paper"]),
    default="standard",
    show_default=True,
    help="sizes: quick for a look, paper for those of the papers; options given here win",
)
@click.option("--list", "listed", is_flag=True, help="say which curves are cached, and draw nothing")
@click.option("--check", "judged", is_flag=True, help="let the exit code judge what the captions claim")
@click.option(
    "--out",
    type=Folder(),
    default=DEFAULT_FIGURES,
    show_default=True,
    help="where pictures go",
)
@format_option
@click.option(
    "--style",
    type=click.Choice(STYLES),
    default="iclr",
    show_default=True,
    help="column width and font size of a conference's papers",
)
@verbose_option
@quiet_option
def redraw(
    names: tuple[str, ...],
    preset: Size,
    listed: bool,
    judged: bool,
    out: Path,
    formats: str,
    style: str,
    verbose: bool,
    quiet: bool,
    **options: str | None,
) -> int:
    """Redraw figure NAME of the papers and of the suite (default: all), from cached curves where there are.

    The exit code is 0 when the pictures were made. What their captions claim is judged beside them, and by
    the exit code with --check: a finding that does not show on this data is a result.
    """
    from verify.commands.progress import progress_line
    from verify.figures import make as figure_run
    from verify.figures.cache import CurveCache
    from verify.figures.paper import PAPERS
    from verify.records.directory import require_writable
    from verify.theorem.verdicts import Verdict, worst
    from verify.views import terminal

    suffixes = picture_formats(formats)
    settings = _figure_settings(names, preset, options)
    chosen = [(module, setting, module.curves(setting)) for module, setting in settings]
    console = terminal.console()
    page = terminal.Page(console)
    cache = CurveCache(CACHE)
    if listed:
        curves = [curve for _, _, of in chosen for curve in of]
        rows = [(curve.label, cache.has(curve), cache.seconds(curve)) for curve in curves]
        console.print(page.curves(rows))
        return 0
    require_writable(out)
    for _, _, needed in chosen:
        figure_run.require_memory(needed, cache)
    for _, _, needed in chosen:
        figure_run.load_sources(needed, cache)
    verdicts = []
    for module, setting, _ in chosen:
        try:
            with progress_line(module.NAME, not quiet) as progress:
                record, drawn = figure_run.make_figure(
                    module, setting, preset, cache, PAPERS[style], suffixes, progress
                )
        except InputError:
            raise
        except Exception as broken:  # one figure that breaks leaves the others to be drawn
            verdicts.append(Verdict.ERROR)
            click.echo(f"ERROR  {module.NAME}  {type(broken).__name__}: {broken}")
            continue
        written = figure_run.write_figure(record, drawn, out, figure_run.file_stem(module, setting, preset))
        verdicts.append(record.verdict)
        if not quiet:
            console.print(page.figure(record.claims, record.title, verbose))
        click.echo(f"{record.verdict}  {module.NAME}  {written[0]}")
    made = [verdict for verdict in verdicts if judged or verdict is Verdict.ERROR]
    return worst(made).exit_code if made else 0


def _figure_settings(
    names: tuple[str, ...], preset: Size, options: Mapping[str, str | None]
) -> list[tuple[FigureModule, BaseSetting]]:
    """Every figure with its setting: an option goes to each figure that has it, over the preset."""
    figures = library().figures
    from verify.theorem.settings import make_setting

    modules = [figures.load(name) for name in dict.fromkeys(names or figures.FIGURES)]
    values = given_options(modules, options)
    return [
        (
            module,
            make_setting(
                module,
                {
                    **module.PRESETS[preset],
                    **{name: value for name, value in values.items() if name in module.Setting.model_fields},
                },
            ),
        )
        for module in modules
    ]
