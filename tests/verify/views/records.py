"""Records made by hand, with every verdict and every character that a view must take care of."""

from __future__ import annotations

from pathlib import Path

from verify.records.record import Draw, Record, Suite, claim_records, overall_verdict
from verify.theorem.claims import Claim
from verify.theorem.compare import Check
from verify.theorem.verdicts import Verdict, worst

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
    return Check(f"quantity of {claim}", verdict, **({"claim": claim} | numbers | changed))


def record(*claims, kinds=None, **changed):
    """A record of claims given as (id, verdict, required), steps unless `kinds` says otherwise."""
    described = [
        Claim(name, f"text of {name}", "A paper, Theorem 1", (kinds or {}).get(name, "step"), required)
        for name, _, required in claims
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


def suite(*made, **changed):
    """A suite of records."""
    first = made[0]
    fields = {
        "preset": "quick",
        "verdict": worst(one.verdict for one in made),
        "theorems": made,
        "timings": {"wall": 1.0},
        "environment": first.environment,
        "command": "verify all --preset quick",
        "started": first.started,
    }
    return Suite(**(fields | changed))


def draw(seed, rate, slack, verdict=Verdict.VERIFIED):
    return Draw(
        seed=seed,
        verdict=verdict,
        rates={"measured": rate},
        slack={"A": slack},
        command=f"verify theorem some-theorem --seed {seed}",
    )


def every_verdict():
    """A record with each verdict for a required and for an informative claim."""
    return record(
        *[(f"R-{verdict.name}", verdict, True) for verdict in Verdict],
        *[(f"I-{verdict.name}", verdict, False) for verdict in Verdict],
    )


def hostile(text=HOSTILE, latex=HOSTILE):
    """A record whose every text is what Markdown, HTML, XML and GitHub's commands read as marks."""
    made = record(("X", Verdict.VIOLATED, True), ("Y", Verdict.VERIFIED, False))
    bad = {
        "quantity": text,
        "message": text,
        "relation": text,
        "budget_parts": {text: 0.5, "other": 0.25},
        "where": {text: 1.0},
    }
    claims = [
        claim.model_copy(
            update={
                "id": f"{claim.id}{text}",
                "text": text,
                "source": text,
                "kind": text,
                "checks": [claim.checks[0].model_copy(update=bad)],
            }
        )
        for claim in made.claims
    ]
    return made.model_copy(
        update={
            "title": text,
            "claims": claims,
            "statement": text,
            "formulas": [made.formulas[0].model_copy(update={"label": text, "latex": [latex, r"\frac{"]})],
            "sources": [text],
            "captions": {"loss.png": text},
            "figures": ["loss.png", "gone.png"],
            "rates": {text: 1.0},
            "counts": {text: 1},
            "notes": [f"a note: {text}"],
            "setting": {text: text},
            "effective": {text: text},
            "environment": {text: text, "packages": {text: text}, "warning": text},
            "command": text,
            "started": text,
            "error": text,
            "traceback": text,
            "draws": [
                Draw(seed=1, verdict=Verdict.VERIFIED, rates={text: 1.0}, slack={text: 2.0}, command=text)
            ],
        }
    )
