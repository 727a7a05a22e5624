"""Commands with the option that every one of them has, and the type of options that name a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


def _remember(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value:
        ctx.obj["debug"] = True


def debug_option() -> click.Option:
    """`--debug`, which `verify.command_line.guard` and the commands that run theorems read."""
    return click.Option(
        ["--debug"],
        is_flag=True,
        expose_value=False,
        callback=_remember,
        help="print the traceback of whatever breaks",
    )


class Command(click.Command):
    """A command with `--debug`."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        own = super().get_params(ctx)
        return [*own[:-1], debug_option(), own[-1]]


class Group(click.Group):
    """A group of such commands, with `--debug` before them, too."""

    command_class = Command

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        own = super().get_params(ctx)
        return [*own[:-1], debug_option(), own[-1]]


class Folder(click.Path):
    """A folder to write to. An empty name, as of a variable that is not set, is not the one we are in."""

    def __init__(self) -> None:
        super().__init__(path_type=Path, file_okay=False)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not str(value).strip():
            self.fail("an empty name is no folder: give one, or '.' for this one", param, ctx)
        return super().convert(value, param, ctx)
