"""Messages of the command line in Python's words: ``--gamma 0.9`` becomes ``gamma=0.9``."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

from verify.commands.options import choices
from verify.theorem.errors import InputError
from verify.theorem.settings import BaseSetting

#: Options that another name stands for here.
RENAMED = {"claim": "claims"}

#: Data that messages name.
DATA = ("digits", "synthetic", "sphere")

#: Words that an option may be given, by its name.
Words = Mapping[str, Collection[str]]

#: Commands that messages send the reader to, and what does the same here.
COMMANDS = (
    (r"verify list", "verify.theorems()"),
    (r"verify show ([\w-]+)", r'verify.theorems()["\1"].claims'),
    (r"verify theorem ([\w-]+)", r'verify.run("\1")'),
    (r"verify theorem ([\w-]+) ([\w-]+)", r'verify.run("\1")` or `verify.run("\2")'),
)

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|nan|[+-]?inf|None|True|False", re.IGNORECASE)

AXIS = re.compile(r"--over ([a-z][\w-]*)=(\S+?)(?=[,:]?(?:\s|$))")

OPTION = re.compile(r"--([a-z][\w-]*)(?: ([^\s,;:()\[\]]+)(:)?)?")


def meant(word: str, known: Iterable[str]) -> str:
    """The nearest of the known words as a question, then all of them."""
    names = list(known)
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.0)
    return f"did you mean `{near[0]}`? There are {', '.join(names)}" if near else "there are none"


@contextmanager
def pythonic(setting: type[BaseSetting] | None = None) -> Iterator[None]:
    """What raises InputError inside it speaks of arguments, not of options."""
    try:
        yield
    except InputError as problem:
        raise InputError(in_python(str(problem), setting)) from problem.__cause__


def in_python(text: str, setting: type[BaseSetting] | None = None) -> str:
    """A message with each option as an argument. The setting tells which words are values of its options."""
    words = {} if setting is None else _words(setting)
    parts = text.split("`")  # what stands between two of them is a command
    parts[::2] = [_arguments(part, words) for part in parts[::2]]
    parts[1::2] = [_call(part) for part in parts[1::2]]
    return "`".join(parts)


def _call(command: str) -> str:
    for pattern, call in COMMANDS:
        if found := re.fullmatch(pattern, command):
            return found.expand(call)
    return command


def _arguments(text: str, words: Words = MappingProxyType({})) -> str:
    return OPTION.sub(lambda found: _argument(found, words), AXIS.sub(_axis, text))


def _argument(found: re.Match[str], words: Words) -> str:
    name, value = RENAMED.get(found[1], found[1].replace("-", "_")), found[2] or ""
    colon = found[3] or ""
    stop = "." if value.endswith(".") else ""
    value = value.removesuffix(".")
    if NUMBER.fullmatch(value):
        return f"`{name}={value}`{stop}{colon}"
    if value in words.get(name, ()) or value.endswith(".npz") or colon:
        return f"`{name}={value!r}`{stop}{colon}"
    return f"`{name}`" + (f" {found[2]}" if found[2] else "")


def _axis(found: re.Match[str]) -> str:
    values = re.split("[;,]", found[2])
    shown = [value if NUMBER.fullmatch(value) else repr(value) for value in values]
    of = shown[0] if len(shown) == 1 and ":" in values[0] else f"[{', '.join(shown)}]"
    return f'`over={{"{found[1].replace("-", "_")}": {of}}}`'


def _words(setting: type[BaseSetting]) -> Words:
    """The words of every field: its choices, default and examples."""
    return {
        name: {
            word
            for word in (*choices(info), info.default, *(info.examples or ()), *DATA)
            if isinstance(word, str)
        }
        for name, info in setting.model_fields.items()
    }
