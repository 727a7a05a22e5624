"""The result table for a terminal of 100 columns."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from verify.claim import Verdict
from verify.report.markdown import number
from verify.report.record import Record

WIDTH = 100

STYLES = {
    Verdict.VERIFIED: "green",
    Verdict.VIOLATED: "bold red",
    Verdict.ERROR: "bold red",
    Verdict.INCONCLUSIVE: "yellow",
    Verdict.NOT_APPLICABLE: "yellow",
}


def result_table(record: Record) -> RenderableType:
    """Every comparison on a row, then what the reader must know."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), title=record.title, title_justify="left")
    table.add_column("claim", no_wrap=True)
    table.add_column("compared", overflow="fold")
    for name in ("measured", "bound", "slack", "budget"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
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
    remarks = [
        f"{claim.id}, {check.quantity}: {check.message}"
        for claim in record.claims
        for check in claim.checks
        if check.message
    ]
    remarks += record.notes
    if "tightness" in record.rates:
        remarks.append(
            f"rate measured {number(record.rates['measured'])}, guaranteed "
            f"{number(record.rates['guaranteed'])}, ratio {record.rates['tightness']:.6g}"
        )
    if warning := record.environment.get("warning"):
        remarks.append(warning)
    return Group(table, *(Text(f"- {remark}") for remark in remarks))


def last_line(record: Record, written: str) -> Text:
    """The verdict and where the report lies."""
    line = Text(record.verdict, style=STYLES[record.verdict])
    line.append(f"  {record.theorem}", style="")
    if record.error:
        line.append(f"  {record.error}", style="")
    line.append(f"  report: {written}", style="")
    return line


def console() -> Console:
    """Standard output: as wide as the terminal up to 100 columns, exactly 100 in a pipe."""
    found = Console(highlight=False, soft_wrap=False)
    width = min(found.width, WIDTH) if found.is_terminal else WIDTH
    return Console(highlight=False, width=width)
