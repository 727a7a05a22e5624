"""Claims: the numbered statements of a paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from verify.theorem.compare import Check
from verify.theorem.verdicts import Verdict, counts, worst

Kind = Literal["hypothesis", "step", "conclusion", "erratum", "finding"]


@dataclass(frozen=True)
class Claim:
    """One numbered statement.

    An informative claim (``required=False``) is a side statement whose premise may be out of reach:
    it worsens the theorem's verdict only by being VIOLATED or ERROR.
    """

    id: str
    text: str
    source: str
    kind: Kind
    required: bool = True


@dataclass(frozen=True)
class Planted:
    """A false claim, checked in a setting where it really is false: `check` must be VIOLATED.

    `claim` is the id of the honest claim, `mutation` what was changed in it, `why_false` why the
    changed claim does not hold there.
    """

    claim: str
    mutation: str
    why_false: str
    check: Check


def claim_verdict(checks: Sequence[Check]) -> Verdict:
    """Verdict of a claim from its checks."""
    return worst(check.verdict for check in checks)


def theorem_verdict(claims: Sequence[Claim], verdicts: Mapping[str, Verdict]) -> Verdict:
    """Verdict of a theorem: the worst required claim, or an informative one that is VIOLATED or ERROR."""
    return worst(verdicts[claim.id] for claim in claims if counts(claim.required, verdicts[claim.id]))
