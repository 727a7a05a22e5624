"""Commands that show without running: list, show, info."""

from __future__ import annotations

import sys

import click

from verify.commands.base import Command, library, reserved_names
from verify.commands.shared import complete_theorem, tell_broken


@click.command("list", cls=Command)
@click.option("--json", "as_json", is_flag=True, help="print name, title and sources of each as JSON")
def list_theorems(as_json: bool) -> int:
    """List the theorems."""
    found = library().theorems.catalogue(reserved=reserved_names())
    if as_json:
        from verify.views.described import listed

        click.echo(listed(found.theorems, found.broken).model_dump_json(indent=1))
        tell_broken(found.broken)
        return 0
    rows = [(module.NAME, module.TITLE) for module in found.theorems]
    if sys.stdout.isatty():
        formatter = click.get_current_context().make_formatter()
        formatter.write_dl(rows)
        click.echo(formatter.getvalue(), nl=False)
    else:  # a line each, for other programs
        for name, title in rows:
            click.echo(f"{name:22} {title}")
    tell_broken(found.broken)
    return 0


@click.command(cls=Command)
@click.argument("name", shell_complete=complete_theorem)
@click.option("--json", "as_json", is_flag=True, help="print it as JSON, with what each claim rests on")
def show(name: str, as_json: bool) -> int:
    """Print what theorem NAME states and claims, and its sources."""
    from verify.theorem.protocol import statement

    theorem = library().theorems.load(name, reserved_names())
    if as_json:
        from verify.views.described import described

        click.echo(described(theorem).model_dump_json(indent=1))
        return 0
    click.echo(f"{theorem.TITLE}\n{'=' * len(theorem.TITLE)}\n\n{statement(theorem).rstrip()}\n\nClaims\n")
    for claim in theorem.CLAIMS.claims:
        informative = "" if claim.required else ", informative"
        click.echo(f"  {claim.id:11} {claim.text}\n{'':13} ({claim.kind}{informative}; {claim.source})")
    click.echo("\nSources\n")
    for source in theorem.SOURCES:
        click.echo(f"  {source}")
    click.echo(f"\nRun it:  verify theorem {theorem.NAME}\nOptions: verify theorem --help")
    return 0


@click.command(cls=Command)
def info() -> int:
    """Show what this machine computes with: packages, BLAS kernels, processor."""
    from verify.runs.environment import environment

    for name, value in environment().items():
        items = [f"{key} {item}" for key, item in value.items()] if isinstance(value, dict) else value
        click.echo(f"{name + ':':11} {', '.join(items) if isinstance(items, list) else items}")
    return 0
