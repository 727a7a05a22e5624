"""What the functions of a theorem return: every fault of it, each with the way out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from pydantic import TypeAdapter, ValidationError

from verify.contract.calls import Fault
from verify.contract.place import place_of, place_of_member
from verify.records.record import Name
from verify.theorem.claims import Planted
from verify.theorem.compare import Check
from verify.theorem.protocol import Theorem
from verify.theorem.verdicts import Verdict

_NAME: TypeAdapter[str] = TypeAdapter(Name)


def is_name(text: object) -> bool:
    """Whether a text may be part of a path; see `verify.records.record.Name`."""
    try:
        _NAME.validate_python(text, strict=True)
    except ValidationError:
        return False
    return True


def member_faults(owner: object, name: str, value: object) -> Iterator[Fault]:
    """What is wrong with `threads` of a problem, or with what a trajectory leaves for the record."""
    texts = list(_MEMBERS[name](value))
    place = place_of_member(owner, name) if texts else ""
    return (Fault(place, f"{type(owner).__name__}.{name}", text) for text in texts)


def check_faults(theorem: Theorem, found: object) -> Iterator[Fault]:
    """What is wrong with something that `check` yielded."""
    for text in _check(found, _ids(theorem)):
        yield Fault(place_of(theorem, "check"), "check()", text)


def compared_faults(theorem: Theorem, compared: Collection[str]) -> Iterator[Fault]:
    """The claims for which nothing was compared."""
    if never := [claim for claim in _ids(theorem) if claim not in compared]:
        remedy = "yield a Check, or not_applicable(...)"
        yield Fault(
            place_of(theorem, "check"), "check()", f"compares nothing for {', '.join(never)}: {remedy}"
        )


def figure_faults(theorem: Theorem, found: object) -> Iterator[Fault]:
    """What is wrong with what `figures` returned."""
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
        yield Fault(place_of(theorem, "figures"), "figures()", text)


def planted_faults(theorem: Theorem, found: Any) -> Iterator[Fault]:
    """What is wrong with what `planted` returned; none at all would leave the checks untested."""
    known = _ids(theorem)

    def texts() -> Iterator[str]:
        if not _is_sequence(found):
            yield f"returns {_kind(found)}: return a list of Planted"
            return
        if not found:
            yield "plants no false claim, so that nothing shows that the checks can fail: plant one"
        for one in found:
            if not isinstance(one, Planted):
                yield f"has {_kind(one)} among the false claims: make it a Planted"
                continue
            if one.claim not in known:
                yield f"plants a false claim for {one.claim!r}, which is none of {', '.join(known)}"
            yield from (f"plants {one.mutation!r}: {text}" for text in _check(one.check, known))

    for text in texts():
        yield Fault(place_of(theorem, "planted"), "planted()", text)


def _ids(theorem: Theorem) -> list[str]:
    return list(dict.fromkeys(claim.id for claim in theorem.CLAIMS))


def _check(found: object, known: Sequence[str]) -> Iterator[str]:
    if not isinstance(found, Check):
        yield f"yields {_kind(found)}: yield what at_most, at_least, equal or not_applicable return"
        return
    if found.claim not in known:
        yield f"yields a check for {found.claim!r}, which is none of the CLAIMS: {', '.join(known)}"
    if not isinstance(found.verdict, Verdict):
        yield f"yields a check with the verdict {found.verdict!r}: it must be one of verify.theorem.verdicts"


def _threads(value: object) -> Iterator[str]:
    if not (_is_number(value, "iu") and int(value) >= 1):  # type: ignore[call-overload]
        yield f"is {value!r}: the number of BLAS threads is a whole number from 1"


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
    {"threads": _threads, "arrays": _arrays, "rates": _rates, "counts": _counts, "notes": _notes}
)

#: What a trajectory leaves for the record.
LEFT = ("arrays", "rates", "counts", "notes")
