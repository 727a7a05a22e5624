"""Every comparison of a run as a row of comma-separated values, for spreadsheets and data frames."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from io import StringIO
from typing import Any

from verify.records.record import CheckRecord, ClaimRecord, Record, Suite, runs_of

#: The columns, in their order; a number that is not finite, or that there is none of, is empty.
COLUMNS = (
    *("run", "run_verdict", "claims_left_out", "claim", "states", "kind", "required", "claim_verdict"),
    *("verified_draws", "draws", "quantity", "relation", "measured", "bound", "slack", "budget"),
    *("slack_in_budgets", "largest_budget", "measured_least", "measured_largest", "bound_least"),
    *("bound_largest", "points", "verdict", "message", "where", "budget_parts"),
)


def comparisons_csv(made: Record | Suite) -> str:
    """A row a comparison with every number as the record has it, and one for a claim that has none.

    `where` and `budget_parts`, numbers by name, are JSON.
    """
    text = StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for record in runs_of(made):
        for claim in record.claims:
            writer.writerows({**_of_claim(record, claim), **row} for row in _rows(claim))
    return text.getvalue()


def _of_claim(record: Record, claim: ClaimRecord) -> Mapping[str, Any]:
    drawn = {"verified_draws": claim.seeds.verified, "draws": claim.seeds.drawn} if claim.seeds else {}
    return {
        "run": record.label,
        "run_verdict": record.verdict,
        "claims_left_out": len(record.chosen.left_out) if record.chosen else 0,
        "claim": claim.id,
        "states": claim.text,
        "kind": claim.kind,
        "required": claim.required,
        "claim_verdict": claim.verdict,
        **drawn,
    }


def _rows(claim: ClaimRecord) -> Iterator[Mapping[str, Any]]:
    yield from map(_of_check, claim.checks)
    if not claim.checks:
        yield {}


def _of_check(check: CheckRecord) -> Mapping[str, Any]:
    own = {name: getattr(check, name) for name in COLUMNS if hasattr(check, name)}
    ranges = {
        f"{side}_{end}": value
        for side, found in (("measured", check.measured_range), ("bound", check.bound_range))
        for end, value in zip(("least", "largest"), found or (None, None), strict=True)
    }
    return {
        **own,
        **ranges,
        "where": json.dumps(dict(check.where), ensure_ascii=False),
        "budget_parts": json.dumps(dict(check.budget_parts), ensure_ascii=False),
    }
