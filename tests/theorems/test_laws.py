"""The preset of laws: its theorems, claims and options exist, and each claim has what its law is of."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from theorems import load
from theorems.laws import LAWS
from verify.runs.judged import judge, prepare, statements
from verify.theorem.judgement import judged_from
from verify.theorem.settings import make_setting


@pytest.mark.parametrize("sweep", LAWS, ids=lambda sweep: sweep.name)
def test_a_sweep_of_the_preset_has_what_its_laws_are_of(sweep):
    theorem = load(sweep.theorem)
    settings = [
        make_setting(theorem, {**sweep.fixed, **dict(zip(sweep.over, values, strict=True))})
        for values in product(*sweep.over.values())
    ]
    chosen = statements(theorem, sweep.claims or None)
    for law in sweep.laws:
        assert law.claim in {claim.claim.id for claim in chosen}
        assert law.against in sweep.over
        if law.kind == "needed":
            assert law.of in sweep.over
    if any("path" in judged_from(claim) for claim in chosen):
        return  # to follow it takes seconds
    built = prepare(theorem, settings[0], chosen=sweep.claims)
    for check in judge(built, shared={}, chosen=sweep.claims).checks:
        assert np.isfinite(check.measured)


def test_names_are_different():
    assert len({sweep.name for sweep in LAWS}) == len(LAWS)
