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
def test_a_sweep_of_the_preset_is_cheap_and_has_its_number(sweep):
    theorem = load(sweep.theorem)
    settings = [
        make_setting(theorem, {**sweep.fixed, **dict(zip(sweep.over, values, strict=True))})
        for values in product(*sweep.over.values())
    ]
    (claim,) = statements(theorem, [sweep.claim])
    assert "path" not in judged_from(claim)
    assert sweep.against in sweep.over
    built = prepare(theorem, settings[0], chosen=[sweep.claim])
    (check,) = judge(built, shared={}, chosen=[sweep.claim]).checks
    if sweep.kind == "needed":
        assert sweep.of in sweep.over
    else:
        assert getattr(check, sweep.of) > 0
    assert np.isfinite(check.measured)


def test_names_are_different():
    assert len({sweep.name for sweep in LAWS}) == len(LAWS)
