"""Identities modulo a prime: true ones pass, false ones are refuted by a point, and degrees bound."""

import random
from fractions import Fraction

import pytest

pytest.importorskip("flint")
from verify.certificates import modular
from verify.certificates.certificate import Word
from verify.certificates.modular import (
    PRIME,
    Counting,
    Point,
    certified,
    degree_of,
    identity_matrix,
    inner,
    ones,
)

NAMED = {"name": "toy", "theorem": "t", "claim": "T", "statement": "s", "sizes": {"m": 3}}


def push_through(source, last=1):
    """(I + X Y)^{-1} X = X (I + Y X)^{-1}, if `last` is 1."""
    x, y = source.free(3, 2), source.free(2, 3)
    left = (identity_matrix(source, 3) + x @ y).inverse() @ x
    yield left * source.constant([[last]]) - x @ (identity_matrix(source, 2) + y @ x).inverse()


def cubic(source):
    """t (t - 1) (t - 2), of degree 3."""
    t, one = source.free(1), ones(source, 1)
    yield t * (t - one) * (t - one - one)


def singular(source):
    yield (source.free(2, 1) @ source.free(1, 2)).inverse()


def test_an_identity_passes_with_the_probability_that_its_degree_gives():
    found = certified(push_through, **NAMED)
    assert found.word is Word.IDENTITY
    assert Fraction(found.found["error"]) == Fraction(found.found["degree"], PRIME)
    # Numerators over determinants: degrees 4 + 1 over 6 on the left, 1 + 2 over 4 on the right.
    assert found.found["degree"] == max(5 + 4, 3 + 6)


def test_a_false_identity_is_refuted_by_the_point_that_is_given():
    found = certified(lambda source: push_through(source, last=2), **NAMED)
    assert found.word is Word.DISPROVED
    again = Point(random.Random(found.given["seed"]))
    gap = next(iter(push_through(again, last=2)))
    assert again.drawn == found.given["point"]
    _, row, column = found.found["at"]
    assert int(gap.values[row, column]) == found.found["gap"] != 0


def test_a_matrix_without_inverse_decides_nothing():
    assert certified(singular, **NAMED).word is Word.UNDECIDED


def test_a_false_identity_passes_no_more_often_than_its_degree_allows(monkeypatch):
    """Modulo a small prime, where that can be seen: the cubic has 3 zeros of 101."""
    monkeypatch.setattr(modular, "PRIME", 101)
    words = [certified(cubic, **NAMED, seed=seed).word for seed in range(2000)]
    assert degree_of(cubic) == 3
    assert 0 < words.count(Word.IDENTITY) / 2000 < 1.5 * 3 / 101


def test_degrees_of_the_formulas():
    source = Counting()
    x, y = source.free(3, 3), source.free(3, 3)
    v = x.inverse()
    assert (v.top, v.bottom) == (2, 3)
    assert ((v @ y).top, (v @ y).bottom) == (3, 3)
    # Equal denominators are shared, powers of them too.
    assert ((v + v @ v).top, (v + v @ v).bottom) == (5, 6)
    assert ((v + y.inverse()).top, (v + y.inverse()).bottom) == (5, 6)
    assert (v + x).top == 4
    assert inner(source, x, x).top == 2
    # f adj(N)/det(N) of N/f.
    assert (v.inverse().top, v.inverse().bottom) == (2 * 2 + 3, 6)


def test_sizes_that_do_not_fit_are_refused():
    source = Counting()
    x, y = source.free(2, 3), source.free(2, 2)
    for wrong in (lambda: x @ y, lambda: x + y, lambda: x * y):
        with pytest.raises(ValueError, match="of matrices"):
            wrong()


def test_entries_columns_and_diagonals_of_residues():
    source = Point(random.Random(0))
    x = source.constant([[1, 2], [3, 4]])
    assert x.column(1).entries == [2, 4]
    assert x.column(0).beside([x.column(1), x]).entries == [1, 2, 1, 2, 3, 4, 3, 4]
    assert x.column(1).diagonal().entries == [2, 0, 0, 4]
    assert (x * x).entries == [1, 4, 9, 16]
    assert (x * source.constant([[3]])).entries == [3, 6, 9, 12]
    assert set(source.gates(50).entries) == {0, 1}
