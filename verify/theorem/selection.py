"""Some claims of a theorem: those that are asked for with all that they rest on, or all but some.

What is judged always holds what a judged claim rests on, so that no claim comes out better for being judged
alone.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from verify.theorem.claims import Statement
from verify.theorem.errors import InputError
from verify.theorem.protocol import Theorem


@dataclass(frozen=True)
class Selection:
    """Ids of a theorem's claims, all in the theorem's order.

    asked     named to be judged; none where only `skipped` says what is
    skipped   named to be left out
    judged    all that are judged: the asked ones and what they rest on, or all but the skipped ones
    left_out  the others
    """

    asked: Sequence[str]
    skipped: Sequence[str]
    judged: Sequence[str]
    left_out: Sequence[str]

    @property
    def words(self) -> list[str]:
        """The words of a command line that select the same claims."""
        named = (("--claim", self.asked), ("--skip", self.skipped))
        return [word for option, names in named for name in names for word in (option, name)]


def premises(theorem: Theorem) -> dict[str, list[str]]:
    """For each claim of a theorem the ids of those that it rests on directly, in the theorem's order.

    They are those that it is `given`. A required hypothesis that no claim is given is the whole theorem's:
    every conclusion rests on it.
    """
    given = {statement.claim.id: set(_given(statement)) for statement in theorem.CLAIMS}
    named = set().union(*given.values())
    claims = theorem.CLAIMS.claims
    hypotheses = {claim.id for claim in claims if claim.kind == "hypothesis" and claim.required}
    for claim in claims:
        if claim.kind == "conclusion":
            given[claim.id] |= hypotheses - named
    return {name: [one for one in given if one in of] for name, of in given.items()}


def with_premises(theorem: Theorem, names: Iterable[str]) -> set[str]:
    """These claims and all that they rest on, through any number of claims between."""
    of = premises(theorem)
    found: set[str] = set()
    left = list(names)
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += of[name]
    return found


def _given(statement: Statement[Any]) -> Iterator[str]:
    """Ids of the claims that some of a claim's comparisons are given."""
    for part in statement.parts:
        yield from (one.claim.id for one in part.given if isinstance(one, Statement))


def select(
    theorems: Sequence[Theorem], asked: Iterable[str] = (), skipped: Iterable[str] = ()
) -> list[Selection | None]:
    """For each theorem its claims of those that are named, in any case of letters; None for all of them.

    An id goes to each theorem that has it. InputError for one that none has, for a theorem without any of the
    asked ones, for one to be left out that a judged one rests on, and where nothing would be left.
    """
    wanted, unwanted = (_by_theorem(theorems, named) for named in (asked, skipped))
    found: list[Selection | None] = []
    for theorem, some, others in zip(theorems, wanted, unwanted, strict=True):
        if any(wanted) and not some:
            raise InputError(
                f"none of the claims asked for is {theorem.NAME}'s: leave {theorem.NAME} out, or name one of "
                f"its claims, too (`verify show {theorem.NAME}` lists them)"
            )
        found.append(_selection(theorem, some, others) if some or others else None)
    return found


def _selection(theorem: Theorem, asked: Collection[str], skipped: Collection[str]) -> Selection:
    everything = _names(theorem)
    judged = with_premises(theorem, asked) if asked else set(everything) - set(skipped)
    _refuse_holes(theorem, judged - set(skipped), asked, skipped)
    if not judged:
        raise InputError(f"--skip leaves no claim of {theorem.NAME} to judge: skip fewer of them")

    def ordered(names: Collection[str]) -> list[str]:
        return [name for name in everything if name in names]

    return Selection(ordered(asked), ordered(skipped), ordered(judged), ordered(set(everything) - judged))


def _refuse_holes(
    theorem: Theorem, judged: Collection[str], asked: Collection[str], skipped: Collection[str]
) -> None:
    """InputError for a skipped claim that a judged one rests on: without it nobody knows what that means."""
    if both := [name for name in asked if name in skipped]:
        raise InputError(f"{both[0]} is named by --claim and by --skip: leave one of them out")
    resting = {name: with_premises(theorem, [name]) for name in judged}
    for premise in skipped:
        if over := [name for name in _names(theorem) if premise in resting.get(name, ())]:
            more = " ".join(f"--skip {name}" for name in over)
            instead = "leave --skip out" if asked else f"skip what rests on it as well: {more}"
            verb = "rests" if len(over) == 1 else "rest"
            said = f"{', '.join(over)} {verb} on it, and without it that verdict would say too much"
            raise InputError(f"--skip {premise}: {said}; {instead}")


def _by_theorem(theorems: Sequence[Theorem], named: Iterable[str]) -> list[list[str]]:
    """The named claims of each theorem; InputError for one that none has."""
    found: list[list[str]] = [[] for _ in theorems]
    for name in dict.fromkeys(named):
        owners = [(own, _meant(name, _names(theorem))) for own, theorem in zip(found, theorems, strict=True)]
        if not any(meant for _, meant in owners):
            raise InputError(_unknown(name, theorems))
        for own, meant in owners:
            own += [one for one in meant if one not in own]
    return found


def _meant(name: str, ids: Sequence[str]) -> list[str]:
    """The id that a name stands for, in a list; an empty one for none. InputError where it may be several."""
    if name in ids:
        return [name]
    alike = [one for one in ids if one.casefold() == name.casefold()]
    if len(alike) > 1:
        raise InputError(f"claim {name!r} may be {' or '.join(alike)}: write it as it is")
    return alike


def _unknown(name: str, theorems: Sequence[Theorem]) -> str:
    owner: Mapping[str, Theorem] = {one: theorem for theorem in theorems for one in _names(theorem)}
    lowered = {one.casefold(): one for one in owner}
    near = lowered[difflib.get_close_matches(name.casefold(), lowered, n=1, cutoff=0.0)[0]]
    of = " and ".join(theorem.NAME for theorem in theorems)
    has = "has" if len(theorems) == 1 else "have"
    return f"{of} {has} no claim {name!r}: did you mean {near}? `verify show {owner[near].NAME}` lists them"


def _names(theorem: Theorem) -> list[str]:
    return [statement.claim.id for statement in theorem.CLAIMS]
