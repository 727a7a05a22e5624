"""Texts and numbers as LaTeX in ASCII, for pdflatex with amsmath.

`latex` reads claims as `verify.views.notation` does, and writes formulas between dollars. `escaped` is for
text in which nothing is mathematics. Whatever comes in, the result is ASCII, its braces and dollars are in
pairs, and no character of it is read as a command that is not meant.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

from verify.views.notation import (
    FUNCTIONS,
    GREEK,
    LOWERED,
    RAISED,
    REMEMBERED,
    Atom,
    Kind,
    Script,
    atoms_of,
    pieces,
)

#: Functions that LaTeX has a command for; the others are named operators of amsmath.
KNOWN_FUNCTIONS = frozenset(["cos", "det", "exp", "inf", "log", "max", "min", "sin", "sup"])

SYMBOLS = {
    **{symbol: f"\\{name} " for name, symbol in GREEK.items()},
    **{"‖": r"\|", "≤": r"\le ", "≥": r"\ge ", "≠": r"\ne ", "→": r"\to ", "−": "-", "∗": "*"},
    **{"½": r"\tfrac12 ", "¼": r"\tfrac14 ", "¾": r"\tfrac34 ", "∞": r"\infty ", "√": r"\surd "},
    **{"∫": r"\int ", "∑": r"\sum ", "∇": r"\nabla ", "⟨": r"\langle ", "⟩": r"\rangle ", "±": r"\pm "},
    **{"×": r"\times ", "·": r"\cdot ", "∈": r"\in ", "≈": r"\approx ", "∂": r"\partial ", "⊗": r"\otimes "},
    **{"∘": r"\circ ", "⊤": r"\top ", "⪰": r"\succeq ", "⪯": r"\preceq ", "ℓ": r"\ell ", "ℝ": r"\mathbf{R}"},
    # Scripts of nothing: whatever stands before may have its own.
    **{high: f"{{}}^{{{low.replace('−', '-')}}}" for low, high in RAISED.items()},
    **{small: f"{{}}_{{{low.replace('−', '-')}}}" for low, small in LOWERED.items()},
}

#: Marks above a letter: in a formula, and in a word.
ACCENTS = {"\u0303": r"\tilde", "\u0302": r"\hat", "\u0304": r"\bar"}
TEXT_ACCENTS = {
    **{"\u0300": r"\`", "\u0301": r"\'", "\u0302": r"\^", "\u0303": r"\~", "\u0304": r"\=", "\u0308": r"\""},
    **{"\u030a": r"\r ", "\u030c": r"\v ", "\u0327": r"\c "},
}

#: Characters that TeX reads as marks, in words and in formulas.
MARKS = {
    **{"\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%"},
    **{"_": r"\_", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "`": r"\textasciigrave{}"},
    **{"<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", '"': "''", "-": "-"},
    **{"–": "--", "—": "---", "’": "'", "‘": r"\textquoteleft{}", "“": "``", "”": "''", "…": r"\dots{}"},
}
FORMULA_MARKS = {
    **{"{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_", "~": r"\sim "},
    **{",": r",\;", ";": r";\;", "\\": r"\backslash ", "'": r"\text{'}", " ": " "},
}

NUMBER = re.compile(r"(\d+(?:\.\d+)?)[eE]([+-]?\d+)")


@lru_cache(REMEMBERED)
def latex(text: str) -> str:
    """A claim, a quantity or a message, its formulas typeset."""
    parts = []
    for is_formula, atoms in pieces(atoms_of(text)):
        if is_formula:
            parts.append(f"${_formula(atoms)}$")
        else:
            parts.append(_words("".join(atom.text for atom in atoms)))
    return "".join(parts)


def escaped(text: object) -> str:
    """Any text as it is, on one line."""
    return _words(" ".join(str(text).split()))


def typed(command: str) -> str:
    """A command in the letters of a typewriter, which may break within long words, too."""
    words = (re.split(r"(?<=[/,=])(?=.)", word) for word in command.split())
    return r"\texttt{" + " ".join(r"\allowbreak{}".join(map(escaped, parts)) for parts in words) + "}"


def number(value: float | None) -> str:
    """A number as reports show it, in a formula; a dash for a missing or infinite one."""
    return "--" if value is None else f"${_number(f'{value + 0.0:.4g}')}$"


def relation(sign: str) -> str:
    """The sign between measured and bound, in a formula."""
    return f"${ {'<=': chr(92) + 'le', '>=': chr(92) + 'ge'}.get(sign, '=') }$"


def _words(text: str) -> str:
    """Text that is no mathematics, with the spaces at its ends."""
    signs = "".join(map(_sign, unicodedata.normalize("NFC", re.sub(r"\s", " ", text))))
    return re.sub("-(?=-)", "-{}", signs)  # two hyphens would become a dash


def _number(text: str) -> str:
    return NUMBER.sub(lambda found: rf"{found[1]}\cdot 10^{{{int(found[2])}}}", text)


def _sign(sign: str) -> str:
    """One character of a text."""
    if sign in MARKS:
        return MARKS[sign]
    if sign.isascii():
        return sign if sign.isprintable() else f"[U+{ord(sign):04X}]"
    if sign in SYMBOLS:
        return f"${SYMBOLS[sign].strip()}$"
    apart = unicodedata.normalize("NFD", sign)
    if len(apart) == 2 and apart[0].isascii() and apart[0].isalpha() and apart[1] in TEXT_ACCENTS:
        return f"{{{TEXT_ACCENTS[apart[1]]}{apart[0]}}}"
    return f"[U+{ord(sign):04X}]"


def _formula(atoms: Iterable[Atom]) -> str:
    return re.sub(" +", " ", "".join(map(_atom, atoms))).strip()


def _atom(atom: Atom) -> str:
    if atom.kind is Kind.ROOT:
        return _scripted(rf"\sqrt{{{_formula(atom.under)}}}", atom.scripts)
    if atom.kind is Kind.WORD:
        return rf"\text{{{escaped(atom.text)}}}"
    return _scripted(_base(atom), atom.scripts)


def _base(atom: Atom) -> str:
    """An atom without its scripts."""
    text = atom.text
    apart = unicodedata.normalize("NFD", text)
    if text in FUNCTIONS:
        return f"\\{text} " if text in KNOWN_FUNCTIONS else rf"\operatorname{{{text}}}"
    if text in SYMBOLS or text in FORMULA_MARKS:
        return SYMBOLS.get(text) or FORMULA_MARKS[text]
    if len(apart) == 2 and apart[1] in ACCENTS:
        return f"{ACCENTS[apart[1]]}{{{SYMBOLS.get(apart[0], apart[0]).strip()}}}"
    plain = text.isascii() and text.isprintable() and (text not in MARKS or text in "-<>|")
    return _number(text) if plain else rf"\text{{{escaped(text)}}}"


def _scripted(base: str, scripts: Sequence[Script]) -> str:
    """With what is raised and lowered; a second of one kind would be an error of LaTeX without braces."""
    if not scripts:
        return base
    made, used = base.rstrip(), set[str]()
    if re.search(r"[\^_]\{", made):  # as in 10^{5}
        made = f"{{{made}}}"
    for script in scripts:
        if script.mark in used:
            made, used = f"{{{made}}}", set()
        used.add(script.mark)
        made += f"{script.mark}{{{_formula(script.atoms)}}}"
    return made
