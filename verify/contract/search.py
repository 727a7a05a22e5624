"""What a theorem lets a search vary, checked without searching."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from verify.theorem.errors import InputError, in_words
from verify.theorem.settings import HasSetting, make_setting, option_name
from verify.theorem.space import Entries, Real, Space, Whole

#: Stands for the files that a search will write.
SOME_FILE = "search.npz"


def search_faults(found: HasSetting, spaces: object) -> Iterator[str]:
    """What is wrong with the `SEARCH` of a theorem whose setting can be made."""
    if not isinstance(spaces, Sequence) or not all(isinstance(space, Space) for space in spaces):
        yield "is no sequence of verify.theorem.space.Space: write one for each kind of setting, in a tuple"
        return
    for space in spaces:
        for text in (*_ranges(space), *_names(found, space)) or _settings(found, space):
            yield f"space {space.name!r}: {text}"


def _ranges(space: Space) -> Iterator[str]:
    """Numbers to draw or to move that are none."""
    for name, kind in space.options.items():
        if isinstance(kind, Real):
            if not kind.low < kind.high or (kind.log and kind.low <= 0):
                yield f"{name} goes from {kind.low} to {kind.high}: low is below high, with log above 0"
        elif isinstance(kind, Whole):
            if kind.low > kind.high:
                yield f"{name} goes from {kind.low} to {kind.high}: low is at most high"
        elif not (isinstance(kind, Sequence) and len(kind)):
            yield f"{name} is {kind!r}: write Real, Whole or a sequence to choose from"


def _names(found: HasSetting, space: Space) -> Iterator[str]:
    """Options that the setting lacks, or of which two things are said."""
    for part in ("fixed", "options", "files", "tight"):
        for name in getattr(space, part):
            if name not in found.Setting.model_fields:
                yield f"{part} has {name!r}, and there is no option {option_name(name)}"
    if "seed" in {*space.fixed, *space.options, *space.tight}:
        yield "has a seed, which is that of the search: leave it out"
    for name in sorted(space.fixed.keys() & (space.options.keys() | space.files.keys())):
        yield f"{name!r} is fixed and varies: leave one out"


def _settings(found: HasSetting, space: Space) -> Iterator[str]:
    """The setting at the low ends, as it is searched and as a violation is run again; and its files."""
    low = {name: _first(kind) for name, kind in space.options.items()}
    known = {**space.fixed, **low}
    try:
        for tight in ({}, space.tight):
            make_setting(found, {**known, **dict.fromkeys(space.files, SOME_FILE), **tight})
        for option, contents in space.files.items():
            arrays = contents(known)
            if not isinstance(arrays, Mapping) or not all(isinstance(a, Entries) for a in arrays.values()):
                yield f"files[{option!r}] gives no mapping from names to verify.theorem.space.Entries"
    except InputError as problem:
        yield f"its options make no setting: {problem}"
    except (Exception, SystemExit) as problem:  # whatever a validator or the function of a file raises
        yield f"its options or its files cannot be made: {in_words(problem)}"


def _first(kind: Any) -> Any:
    return kind.low if isinstance(kind, Real | Whole) else kind[0]
