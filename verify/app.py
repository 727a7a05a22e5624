"""The command line of the suite: its commands, given the theorems and figures that they run.

`verify.commands.guard` has the exit codes.
"""

from __future__ import annotations

import sys

import click

import verify
from verify.commands import author, browse, certify, cite, falsify, figures, regress, run, suite, sweep
from verify.commands.base import CommandGroup
from verify.commands.guard import run_guarded
from verify.papers import Papers


@click.group(cls=CommandGroup, library=Papers(), context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(verify.__version__, prog_name="verify")
def cli() -> None:
    """Test convergence theorems about implicit neural networks numerically."""


for command in (
    browse.list_theorems,
    browse.show,
    run.theorem,
    suite.all_theorems,
    sweep.sweep,
    figures.redraw,
    regress.compare,
    regress.accept,
    regress.remake_report,
    cite.cite,
    author.power,
    falsify.falsify,
    certify.certify,
    certify.check_certificate,
    author.lint,
    browse.info,
):
    cli.add_command(command)


def main() -> None:
    """Entry point."""
    sys.exit(run_guarded(cli, "verify"))
