"""The checker of certificate files: it accepts what holds, and notices a change of any number."""

import ast
import json
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from verify.certificates import checker
from verify.certificates.certificate import Word
from verify.certificates.written import digest, file_text

SOURCE = Path(checker.__file__)

DIGITS = "0123456789"


def text_of(*certificates):
    return file_text(certificates, {"command": "verify certify"})


def repaired(record):
    """The text of a record that somebody changed and gave a digest again."""
    return json.dumps({**record, "digest": digest(record)})


def faults(text):
    return [fault for _, fault in checker.check(text) if fault]


def numbers(part, most=None):
    """Places of the numbers in a part of a certificate, (container, key); of a matrix `most` at each end."""
    if isinstance(part, dict):
        for name, value in part.items():
            if name != "rule":
                yield from numbers(value, most) if isinstance(value, list) else [(part, name)]
    elif isinstance(part[0], list):
        for row in part if most is None else {id(row): row for row in (*part[:most], *part[-most:])}.values():
            yield from numbers(row, most)
    else:
        keys = range(len(part))
        yield from ((part, key) for key in (keys if most is None else {*keys[:most], *keys[-most:]}))


@pytest.mark.parametrize("source", [SOURCE, SOURCE.with_name("path_checker.py")])
def test_it_is_short_and_shares_nothing_with_the_search(source):
    code = source.read_text(encoding="utf-8")
    assert len(code.splitlines()) < 100
    modules = {node.module for node in ast.walk(ast.parse(code)) if isinstance(node, ast.ImportFrom)}
    modules |= {
        alias.name
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    checkers = {"verify.certificates"} if "from verify.certificates import path_checker" in code else set()
    assert modules <= {"flint", *checkers, *sys.stdlib_module_names}


def test_all_disproofs_hold(disproofs):
    assert {one.word for one in disproofs} == {Word.DISPROVED}
    assert checker.check(text_of(*disproofs)) == [(one.claim, "") for one in disproofs]


def test_every_kind_is_known_and_made(disproofs):
    """rules.json beside the checker has the rules as they are."""
    made = {
        one.kind: sha256(json.dumps([one.word, one.given["rule"]]).encode()).hexdigest()[:16]
        for one in disproofs
    }
    assert made == checker.RULES


def test_a_number_may_be_found_as_an_enclosure():
    third, pi = checker.fmpq(1, 3), checker.arb.pi()
    assert checker.agree(third, "1/3")
    assert checker.agree(third, ["0", "0x3p-1"])
    assert checker.agree(pi, ["223/71", "22/7"])
    assert not checker.agree(third, "1/4")
    assert not checker.agree(pi, ["22/7", "4"])
    assert not checker.agree(pi, "22/7")


def test_any_digit_changed_anywhere_is_noticed(disproofs, monkeypatch):
    """By the digest alone: what computes again has a test of its own."""
    monkeypatch.setattr(checker, "fault", lambda given, found: "")
    whole = text_of(*disproofs)
    at = whole.index('"digest"') + len('"digest": "')
    places = [k for k, sign in enumerate(whole) if sign in DIGITS]
    tried = [*places[:: len(places) // 60], *[k for k in places if k >= at]]
    for place in tried:
        other = DIGITS[(DIGITS.index(whole[place]) + 1) % 10]
        assert faults(whole[:place] + other + whole[place + 1 :])


@pytest.mark.parametrize("kind", [kind for kind in checker.RULES if kind != "spectral-distance"])
def test_every_number_is_computed_again(disproofs, kind):
    """Each number of `given` and of `found` becomes another, and the digest is repaired."""
    certificate = next(one for one in disproofs if one.kind == kind)
    record = json.loads(text_of(certificate))
    assert faults(repaired(record)) == []
    (one,) = record["certificates"]
    assert {name for name, value in one["given"].items() if name != "rule"}
    changes = [(*place, larger) for place in numbers(one["given"])]
    # Of what was given the sign of some numbers does not matter, such as that of a weight of 0.
    changes += [(*place, change) for place in numbers(one["found"]) for change in (larger, negative)]
    for part, name, change in changes:
        before = part[name]
        numerator, *denominator = str(before).split("/")
        part[name] = "/".join([str(change(int(numerator))), *denominator])
        assert faults(repaired(record)), (name, before, part[name])
        part[name] = before
    assert faults(repaired(record)) == []


def larger(number):
    """Another digit, by much."""
    return 3 + 2 * number


def negative(number):
    """The other sign."""
    return -number


def test_the_numbers_of_the_spectral_reading_are_computed_again(disproofs):
    small, _ = (one for one in disproofs if one.kind == "spectral-distance")
    record = json.loads(text_of(small))
    given, found = (record["certificates"][0][part] for part in ("given", "found"))
    for part, name in [*numbers(given, most=1), *numbers(found)]:
        before, part[name] = part[name], str(part[name])[0] + str(part[name])
        assert faults(repaired(record)), (name, before, part[name])
        part[name] = before


@pytest.mark.parametrize("place", [0, -1])
def test_a_rule_of_somebody_else_is_not_followed(disproofs, place):
    record = json.loads(text_of(disproofs[0]))
    record["certificates"][0]["given"]["rule"][place] = "0 < 1"
    assert faults(repaired(record)) == ["its rule is not that of its kind"]


@pytest.mark.parametrize(("name", "value"), [("word", "PROVED"), ("kind", "norm-of-v")])
def test_word_and_kind_belong_to_the_rule(disproofs, name, value):
    record = json.loads(text_of(next(one for one in disproofs if one.kind == "norm-of-u")))
    record["certificates"][0][name] = value
    assert faults(repaired(record)) == ["its rule is not that of its kind"]


@pytest.mark.parametrize("text", ["0.1", "1e3", "1/0", "abc", "0x1p9999999", "", [["1"], ["1", "2"]]])
def test_what_is_no_number_is_a_fault_and_not_a_crash(disproofs, text):
    record = json.loads(text_of(next(one for one in disproofs if one.kind == "norm-of-u")))
    record["certificates"][0]["given"]["c"] = text
    assert len(faults(repaired(record))) == 1


def test_binary_numbers_are_read():
    assert checker.number("-0x3p-1") == checker.number("-3/2")


def test_what_is_undecided_claims_nothing(disproofs):
    record = json.loads(text_of(disproofs[0]))
    record["certificates"][0] |= {"word": "UNDECIDED", "found": {}}
    assert checker.check(repaired(record)) == [(disproofs[0].claim, checker.NOTHING)]


@pytest.mark.parametrize("name", ["more", "gamma"])
def test_found_must_follow_from_the_rule(disproofs, name):
    record = json.loads(text_of(disproofs[0]))
    assert disproofs[0].kind == "faster-rate"
    record["certificates"][0]["found"][name] = "1"
    assert faults(repaired(record)) == ["not all that was found is in its rule"]


def test_a_file_of_nothing_does_not_hold():
    assert checker.check(text_of()) == [("the file", "it holds no certificate")]


@pytest.mark.parametrize("eigenvalue", [(3, 1), (-3, 1)])
def test_the_largest_eigenvalue_is_bounded_from_above(eigenvalue):
    """[[a, b], [b, a]] has a + b and a - b; from above also in modulus."""
    a, b = eigenvalue
    bound = checker.by_powers(checker.fmpq_mat([[a, b], [b, a]]))
    assert not bound < max(abs(a + b), abs(a - b))
    assert float(bound) == pytest.approx(4, rel=1e-7)


def test_gershgorin_is_a_lower_bound():
    matrix = checker.fmpq_mat([[2, -1, 0], [-1, 3, 1], [0, 1, 5]])
    assert checker.by_rows(matrix) == 1
