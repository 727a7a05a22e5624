"""The Markdown report and the short summary for a job page, made from the record alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from jinja2 import Template

from verify.records.record import CertificateRecord, Comparison, Difference, Record, Suite, runs_of
from verify.theorem.verdicts import worst
from verify.views.filling import templates
from verify.views.notation import unicode
from verify.views.outcome import explanation, unexplained

#: Characters that Markdown or HTML reads as marks, except an underscore inside a word. Colon and dot are here
#: because GitHub makes links of addresses.
MARKS = re.compile(
    r"[\\`*<>|\[\]~$&]|(?<![^\W_])_|_(?![^\W_])|:(?=//)|(?<=www)\.|^[-+#](?=\s|$)",
    re.IGNORECASE,
)

ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}


def plain(text: object) -> str:
    """Text in which no character is read as a mark, in a table cell too."""
    return MARKS.sub(lambda mark: ENTITIES.get(mark[0], f"\\{mark[0]}"), " ".join(str(text).split()))


def math(text: str) -> str:
    """A claim or a quantity in Unicode, with no character read as a mark."""
    return plain(unicode(text))


def code(text: str) -> str:
    """Text as code on a line of its own, whatever is in it."""
    return "    " + re.sub(r"[\r\n]", " ", text)


def report_markdown(made: Record | Suite, pictures: Sequence[str]) -> str:
    """The report of a run, or of a suite with what came of its comparison; pictures lie in those folders."""
    reports = [markdown(record, folder) for record, folder in zip(runs_of(made), pictures, strict=True)]
    if isinstance(made, Record):
        return reports[0]
    moved = made.compared.differences if made.compared else ()
    certified = certificate_lines(made.certificates)
    return "\n".join([summary(made.theorems, moved), *comparison_lines(made.compared), *certified, *reports])


def certificate_lines(certificates: Sequence[CertificateRecord]) -> list[str]:
    """What was proved, apart from the numerical verdicts; nothing if nothing was asked for."""
    if not certificates:
        return []
    rows = [f"| {plain(one.claim)} | {one.word} | {math(one.statement)} |" for one in certificates]
    trusted = dict.fromkeys(part for one in certificates for part in one.trusted)
    return [
        "### Certificates",
        "",
        "Apart from the numerical verdicts, by exact numbers; `certificates.md` has the arguments, and "
        f"`verify check-certificate certificate.json` checks them. Trusted: {plain(', '.join(trusted))}.",
        "",
        "| claim | word | statement |",
        "|---|---|---|",
        *rows,
        "",
    ]


def comparison_lines(comparison: Comparison | None) -> list[str]:
    """What came of holding a suite against a reference; nothing if it was not."""
    if comparison is None:
        return []
    moved = f"{len(comparison.differences)} moved" if comparison.differences else "nothing moved"
    reference = plain(comparison.reference)
    return [f"Compared with {reference}: {comparison.compared} numbers and texts, {moved}.\n"]


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


@cache
def _template(name: str) -> Template:
    """A template, kept because compiling it takes longer than filling it."""
    environment = templates(escaped=False)
    environment.filters |= {"plain": plain, "math": math, "code": code}
    return environment.get_template(name)
