"""The page beside a figure: its caption, what was assumed, and the verdict on what the caption claims."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined

from verify.views.markdown import plain
from verify.views.numbers import number, place

if TYPE_CHECKING:
    from verify.figures.record import FigureRecord


def figure_page(record: FigureRecord, picture: str) -> str:
    """The page in Markdown, made from the record alone; `picture` is the file to show."""
    environment = Environment(
        loader=PackageLoader("verify.views"), undefined=StrictUndefined, keep_trailing_newline=True
    )
    environment.filters |= {"number": number, "place": place, "plain": plain}
    seconds = sum(taken for taken in record.seconds.values() if taken is not None)
    return environment.get_template("figure.md.j2").render(record=record, picture=picture, seconds=seconds)
