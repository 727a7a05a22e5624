"""Everything made from the record: Markdown, HTML and JUnit beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from verify.report.directory import write_file_whole
from verify.report.html import html
from verify.report.junit import junit
from verify.report.markdown import markdown, summary
from verify.report.record import Record

FIGURES = "figures"


def write_views(folder: Path, records: Sequence[Record]) -> None:
    """Write report.md, report.html and junit.xml into `folder`, from the records and the pictures there.

    The pictures of one run lie in ``figures``, those of several in ``<label>/figures``.
    """
    single = len(records) == 1
    places = [FIGURES if single else f"{record.label}/{FIGURES}" for record in records]
    reports = [markdown(record, place) for record, place in zip(records, places, strict=True)]
    texts = {
        "report.md": reports[0] if single else "\n".join([summary(records), *reports]),
        "report.html": html(records, [folder / place for place in places]),
        "junit.xml": junit(records),
    }
    for name, text in texts.items():
        write_file_whole(folder / name, text)
