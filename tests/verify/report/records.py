"""Records made by hand, with every verdict and every character that a view must take care of."""

from __future__ import annotations

from pathlib import Path

from verify.claim import Check, Claim, Verdict
from verify.report.record import Record, claim_records, overall_verdict

#: A folder without pictures.
SOMEWHERE = Path("nowhere")

HOSTILE = "a|b <script>alert(1)</script> & \x00\x0b %::error::*x* `y`\r\nnew line"


def check(claim, verdict, **changed):
    numbers = {
        "measured": -30.25,
        "bound": -30.5,
        "slack": -0.25,
        "budget": 0.0625,
        "budget_parts": {"integration": 0.06, "rounding": 0.0025},
        "where": {"time": 3.25},
        "points": 61,
        "message": "" if verdict is Verdict.VERIFIED else f"why it is {verdict}",
    }
    return Check(claim, f"quantity of {claim}", verdict, **(numbers | changed))


def record(*claims, **changed):
    """A record of claims given as (id, verdict, required)."""
    described = [
        Claim(name, f"text of {name}", "A paper, Theorem 1", "step", required) for name, _, required in claims
    ]
    found = claim_records(described, [check(name, verdict) for name, verdict, _ in claims])
    fields = {
        "theorem": "some-theorem",
        "title": "A theorem",
        "verdict": overall_verdict(described, found),
        "setting": {"seed": 3, "width": None},
        "claims": found,
        "statement": "Statement. a <= b",
        "formulas": [{"label": "statement", "latex": [r"a \le b"]}],
        "sources": ["A paper"],
        "rates": {"measured": 2.0},
        "counts": {"right_hand_sides": 7},
        "notes": ["a note"],
        "figures": [],
        "timings": {"build": 0.5, "integrate": 1.25},
        "environment": {"python": "3.11", "packages": {"numpy": "2"}, "blas": ["openblas"], "revision": None},
        "command": "verify theorem some-theorem --seed 3",
        "started": "2026-01-02T03:04:05+00:00",
    }
    return Record(**(fields | changed))


def every_verdict():
    """A record with each verdict for a required and for an informative claim."""
    return record(
        *[(f"R-{verdict.name}", verdict, True) for verdict in Verdict],
        *[(f"I-{verdict.name}", verdict, False) for verdict in Verdict],
    )


def hostile():
    """A record whose every text holds what Markdown, HTML, XML and GitHub's commands read as marks."""
    made = record(("X", Verdict.VIOLATED, True))
    claim = made.claims[0]
    bad = claim.checks[0].model_copy(update={"quantity": HOSTILE, "message": HOSTILE})
    return made.model_copy(
        update={
            "title": HOSTILE,
            "claims": [claim.model_copy(update={"text": HOSTILE, "source": HOSTILE, "checks": [bad]})],
            "statement": HOSTILE,
            "formulas": [made.formulas[0].model_copy(update={"latex": [HOSTILE, r"\frac{"]})],
            "notes": [HOSTILE],
            "setting": {"data": HOSTILE},
            "command": HOSTILE,
            "error": HOSTILE,
        }
    )
