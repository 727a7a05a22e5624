"""The report as one HTML file that needs nothing else: no network, no script, pictures and style inside."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from functools import cache
from itertools import groupby
from pathlib import Path

from jinja2 import Template
from markupsafe import Markup

from verify.records.record import Record, Suite, runs_of
from verify.theorem.verdicts import Verdict
from verify.views.filling import templates
from verify.views.mathml import mathml
from verify.views.notation import markup, unicode
from verify.views.outcome import outcome
from verify.views.part import titled

#: Sharp at every size, but a vector picture of many points is larger than its pixels.
LARGEST_SVG = 300_000

MEANINGS = {
    Verdict.VERIFIED: "every required claim holds, and by more than the error budget",
    Verdict.VIOLATED: "a claim is broken by more than the error budget",
    Verdict.INCONCLUSIVE: "slack and error budget of a claim overlap; its message says what to tighten",
    Verdict.NOT_APPLICABLE: "a hypothesis does not hold in this setting, so that nothing is promised",
    Verdict.ERROR: "the run broke; nothing follows from it",
}


def html(made: Record | Suite, pictures: Sequence[Path]) -> str:
    """The report of a run or a suite; the pictures of each run lie in a folder of its own."""
    records = runs_of(made)
    return _report().render(
        runs=list(zip(records, pictures, strict=True)),
        verdict=made.verdict,
        comparison=made.compared if isinstance(made, Suite) else None,
        certificates=made.certificates if isinstance(made, Suite) else (),
        environments=environments(records),
    )


@cache
def _report() -> Template:
    """The template, kept because compiling it takes longer than filling it."""
    environment = templates(escaped=True)
    environment.filters |= {
        "math": markup,
        "mathml": mathml,
        "words": words,
        "unicode": unicode,
        "outcome": outcome,
        "titled": titled,
    }
    environment.globals |= {"meanings": MEANINGS, "outcome": outcome, "data_uri": data_uri}
    return environment.get_template("report.html.j2")


def words(command: str) -> Markup:
    """A command that breaks between its words only."""
    return Markup(" ").join(
        Markup('<span class="word">{}</span>').format(word) for word in command.split(" ")
    )


def environments(records: Sequence[Record]) -> list[tuple[list[str], Record]]:
    """Each environment once, with the theorems that ran in it."""
    return [
        ([record.label for record in same], same[0])
        for _, group in groupby(records, key=lambda record: record.environment)
        if (same := list(group))
    ]


def data_uri(folder: Path, name: str) -> str | None:
    """A picture as part of the page; None when its file is gone."""
    svg, png = (folder / name).with_suffix(".svg"), folder / name
    chosen = svg if svg.is_file() and svg.stat().st_size <= LARGEST_SVG else png
    if not chosen.is_file():
        return None
    kind = "svg+xml" if chosen is svg else "png"
    return f"data:image/{kind};base64,{b64encode(chosen.read_bytes()).decode()}"
