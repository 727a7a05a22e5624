"""Second opinions: they agree with the engine, and each fails where the engine is told something false."""

import numpy as np
import pytest

from theorems.kawaguchi_2021.linear_rate import errors
from theorems.kawaguchi_2021.opinions import losses, solver, spectrum
from theorems.kawaguchi_2021.opinions.samples import attaining, generic
from verify.theorem.judgement import Judge, is_law

STATEMENTS = [statement for module in (losses, spectrum, errors, solver) for statement in module.CLAIMS]


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda statement: statement.claim.id)
def test_the_engine_agrees_and_no_setting_matters(statement):
    assert is_law(statement)
    assert {check.verdict for check in Judge({}).checks(statement)} == {"VERIFIED"}


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda statement: statement.claim.id)
def test_what_is_false_is_violated(statement):
    assert statement.falsehoods
    for falsehood in statement.falsehoods:
        found = Judge({}, falsehood=falsehood).checks(statement)
        assert "VIOLATED" in {check.verdict for check in found}, falsehood.what


@pytest.mark.parametrize("printed", [*generic(), *attaining()], ids=lambda printed: printed.label)
def test_the_printed_gradient_is_that_of_the_printed_value(printed):
    """By central differences, so that not even the complex step is taken on trust."""
    rng, step = np.random.default_rng(0), 1e-6
    w, direction = 0.1 * rng.standard_normal((2, *printed.shape))
    slope = (printed.value(w + step * direction) - printed.value(w - step * direction)) / (2 * step)
    assert np.vdot(printed.gradient(w), direction) == pytest.approx(slope, rel=1e-7)


def test_a_wrong_engine_is_seen(monkeypatch):
    from verify.linear_deq.resolvent import DeflatedResolvent
    from verify.losses import hinge

    monkeypatch.setattr(DeflatedResolvent, "solve", lambda self, rows: rows)
    assert "VIOLATED" in {check.verdict for check in spectrum.solves()}

    class Halved(hinge.HingeObjective):
        def __init__(self, *of):
            super().__init__(*of)
            self.pl_constant /= 2

    from theorems.kawaguchi_2021.opinions import samples

    monkeypatch.setattr(samples, "HingeObjective", Halved)
    assert "VIOLATED" in {check.verdict for check in losses.constant()}
