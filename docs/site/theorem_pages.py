"""The page of a theorem, made from its module: statement, claims, a run, falsehoods, options."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any

from theorems import BUILT_IN, load
from verify.commands.options import option_rows
from verify.records.record import Record
from verify.theorem.claims import Kind, Statement
from verify.theorem.protocol import Theorem, formulas, statement
from verify.theorem.selection import premises
from verify.views.html import html
from verify.views.mathml import mathml
from verify.views.notation import markup

REPORTS = Path(__file__).parents[1] / "reports"

#: Sections of claims in their order on the page.
SECTIONS: Sequence[tuple[Kind, str, str]] = (
    ("hypothesis", "Hypotheses", "Where one fails, nothing is promised: what rests on it is NOT_APPLICABLE."),
    ("conclusion", "Conclusions", "What the theorem promises."),
    ("step", "Steps", "Lemmas, steps of the proof and side statements."),
    ("erratum", "Errata", "False as printed: the check shows that, and that the repaired form holds."),
)


def names() -> Sequence[str]:
    """The theorems that come with the suite."""
    return list(BUILT_IN)


def place(name: str) -> str:
    """Where the page of a theorem lies, from `docs`."""
    return f"theorems/{name}.md"


def page(name: str) -> str:
    """The page of a theorem, in Markdown with tables in HTML."""
    return "\n\n".join(_parts(load(name))) + "\n"


def report_place(name: str) -> str:
    """Where the report of a theorem's run lies, from `docs`."""
    return f"reports/{name}/report.html"


def report(name: str) -> str:
    """The report of the run that is kept beside the pages."""
    return html(_record(name), [REPORTS / name])


def _record(name: str) -> Record:
    return Record.model_validate_json((REPORTS / name / "record.json").read_text(encoding="utf-8"))


def _parts(theorem: Theorem) -> Iterator[str]:
    yield f"# {theorem.NAME}"
    yield f"**{theorem.TITLE}**"
    yield "\n".join(f"- {source}" for source in theorem.SOURCES)
    yield f"```\nverify theorem {theorem.NAME}\n```"
    yield "## Statement"
    for label, latex in formulas(theorem):
        typeset = "".join(f'<div class="formula">{mathml(one)}</div>' for one in latex)
        yield f'<div class="formulas"><p>{escape(label)}</p>{typeset}</div>'
    yield f'<pre class="statement">{escape(statement(theorem).rstrip())}</pre>'
    for kind, title, about in SECTIONS:
        if found := [one for one in theorem.CLAIMS if one.claim.kind == kind]:
            yield f"## {title}"
            yield about
            yield _claims(theorem, found)
    yield "## A run"
    yield from _report(theorem)
    if planted := [(one, false) for one in theorem.CLAIMS for false in one.falsehoods]:
        yield "## What would make it fail"
        yield (
            "Planted by `verify power`: each false claim, and each setting that breaks a hypothesis, must "
            "come out with the verdict beside it."
        )
        yield _table(
            ("claim", "planted", "why it is false", "verdict"),
            [
                (f"<code>{one.claim.id}</code>", markup(false.what), markup(false.why), _word(false.becomes))
                for one, false in planted
            ],
        )
    yield "## Options"
    for group, rows in option_rows(theorem.Setting).items():
        yield f"### {group}"
        yield _table(
            ("option", "meaning"), [(f"<code>{escape(left)}</code>", escape(text)) for left, text in rows]
        )


def _report(theorem: Theorem) -> Iterator[str]:
    """The run that is kept beside the pages, with its pictures."""
    record = _record(theorem.NAME)
    there = f"../reports/{theorem.NAME}"
    seconds = sum(record.timings.values())
    yield (
        f"`{record.command}` said {_word(record.verdict)} after {seconds:.0f} s: "
        f"[its report]({there}/report.html), [its record]({there}/record.json)."
    )
    for name in record.figures:
        picture = name.replace(".png", ".svg")
        yield f"![{escape(record.captions.get(name, name))}]({there}/{picture})"


def _claims(theorem: Theorem, found: Sequence[Statement[Any]]) -> str:
    resting = premises(theorem)
    rows = []
    for one in found:
        given = resting[one.claim.id]
        notes = [] if one.claim.required else ["informative"]
        notes += [f"rests on {', '.join(given)}"] if given else []
        notes += ["leaves a constant open"] if any(part.constant for part in one.parts) else []
        small = f"<small>{escape('; '.join([one.claim.source, *notes]))}</small>"
        rows.append((f"<code>{one.claim.id}</code>", f"{markup(one.claim.text)}<br>{small}"))
    return _table(("id", "claim"), rows)


def _word(verdict: str) -> str:
    return f'<span class="verdict {verdict.lower()}">{verdict}</span>'


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    cells = "".join(f"<th>{one}</th>" for one in head)
    body = "\n".join("<tr>" + "".join(f"<td>{one}</td>" for one in row) + "</tr>" for row in rows)
    return f"<table>\n<thead><tr>{cells}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"
