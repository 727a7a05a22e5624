"""What several commands share: options, settings from them, and what they say beside their results."""

from __future__ import annotations

import os
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from verify.commands.base import Folder, library, reserved_names
from verify.commands.guard import BROKEN
from verify.theorem.errors import InputError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from verify.figures.protocol import FigureModule
    from verify.plots import Format
    from verify.records.record import Difference, Record
    from verify.runs.config import Config
    from verify.theorem.presets import Variant
    from verify.theorem.protocol import Theorem
    from verify.theorem.settings import BaseSetting

DEFAULT_OUT = Path("results") / "runs"


def complete_theorem(
    ctx: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem | str]:
    """Theorem names, for the shell."""
    with ctx.scope(cleanup=False):  # completion runs outside of it
        return [name for name in library().theorems.names() if name.startswith(incomplete)]


out_option = click.option(
    "--out",
    type=Folder(),
    default=DEFAULT_OUT,
    show_default=True,
    help="where run directories go",
)
config_option = click.option(
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE.toml",
    help="settings by theorem, in tables like [linear-rate]; options given here win",
)


verbose_option = click.option(
    "-v", "--verbose", is_flag=True, help="show every comparison, not a line a claim"
)
quiet_option = click.option("--quiet", is_flag=True, help="print the last line only")
json_option = click.option("--json", "as_json", is_flag=True, help="print the record and nothing else")


#: The papers whose column width and font size pictures may have; `verify.figures.paper.PAPERS` has them.
STYLES = ("iclr", "neurips", "icml", "wide")

format_option = click.option(
    "--format", "formats", default="png,svg", show_default=True, help="of png, svg, pdf, with commas"
)


def picture_formats(text: str) -> list[Format]:
    """The formats of pictures that an option names; InputError for an unknown one."""
    from typing import get_args

    from verify.plots import Format

    words = [word.strip() for word in text.split(",")]
    if unknown := [word for word in words if word not in get_args(Format)]:
        raise InputError(
            f"--format {unknown[0]}: it should be of {', '.join(get_args(Format))}, with commas between, for "
            "example --format png,pdf"
        )
    return list(dict.fromkeys(words))  # type: ignore[arg-type]


def given_options(
    modules: Sequence[Theorem] | Sequence[FigureModule], options: Mapping[str, str | None]
) -> dict[str, str]:
    """The setting options that were given; each must belong to one of the theorems or figures."""
    from verify.theorem.settings import option_name

    given = {name: value for name, value in options.items() if value is not None}
    for name in given:
        if not any(name in module.Setting.model_fields for module in modules):
            names = ", ".join(module.NAME for module in modules)
            raise InputError(f"{option_name(name)} is no option of {names}: leave it out")
    return given


def configuration(path: Path | None) -> Config:
    """The settings of a configuration file; none for none."""
    from verify.runs.config import Config, read_config

    return (
        Config()
        if path is None
        else read_config(path, library().theorems.catalogue(reserved=reserved_names()).theorems)
    )


def chosen_setting(
    module: Theorem, config: Config, given: Mapping[str, str], variant: Variant
) -> BaseSetting:
    """A theorem's setting: options win over the configuration file, and that over the preset."""
    from verify.theorem.settings import make_setting

    own = {name: value for name, value in given.items() if name in module.Setting.model_fields}
    pinned = config.values(module.NAME, variant.name)
    try:
        return make_setting(module, {**variant.options, **pinned, **own})
    except InputError as problem:
        place = [config.source] if pinned else []
        place += [f"{module.NAME}.{variant.name}"] if variant.name else []
        raise InputError(": ".join([*place, str(problem)])) from None


def announce(expected: str, shown: bool) -> None:
    """Announce what the runs will take, if it is worth saying."""
    if expected and shown:
        click.echo(expected, err=True)


def tell_broken(broken: Sequence[Exception]) -> int:
    """Say which theorems could not be served, and why; the exit code that reports it."""
    for problem in broken:
        click.echo(f"verify: {problem}", err=True)
        tell_causes([problem.__cause__])
    return BROKEN if broken else 0


def tell_causes(causes: Sequence[BaseException | None]) -> None:
    """With --debug, the exceptions that other packages raised."""
    for cause in causes:
        if cause and click.get_current_context().obj["debug"]:
            traceback.print_exception(cause)


def tell_traceback(record: Record) -> None:
    """With --debug, where a run broke."""
    if record.traceback and click.get_current_context().obj["debug"]:
        click.echo(record.traceback, err=True, nl=False)


def show_in_job(records: Sequence[Record], moved: Sequence[Difference] = ()) -> None:
    """Tell the GitHub job that this runs in, if it is one; on stderr, so that --json stays what it is."""
    from verify.views.github import append_summary, error_commands

    append_summary(records, os.environ, moved)
    for line in error_commands(records, os.environ, moved):
        click.echo(line, err=True)
