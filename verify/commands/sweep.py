"""The command that runs a theorem over a grid of settings."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from verify.commands.base import Folder, library, reserved_names
from verify.commands.settings import TheoremCommand
from verify.commands.shared import announce, complete_theorem, given_options, json_option, quiet_option
from verify.theorem.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.runs.workers import Workers
    from verify.theorem.protocol import Theorem

DEFAULT_OUT = Path("results") / "sweeps"

#: Exit code of a sweep that `--minutes` stopped before its end.
UNFINISHED = 3


@click.command(cls=TheoremCommand)
@click.argument("name", metavar="NAME", shell_complete=complete_theorem)
@click.option(
    "--over",
    multiple=True,
    required=True,
    metavar="OPTION=VALUES",
    help="sweep an option: width=50,100,200 or gamma=0.1:0.9:9 (nine, evenly) or width=64:4096:log7 (seven, "
    "geometrically); several make a grid",
)
@click.option(
    "--seeds", type=click.IntRange(1, 100_000), default=1, metavar="N", help="draws of each setting  [1]"
)
@click.option(
    "--claim",
    "claims",
    multiple=True,
    metavar="ID",
    help="judge this claim only; where it needs no path none is followed, which is quick",
)
@click.option("--backend", type=click.Choice(["local", "dask"]), default="local", show_default=True)
@click.option("--scheduler", metavar="ADDRESS", help="of --backend dask, such as tcp://127.0.0.1:8786")
@click.option("--jobs", type=click.IntRange(1, 1000), metavar="N", help="local processes  [as many as cores]")
@click.option(
    "--minutes",
    type=click.FloatRange(0, min_open=True),
    metavar="M",
    help="stop after so long; the same command goes on",
)
@click.option("--retry", is_flag=True, help="run cells that came out ERROR again")
@click.option("--out", type=Folder(), default=DEFAULT_OUT, show_default=True, help="where sweeps go")
@quiet_option
@json_option
def sweep(
    name: str,
    over: tuple[str, ...],
    seeds: int,
    claims: tuple[str, ...],
    backend: str,
    scheduler: str | None,
    jobs: int | None,
    minutes: float | None,
    retry: bool,
    out: Path,
    quiet: bool,
    as_json: bool,
    **options: str | None,
) -> int:
    """Run theorem NAME over a grid of settings and seeds; every finished cell is on disk at once.

    The same command goes on where it was stopped or killed; with other values or more seeds it takes what is
    there. The table has a row a claim and seed.
    """
    module = library().theorems.load(name, reserved_names())
    given = given_options([module], options)
    if (backend == "dask") != (scheduler is not None):
        raise InputError("--backend dask and --scheduler ADDRESS go together: give both, or neither")

    from verify.commands.progress import progress_line
    from verify.records.directory import require_writable
    from verify.runs.cost import announcement
    from verify.sweeps.asked import Sweep
    from verify.sweeps.cells import judged_claims
    from verify.sweeps.grid import make_cells, parse_axis
    from verify.sweeps.summary import claims_of
    from verify.sweeps.sweep import run_sweep
    from verify.theorem.verdicts import Verdict, worst
    from verify.views import terminal

    axes = [parse_axis(module, text) for text in over]
    asked = Sweep(
        module, given, axes, make_cells(module, given, axes, seeds), judged_claims(module, claims), seeds
    )
    expected = announcement([asked.plans], jobs) if asked.plans and not scheduler else ""
    require_writable(out)
    announce(expected, not (quiet or as_json))
    with (
        _workers(module, scheduler, jobs) as workers,
        progress_line(name, shown=not (quiet or as_json)) as progress,
    ):
        found = run_sweep(asked, out, workers, retry, minutes and 60 * minutes, progress)
    verdict = worst(Verdict(name) for name, count in found.verdicts.items() if count)
    if as_json:
        click.echo((found.folder / "sweep.json").read_text(encoding="utf-8"), nl=False)
    else:
        console = terminal.console()
        if not quiet:
            console.print(terminal.Page(console).sweep(claims_of(found, module), found.remarks))
        console.print(terminal.last_line(verdict, name, str(found.folder)), soft_wrap=True)
    return verdict.exit_code or (0 if found.whole else UNFINISHED)


@contextmanager
def _workers(module: Theorem, scheduler: str | None, jobs: int | None) -> Iterator[Workers]:
    """The processes that were asked for."""
    if scheduler is not None:
        from verify.sweeps.cluster import cluster_at

        with cluster_at(scheduler, module) as cluster:
            yield cluster
        return
    from joblib import cpu_count

    from verify.runs.workers import LocalWorkers

    yield LocalWorkers(jobs or cpu_count())
