"""Commands for those who write theorems: power, lint."""

from __future__ import annotations

import click

from verify.commands.base import Command, library, reserved_names
from verify.commands.guard import BROKEN
from verify.commands.shared import (
    complete_theorem,
    tell_broken,
    tell_causes,
)


@click.command(cls=Command)
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=complete_theorem)
def power(names: tuple[str, ...]) -> int:
    """Run the planted false claims of theorem NAME (default: all); exit 1 if a check misses one."""
    from verify.runs.power import Trial, trials
    from verify.theorem.errors import TheoremError
    from verify.views import terminal

    chosen = library().theorems.catalogue(names, reserved_names())
    found: list[Trial] = []
    broken = [*chosen.broken]
    for module in chosen.theorems:
        try:
            found += trials(module)
        except TheoremError as problem:
            broken.append(problem)
    console = terminal.console()
    console.print(terminal.Page(console).power(found))
    survivors = sum(not trial.caught for trial in found)
    click.echo(f"{len(found) - survivors} of {len(found)} false claims caught")
    code = tell_broken(broken)
    return 1 if survivors else code


@click.command(cls=Command)
@click.argument("names", nargs=-1, required=True, metavar="NAME...", shell_complete=complete_theorem)
def lint(names: tuple[str, ...]) -> int:
    """Say all that is wrong with the code of theorem NAME, for its author; exit 4 if something is.

    It runs the theorem once, in the first setting of the quick preset, and its planted claims.
    """
    from verify.runs.lint import lint, smallest_setting

    problems = 0
    for name in dict.fromkeys(names):
        found = library().theorems.find(name, reserved_names())
        lines, causes = [*found.faults], [found.cause]
        if found.theorem and (setting := smallest_setting(found.theorem, name)):
            seen = lint(found.theorem, setting)
            lines, causes = [*lines, *seen.problems], [*seen.causes]
        for line in lines:
            click.echo(line)
        click.echo(f"{name}: {len(lines) or 'no'} problem{'s'[len(lines) == 1 :]}")
        tell_causes(causes)
        problems += len(lines)
    return BROKEN if problems else 0
