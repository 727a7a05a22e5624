"""The Markdown report and the short summary for a job page, made from the record alone."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from verify.claim import Verdict, worst
from verify.report.numbers import number, place
from verify.report.outcome import explanation, unexplained
from verify.report.record import Difference, Record

#: Characters that Markdown or HTML reads as marks; an underscore inside a word is none.
MARKS = re.compile(r"[\\`*<>|\[\]]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")

#: A mark beside every verdict, so that none is told by colour alone.
SYMBOLS: Mapping[Verdict, str] = {
    Verdict.VERIFIED: "✓",
    Verdict.VIOLATED: "✗",
    Verdict.INCONCLUSIVE: "?",
    Verdict.NOT_APPLICABLE: "∅",
    Verdict.ERROR: "!",
}


def plain(text: object) -> str:
    """Text that stands for itself, in a table cell too."""
    return MARKS.sub(r"\\\g<0>", " ".join(str(text).split())).replace(r"\<", "&lt;").replace(r"\>", "&gt;")


def code(text: str) -> str:
    """Text as code on a line of its own, whatever is in it."""
    return "    " + re.sub(r"[\r\n]", " ", text)


def markdown(record: Record, pictures: str = "figures") -> str:
    """The report of one run; its pictures lie in the folder `pictures`."""
    return _template("report.md.j2").render(record=record, pictures=pictures)


def summary(records: Sequence[Record], moved: Sequence[Difference] = ()) -> str:
    """All runs at a glance: a table of verdicts, the numbers of whatever is not VERIFIED, and what moved."""
    return _template("summary.md.j2").render(
        records=records,
        moved=moved,
        verdict=worst(record.verdict for record in records),
        explanation=explanation,
        unexplained=unexplained,
    )


def _template(name: str) -> Template:
    environment = Environment(
        loader=PackageLoader("verify.report"), undefined=StrictUndefined, keep_trailing_newline=True
    )
    environment.filters |= {"number": number, "place": place, "plain": plain, "code": code}
    environment.globals |= {"symbols": SYMBOLS}
    return environment.get_template(name)
