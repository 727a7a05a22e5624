"""What a theorem module must have, checked without running it: on loading it, and by `verify lint`."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import PydanticUndefined

from verify.contract.calls import Fault
from verify.contract.claims import claims_faults
from verify.contract.place import place_of
from verify.contract.search import search_faults
from verify.theorem.bibliography import reference_faults, references
from verify.theorem.errors import InputError, in_words
from verify.theorem.names import is_name
from verify.theorem.presets import NAMES, Variant
from verify.theorem.protocol import missing_attributes, statement
from verify.theorem.settings import BaseSetting, HasSetting, make_setting, option_name

#: The functions of a theorem module and what they are called with; then those that it may leave out.
FUNCTIONS = {"build": ("setting",), "integrate": ("problem", "progress")}
OPTIONAL = {"pictures": ("problem", "path"), "cost": ("setting",)}


def module_faults(found: Any, name: str, reserved: Collection[str]) -> Iterator[Fault]:
    """Every fault of a would-be theorem that shows without running it.

    `name` is the name of its entry point. `reserved` has the command line's own options: a setting field of
    such a name could not be given.
    """
    for attribute, text in _faults(found, name, reserved):
        yield Fault(place_of(found, attribute), attribute, text)
    if hasattr(found, "CLAIMS"):
        yield from claims_faults(found, settable=_settable(getattr(found, "Setting", None)))


def _faults(found: Any, name: str, reserved: Collection[str]) -> Iterator[tuple[str, str]]:
    """Attribute, and what is wrong with it; of claims, see `verify.contract.claims`."""
    missing = missing_attributes(found)
    if missing:
        yield (
            "",
            f"lacks {', '.join(missing)}: the docstring of verify.theorem.protocol.Theorem says what a "
            "theorem has",
        )
    if "NAME" not in missing:
        yield from _name(found.NAME, name)
    if "TITLE" not in missing and not isinstance(found.TITLE, str):
        yield "TITLE", "is no text: make it one"
    if not isinstance(statement(found), str):
        yield "STATEMENT", "is no text: make it one"
    elif not statement(found):
        yield "STATEMENT", "states nothing: write what it states below the first paragraph of its docstring"
    if "SOURCES" not in missing and not _all(found.SOURCES, str):
        yield "SOURCES", "is no sequence of texts: write one for each source, in a tuple"
    yield from (("REFERENCES", text) for text in reference_faults(references(found)))
    for attribute, arguments in (FUNCTIONS | OPTIONAL).items():
        if hasattr(found, attribute):
            yield from _function(attribute, getattr(found, attribute), arguments)
    if "Setting" not in missing:
        yield from _setting(found.Setting, reserved)
        if _settable(found.Setting):
            yield from _presets(found, getattr(found, "PRESETS", {}))
            yield from (("SEARCH", text) for text in search_faults(found, getattr(found, "SEARCH", ())))
    yield from _formulas(getattr(found, "FORMULAS", ()))


def _name(own: object, entry: str) -> Iterator[tuple[str, str]]:
    if own != entry:
        yield (
            "NAME",
            f"calls itself {own!r}: its NAME and the name of its entry point, {entry!r}, must be one",
        )
    if not is_name(own):
        yield "NAME", f"{own!r} becomes a part of paths: use letters, digits, dashes and underscores"


def _function(attribute: str, function: object, arguments: Sequence[str]) -> Iterator[tuple[str, str]]:
    if not callable(function):
        yield attribute, f"is no function: write `def {attribute}({', '.join(arguments)})`"
        return
    try:
        inspect.signature(function).bind(*arguments)
    except TypeError:
        yield attribute, f"cannot be called as {attribute}({', '.join(arguments)}): take these arguments"
    except ValueError:  # some functions of C have no signature to read
        pass


def _settable(kind: object) -> bool:
    """Whether it is a setting that can be made from some of its options, as far as can be seen."""
    if not (isinstance(kind, type) and issubclass(kind, BaseSetting)):
        return False
    return all(info.default is not PydanticUndefined for info in kind.model_fields.values())


def _setting(kind: object, reserved: Collection[str]) -> Iterator[tuple[str, str]]:
    if not (isinstance(kind, type) and issubclass(kind, BaseSetting)):
        yield "Setting", "is no subclass of verify.theorem.settings.BaseSetting: derive it from that"
        return
    defaults = {}
    for field, info in kind.model_fields.items():
        place, option = f"Setting.{field}", option_name(field)
        if field in reserved:
            yield place, f"{option} is an option of the command line itself: rename the field"
        if not info.description:
            yield place, "has no description, which is the help of its option: Field(..., description=...)"
        if info.default is PydanticUndefined:
            yield place, "has no default: give one, Field(default, ...)"
        else:
            defaults[field] = info.default
    yield from _defaults(kind, defaults)


def _defaults(kind: type[BaseSetting], defaults: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    try:
        kind.model_validate(defaults).model_dump(mode="json")
    except ValidationError as problem:
        for error in problem.errors():
            field = str(error["loc"][0]) if error["loc"] else ""
            if not field or field in defaults:
                yield (
                    f"Setting.{field}".rstrip("."),
                    f"refuses its default, {error['input']!r}: {error['msg']}",
                )
    except (Exception, SystemExit) as problem:  # whatever their validators raise
        yield "Setting", f"cannot be made of its defaults: {in_words(problem)}"


def _presets(found: HasSetting, presets: object) -> Iterator[tuple[str, str]]:
    if not isinstance(presets, Mapping):
        yield "PRESETS", f"is no mapping from {', '.join(NAMES)} to runs"
        return
    for preset, variants in presets.items():
        if preset not in NAMES:
            yield "PRESETS", f"{preset!r} is no preset: there are {', '.join(NAMES)}"
        if not _all(variants, Variant):
            yield (
                "PRESETS",
                f"{preset!r} is no sequence of verify.theorem.presets.Variant: write one for each run",
            )
            continue
        for name, count in Counter(str(variant.name) for variant in variants).items():
            if count > 1:
                yield "PRESETS", f"{count} runs of {preset!r} have the name {name!r}: give each its own"
        for variant in variants:
            for text in _variant(found, variant):
                yield "PRESETS", f"run {variant.name!r} of {preset!r}: {text}"


def _variant(found: HasSetting, variant: Variant) -> Iterator[str]:
    if variant.name != "" and not is_name(variant.name):
        yield "its name becomes a part of paths: use letters, digits, dashes and underscores"
    if not (isinstance(variant.seeds, int) and variant.seeds >= 1):
        yield f"seeds is {variant.seeds!r}: it is a whole number from 1"
    try:
        make_setting(found, variant.options)
    except InputError as problem:
        yield str(problem)
    except (
        Exception,
        SystemExit,
    ) as problem:  # options that are no mapping, or whatever their validators raise
        yield f"its options make no setting: {in_words(problem)}"


def _formulas(formulas: object) -> Iterator[tuple[str, str]]:
    if not isinstance(formulas, Sequence) or not all(
        _all(pair, object) and len(pair) == 2 and isinstance(pair[0], str) and _all(pair[1], str)
        for pair in formulas
    ):
        yield "FORMULAS", 'is no sequence of ("label", ("formula", ...)): mind the comma of a tuple of one'


def _all(found: Any, kind: type) -> bool:
    """Whether it is a sequence, not empty, of such things; a text does not count as a sequence."""
    return (
        isinstance(found, Sequence)
        and not isinstance(found, str | bytes)
        and len(found) > 0
        and all(isinstance(one, kind) for one in found)
    )
