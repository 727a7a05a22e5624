"""What the claims of a theorem must have, checked without running it: on loading it, and by `verify lint`."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from verify.contract.calls import Fault
from verify.contract.place import place_of, place_of_function
from verify.theorem.claims import Claims, Constant, Part, Statement
from verify.theorem.errors import InputError, in_words
from verify.theorem.falsehoods import Falsehood
from verify.theorem.settings import HasSetting, make_setting

#: What a run makes, in this order, and the functions of a claim may take by these names.
KNOWN = ("start", "problem", "path")

#: Stands for the files that those of a falsehood will be written to.
SOME_FILE = "falsehood.npz"


def claims_faults(found: Any, settable: bool) -> Iterator[Fault]:
    """Every fault of `CLAIMS`. The settings of falsehoods are tried if the theorem's own is `settable`."""
    claims: object = found.CLAIMS
    if not isinstance(claims, Claims) or not all(isinstance(one, Statement) for one in claims):
        texts = ["is no verify.theorem.claims.Claims: decorate the functions of claims, @CLAIMS.step(...)"]
        statements: Sequence[Statement[Any]] = ()
    else:
        texts, statements = list(_together(claims)), claims
    for text in texts:
        yield Fault(place_of(found, "CLAIMS"), "CLAIMS", text)
    for statement in statements:
        function = statement.parts[0].function
        place, name = place_of_function(function), f"{function.__name__}()"
        for text in _statement(statement, statements):
            yield Fault(place, name, text)
        for falsehood in statement.falsehoods:
            for text in _falsehood(found if settable else None, statement, falsehood):
                yield Fault(place, name, f"falsehood {falsehood.what!r}: {text}")


def _together(claims: Claims) -> Iterator[str]:
    if not claims:
        yield "has no claim: decorate a function for each, @CLAIMS.step(id, text)"
    elif not any(claim.required for claim in claims.claims):
        yield "no claim is required, so that the theorem has no verdict: require one"
    for claim_id, count in Counter(str(claim.id) for claim in claims.claims).items():
        if count > 1:
            yield f"{count} claims have the id {claim_id!r}: give each its own"


def _statement(statement: Statement[Any], claims: Sequence[Statement[Any]]) -> Iterator[str]:
    claim = statement.claim
    if not all(isinstance(text, str) for text in (claim.id, claim.text, claim.source)):
        yield f"{claim.id!r} has an id, text or source that is no text: make it one"
    for part in statement.parts:
        yield from _part(part, claims)
    if statement.otherwise is not None:
        if claim.kind != "hypothesis":
            yield f"`otherwise` is of hypotheses, and {claim.id!r} is a {claim.kind}: leave it out"
        if not any(falsehood.breaks_hypothesis for falsehood in statement.falsehoods):
            yield "a setting may break it, as `otherwise` says: plant one, .broken(what, why=..., ...)"
        for part in statement.parts:
            yield from _function(statement.otherwise, "`otherwise`", _available(part))
    if not statement.falsehoods:
        yield f"nothing shows that {claim.id!r} can fail: plant a false form, .false(what, why=..., ...)"


def _part(part: Part, claims: Sequence[Statement[Any]]) -> Iterator[str]:
    yield from _function(part.function, f"`{part.function.__name__}`", KNOWN)
    if shadowed := [name for name in part.constants if name in KNOWN]:
        yield f"gives {shadowed[0]!r} a default, as to constants that falsehoods replace: leave it out"
    if not isinstance(part.given, Sequence):
        yield "`given` is no sequence of hypotheses and conditions: mind the comma of a tuple of one"
        return
    for one in part.given:
        if not isinstance(one, Statement):
            yield from _function(one, "a condition in `given`", _available(part))
        elif not any(one is other for other in claims):
            yield f"rests on {one.claim.id!r}, which is none of CLAIMS: add it there"
        elif one.claim.kind != "hypothesis":
            yield f"rests on {one.claim.id!r}, a {one.claim.kind}: `given` takes hypotheses and conditions"
    if isinstance(part.constant, Constant):
        yield from _function(part.constant.met, "`met` of its constant", _available(part))
        if part.constant.tells is not None:
            yield from _function(part.constant.tells, "`tells` of its constant", _available(part))
    elif part.constant is not None:
        yield "its `constant` is no verify.theorem.claims.Constant: make it one"
    if part.only is not None:
        yield from _function(part.only, "`only`", _available(part))


def _available(part: Part) -> Sequence[str]:
    """What a run has made by the time a part is judged: what the part needs, and all before that."""
    last = max((KNOWN.index(name) for name in part.needs if name in KNOWN), default=-1)
    return KNOWN[: last + 1]


def _function(function: object, what: str, available: Sequence[str]) -> Iterator[str]:
    """What is wrong with the parameters of a function that takes what it needs by name."""
    if not callable(function):
        yield f"{what} is no function: write one that takes what it needs of {', '.join(KNOWN)}"
        return
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind is parameter.POSITIONAL_ONLY:
            yield f"{what} takes {name!r} by position: arguments come by name, so leave out the /"
        elif parameter.default is not parameter.empty or name in available:
            continue
        elif name in KNOWN:
            yield f"{what} takes {name!r}, which need not be there: let the check of the claim take it, too"
        else:
            yield f"{what} takes {name!r}: there are {', '.join(KNOWN)}, and constants have a default"


def _falsehood(found: HasSetting | None, statement: Statement[Any], falsehood: Falsehood) -> Iterator[str]:
    if not all(isinstance(text, str) for text in (falsehood.what, falsehood.why)):
        yield "what is false, or why, is no text: make it one"
    constants = {name for part in statement.parts for name in part.constants}
    if unknown := sorted(set(falsehood.constants) - constants):
        there = f"there are {', '.join(sorted(constants))}" if constants else "it has none"
        yield f"{unknown[0]!r} is no constant of its check, a parameter with a default: {there}"
    if falsehood.breaks_hypothesis and statement.claim.kind != "hypothesis":
        yield "changes nothing: replace a constant of the claim's check, or spoil start, problem or path"
    needed = {name for part in statement.parts for name in part.needs}
    for name, spoil in falsehood.spoiled.items():
        if name not in needed:
            yield f"spoils the {name}, which its check does not take: spoil what it takes"
        yield from _function(spoil, f"its function {name}=", KNOWN)
    if found is not None:
        yield from _setting(found, falsehood)


def _setting(found: HasSetting, falsehood: Falsehood) -> Iterator[str]:
    try:
        make_setting(found, {**falsehood.setting, **dict.fromkeys(falsehood.files, SOME_FILE)})
    except InputError as problem:
        yield f"its setting is none: {problem}"
    except (Exception, SystemExit) as problem:  # no mapping, or whatever their validators raise
        yield f"its options make no setting: {in_words(problem)}"
