"""The Markdown report, made from the record alone."""

from __future__ import annotations

from collections.abc import Mapping

from jinja2 import Environment, PackageLoader, StrictUndefined

from verify.report.record import Record


def number(value: float | None) -> str:
    """A number as reports show it; nothing for a missing or infinite one."""
    return "" if value is None else f"{value:.4g}"


def place(where: Mapping[str, float | None]) -> str:
    """Where along the path a comparison was decided."""
    return ", ".join(f"{name} {number(value)}" for name, value in where.items())


def cell(text: str) -> str:
    """Text that may stand in a table cell."""
    return text.replace("|", "\\|")


def markdown(record: Record) -> str:
    """The report of one run."""
    environment = Environment(
        loader=PackageLoader("verify.report"), undefined=StrictUndefined, keep_trailing_newline=True
    )
    environment.filters |= {"number": number, "place": place, "cell": cell}
    return environment.get_template("report.md.j2").render(record=record)
