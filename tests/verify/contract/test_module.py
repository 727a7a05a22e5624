"""What is wrong with a theorem shows before it is run: what, in which file and line, and the way out."""

import pytest

from tests import faults
from verify import app
from verify.contract.module import module_faults

RESERVED = app.cli.reserved_names()


@pytest.fixture
def told(tmp_path, monkeypatch):
    """The lines that the template gets, with some edits."""
    monkeypatch.chdir(tmp_path)

    def lines(*edits):
        module = faults.loaded(tmp_path, *edits)
        return [str(fault) for fault in module_faults(module, "own", RESERVED)]

    return lines


def test_there_is_nothing_to_say_of_the_template(told):
    assert told() == []


@pytest.mark.parametrize("case", faults.STATIC)
def test_a_fault_is_one_line_with_its_place(told, case):
    old, new, said = faults.STATIC[case]
    lines = told((old, new))
    assert any(said in line for line in lines), lines
    for line in lines:
        assert line.startswith("own_theorem.py:")
        assert len(line.splitlines()) == 1


def test_a_fault_of_a_claim_lies_at_its_function(told):
    old, new, said = faults.STATIC["false constant"]
    (line,) = told((old, new))
    source = faults.source((old, new)).splitlines()
    number = 1 + next(i for i, text in enumerate(source) if text.startswith('@CLAIMS.step("Q-10"'))
    assert line.startswith(f"own_theorem.py:{number}: tenth(): ")


def test_every_fault_is_told(told):
    cases = [faults.STATIC[case] for case in ("title", "claim ids", "false constant", "reserved argument")]
    lines = told(*(case[:2] for case in cases), ("setting.dimension", "setting.as_json"))
    for *_, said in cases:
        assert sum(said in line for line in lines) == 1, lines
    assert len(lines) == len(cases)
