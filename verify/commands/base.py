"""Commands with the option that every one of them has, and the type of options that name a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from verify.library import Library

#: Looked for in the words of a command line as they are, since options may be what breaks.
DEBUG = "--debug"


def debug_option() -> click.Option:
    """`--debug`, which `verify.commands.guard` reads."""
    return click.Option(
        [DEBUG], is_flag=True, expose_value=False, help="print the traceback of whatever breaks"
    )


class Command(click.Command):
    """A command with `--debug`; it may take the setting fields of theorems as options."""

    takes_fields = False

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        own = super().get_params(ctx)
        return [*own[:-1], debug_option(), own[-1]]


class CommandGroup(click.Group):
    """A group of such commands: it takes `--debug` before them too, and has the `library` that they run."""

    def __init__(self, *args: Any, library: Library, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.library = library

    def reserved_names(self) -> frozenset[str]:
        """What no setting field may be called: the options of all commands, and arguments beside fields."""
        context = click.Context(self, **self.context_settings)
        commands = [command for command in self.commands.values() if isinstance(command, Command)]
        own = [(command, one) for command in commands for one in Command.get_params(command, context)]
        options = {flag for _, parameter in own for flag in parameter.opts if flag.startswith("--")}
        arguments = {str(parameter.name) for command, parameter in own if command.takes_fields}
        return frozenset({flag[2:].replace("-", "_") for flag in options} | arguments)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Every command with the first sentence of its help, whole."""
        with formatter.section("Commands"):
            formatter.write_dl(
                [
                    (name, " ".join((command.help or "").split("\n\n")[0].split()))
                    for name in self.list_commands(ctx)
                    if (command := self.get_command(ctx, name))
                ]
            )

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        own = super().get_params(ctx)
        return [*own[:-1], debug_option(), own[-1]]


class Folder(click.Path):
    """A folder to write to. An empty name is refused: an unset variable must not mean the current folder."""

    def __init__(self) -> None:
        super().__init__(path_type=Path, file_okay=False)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not str(value).strip():
            self.fail("an empty name is no folder: give one, or '.' for this one", param, ctx)
        return super().convert(value, param, ctx)


def running_group() -> CommandGroup:
    """The group of commands of the command line that is running."""
    root = click.get_current_context().find_root().command
    assert isinstance(root, CommandGroup)
    return root


def reserved_names() -> frozenset[str]:
    """What no setting field may be called in the command line that is running."""
    return running_group().reserved_names()


def library() -> Library:
    """The library of the command line that is running."""
    return running_group().library
