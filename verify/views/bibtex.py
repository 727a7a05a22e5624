"""References as BibTeX, in ASCII."""

from __future__ import annotations

from collections.abc import Iterable

import verify
from verify.theorem.bibliography import Reference
from verify.views.latex import escaped

#: Who made the suite, as LICENSE and CITATION.cff say.
MAINTAINERS = "the verify maintainers"

TITLE = "verify: numerical tests of convergence theorems about implicit neural networks"

YEAR = 2026


def bibtex(reference: Reference) -> str:
    """The entry of a paper: of its proceedings, or else of arXiv."""
    kind = "inproceedings" if reference.booktitle else "misc"
    fields = {
        "author": " and ".join(map(escaped, reference.authors)),
        "title": f"{{{escaped(reference.title)}}}",
        "booktitle": escaped(reference.booktitle),
        "series": escaped(reference.series),
        "volume": escaped(reference.volume),
        # Two hyphens are the dash between the numbers of pages.
        "pages": "--".join(map(escaped, reference.pages.split("--"))),
        "year": str(reference.year),
        "howpublished": f"arXiv:{escaped(reference.arxiv)}" if kind == "misc" and reference.arxiv else "",
        "eprint": escaped(reference.arxiv),
        "archiveprefix": "arXiv" if reference.arxiv else "",
        "url": reference.url,
    }
    return _entry(kind, reference.key, fields)


def suite_bibtex() -> str:
    """The entry of the suite itself, with its version."""
    fields = {
        "author": f"{{{MAINTAINERS}}}",
        "title": f"{{{TITLE}}}",
        "year": str(YEAR),
        "note": f"Version {escaped(verify.__version__)}",
    }
    return _entry("misc", "verify", fields)


def bibliography(references: Iterable[Reference]) -> str:
    """The entries of some papers, each once, and of the suite, with an empty line between."""
    by_key = {reference.key: reference for reference in references}
    return "\n\n".join([*map(bibtex, by_key.values()), suite_bibtex()])


def _entry(kind: str, key: str, fields: dict[str, str]) -> str:
    lines = [f"  {name:<13} = {{{text}}}," for name, text in fields.items() if text]
    return "\n".join([f"@{kind}{{{key},", *lines, "}"])
