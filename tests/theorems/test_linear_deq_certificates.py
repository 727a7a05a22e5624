"""Certificates about the linear DEQ at one point, against the suite's floats and what is false."""

import numpy as np
import pytest

flint = pytest.importorskip("flint")

from tests.theorems.certified_states import by_kind, holds, noise, propose_badly, words  # noqa: E402
from theorems import linear_deq_state  # noqa: E402
from theorems.linear_deq import Setting, build  # noqa: E402
from verify.certificates.certificate import Word  # noqa: E402
from verify.certificates.exact import parsed  # noqa: E402


@pytest.mark.parametrize("loss", ["square", "cross-entropy"])
def test_what_the_suite_computes_is_enclosed(loss):
    setting = Setting(loss=loss)
    problem, found = build(setting), list(linear_deq_state.certify_state(setting, None))
    assert set(words(found).values()) == {Word.PROVED, Word.IDENTITY}
    of = by_kind(found)
    holds(of["pl-constant"].found["kappa"], problem.objective.pl_constant, 1e-12)
    holds(of["least-singular"].found["squared"], problem.smallest**2, 1e-12, 1e-12)
    holds(of["conserved-size"].found["most"], problem.size, 1e-12)
    assert float(parsed(of["conserved-size"].found["rate"])) == pytest.approx(problem.rate, rel=1e-12)
    m, w = problem.S[:, -3:], problem.at(problem.S)[2]
    least = np.linalg.eigvalsh(problem.S @ problem.S.T)[0]
    ratio = problem.smallest**2 * (1 + np.linalg.norm(w, 2) ** 2) / least
    holds(of["stays"].found["ratio"], ratio, 1e-10, 1e-10)
    assert parsed(of["least-singular"].given["M"][0][0]) == m[0, 0]


def test_an_equality_is_not_decided():
    """k = 1: both sides of D-4 agree."""
    found = words(linear_deq_state.certify_state(Setting(width=2, outputs=1), None))
    assert found["stays"] is Word.UNDECIDED


def test_noise_proves_nothing(monkeypatch):
    propose_badly(monkeypatch, noise)
    found = words(linear_deq_state.certify_state(Setting(), None))
    assert {word for kind, word in found.items() if not kind.startswith("deq")} == {Word.UNDECIDED}


def test_a_singular_m_proves_nothing():
    a, m = np.ones((2, 3)), np.ones((2, 2))
    setting = Setting(width=3, outputs=2)
    found = words(linear_deq_state.certify_state(setting, {"A": a, "M": m}))
    assert found["least-singular"] is Word.UNDECIDED
    assert "stays" not in found


def test_false_laws_are_refuted(monkeypatch):
    """With the transposed inverse in its place all three identities fail."""
    drawn = linear_deq_state.drawn

    def transposed(source, k, d):
        a, m, v, g = drawn(source, k, d)
        return a, m, v.T, g

    monkeypatch.setattr(linear_deq_state, "drawn", transposed)
    found = {c.given["identity"]: c.word for c in linear_deq_state.identities(3, 4)}
    assert found["deq-conservation"] is found["deq-law"] is Word.DISPROVED
