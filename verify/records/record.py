"""The record of a run: every number that a report shows, in one JSON file with a versioned schema."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from verify.theorem.claims import Claim, claim_verdict, theorem_verdict
from verify.theorem.compare import Check
from verify.theorem.names import PATTERN
from verify.theorem.presets import Preset
from verify.theorem.verdicts import Verdict, counts, worst

#: Raised whenever a field that others read changes its meaning.
SCHEMA_VERSION: Literal[1] = 1

#: Of the record of a run that judged some claims only: its verdict is not the theorem's, and whoever reads
#: only version 1 must refuse it rather than take it for that.
CHOSEN_SCHEMA_VERSION: Literal[2] = 2

#: A part of a path.
Name = Annotated[str, Field(pattern=PATTERN)]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class CheckRecord(_Model):
    """One comparison; see `verify.theorem.compare.Check`. A number that is not finite is null."""

    quantity: str
    relation: str
    measured: float | None
    bound: float | None
    slack: float | None
    budget: float | None
    budget_parts: Mapping[str, float | None]
    where: Mapping[str, float | None]
    points: int
    verdict: Verdict
    message: str
    measured_range: tuple[float | None, float | None] | None = None
    bound_range: tuple[float | None, float | None] | None = None
    largest_budget: float | None = None

    @property
    def slack_in_budgets(self) -> float | None:
        """Slack over error budget; for an identity minus the difference over it; None without a budget."""
        return None if self.slack is None or not self.budget else self.slack / self.budget

    @property
    def narrowness(self) -> tuple[int, float]:
        """Orders checks by how narrowly they were decided: worse verdicts, then less slack for the budget."""
        slack = self.slack_in_budgets
        return self.verdict.severity, -math.inf if slack is None else -slack


class Seeds(_Model):
    """In how many independent draws a claim was verified, with a 95% Clopper-Pearson interval."""

    verified: int
    drawn: int
    interval: tuple[float, float]


class ClaimRecord(_Model):
    """A claim and everything compared for it."""

    id: str
    text: str
    source: str
    kind: str
    required: bool
    verdict: Verdict
    checks: Sequence[CheckRecord]
    seeds: Seeds | None = None

    @property
    def narrowest(self) -> CheckRecord | None:
        """The comparison that was decided most narrowly; None where none was made."""
        return max(self.checks, key=lambda check: check.narrowness, default=None)


@dataclass(frozen=True)
class Difference:
    """Something that moved since a reference by more than allowed."""

    what: str
    old: str
    new: str
    allowed: str


class Comparison(_Model):
    """What came of holding a suite against a reference: how many numbers and texts, and which moved."""

    reference: str
    compared: int
    differences: Sequence[Difference]


class Draw(_Model):
    """One of several draws: its seed, verdict and rates, and the command that repeats it alone.

    `slack` has for each claim the least slack of its checks in units of their error budgets.
    """

    seed: int
    verdict: Verdict
    rates: Mapping[str, float | None]
    slack: Mapping[str, float | None]
    command: str

    @property
    def narrowness(self) -> tuple[int, float]:
        """Orders draws by how close they came to failing: worse verdicts, then the least slack."""
        least = min((slack for slack in self.slack.values() if slack is not None), default=math.inf)
        return self.verdict.severity, -least


class ChosenClaims(_Model):
    """Which claims a run judged that did not judge all of its theorem; ids in the theorem's order.

    asked     named by ``--claim``; the others that were judged are what these rest on
    skipped   named by ``--skip``
    left_out  not judged
    """

    asked: Sequence[str]
    skipped: Sequence[str]
    left_out: Sequence[str]


class Formula(_Model):
    """A part of the statement: what it is, and its formulas in LaTeX."""

    label: str
    latex: Sequence[str]


class Record(_Model):
    """One run of one theorem.

    `setting` holds the options, null where one was left to its default; `effective` what came of them:
    sizes, constants and a digest of the data. `traceback` is that of `error`. Where `chosen` is there,
    `verdict` is that of the claims that were judged, not the theorem's, and the schema version is 2.
    """

    schema_version: Literal[1, 2] = SCHEMA_VERSION
    theorem: Name
    variant: Name | None = None
    title: str
    verdict: Verdict
    error: str | None = None
    traceback: str | None = None
    setting: Mapping[str, Any]
    effective: Mapping[str, Any] = {}
    claims: Sequence[ClaimRecord]
    statement: str = ""
    formulas: Sequence[Formula] = ()
    sources: Sequence[str] = ()
    captions: Mapping[str, str] = {}
    rates: Mapping[str, float | None]
    counts: Mapping[str, int]
    notes: Sequence[str]
    figures: Sequence[Name]
    timings: Mapping[str, float]
    environment: Mapping[str, Any]
    command: str
    started: str
    draws: Sequence[Draw] = ()
    chosen: ChosenClaims | None = None

    @model_validator(mode="after")
    def _has_its_version(self) -> Self:
        if (self.chosen is not None) != (self.schema_version == CHOSEN_SCHEMA_VERSION):
            raise ValueError("schema version 2 is that of runs of chosen claims, and of no others")
        return self

    @property
    def reason(self) -> str:
        """Why the verdict is not VERIFIED: the error, or what the first check that decides it says."""
        if self.error or self.verdict is Verdict.VERIFIED:
            return self.error or ""
        deciding = (
            f"{claim.id}: {check.message}"
            for claim in self.claims
            if counts(claim.required, claim.verdict)
            for check in claim.checks
            if check.verdict is self.verdict
        )
        return next(deciding, "")

    @property
    def label(self) -> str:
        """The name that tells this run from others of a suite, and the folder of its arrays and pictures."""
        return f"{self.theorem}.{self.variant}" if self.variant else self.theorem

    @property
    def reference_name(self) -> str:
        """The reference that this is held against."""
        return self.label


class CertificateRecord(_Model):
    """What was proved, beside the numerical verdicts and apart from them; see `verify.certificates`."""

    theorem: str
    claim: str
    word: str
    statement: str
    advice: str
    trusted: Sequence[str]


class Suite(_Model):
    """All runs of one `verify all`; certificates decide no verdict."""

    schema_version: Literal[1] = SCHEMA_VERSION
    preset: Preset
    verdict: Verdict
    theorems: Sequence[Record]
    timings: Mapping[str, float]
    environment: Mapping[str, Any]
    command: str
    started: str
    compared: Comparison | None = None
    certificates: Sequence[CertificateRecord] = ()

    @property
    def reference_name(self) -> str:
        """The reference that this is held against."""
        return self.preset


def runs_of(made: Record | Suite) -> Sequence[Record]:
    """The runs of a suite; of a record itself."""
    return made.theorems if isinstance(made, Suite) else [made]


def claim_records(
    claims: Sequence[Claim], checks: Iterable[Check], asked: Collection[str] = ()
) -> list[ClaimRecord]:
    """Every claim with its checks; a claim without any is ERROR, and one not about the run is informative.

    Those that were `asked` for by their ids are required, whatever they are to the theorem.
    """
    by_claim: dict[str, list[Check]] = {claim.id: [] for claim in claims}
    for check in checks:
        by_claim[check.claim].append(check)
    return [
        ClaimRecord(
            **asdict(replace(claim, required=claim.id in asked or _about(claim, by_claim[claim.id]))),
            verdict=claim_verdict(by_claim[claim.id]),
            checks=[CheckRecord(**_without_claim(check)) for check in by_claim[claim.id]],
        )
        for claim in claims
    ]


def overall_verdict(claims: Sequence[Claim], records: Sequence[ClaimRecord]) -> Verdict:
    """The theorem's verdict; ERROR when nothing at all was claimed."""
    if not records:
        return worst([])
    stated = [replace(one, required=record.required) for one, record in zip(claims, records, strict=True)]
    return theorem_verdict(stated, {record.id: record.verdict for record in records})


def _about(claim: Claim, checks: Sequence[Check]) -> bool:
    """Whether the claim is required in a run with these checks."""
    return claim.required and not any(check.beside for check in checks)


def _without_claim(check: Check) -> dict[str, Any]:
    names = [
        field.name for field in fields(check) if field.name not in ("claim", "arrays", "compared", "beside")
    ]
    return {name: _finite(getattr(check, name)) for name in names}


def _finite(value: Any) -> Any:
    """JSON has no infinity and no NaN: null instead, inside pairs too."""
    if isinstance(value, tuple):
        return tuple(map(_finite, value))
    return None if isinstance(value, float) and not math.isfinite(value) else value
