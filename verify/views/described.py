"""What there is, for other programs: `verify list --json` and `verify show NAME --json`.

The fields of these models are stable: a new one may come, none changes its meaning without a new
`schema_version`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict
from pydantic.errors import PydanticInvalidForJsonSchema

from verify.records.record import Formula
from verify.theorem.bibliography import Reference, references
from verify.theorem.claims import Kind, Statement
from verify.theorem.errors import InputError
from verify.theorem.judgement import hypothesis_name, judged_from
from verify.theorem.protocol import Theorem, formulas, statement
from verify.theorem.selection import premises
from verify.theorem.verdicts import Verdict


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True)


class ListedTheorem(_Model):
    """A theorem as the list has it."""

    name: str
    title: str
    sources: Sequence[str]


class TheoremList(_Model):
    """All theorems; `broken` says of each that does not load why."""

    schema_version: Literal[1] = 1
    theorems: Sequence[ListedTheorem]
    broken: Sequence[str]


class DescribedFalsehood(_Model):
    """A false form of a claim that `verify power` plants; `becomes` is the verdict that must come of it."""

    what: str
    why: str
    becomes: Verdict


class DescribedClaim(_Model):
    """A claim.

    text         what it says, in plain ASCII
    required     false for an informative one, which worsens the theorem's verdict only by failing
    rests_on     ids of the claims that it rests on directly, which --claim judges with it
    conditions   names of further conditions, without which it is NOT_APPLICABLE
    judged_from  what is made to judge it: `start`, `problem`, `path`; nothing for what no setting changes
    """

    id: str
    text: str
    kind: Kind
    required: bool
    source: str
    rests_on: Sequence[str]
    conditions: Sequence[str]
    judged_from: Sequence[str]
    falsehoods: Sequence[DescribedFalsehood]


class DescribedTheorem(_Model):
    """A theorem. `setting` is the JSON schema of its options, with ranges, defaults and descriptions."""

    schema_version: Literal[1] = 1
    name: str
    title: str
    statement: str
    formulas: Sequence[Formula]
    claims: Sequence[DescribedClaim]
    sources: Sequence[str]
    references: Sequence[Reference]
    setting: Mapping[str, Any]


def listed(theorems: Sequence[Theorem], broken: Sequence[Exception]) -> TheoremList:
    """The theorems that load, and why others do not."""
    rows = [ListedTheorem(name=one.NAME, title=one.TITLE, sources=one.SOURCES) for one in theorems]
    return TheoremList(theorems=rows, broken=[str(problem) for problem in broken])


def described(theorem: Theorem) -> DescribedTheorem:
    """All that a theorem says of itself. InputError where its setting has no JSON schema."""
    try:
        setting = theorem.Setting.model_json_schema()
    except PydanticInvalidForJsonSchema as problem:
        raise InputError(
            f"options of {theorem.NAME} have no JSON schema ({problem.message}): leave --json out"
        ) from problem
    resting = premises(theorem)
    return DescribedTheorem(
        name=theorem.NAME,
        title=theorem.TITLE,
        statement=statement(theorem).strip(),
        formulas=[Formula(label=label, latex=parts) for label, parts in formulas(theorem)],
        claims=[_claim(one, resting[one.claim.id]) for one in theorem.CLAIMS],
        sources=theorem.SOURCES,
        references=references(theorem),
        setting=setting,
    )


def _claim(found: Statement[Any], resting: Sequence[str]) -> DescribedClaim:
    given = (given for part in found.parts for given in part.given)
    conditions = dict.fromkeys(hypothesis_name(one) for one in given if not isinstance(one, Statement))
    return DescribedClaim(
        id=found.claim.id,
        text=found.claim.text,
        kind=found.claim.kind,
        required=found.claim.required,
        source=found.claim.source,
        rests_on=resting,
        conditions=list(conditions),
        judged_from=sorted(judged_from(found)),
        falsehoods=[
            DescribedFalsehood(what=one.what, why=one.why, becomes=one.becomes) for one in found.falsehoods
        ],
    )
