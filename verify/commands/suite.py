"""The command that runs every theorem."""

from __future__ import annotations

import os
from pathlib import Path

import click

from verify.commands.base import library, reserved_names
from verify.commands.certify import certified_with
from verify.commands.regress import DIFFERS, reference_of
from verify.commands.settings import TheoremCommand
from verify.commands.shared import (
    announce,
    chosen_setting,
    config_option,
    configuration,
    given_options,
    json_option,
    out_option,
    quiet_option,
    show_in_job,
    tell_broken,
    tell_traceback,
    verbose_option,
)
from verify.theorem import presets


@click.command("all", cls=TheoremCommand)
@click.option(
    "--preset",
    type=click.Choice(presets.NAMES),
    default="quick",
    show_default=True,
    help="how much of it: quick for every push, thorough for every night",
)
@config_option
@click.option(
    "--against",
    type=click.Path(path_type=Path),
    metavar="REFERENCE",
    help="compare with the reference of the preset in this folder, with this record, or with what comes with "
    "the suite, `built-in`; exit 5 if it differs",
)
@click.option(
    "--certify",
    is_flag=True,
    help="also what `verify certify` disproves in a second; it decides no verdict",
)
@out_option
@click.option(
    "--jobs", type=click.IntRange(1, 1000), metavar="N", help="parallel processes  [as many as cores]"
)
@verbose_option
@quiet_option
@json_option
def all_theorems(
    preset: presets.Preset,
    config: Path | None,
    against: Path | None,
    certify: bool,
    out: Path,
    jobs: int | None,
    verbose: bool,
    quiet: bool,
    as_json: bool,
    **options: str | None,
) -> int:
    """Check every theorem, in parallel: one table, one record, one exit code, the worst.

    An option goes to every run of each theorem that has it, over what the preset and --config say.
    """
    from verify.commands.progress import progress_line
    from verify.records.directory import require_writable
    from verify.runs.cost import Plan, announcement
    from verify.runs.suite import Job, run_suite, suite_command
    from verify.views import terminal
    from verify.views.certified import CertificatePage
    from verify.views.github import require_summary

    found = library().theorems.catalogue(reserved=reserved_names())
    modules = found.theorems
    given, pinned = given_options(modules, options), configuration(config)
    runs = [
        Job(module, variant.name, chosen_setting(module, pinned, given, variant), variant.seeds)
        for module in modules
        for variant in presets.variants(module, preset)
    ]
    reference = reference_of(against, preset) if against else None
    expected = announcement([[Plan(job.theorem, job.setting, job.seeds) for job in runs]], jobs)
    require_writable(out)
    require_summary(os.environ)
    command = suite_command(preset, config, given, certify=certify)
    certified = certified_with([module.NAME for module in modules], command) if certify else None
    announce(expected, not (quiet or as_json))
    with progress_line("all", shown=not (quiet or as_json)) as progress:
        suite, written = run_suite(
            runs,
            preset,
            command,
            out,
            jobs,
            progress,
            (str(against), reference) if reference else None,
            certified,
        )
    moved = suite.compared.differences if suite.compared else []
    if as_json:
        click.echo(suite.model_dump_json(indent=1))
    else:
        console = terminal.console()
        page = terminal.Page(console)
        if not quiet:
            console.print(page.suite(suite, verbose))
            if certified:
                console.print(CertificatePage(console).certified(suite.certificates))
            if moved:
                console.print(page.differences(moved))
        if suite.compared:
            console.print(page.compared(suite.compared))
        console.print(terminal.last_line(suite.verdict, f"all, {preset}", str(written)), soft_wrap=True)
    if moved:
        click.echo(f"verify: numbers or texts that differ from {against}: {len(moved)}", err=True)
    for record in suite.theorems:
        tell_traceback(record)
    show_in_job(suite.theorems, moved)
    broken = tell_broken(found.broken)
    return broken or suite.verdict.exit_code or (DIFFERS if moved else 0)
