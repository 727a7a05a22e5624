"""LaTeX as MathML that is safe in a page: only elements and attributes of typesetting are let through."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree as ET

from latex2mathml.converter import convert
from markupsafe import Markup, escape

#: Elements that hold text and nothing else.
TOKENS = frozenset(["mi", "mn", "mo", "ms", "mspace", "mtext"])

ROWS = frozenset(["math", "mrow", "mstyle", "mpadded", "mphantom", "msqrt", "mtd"])

SCRIPTS = frozenset(["msub", "msup", "msubsup"])

ELEMENTS = (
    TOKENS | ROWS | SCRIPTS | frozenset(["mfrac", "mover", "mroot", "mtable", "mtr", "munder", "munderover"])
)

ATTRIBUTES = frozenset(
    [
        *("accent", "columnalign", "depth", "display", "displaystyle", "fence", "form", "height"),
        *("largeop", "linethickness", "lspace", "mathvariant", "movablelimits", "rspace", "scriptlevel"),
        *("separator", "stretchy", "symmetric", "voffset", "width"),
    ]
)

CLOSERS = {"(": ")", "[": "]", "{": "}", "⟨": "⟩"}

#: What stands above a letter.
ACCENTS = frozenset("~^˙¯")


def mathml(latex: str) -> Markup:
    """A formula for the browser to typeset; its source where it is not all mathematics."""
    try:
        formula = ET.fromstring(convert(latex, display="block"))
        if all(_allowed(element) for element in formula.iter()):
            return Markup(ET.tostring(_element(formula), encoding="unicode"))
    except Exception:  # the converter raises many kinds, and a report must not fail over a formula
        pass
    return Markup("<code>{}</code>").format(escape(latex))


def _allowed(element: ET.Element) -> bool:
    name = _name(element)
    return name in ELEMENTS and not (name in TOKENS and len(element))


def _name(element: ET.Element) -> str:
    """The tag without its namespace, which HTML has no use for."""
    return element.tag.rpartition("}")[2]


def _element(found: ET.Element) -> ET.Element:
    """A copy with the attributes of typesetting alone."""
    name = _name(found)
    made = ET.Element(name, {key: text for key, text in found.items() if key in ATTRIBUTES})
    made.text = found.text
    children = [_element(child) for child in found]
    made.extend(_grouped(children) if name in ROWS else children)
    if name == "mover" and len(made) == 2 and (made[1].text or "") in ACCENTS:
        made.attrib.pop("accent", None)  # in most fonts it sets the mark into the letter
        made[1].set("stretchy", "false")
    return made


def _grouped(children: list[ET.Element]) -> Iterator[ET.Element]:
    """A row in which what stands in brackets is a row of its own.

    Brackets are then as high as what they enclose, and an index of the closing bracket is at its height.
    """
    stack: list[list[ET.Element]] = [[]]
    openers: list[str] = []
    for child in children:
        sign = _sign(child)
        if sign in CLOSERS:
            stack.append([child])
            openers.append(sign)
        elif openers and _sign(_base(child)) == CLOSERS[openers[-1]]:
            openers.pop()
            group = ET.Element("mrow")
            group.extend([*stack.pop(), _base(child)])
            if child.tag in SCRIPTS:
                child[0] = group
                group = child
            stack[-1].append(group)
        else:
            stack[-1].append(child)
    return (child for part in stack for child in part)


def _base(element: ET.Element) -> ET.Element:
    return element[0] if element.tag in SCRIPTS else element


def _sign(element: ET.Element) -> str:
    return (element.text or "") if element.tag == "mo" else ""
