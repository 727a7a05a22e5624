"""The report as one HTML file that needs nothing else: no network, no script, pictures and style inside."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from latex2mathml.converter import convert
from markupsafe import Markup, escape

from verify.claim import Verdict, worst
from verify.report.markdown import SYMBOLS
from verify.report.numbers import number, place
from verify.report.outcome import Outcome, outcome, unexplained
from verify.report.record import ClaimRecord, Record

#: Sharp at every size, but a vector picture of many points is larger than its pixels.
LARGEST_SVG = 300_000

ORDER = (Outcome.BROKEN, Outcome.FAILED, Outcome.SKIPPED, Outcome.PASSED)

MEANINGS = {
    Verdict.VERIFIED: "every required claim holds, and by more than the error budget",
    Verdict.VIOLATED: "a claim is broken by more than the error budget",
    Verdict.INCONCLUSIVE: "slack and error budget of a claim overlap; its message says what to tighten",
    Verdict.NOT_APPLICABLE: "a hypothesis does not hold in this setting, so that nothing is promised",
    Verdict.ERROR: "the run broke; nothing follows from it",
}


def html(records: Sequence[Record], pictures: Sequence[Path]) -> str:
    """The report of some runs; the pictures of each lie in a folder of its own."""
    environment = Environment(
        loader=PackageLoader("verify.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": number, "place": place, "mathml": _mathml}
    environment.globals |= {
        "symbols": SYMBOLS,
        "meanings": MEANINGS,
        "outcome": outcome,
        "unexplained": unexplained,
        "ordered": _ordered,
        "data_uri": _data_uri,
    }
    return environment.get_template("report.html.j2").render(
        runs=list(zip(records, pictures, strict=True)),
        verdict=worst(record.verdict for record in records),
        environments=_environments(records),
    )


def _ordered(claims: Sequence[ClaimRecord]) -> list[ClaimRecord]:
    """What went wrong first, otherwise as the theorem has them."""
    return sorted(claims, key=lambda claim: (ORDER.index(outcome(claim)), -claim.verdict.severity))


def _environments(records: Sequence[Record]) -> list[tuple[list[str], Record]]:
    """Each environment once, with the theorems that ran in it."""
    return [
        ([record.label for record in same], same[0])
        for _, group in groupby(records, key=lambda record: record.environment)
        if (same := list(group))
    ]


def _mathml(latex: str) -> Markup:
    """A formula for the browser to typeset; its source where it cannot be read."""
    try:
        return Markup(convert(latex, display="block"))
    except Exception:  # the converter raises many kinds, and a report must not fail over a formula
        return Markup("<code>{}</code>").format(escape(latex))


def _data_uri(folder: Path, name: str) -> str | None:
    """A picture as part of the page; None when its file is gone."""
    svg, png = (folder / name).with_suffix(".svg"), folder / name
    chosen = svg if svg.is_file() and svg.stat().st_size <= LARGEST_SVG else png
    if not chosen.is_file():
        return None
    kind = "svg+xml" if chosen is svg else "png"
    return f"data:image/{kind};base64,{b64encode(chosen.read_bytes()).decode()}"
