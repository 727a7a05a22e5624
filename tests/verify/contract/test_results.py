"""What the functions of a theorem return or raise: ERROR, with a line for its author."""

import pytest

from tests import faults
from verify.runs.judged import laws_of
from verify.runs.run import run_theorem


@pytest.mark.parametrize("case", faults.IN_A_RUN)
def test_a_fault_in_a_run_is_an_error_with_its_place(tmp_path, monkeypatch, case):
    monkeypatch.chdir(tmp_path)
    old, new, said = faults.IN_A_RUN[case]
    theorem = faults.loaded(tmp_path, (old, new))
    record = run_theorem(theorem, theorem.Setting()).record
    assert record.verdict == "ERROR"
    assert said in record.error
    assert len(record.error.splitlines()) == 1
    assert record.error.startswith("own_theorem.py:")


def test_a_law_that_breaks_is_met_by_each_run(tmp_path):
    law = '@CLAIMS.step("Q-0", "a law")\ndef law(): return 1 / 0\n\n\n'
    theorem = faults.loaded(tmp_path, (faults.BEFORE_CLAIMS, law + faults.BEFORE_CLAIMS))
    record = run_theorem(theorem, theorem.Setting(), laws=laws_of(theorem)).record
    assert record.verdict == "ERROR"
    assert "law(): ZeroDivisionError" in record.error
