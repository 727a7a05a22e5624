"""The command line of the benchmarks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from benchmarks.kernels import DisagreementError
from benchmarks.picture import picture
from benchmarks.report import page
from benchmarks.suite import BENCHMARKS, run
from verify import plots
from verify.records.directory import write_file_whole

ROOT = Path(__file__).resolve().parents[1]


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--only", "names", multiple=True, type=click.Choice(list(BENCHMARKS)), help="Some benchmarks.")
@click.option("--quick", is_flag=True, help="Small sizes, few rounds: whether all works, not how fast.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=ROOT / "results" / "benchmarks",
    help="Folder for what is written.  [default: results/benchmarks]",
)
@click.option("--threads", type=click.IntRange(min=1), default=1, show_default=True, help="Threads of all.")
def main(names: tuple[str, ...], quick: bool, out: Path, threads: int) -> None:
    """Time the suite's kernels, flows and verdicts beside what a user would write instead.

    What has been found is written after each of them.
    """
    try:
        for found in run(names or BENCHMARKS, quick=quick, threads=threads):
            _write(found, out)
            last = found["results"][-1]["name"]
            click.echo(f"{last}: {found['seconds'][last]:.0f} s, written to {out}", err=True)
    except DisagreementError as problem:
        raise click.ClickException(str(problem)) from None


def _write(found: Mapping[str, Any], out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    write_file_whole(out / "benchmarks.json", json.dumps(found, indent=1) + "\n")
    write_file_whole(out / "benchmarks.md", page(found))
    with plots.style():
        picture(found).savefig(out / "benchmarks.png", dpi=plots.DPI)
