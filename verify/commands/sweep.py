"""The command that runs a theorem over a grid of settings."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from verify.commands.base import Folder, library, reserved_names
from verify.commands.guard import Terminated
from verify.commands.settings import TheoremCommand
from verify.commands.shared import announce, complete_theorem, given_options, json_option, quiet_option
from verify.theorem.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from verify.runs.workers import Workers
    from verify.sweeps.asked import Sweep
    from verify.sweeps.sweep import Swept
    from verify.theorem.protocol import Theorem

DEFAULT_OUT = Path("results") / "sweeps"

#: The preset, and the folder of its pages.
LAWS = "laws"

#: Exit code of a sweep that `--minutes` stopped before its end.
UNFINISHED = 3


@click.command(cls=TheoremCommand)
@click.argument("name", metavar="[NAME]", required=False, shell_complete=complete_theorem)
@click.option(
    "--over",
    multiple=True,
    metavar="OPTION=VALUES",
    help="sweep an option: width=50,100,200 or gamma=0.1:0.9:9 (nine, evenly) or width=64:4096:log7 (seven, "
    "geometrically); several make a grid",
)
@click.option("--seeds", type=click.IntRange(1, 100_000), metavar="N", help="draws of each setting  [1]")
@click.option(
    "--claim",
    "claims",
    multiple=True,
    metavar="ID",
    help="judge this claim only; where it needs no path none is followed, which is quick",
)
@click.option(
    "--map",
    "maps",
    multiple=True,
    metavar="X,Y",
    help="draw maps over two swept options: how often each claim is VERIFIED, and the tightness",
)
@click.option(
    "--preset",
    type=click.Choice([LAWS]),
    help="without NAME: the sweeps, laws and constants that the docs quote",
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
    name: str | None,
    over: tuple[str, ...],
    seeds: int | None,
    claims: tuple[str, ...],
    maps: tuple[str, ...],
    preset: str | None,
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
    if (backend == "dask") != (scheduler is not None):
        raise InputError("--backend dask and --scheduler ADDRESS go together: give both, or neither")
    _require_a_sweep(name, over, preset, {"--seeds": seeds, "--claim": claims, "--map": maps, **options})

    from verify.records.directory import require_writable
    from verify.sweeps.asked import Sweep
    from verify.sweeps.grid import parse_axis
    from verify.sweeps.report import parse_map

    run = Asked(out, scheduler, jobs, minutes, retry, quiet, as_json)
    if preset or name is None:
        return _laws(run)
    module = library().theorems.load(name, reserved_names())
    given = given_options([module], options)
    axes = [parse_axis(module, text) for text in over]
    pairs = [parse_map(text, [axis.option for axis in axes]) for text in maps]
    asked = Sweep.of(module, given, axes, seeds or 1, claims)
    require_writable(out)
    return _sweep(run, asked, pairs)


def _require_a_sweep(
    name: str | None, over: tuple[str, ...], preset: str | None, given: Mapping[str, object]
) -> None:
    """InputError where neither a preset nor a theorem with an axis is asked for, or both are."""
    if preset is None and (name is None or not over):
        raise InputError(
            "nothing to sweep: name a theorem and what to vary, `verify sweep linear-rate --over width=5,9`, "
            f"or `verify sweep --preset {LAWS}`"
        )
    if preset is not None and (name or over or any(given.values())):
        raise InputError(
            f"--preset {preset} says what is swept: leave out the theorem and its options; "
            "--out, --minutes, --retry, --jobs and --backend go with it"
        )


@dataclass(frozen=True)
class Asked:
    """How to run sweeps: the options that all of them share."""

    out: Path
    scheduler: str | None
    jobs: int | None
    minutes: float | None
    retry: bool
    quiet: bool
    as_json: bool


def _sweep(run: Asked, asked: Sweep, pairs: Sequence[tuple[str, str]]) -> int:
    """One sweep, and its maps; the exit code."""
    from verify.sweeps.report import write_maps
    from verify.sweeps.summary import claims_of
    from verify.views import terminal

    found = _run(run, asked, run.minutes)
    page = write_maps(asked, found, pairs) if pairs and found.done else None
    if run.as_json:
        click.echo((found.folder / "sweep.json").read_text(encoding="utf-8"), nl=False)
    else:
        console = terminal.console()
        if not run.quiet:
            console.print(terminal.Page(console).sweep(claims_of(found, asked.theorem), found.remarks))
        line = terminal.last_line(found.verdict, asked.theorem.NAME, str(page or found.folder))
        console.print(line, soft_wrap=True)
    return _exit_code([found])


def _laws(run: Asked) -> int:
    """The sweeps of the preset, and the pages on what they show; the exit code."""
    from verify.records.directory import require_writable
    from verify.sweeps.asked import Sweep
    from verify.sweeps.grid import Axis
    from verify.sweeps.report import LawFound, write_laws
    from verify.views import terminal

    require_writable(run.out)
    until = run.minutes and time.monotonic() / 60 + run.minutes
    laws = []
    for one in library().laws:
        module = library().theorems.load(one.theorem, reserved_names())
        axes = [Axis(option, list(map(str, values))) for option, values in one.over.items()]
        asked = Sweep.of(module, one.fixed, axes, one.seeds, one.claims)
        left = until and until - time.monotonic() / 60
        if left is None or left > 0:
            laws.append(LawFound(one, asked, _run(run, asked, left)))
    whole = len(laws) == len(library().laws) and all(one.found.whole for one in laws)
    console = terminal.console()
    if whole:
        page = write_laws(laws, run.out / LAWS, f"verify sweep --preset {LAWS}")
    for law in laws if not run.quiet else ():
        console.print(f"{law.asked.name}: {'; '.join(law.found.remarks)}")
    if whole:
        click.echo(f"report: {page}")
    else:
        click.echo("not all was run: the same command goes on")
    return _exit_code([one.found for one in laws]) or (0 if whole else UNFINISHED)


def _run(run: Asked, asked: Sweep, minutes: float | None) -> Swept:
    """A sweep, watched."""
    from verify.commands.progress import progress_line
    from verify.runs.cost import announcement
    from verify.sweeps.sweep import run_sweep

    shown = not (run.quiet or run.as_json)
    if asked.plans and not run.scheduler:
        announce(announcement([asked.plans], run.jobs), shown)
    try:
        with (
            _workers(asked.theorem, run.scheduler, run.jobs) as workers,
            progress_line(asked.theorem.NAME, shown=shown) as progress,
        ):
            return run_sweep(asked, run.out, workers, run.retry, minutes and 60 * minutes, progress)
    except (KeyboardInterrupt, Terminated):
        click.echo("verify: the finished cells are kept, the same command goes on", err=True)
        raise


def _exit_code(found: Sequence[Swept]) -> int:
    """That of the worst cell; 3 where cells are left."""
    from verify.theorem.verdicts import worst

    return worst(one.verdict for one in found).exit_code or (
        0 if all(one.whole for one in found) else UNFINISHED
    )


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
