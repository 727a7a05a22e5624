"""What is wrong with the files that a theorem lets a search write; the rest is in tests/faults.py."""

import pytest

from tests.verify.search import toy
from verify.contract.search import search_faults
from verify.theorem.space import Space


def test_there_is_nothing_to_say_of_the_toy():
    assert list(search_faults(toy, toy.SEARCH)) == []


@pytest.mark.parametrize(
    ("contents", "said"),
    [
        (lambda known: 3, "files['start'] gives no mapping"),
        (lambda known: {"a": 3}, "files['start'] gives no mapping"),
        (lambda known: known["width"], "cannot be made: KeyError: 'width'"),
    ],
)
def test_a_file_that_cannot_be_made_is_told(contents, said):
    (text,) = search_faults(toy, (Space("a", files={"start": contents}),))
    assert said in text
