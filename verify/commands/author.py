"""Commands for those who write theorems: power, lint."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from verify.commands.base import Command, library, reserved_names, running_group
from verify.commands.guard import BROKEN
from verify.commands.shared import (
    complete_theorem,
    tell_broken,
    tell_causes,
)

if TYPE_CHECKING:
    from verify.runs.power import Trial
    from verify.views.terminal import Tried


@click.command(cls=Command)
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=complete_theorem)
def power(names: tuple[str, ...]) -> int:
    """Run theorem NAME (default: all) with false claims in place of its own; exit 1 if a run misses one.

    Each is run as `verify theorem` would run it, up to the verdict and the exit code: false claims must come
    out VIOLATED, and settings in which a hypothesis fails NOT_APPLICABLE. At the end the machinery that
    judges is tested in the same way.
    """
    from verify.commands.progress import progress_line
    from verify.commands.selftest import outcomes
    from verify.runs.power import trials
    from verify.theorem.errors import TheoremError
    from verify.views import terminal

    chosen = library().theorems.catalogue(names, reserved_names())
    console = terminal.console()
    page = terminal.Page(console)
    found: list[Trial] = []
    broken = [*chosen.broken]
    for module in chosen.theorems:
        try:
            with progress_line(module.NAME, shown=True) as progress:
                of_module = trials(module, progress)
        except TheoremError as problem:
            broken.append(problem)
            continue
        found += of_module
        console.print(f"{module.NAME}", style="bold")
        console.print(page.power([_row(trial) for trial in of_module]))
    with progress_line("self-test", shown=True) as progress:
        progress("machinery", 0, 0)
        tested = list(outcomes(running_group()))
    unnoticed = [one for one in tested if not one.noticed]
    for one in unnoticed:
        click.echo(f"SURVIVED  {one.what}: `verify {one.command}` came out {one.found}, not {one.expected}")
    survivors = sum(not trial.caught for trial in found)
    click.echo(f"{len(found) - survivors} of {len(found)} false claims and broken hypotheses caught")
    click.echo(f"{len(tested) - len(unnoticed)} of {len(tested)} tests of the machinery passed")
    code = tell_broken(broken)
    return code or (1 if survivors or unnoticed else 0)


def _row(trial: Trial) -> Tried:
    from verify.theorem.verdicts import Verdict
    from verify.views.terminal import Tried

    falsehood = trial.falsehood
    open_constant = trial.check.compared is Verdict.VIOLATED and not falsehood.breaks_hypothesis
    return Tried(
        falsehood.claim,
        falsehood.what,
        f"{falsehood.why}; a constant is left open, so that no run can refute it"
        if open_constant
        else falsehood.why,
        str(trial.check.verdict),
        None if falsehood.breaks_hypothesis else trial.margin,
        trial.missed,
    )


@click.command(cls=Command)
@click.argument("names", nargs=-1, required=True, metavar="NAME...", shell_complete=complete_theorem)
def lint(names: tuple[str, ...]) -> int:
    """Say all that is wrong with the code of theorem NAME, for its author; exit 4 if something is.

    It runs the theorem once, in the first setting of the quick preset, and its planted claims.
    """
    from verify.runs.lint import findings, smallest_setting

    problems = 0
    for name in dict.fromkeys(names):
        found = library().theorems.find(name, reserved_names())
        lines, causes = [*found.faults], [found.cause]
        if found.theorem and (setting := smallest_setting(found.theorem, name)):
            seen = findings(found.theorem, setting)
            lines, causes = [*lines, *seen.problems], [*seen.causes]
        for line in lines:
            click.echo(line)
        click.echo(f"{name}: {len(lines) or 'no'} problem{'s'[len(lines) == 1 :]}")
        tell_causes(causes)
        problems += len(lines)
    return BROKEN if problems else 0
