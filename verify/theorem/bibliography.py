"""The papers behind a theorem or a figure, as data: what `verify cite` prints."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

#: What a key of BibTeX may be made of.
KEY = re.compile(r"[A-Za-z][A-Za-z0-9:_-]*")


@dataclass(frozen=True)
class Reference:
    """A paper. A module of a theorem or a figure lists the papers behind it as ``REFERENCES``.

    key        what it is cited by: letters, digits, colons, dashes, underscores
    title      as printed
    authors    "family name, given names" each, in the paper's order
    year       of publication
    booktitle  the proceedings that it is in; "" for a preprint
    arxiv      its number there, "" without one
    series     of the proceedings, "" without one
    volume     the number of the proceedings in their series
    pages      "first--last", "" where there are no pages
    url        where the publisher has it, "" where arXiv is all there is
    """

    key: str
    title: str
    authors: Sequence[str]
    year: int
    booktitle: str = ""
    arxiv: str = ""
    series: str = ""
    volume: str = ""
    pages: str = ""
    url: str = ""


def references(module: object) -> Sequence[Reference]:
    """The papers that a theorem or a figure lists; none where it lists none."""
    found: Sequence[Reference] = getattr(module, "REFERENCES", ())
    return found


def reference_faults(found: object) -> Iterator[str]:
    """What is wrong with the ``REFERENCES`` of a module."""
    if not isinstance(found, Sequence) or not all(isinstance(one, Reference) for one in found):
        yield "is no sequence of verify.theorem.bibliography.Reference: mind the comma of a tuple of one"
        return
    for one in found:
        if not KEY.fullmatch(one.key):
            yield f"the key {one.key!r} is none of BibTeX: use letters, digits, colons, dashes, underscores"
        if isinstance(one.authors, str) or not one.authors:
            yield f"{one.key}: authors is {one.authors!r}: write them as ('Family, Given', ...)"
