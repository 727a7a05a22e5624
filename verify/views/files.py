"""Everything made from the record: Markdown, HTML and JUnit beside each other."""

from __future__ import annotations

from pathlib import Path

from verify.records.directory import write_file_whole
from verify.records.record import Record, Suite, runs_of
from verify.views.html import html
from verify.views.junit import junit
from verify.views.markdown import report_markdown

FIGURES = "figures"


def write_views(folder: Path, made: Record | Suite) -> None:
    """Write report.md, report.html and junit.xml into `folder`, from the record and the pictures there.

    The pictures of a run lie in ``figures``, those of a suite's runs in ``<label>/figures``.
    """
    single = isinstance(made, Record)
    places = [FIGURES if single else f"{record.label}/{FIGURES}" for record in runs_of(made)]
    texts = {
        "report.md": report_markdown(made, places),
        "report.html": html(made, [folder / place for place in places]),
        "junit.xml": junit(made),
    }
    for name, text in texts.items():
        write_file_whole(folder / name, text)
