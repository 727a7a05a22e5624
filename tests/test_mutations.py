"""The list of planted mistakes follows the code; `python -m tests.mutations` says which are noticed."""

from __future__ import annotations

import pytest

from tests.mutations import MUTATIONS
from tests.mutations.__main__ import ROOT
from tests.mutations.mutation import Mutation, StaleError
from tests.mutations.parts import parts_for


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_each_replaces_one_text_of_a_file_that_still_parses(mutation):
    source = (ROOT / mutation.file).read_text(encoding="utf-8")
    assert mutation.applied(source) != source


def test_names_are_unique():
    assert len({mutation.name for mutation in MUTATIONS}) == len(MUTATIONS)


@pytest.mark.parametrize("file", sorted({mutation.file for mutation in MUTATIONS}))
def test_each_file_reaches_what_is_judged_and_hints_name_parts_of_it(file):
    parts = parts_for(file, ROOT)
    assert parts
    expected = {mutation.expected for mutation in MUTATIONS if mutation.file == file}
    assert expected - {""} <= set(parts)


def test_a_stale_entry_says_what_is_missing():
    with pytest.raises(StaleError, match="`a` occurs 2 times in f.py, not once"):
        Mutation("name", "f.py", "a", "b", "why").applied("a = a")
