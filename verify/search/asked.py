"""What a search is asked for, checked before it starts: its claims, and the hypotheses that need not hold."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from verify.runs.judged import statements
from verify.search.examine import Sought
from verify.search.space import spaces_of
from verify.theorem.claims import Condition, Statement
from verify.theorem.errors import InputError
from verify.theorem.judgement import hypothesis_name, is_law
from verify.theorem.protocol import Theorem


def sought(
    theorem: Theorem, claims: Sequence[str], dropped: Collection[str], pinned: Mapping[str, Any]
) -> Sought:
    """The search for violations of these claims, by default of all that a setting can violate.

    With hypotheses dropped, by default of those that rest on them. InputError for a theorem without `SEARCH`,
    for a claim or a hypothesis that it lacks, and for a claim that no setting can violate.
    """
    spaces_of(theorem)
    known = {
        name: given for one in theorem.CLAIMS for given in _given(one) if (name := hypothesis_name(given))
    }
    if unknown := [name for name in dropped if name not in known]:
        near = difflib.get_close_matches(unknown[0], known, n=1, cutoff=0.0)
        meant = (
            f"did you mean {near[0]}? its claims rest on {', '.join(sorted(known))}"
            if near
            else "leave it out"
        )
        raise InputError(f"--drop {unknown[0]}: no claim of {theorem.NAME} rests on that; {meant}")
    for statement in statements(theorem, claims):
        if reason := unviolable(statement):
            raise InputError(f"--claim {statement.claim.id}: {reason}")
    found = claims or [
        statement.claim.id
        for statement in theorem.CLAIMS
        if not unviolable(statement)
        and (not dropped or any(hypothesis_name(given) in dropped for given in _given(statement)))
    ]
    if not found:
        raise InputError(
            f"no claim of {theorem.NAME} can be violated by a setting: `verify power` judges laws"
        )
    return Sought(theorem, tuple(dict.fromkeys(found)), pinned, frozenset(dropped))


def unviolable(statement: Statement[Any]) -> str:
    """Why no setting can violate a claim; "" where one can."""
    if is_law(statement):
        return "is a law, nothing in it depends on a setting: `verify power` shows that its check can fail"
    if statement.otherwise:
        return "is a hypothesis that a setting may break, which refutes nothing: --drop it instead"
    if all(part.constant for part in statement.parts):
        return "leaves a constant open, so that no setting can refute it: choose another"
    return ""


def _given(statement: Statement[Any]) -> list[Statement[Any] | Condition]:
    return [given for part in statement.parts for given in part.given if _is_named(given)]


def _is_named(given: Statement[Any] | Condition) -> bool:
    """Whether a command line can name it; a lambda it cannot."""
    return isinstance(given, Statement) or given.__name__.isidentifier()
