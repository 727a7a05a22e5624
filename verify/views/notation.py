"""Mathematics written in plain ASCII, as claims and quantities are, made readable.

`unicode` is for a terminal, `markup` for a page, `verify.views.latex` for a paper. All read the same atoms:
words stay as they are, names and signs of mathematics become symbols, and what follows ``^`` or ``_`` is
raised or lowered. Text that cannot be read as mathematics passes through unchanged, so that nothing is ever
lost.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache
from itertools import groupby
from unicodedata import normalize

from markupsafe import Markup, escape

# fmt: off
GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "zeta": "ζ", "eta": "η",
    "theta": "θ", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ",
    "sigma": "σ", "tau": "τ", "phi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω", "Gamma": "Γ", "Delta": "Δ",
    "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π", "Sigma": "Σ", "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω",
}

#: Written upright, as words are, but part of the formula that they stand in.
FUNCTIONS = frozenset((
    "argmin", "cos", "det", "diag", "exp", "Hessian", "inf", "log", "max",
    "min", "rank", "relu", "sin", "softmax", "sup", "tr", "vec",
))
# fmt: on

#: Texts whose reading is kept: the claims of a suite come again in each of its runs.
REMEMBERED = 4096

SIGNS = {"||": "‖", "<=": "≤", ">=": "≥", "!=": "≠", "->": "→", "1/2": "½", "1/4": "¼", "3/4": "¾"}

#: Of an optimum, L*: the asterisk at the height of a letter, to be raised.
STAR = "∗"

#: What becomes a mark above the letter before it.
TILDE, HAT, BAR = "\N{COMBINING TILDE}", "\N{COMBINING CIRCUMFLEX ACCENT}", "\N{COMBINING MACRON}"

RAISED = dict(zip("0123456789+−=()TDiklnt", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵀᴰⁱᵏˡⁿᵗ", strict=True))
LOWERED = dict(zip("0123456789+−=()ijkmntx", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ᵢⱼₖₘₙₜₓ", strict=True))

#: Longer or deeper groups are no formula anyone wrote; their signs are left alone.
LONGEST_GROUP, DEEPEST_GROUP = 200, 4

CLOSERS = {"(": ")", "{": "}"}

TOKENS = re.compile(
    r"""
      (?P<option> --[A-Za-z][\w-]* )
    | (?P<product> <(?=[^\s<>=])[^<>,]{1,60},[^<>]{1,60}(?<=[^\s<>])> )
    | (?P<sign> \|\| | <= | >= | != | -> | (?<![-\w./^_])(?:1/2|1/4|3/4)(?![\w./]) )
    | (?P<number> \d+(?:\.\d+)?(?:[eE][+-]?\d+)? )
    | (?P<root> sqrt(?=\() )
    | (?P<integral> int(?=_|\s+(?:\|\||\d|(?!a\s)[A-Za-z](?![A-Za-z])|(?:GREEK)(?![A-Za-z]))) )
    | (?P<sum> sum(?=_) )
    | (?P<gradient> grad\s(?=(?!a\s)[A-Za-z](?![A-Za-z])) )
    | (?P<compound> [A-Za-z]+(?:-[A-Za-z][\w.]*)+ )
    | (?P<name> [A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)*(?:'[a-z]+)? )
    | (?P<minus> (?<![^\s(\[{|=<>,])-(?=[\s\w(|]) )
    | (?P<other> . )
    """.replace("GREEK", "|".join(GREEK)),
    re.VERBOSE | re.DOTALL,
)

#: What may stand after an atom: a tilde above it, the star of an optimum, an index without brackets, and,
#: after the articles "a" and "A", a word.
TILDE_SIGN, STAR_SIGN = re.compile(r"~(?!\w)"), re.compile(r"\*(?![\w*(])|\*(?=_)")
INDEX = re.compile(r"-?(?:\d+(?:\.\d+)?|[A-Za-z]+)")
WORD, NOUN = re.compile(r"\s[A-Za-z]+\b(?![_^(])"), re.compile(r"\s(?!has\b|and\b)[A-Za-z][a-z]{2,}\b")


class Kind(Enum):
    WORD = auto()  # of the language around the formula
    UPRIGHT = auto()  # numbers, brackets, spaces, functions: part of a formula if one is near
    SYMBOL = auto()
    VARIABLE = auto()
    ROOT = auto()


@dataclass(frozen=True)
class Script:
    """What is raised (`^`) or lowered (`_`)."""

    mark: str
    atoms: Sequence[Atom]


@dataclass(frozen=True)
class Atom:
    """The smallest part: its text in Unicode, or what stands under a root, and its scripts."""

    kind: Kind
    text: str
    under: Sequence[Atom] = ()
    scripts: Sequence[Script] = ()


@lru_cache(REMEMBERED)
def unicode(text: str) -> str:
    """The text for a terminal; what has no character of its own, such as λ_min, keeps its mark."""
    return _unicode(atoms_of(text))


@lru_cache(REMEMBERED)
def markup(text: str) -> Markup:
    """The text for a page: escaped, formulas in ``<span class="math">``, scripts raised and lowered."""
    return Markup("").join(_runs(atoms_of(text)))


def atoms_of(text: str, depth: int = 0) -> list[Atom]:
    """The atoms of a text; `depth` counts the groups that it stands in."""
    return list(_Reader(text, depth).atoms())


class _Reader:
    """Reads atoms from a text, from left to right."""

    def __init__(self, text: str, depth: int) -> None:
        self.text = text
        self.depth = depth
        self.at = 0

    def atoms(self) -> Iterator[Atom]:
        while found := TOKENS.match(self.text, self.at):
            kind = str(found.lastgroup)
            read: dict[str, Callable[[str], Iterator[Atom]]] = {
                "product": self._product,
                "root": self._root,
                "name": self._name,
                "other": self._other,
            }
            self.at = found.end()
            if kind in read:
                yield from read[kind](found[0])
            else:
                yield self._single(kind, found[0])

    def _single(self, kind: str, text: str) -> Atom:
        if kind == "number":
            return self._scripted(Kind.UPRIGHT, text)
        if kind in ("option", "compound"):
            return Atom(Kind.WORD, text)
        symbols = {"integral": "∫", "sum": "∑", "gradient": "∇", "minus": "−"}
        return self._scripted(Kind.SYMBOL, symbols.get(kind) or SIGNS[text])

    def _product(self, text: str) -> Iterator[Atom]:
        """An inner product."""
        yield Atom(Kind.SYMBOL, "⟨")
        yield from atoms_of(text[1:-1], self.depth)
        yield self._scripted(Kind.SYMBOL, "⟩")

    def _root(self, text: str) -> Iterator[Atom]:
        inner = self._group()
        if inner is None:
            yield Atom(Kind.WORD, text)
        else:
            yield self._scripted(Kind.ROOT, "√", inner)

    def _name(self, text: str) -> Iterator[Atom]:
        base, _, index = text.partition("_")
        if "_" in index or "'" in text:  # a name of a file or a field, or a genitive
            yield Atom(Kind.WORD, text)
        elif base in FUNCTIONS and not index:
            yield self._scripted(Kind.UPRIGHT, base)
        elif self._is_differential(base):
            yield Atom(Kind.UPRIGHT, "d")
            if text[1:]:
                yield from self._name(text[1:])
        elif symbol := self._variable(base):
            if index == "bar":
                symbol, index = symbol + BAR, ""
            first = [Script("_", atoms_of(index, self.depth + 1))] if index else []
            yield self._scripted(Kind.VARIABLE, symbol, scripts=first)
        else:
            yield Atom(Kind.WORD, text)

    def _variable(self, name: str) -> str:
        """The symbol of a variable's name; "" for a word."""
        if name == "yhat":
            return normalize("NFC", "y" + HAT)
        symbol = GREEK.get(name, name if len(name) == 1 and not self._is_article(name) else "")
        if symbol and self._follows(TILDE_SIGN):
            self.at += 1
            return symbol + TILDE
        return symbol

    def _is_article(self, name: str) -> bool:
        """Whether "a" or "A", read just now, is the article."""
        if name == "A":
            before = self.text[max(0, self.at - 3) : self.at - 1]
            return (not before or before[0] in ".:;") and self._follows(NOUN)
        return name == "a" and self._follows(WORD)

    def _follows(self, what: re.Pattern[str]) -> bool:
        return what.match(self.text, self.at) is not None

    def _is_differential(self, base: str) -> bool:
        """Whether a name is one of the two of a derivative such as dQ/dt, or the d of d||r||."""
        if base == "d":
            return self.text.startswith("||", self.at)
        if base[0] != "d" or not (base[1:] in ("yhat", *GREEK) or len(base) == 2):
            return False
        return base == "dt" or self.text.startswith("/d", self.at)

    def _other(self, text: str) -> Iterator[Atom]:
        if text == "-" and self.depth:  # of an index such as l-1
            yield Atom(Kind.SYMBOL, "−")
        else:
            yield self._scripted(Kind.UPRIGHT, text) if text in ")]}" else Atom(Kind.UPRIGHT, text)

    def _scripted(
        self, kind: Kind, text: str, under: Sequence[Atom] = (), scripts: Sequence[Script] = ()
    ) -> Atom:
        """An atom with the scripts that follow it."""
        found = list(scripts)
        while script := self._script(kind):
            found.append(script)
        return Atom(kind, text, under, found)

    def _script(self, kind: Kind) -> Script | None:
        if kind is Kind.VARIABLE and self._follows(STAR_SIGN):
            self.at += 1
            return Script("^", [Atom(Kind.SYMBOL, STAR)])
        mark = self.text[self.at : self.at + 1]
        if mark not in ("^", "_") or self.at + 1 >= len(self.text):
            return None
        before = self.at
        self.at += 1
        if (inner := self._group()) is not None:
            return Script(mark, inner)
        if mark == "_" and self.text[self.at] == "*":
            self.at += 1
            return Script("_", [Atom(Kind.SYMBOL, STAR)])
        if word := INDEX.match(self.text, self.at):
            self.at = word.end()
            # Of words only "infinity" has a symbol; others are indices, letter by letter or as a whole.
            infinite = word[0] == "inf"
            return Script(mark, [Atom(Kind.SYMBOL, "∞")] if infinite else atoms_of(word[0], self.depth + 1))
        self.at = before
        return None

    def _group(self) -> list[Atom] | None:
        """What stands in the brackets that open here; None when none do.

        Round ones around an index such as (l+1) are part of it; around a number they only group.
        """
        opener = self.text[self.at : self.at + 1]
        if opener not in CLOSERS or self.depth >= DEEPEST_GROUP:
            return None
        level = 0
        for end in range(self.at, min(len(self.text), self.at + LONGEST_GROUP)):
            level += (self.text[end] == opener) - (self.text[end] == CLOSERS[opener])
            if level == 0:
                break
        else:
            return None
        inner, of_root = self.text[self.at + 1 : end], self.text.endswith("sqrt", 0, self.at)
        keep = opener == "(" and not of_root and not re.match(r"[-\d]", inner)
        text = self.text[self.at : end + 1] if keep else inner
        self.at = end + 1
        return atoms_of(text, self.depth + 1)


def _unicode(atoms: Sequence[Atom]) -> str:
    texts = []
    for i, atom in enumerate(atoms):
        texts.append(atom.text)
        if atom.kind is Kind.ROOT:
            after = atoms[i + 1].text[:1] if i + 1 < len(atoms) else ""
            bare = len(atom.under) == 1 and not atom.under[0].scripts and not atom.scripts
            under = _unicode(atom.under)
            # √n/2 could be read as the root of n/2.
            texts.append(under if bare and (not after or after in " ,;)‖") else f"({under})")
        texts += [_unicode_script(script) for script in atom.scripts]
    return "".join(texts)


def _unicode_script(script: Script) -> str:
    text = _unicode(script.atoms)
    table = RAISED if script.mark == "^" else LOWERED
    if text == STAR:
        return "*" if script.mark == "^" else "_*"
    # A whole word in small letters is harder to read than its mark.
    if all(sign in table for sign in text) and not re.search(r"[A-Za-z]{2}", text):
        return "".join(table[sign] for sign in text)
    bare = len(text) == 1 or re.fullmatch(r"\w+|\(.*\)", text)
    return f"{script.mark}{text}" if bare else f"{script.mark}({text})"


def pieces(atoms: Sequence[Atom]) -> Iterator[tuple[bool, Sequence[Atom]]]:
    """What a text is made of: formulas (True), and what stands between them."""
    for is_word, group in groupby(atoms, key=lambda atom: atom.kind is Kind.WORD):
        run = list(group)
        if is_word or not any(atom.kind is not Kind.UPRIGHT or atom.scripts for atom in run):
            yield False, run
            continue
        outer = [i for i, atom in enumerate(run) if not re.fullmatch(r"[\s,;:.]", atom.text)]
        first, last = outer[0], outer[-1] + 1
        yield False, run[:first]
        yield True, run[first:last]
        yield False, run[last:]


def _runs(atoms: Sequence[Atom]) -> Iterator[Markup]:
    """Words as they are, each formula between them as one span."""
    for is_formula, run in pieces(atoms):
        if is_formula:
            yield Markup('<span class="math">{}</span>').format(Markup("").join(map(_marked, run)))
        else:
            yield from map(_marked, run)


def _marked(atom: Atom) -> Markup:
    text = escape(atom.text)
    if atom.kind is Kind.VARIABLE:
        text = Markup("<i>{}</i>").format(text)
    if atom.kind is Kind.ROOT:
        inner = Markup("").join(map(_marked, atom.under))
        text = Markup('<span class="root">√<span class="radicand">{}</span></span>').format(inner)
    for script in atom.scripts:
        tag = Markup("sup") if script.mark == "^" else Markup("sub")
        inner = Markup("").join(map(_marked, script.atoms))
        text += Markup("<{0}>{1}</{0}>").format(tag, inner)
    return text
