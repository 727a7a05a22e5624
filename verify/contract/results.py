"""What the functions of a theorem return: every fault of it, each with the way out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from verify.contract.calls import Fault
from verify.contract.place import place_of, place_of_function, place_of_member
from verify.theorem.claims import Part
from verify.theorem.compare import Check
from verify.theorem.names import is_name
from verify.theorem.protocol import Theorem
from verify.theorem.verdicts import Verdict


def member_faults(owner: object, name: str, value: object) -> Iterator[Fault]:
    """What is wrong with `threads` of a problem, or with what a path leaves for the record."""
    texts = list(_MEMBERS[name](value))
    place = place_of_member(owner, name) if texts else ""
    return (Fault(place, f"{type(owner).__name__}.{name}", text) for text in texts)


def check_faults(part: Part, found: Sequence[object]) -> Iterator[Fault]:
    """What is wrong with the comparisons that a function made for its claim."""
    place, name = place_of_function(part.function), f"{part.function.__name__}()"
    if not found:
        yield Fault(place, name, "compares nothing: return a Check, or not_applicable(...)")
    for one in found:
        if not isinstance(one, Check):
            returned = "what at_most, at_least, equal or not_applicable return"
            yield Fault(place, name, f"returns {_kind(one)}: return {returned}")
        elif not isinstance(one.quantity, str):
            yield Fault(place, name, f"returns a check of {one.quantity!r}: name the quantity by a text")
        elif not isinstance(one.verdict, Verdict):
            text = (
                f"returns a check with the verdict {one.verdict!r}: it must be one of verify.theorem.verdicts"
            )
            yield Fault(place, name, text)
        elif one.points == 0 and one.verdict in (Verdict.VERIFIED, Verdict.VIOLATED):
            text = (
                f"returns {one.verdict} without a comparison: return what at_most, at_least or equal return"
            )
            yield Fault(place, name, text)


def figure_faults(theorem: Theorem, found: object) -> Iterator[Fault]:
    """What is wrong with what `pictures` returned."""
    from matplotlib.figure import Figure

    def texts() -> Iterator[str]:
        if not isinstance(found, Mapping):
            yield f"returns {_kind(found)}: return a mapping from names to figures"
            return
        for name, figure in found.items():
            if not is_name(f"{name}.png" if isinstance(name, str) and name else name):
                allowed = "a name of letters, digits, spaces, dots, dashes and underscores"
                yield f"returns a figure named {name!r}, which becomes a file: use {allowed}"
            if not isinstance(figure, Figure):
                yield f"returns {_kind(figure)} as {name!r}: return a matplotlib Figure"

    for text in texts():
        yield Fault(place_of(theorem, "pictures"), "pictures()", text)


def _threads(value: object) -> Iterator[str]:
    if not (_is_number(value, "iu") and int(value) >= 1):  # type: ignore[call-overload]
        yield f"is {value!r}: the number of BLAS threads is a whole number from 1"


def _effective(found: object) -> Iterator[str]:
    if not isinstance(found, Mapping):
        yield f"is {_kind(found)}: make it a mapping from short names to numbers and texts"
        return
    for name, value in found.items():
        if not isinstance(name, str):
            yield f"has the key {name!r}: a value is named by a text"
        if not isinstance(value, str | int | float | None):
            yield f"{name!r} is {_kind(value)}: give a text, or a number of Python's, by int or float"


def _arrays(found: object) -> Iterator[str]:
    if not isinstance(found, Mapping):
        yield f"is {_kind(found)}: make it a mapping from names to arrays"
        return
    for name, value in found.items():
        # The last two are arguments of numpy.savez.
        if not is_name(name) or name in ("file", "allow_pickle"):
            yield f"has an array named {name!r}, which numpy.savez cannot write: rename it"
        try:
            array = np.asarray(value)
        except Exception as problem:  # whatever the object does when numpy asks it
            yield f"{name!r} is no array for numpy ({problem}): make it one"
            continue
        if array.dtype.hasobject:
            yield f"{name!r} ({type(value).__name__}) is an array of objects: save numbers or text"


def _rates(found: object) -> Iterator[str]:
    if not isinstance(found, Mapping):
        yield f"is {_kind(found)}: make it a mapping from names to numbers"
        return
    for name, value in found.items():
        if not isinstance(name, str):
            yield f"has the key {name!r}: a rate is named by a text"
        if not _is_number(value, "iuf") or np.isnan(value):
            yield f"{name!r} is {value!r}, which is no number: leave it out where it is not known"


def _counts(found: object) -> Iterator[str]:
    if not isinstance(found, Mapping):
        yield f"is {_kind(found)}: make it a mapping from names to whole numbers"
        return
    for name, value in found.items():
        if not isinstance(name, str):
            yield f"has the key {name!r}: a count is named by a text"
        if not _is_number(value, "iu"):
            yield f"{name!r} is {value!r}, which is no whole number: count with int"


def _notes(found: Any) -> Iterator[str]:
    if not _is_sequence(found):
        yield f"is {_kind(found)}: make it a list of texts, one a note"
        return
    for note in found:
        if not isinstance(note, str):
            yield f"has {_kind(note)} among the notes: a note is a text"


def _is_sequence(found: object) -> bool:
    return isinstance(found, Sequence) and not isinstance(found, str | bytes)


def _is_number(value: object, kinds: str) -> bool:
    """Whether it is one number of Python or NumPy, of some of NumPy's kinds of dtype."""
    if not isinstance(value, int | float | np.generic | np.ndarray):
        return False
    array = np.asarray(value)
    return array.ndim == 0 and array.dtype.kind in kinds


def _kind(found: object) -> str:
    return "nothing (None)" if found is None else f"one {type(found).__name__}"


_MEMBERS: Mapping[str, Callable[[Any], Iterator[str]]] = MappingProxyType(
    {
        "threads": _threads,
        "effective": _effective,
        "arrays": _arrays,
        "rates": _rates,
        "counts": _counts,
        "notes": _notes,
    }
)

#: What a path leaves for the record.
LEFT = ("arrays", "rates", "counts", "notes")
