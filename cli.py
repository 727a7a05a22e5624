"""The command line of the suite: its commands, and the theorems and figures that they run.

`verify.commands.guard` has the exit codes.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

import verify
from verify.commands import author, browse, certify, falsify, figures, regress, run, suite, sweep
from verify.commands.base import CommandGroup
from verify.commands.guard import run_guarded
from verify.commands.library import Certifiers, Figures, Theorems

if TYPE_CHECKING:
    from verify.sweeps.laws import LawSweep


class Papers:
    """The theorems, the papers' figures, the sweeps behind their laws, imported when they are asked for."""

    @property
    def theorems(self) -> Theorems:
        import theorems

        return theorems

    @property
    def figures(self) -> Figures:
        from theorems import figures

        return figures

    @property
    def certificates(self) -> Certifiers:
        from theorems import certificates

        return certificates

    @property
    def laws(self) -> Sequence[LawSweep]:
        from theorems.laws import LAWS

        return LAWS


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


if __name__ == "__main__":
    main()
