"""Templates and how they are filled, set up once for HTML, Markdown and the pages of figures."""

from __future__ import annotations

from collections.abc import Mapping

from jinja2 import Environment, PackageLoader, StrictUndefined

from verify.theorem.verdicts import Verdict
from verify.views import order, spread
from verify.views.numbers import brief, number, place, setting_line
from verify.views.outcome import erratum, unexplained
from verify.views.part import part, part_told, titled

#: A mark beside every verdict, so that none is told by colour alone.
SYMBOLS: Mapping[Verdict, str] = {
    Verdict.VERIFIED: "✓",
    Verdict.VIOLATED: "✗",
    Verdict.INCONCLUSIVE: "?",
    Verdict.NOT_APPLICABLE: "∅",
    Verdict.ERROR: "!",
}


def templates(*, escaped: bool) -> Environment:
    """The suite's templates, with what every view of a record uses; `escaped` for HTML."""
    environment = Environment(
        loader=PackageLoader("verify.views"),
        autoescape=escaped,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=not escaped,
    )
    environment.filters |= {"number": number, "place": place, "brief": brief}
    environment.globals |= {
        "symbols": SYMBOLS,
        "order": order,
        "spread": spread,
        "erratum": erratum,
        "unexplained": unexplained,
        "part": part,
        "part_told": part_told,
        "titled": titled,
        "setting_line": setting_line,
    }
    return environment
