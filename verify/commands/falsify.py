"""The command that searches for a counterexample."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from verify.commands.base import Folder, library, reserved_names
from verify.commands.settings import TheoremCommand
from verify.commands.shared import complete_theorem, given_options
from verify.theorem.errors import InputError

if TYPE_CHECKING:
    from verify.search.examine import Sought
    from verify.search.search import Limits
    from verify.search.written import Result
    from verify.views.searched import Approached

#: Where the directories of searches go.
DEFAULT_OUT = Path("results") / "falsify"

#: Minutes of a search, and of that for each planted false claim.
MINUTES, PLANTED_MINUTES = 5.0, 2.0


@click.command(cls=TheoremCommand)
@click.argument("name", metavar="NAME", shell_complete=complete_theorem)
@click.option(
    "--claim", "claims", multiple=True, metavar="ID", help="a claim to violate; default: all that can be"
)
@click.option(
    "--drop",
    "dropped",
    multiple=True,
    metavar="HYPOTHESIS",
    help="look where this hypothesis fails: is it needed? By default for the claims that rest on it",
)
@click.option(
    "--minutes",
    type=click.FloatRange(0, 10_000, min_open=True),
    metavar="N",
    help=f"how long to search  [default: {MINUTES:g}; for each planted claim {PLANTED_MINUTES:g}]",
)
@click.option("--jobs", type=click.IntRange(1, 1000), metavar="N", help="processes  [default: one a core]")
@click.option(
    "--planted", is_flag=True, help="search for the planted false claims, each by itself; exit 1 if one hides"
)
@click.option("--out", type=Folder(), default=DEFAULT_OUT, show_default=True, help="where its directory goes")
def falsify(
    name: str,
    claims: tuple[str, ...],
    dropped: tuple[str, ...],
    minutes: float | None,
    jobs: int | None,
    planted: bool,
    out: Path,
    **options: str | None,
) -> int:
    """Search settings, data and starts for a violated claim of theorem NAME; exit 1 if there is one.

    It ends with how near each claim came to that, and with the command that shows it. A setting option that
    is given does not vary; --seed is that of the search, too.
    """
    from joblib import cpu_count

    from verify.theorem.settings import make_setting

    (theorem,) = library().theorems.catalogue([name], reserved_names()).theorems
    own = given_options([theorem], options)
    setting = make_setting(theorem, own)
    pinned = {field: getattr(setting, field) for field in (*own, "seed")}

    from verify.records.directory import require_writable
    from verify.search.asked import sought
    from verify.search.search import Limits

    if planted and dropped:
        raise InputError("--drop asks of true claims, --planted of false ones: leave one of them out")
    seconds = 60 * (minutes or (PLANTED_MINUTES if planted else MINUTES))
    limits = Limits(setting.seed, seconds, jobs or cpu_count())
    wanted = sought(theorem, claims, dropped, pinned)
    if planted:
        return _planted(wanted, limits)
    require_writable(out)
    return _searched(wanted, limits, out)


def _searched(sought: Sought, limits: Limits, out: Path) -> int:
    """Search, show and write what was found; the exit code."""
    from verify.commands.progress import progress_line
    from verify.search.search import Tally, search
    from verify.search.written import write
    from verify.views.searched import SearchPage
    from verify.views.terminal import console as terminal_console

    tally = Tally()
    try:
        with progress_line(sought.theorem.NAME, shown=True) as progress:
            search(sought, limits, tally, progress)
    except KeyboardInterrupt:
        for claim, one in tally.closest.items():
            click.echo(f"verify: {claim} came as near as {one.score:.3g}: {one.check.quantity}", err=True)
        raise
    if tally.evaluations and tally.refused == tally.evaluations:
        raise InputError(f"no run could be made in {tally.refused} settings: {tally.refusal}")
    found, written = write(sought, limits, tally, out)
    console = terminal_console()
    console.print(SearchPage(console).approaches([_row(result) for result in found]))
    for result in found:
        if result.command:
            click.echo(f"{result.claim}: {result.command}")
    counted = f"{tally.evaluations} runs in {tally.restarts} restarts"
    if tally.unconfirmed:
        counted += f", {tally.unconfirmed} violations gone with smaller errors"
    if tally.lost:
        counted += f", {tally.lost} restarts lost with their processes"
    click.echo(f"{counted}: {written / 'falsify.json'}")
    return int(any(result.violated for result in found))


def _row(result: Result) -> Approached:
    from verify.views.searched import Approached

    approach = result.approach
    if approach is None:
        return Approached(result.claim, "nothing compared")
    check = approach.check
    return Approached(
        result.claim,
        "VIOLATED" if result.violated else "not violated",
        approach.score,
        check.quantity,
        (check.measured, check.relation, check.bound),
    )


def _planted(sought: Sought, limits: Limits) -> int:
    """Search for each planted false claim, and show how long each took; the exit code."""
    from verify.commands.progress import progress_line
    from verify.search.planted import hunts
    from verify.views.searched import SearchPage
    from verify.views.terminal import console as terminal_console

    console = terminal_console()
    page = SearchPage(console)
    rows, hidden = [], 0
    with progress_line(sought.theorem.NAME, shown=True) as progress:
        for falsehood, tally in hunts(sought, limits, progress):
            seconds = tally.seconds.get(falsehood.claim)
            hidden += seconds is None
            rows.append((falsehood.claim, falsehood.what, seconds, tally.evaluations))
    console.print(page.hunted(rows))
    click.echo(f"{len(rows) - hidden} of {len(rows)} planted false claims found")
    return int(hidden > 0)
