"""What a theorem may leave out."""

from types import SimpleNamespace

import pytest

import theorems
from verify.theorem.protocol import statement


@pytest.mark.parametrize(
    ("given", "stated"),
    [
        ({"__doc__": "A title.\n\nSetting. A.\n\nStatement. B.\n"}, "Setting. A.\n\nStatement. B.\n"),
        ({"__doc__": "A title.\n\nOf the code.", "STATEMENT": "B."}, "B."),
        ({"__doc__": "A title."}, ""),
        ({"__doc__": None}, ""),
    ],
)
def test_a_theorem_states_what_its_docstring_says_below_the_first_paragraph(given, stated):
    assert statement(SimpleNamespace(**given)) == stated


@pytest.mark.parametrize("name", theorems.BUILT_IN)
def test_the_built_in_theorems_state_something(name):
    assert "Statement. " in statement(theorems.load(name))
