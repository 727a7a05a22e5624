"""The self-test of `verify power`: silent about sound machinery, and it notices each bug planted here."""

from dataclasses import replace

import numpy as np
import pytest

from verify import app
from verify.commands.selftest import outcomes
from verify.records import record as records
from verify.records import regression
from verify.runs import seeds, suite
from verify.theorem import claims, compare, judgement
from verify.theorem.verdicts import Verdict


def test_sound_machinery_passes():
    found = list(outcomes(app.cli))
    assert [one for one in found if not one.noticed] == []
    assert {one.expected.split(",")[0] for one in found} >= set(Verdict)


def as_verified(check):
    return replace(check, verdict=Verdict.VERIFIED)


def lenient(original):
    """A comparison that calls whatever is an error VERIFIED."""
    return lambda *given: as_verified(found) if (found := original(*given)).verdict == "ERROR" else found


BUGS = {
    "nan, no point or an infinite budget as a pass": (compare, "_compare", lenient),
    "an identity passes whatever its budget": (
        compare,
        "_attained",
        lambda original: lambda margin, budget, resolution, advice: original(margin, 0.0, resolution, advice),
    ),
    "an attained bound never fails": (
        compare,
        "_attained",
        lambda original: lambda margin, *rest: original(max(margin, -1), *rest),
    ),
    "overlap is a pass": (
        compare,
        "_strict",
        lambda original: lambda margin, advice: original(2.0 if margin > -1 else margin, advice),
    ),
    "a broken bound is undecided": (
        compare,
        "_strict",
        lambda original: lambda margin, advice: original(max(margin, -1), advice),
    ),
    "the last point decides": (compare.np, "argmin", lambda original: lambda a: np.asarray(a).size - 1),
    "the best check decides a claim": (
        records,
        "claim_verdict",
        lambda original: lambda checks: min((check.verdict for check in checks), key=list(Verdict).index),
    ),
    "informative claims never count": (claims, "counts", lambda original: lambda required, verdict: required),
    "informative claims always count": (claims, "counts", lambda original: lambda required, verdict: True),
    "a broken hypothesis is forgotten": (
        judgement.Judge,
        "_weighed",
        lambda original: lambda self, check, statement, part, known: check,
    ),
    "an open constant excuses nothing": (
        claims.Constant,
        "silence",
        lambda original: lambda self, check, known: check,
    ),
    "conditions are not looked at": (
        judgement.Judge,
        "_unmet",
        lambda original: lambda self, part, known: "",
    ),
    "a hypothesis that ends a run is a pass": (
        judgement,
        "not_applicable",
        lambda original: lambda quantity, message: as_verified(original(quantity, message)),
    ),
    "a run that raises is a pass": (
        seeds,
        "merged",
        lambda original: lambda drawn, shown: original(drawn[:1], drawn[0]),
    ),
    "the best draw decides": (seeds, "worst", lambda original: lambda verdicts: next(iter(verdicts))),
    "nothing ever differs": (regression, "_number", lambda original: lambda *given: iter(())),
    "whatever happens exits with 0": (Verdict, "exit_code", lambda original: property(lambda self: 0)),
    "an error exits as undecided": (
        Verdict,
        "exit_code",
        lambda original: property(lambda self: 3 if self == "ERROR" else original.fget(self)),
    ),
    "the best run decides a suite": (suite, "worst", lambda original: lambda verdicts: next(iter(verdicts))),
}


@pytest.mark.parametrize("bug", BUGS)
def test_a_bug_in_the_machinery_is_noticed(monkeypatch, bug):
    module, name, changed = BUGS[bug]
    monkeypatch.setattr(module, name, changed(getattr(module, name)))
    assert not all(one.noticed for one in outcomes(app.cli))
