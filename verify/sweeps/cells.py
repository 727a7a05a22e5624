"""One cell of a sweep: a run without report or pictures, as rows of the table, one for each claim."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import threadpoolctl

from verify.records.record import ClaimRecord
from verify.runs.judged import judge, left_by, prepare, statements
from verify.sweeps.grid import Cell
from verify.theorem.compare import Check
from verify.theorem.errors import InputError, in_words
from verify.theorem.judgement import is_law
from verify.theorem.protocol import Theorem
from verify.theorem.verdicts import Verdict

Row = Mapping[str, Any]

#: What a row has of the comparison that it shows.
COMPARED = ("quantity", "relation", "measured", "bound", "slack", "budget", "message")


def run_cell(theorem: Theorem, cell: Cell, claims: Sequence[str]) -> list[Row]:
    """The rows of a cell; whatever breaks is a row with the verdict ERROR and no claim.

    On one BLAS thread, so that the numbers are the same wherever it runs.
    """
    begun = time.perf_counter()
    try:
        with threadpoolctl.threadpool_limits(limits=1):
            prepared = prepare(theorem, cell.setting, cores=1, chosen=claims)
            if prepared.error is not None:
                raise prepared.error
            judged = judge(prepared, {}, chosen=claims)
        left = left_by(prepared)
    except Exception as problem:  # InputError, too: data that do not fit are found when they are read
        return [lost_row(cell, in_words(problem), time.perf_counter() - begun)]
    rates = left.get("rates", {})
    common = {
        **_of_cell(cell),
        "run": str(judged.verdict),
        "tightness": _finite(rates.get("tightness")),
        "rates": _as_json(rates),
        "counts": _as_json(left.get("counts", {})),
        "seconds": time.perf_counter() - begun,
    }
    return [
        common | _of_claim(claim, [check for check in judged.checks if check.claim == claim.id])
        for claim in judged.claims
    ]


def lost_row(cell: Cell, reason: str, seconds: float = 0.0) -> Row:
    """The row of a cell that broke, or whose process died."""
    error = str(Verdict.ERROR)
    nothing = {"claim": "", "verdict": error, "run": error, "message": reason, "rates": "{}", "counts": "{}"}
    return {**_of_cell(cell), **nothing, "seconds": seconds}


def judged_claims(theorem: Theorem, chosen: Sequence[str] = ()) -> list[str]:
    """Ids of the claims that a sweep judges: the chosen ones, or all that a setting can change.

    InputError for a chosen one that is a law, or is none.
    """
    wanted = statements(theorem, chosen or None)
    found = [statement.claim.id for statement in wanted if not is_law(statement)]
    if laws := [name for name in chosen if name not in found]:
        raise InputError(
            f"--claim {laws[0]}: no setting changes it, there is nothing to sweep: `verify all` judges it"
        )
    return found


def _of_cell(cell: Cell) -> dict[str, Any]:
    setting = json.dumps(cell.setting.model_dump(mode="json"))
    return {"cell": cell.key, "seed": cell.setting.seed, **cell.swept, "setting": setting}


def _of_claim(claim: ClaimRecord, checks: Sequence[Check]) -> dict[str, Any]:
    """The comparison that decided a claim most narrowly, of its checks in their order."""
    shown, narrowest = max(zip(claim.checks, checks, strict=True), key=lambda pair: pair[0].narrowness)
    least, largest = _ratios(narrowest)
    return {
        "claim": claim.id,
        "verdict": str(claim.verdict),
        "compared": str(narrowest.compared or narrowest.verdict),
        **{name: getattr(shown, name) for name in COMPARED},
        "least_ratio": least,
        "largest_ratio": largest,
    }


def _ratios(check: Check) -> tuple[float | None, float | None]:
    """Least and largest measured/bound over all points; None where there are none, or no bound is finite."""
    if "measured" not in check.arrays:
        return None, None
    bound = check.arrays["bound"]
    usable = np.isfinite(bound) & (bound != 0)
    if not usable.any():
        return None, None
    ratios = check.arrays["measured"][usable] / bound[usable]
    return _finite(ratios.min()), _finite(ratios.max())


def _as_json(numbers: Mapping[str, Any]) -> str:
    return json.dumps({name: _finite(value) for name, value in numbers.items()})


def _finite(value: Any) -> float | None:
    """A float for the table; None for none, and for what is not finite."""
    return float(value) if value is not None and np.isfinite(value) else None
