"""The result table for a terminal of 100 columns."""

from __future__ import annotations

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from verify.claim import Verdict, counts
from verify.figure_run import FigureRecord
from verify.power import Trial
from verify.report.numbers import number
from verify.report.record import Difference, Record, Suite

WIDTH = 100

STYLES = {
    Verdict.VERIFIED: "green",
    Verdict.VIOLATED: "bold red",
    Verdict.ERROR: "bold red",
    Verdict.INCONCLUSIVE: "yellow",
    Verdict.NOT_APPLICABLE: "yellow",
}


def _bare(title: str) -> Table:
    return Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), title=title, title_justify="left")


def _table(title: str, text: str, numbers: Sequence[str], outcome: str) -> Table:
    """A claim, a text that folds, some numbers and an outcome on every row."""
    table = _bare(title)
    table.add_column("claim", no_wrap=True)
    table.add_column(text, overflow="fold")
    for name in numbers:
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column(outcome, no_wrap=True)
    return table


def result_table(record: Record) -> RenderableType:
    """Every comparison on a row, then what the reader must know."""
    table = _table(record.title, "compared", ("measured", "bound", "slack", "budget"), "verdict")
    for claim in record.claims:
        for check in claim.checks:
            table.add_row(
                claim.id,
                check.quantity,
                number(check.measured),
                f"{check.relation} {number(check.bound)}" if check.bound is not None else "",
                number(check.slack),
                number(check.budget),
                Text(check.verdict, style=STYLES[check.verdict]),
            )
    said: dict[str, list[str]] = {}
    for claim in record.claims:
        for check in claim.checks:
            if check.message:
                said.setdefault(check.message, []).append(f"{claim.id}, {check.quantity}")
    remarks = [f"{'; '.join(of)}: {message}" for message, of in said.items()]
    remarks += [note for note in record.notes if note not in said]
    if "tightness" in record.rates:
        remarks.append(
            f"rate measured {number(record.rates['measured'])}, guaranteed "
            f"{number(record.rates['guaranteed'])}, ratio {record.rates['tightness']:.6g}"
        )
    if warning := record.environment.get("warning"):
        remarks.append(warning)
    return Group(table, *(Text(f"- {remark}") for remark in remarks))


def seeds_table(record: Record) -> RenderableType:
    """A row a claim: its narrowest check over all draws, and in how many draws it was verified."""
    numbers = ("worst slack", "budget", "verified", "95% interval")
    table = _table(record.title, "compared", numbers, "worst verdict")
    for claim in record.claims:
        check = max(claim.checks, key=lambda check: check.narrowness)
        seeds = claim.seeds
        table.add_row(
            claim.id,
            check.quantity,
            number(check.slack),
            number(check.budget),
            f"{seeds.verified} of {seeds.drawn}" if seeds else "",
            f"{seeds.interval[0]:.3f} to {seeds.interval[1]:.3f}"
            if seeds and claim.verdict is not Verdict.NOT_APPLICABLE
            else "",
            Text(claim.verdict, style=STYLES[claim.verdict]),
        )
    return Group(table, *(Text(f"- {note}") for note in record.notes))


def figure_table(record: FigureRecord) -> RenderableType:
    """Every comparison made for a figure's caption on a row."""
    table = _table(record.title, "compared", ("measured", "bound", "budget"), "verdict")
    for claim in record.claims:
        for check in claim.checks:
            table.add_row(
                claim.id,
                check.quantity,
                number(check.measured),
                f"{check.relation} {number(check.bound)}",
                number(check.budget),
                Text(check.verdict, style=STYLES[check.verdict]),
            )
    return table


def curves_table(curves: Sequence[tuple[str, bool, float | None]]) -> RenderableType:
    """Curves by label, whether they are cached, and how many seconds they took."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("curve")
    table.add_column("state")
    table.add_column("seconds", justify="right")
    for label, cached, seconds in curves:
        state = Text("cached", style="green") if cached else Text("missing", style="yellow")
        table.add_row(label, state, number(seconds))
    there = sum(cached for _, cached, _ in curves)
    spent = sum(seconds or 0.0 for _, _, seconds in curves)
    return Group(table, Text(f"{there} of {len(curves)} curves are cached, {number(spent)} s of work"))


def power_table(trials: Sequence[Trial]) -> RenderableType:
    """Every planted claim, why it is false, and whether the checks caught it."""
    title, text = "Planted false claims", "mutation, and why it is false"
    table = _table(title, text, ("off by (budgets)",), "outcome")
    for trial in trials:
        planted = trial.planted
        outcome = Text("caught", style="green") if trial.caught else Text("SURVIVED", style="bold red")
        table.add_row(
            planted.claim,
            Text(planted.mutation).append(f"\n{planted.why_false}", style="dim"),
            number(trial.margin),
            outcome,
        )
    return table


def suite_table(suite: Suite) -> RenderableType:
    """A row a run with the check that decides it most narrowly, then a line for whatever is not VERIFIED."""
    table = _bare(f"verify all, {suite.preset}")
    table.add_column("run", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    table.add_column("claims", justify="right", no_wrap=True)
    table.add_column("narrowest", no_wrap=True)
    for name in ("slack", "budget", "seconds"):
        table.add_column(name, justify="right", no_wrap=True)
    remarks = []
    for record in suite.theorems:
        verified = sum(claim.verdict is Verdict.VERIFIED for claim in record.claims)
        checks = [(claim, check) for claim in record.claims for check in claim.checks]
        deciding = [(claim, check) for claim, check in checks if counts(claim.required, check.verdict)]
        claim, check = max(deciding, key=lambda pair: pair[1].narrowness, default=(None, None))
        table.add_row(
            record.label,
            Text(record.verdict, style=STYLES[record.verdict]),
            f"{verified} of {len(record.claims)}",
            claim.id if claim else "",
            number(check.slack) if check else "",
            number(check.budget) if check else "",
            f"{sum(record.timings.values()):.1f}",
        )
        if record.error:
            remarks.append(f"{record.label}: {record.error}")
        remarks += [
            f"{record.label}  {claim.id}  {check.verdict}{'' if claim.required else ' (informative)'}  "
            f"{check.quantity}: {check.message}"
            for claim, check in checks
            if check.verdict is not Verdict.VERIFIED
        ]
    return Group(table, *(Text(f"- {remark}") for remark in remarks))


def differences_table(differences: Sequence[Difference]) -> RenderableType:
    """What moved since the reference, one a row."""
    table = _bare("Moved since the reference")
    table.add_column("what", overflow="fold")
    for name in ("reference", "now", "allowed"):
        table.add_column(name, justify="right", overflow="fold")
    for difference in differences:
        table.add_row(difference.what, difference.old, difference.new, difference.allowed)
    return table


def last_line(verdict: Verdict, of: str, written: str, reason: str = "") -> Text:
    """The verdict, why it is not VERIFIED, and where the report lies."""
    line = Text(verdict, style=STYLES[verdict])
    line.append(f"  {of}", style="")
    if reason:
        line.append(f"  {reason}", style="")
    line.append(f"  report: {written}", style="")
    return line


def console() -> Console:
    """Standard output: as wide as the terminal up to 100 columns, exactly 100 in a pipe."""
    found = Console(highlight=False, soft_wrap=False)
    width = min(found.width, WIDTH) if found.is_terminal else WIDTH
    return Console(highlight=False, width=width)
