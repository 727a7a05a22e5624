"""LaTeX as MathML: typeset as it should be, and nothing else comes through."""

from xml.etree import ElementTree

import pytest
from markupsafe import escape

from verify.views.mathml import mathml


def test_brackets_enclose_a_row_of_their_own_and_the_power_stands_outside():
    made = str(mathml(r"\Bigl(1 - \frac{\alpha}{2}\Bigr)^{k} r"))
    power = ElementTree.fromstring(made).find(".//msup")
    assert [child.text for child in power[0] if child.tag == "mo"] == ["(", "−", ")"]
    assert "size" not in made


def test_marks_stand_above_letters_and_not_in_them():
    assert "accent=" not in mathml(r"\tilde\gamma \hat y \dot Q \bar\delta")


@pytest.mark.parametrize(
    "latex",
    [r"\text{<script>alert(1)</script>}", r"\text{<mi onclick='alert(1)'>x</mi>}", "a & b", r"\frac{"],
)
def test_what_is_no_formula_is_shown_as_its_source(latex):
    assert mathml(latex) == f"<code>{escape(latex)}</code>"


@pytest.mark.parametrize(
    "latex", [r"\href{javascript:alert(1)}{x}", r"\class{a}{x} \style{position:fixed}{x}"]
)
def test_attributes_that_typeset_nothing_are_left_out(latex):
    made = ElementTree.fromstring(mathml(latex))
    assert {name for element in made.iter() for name in element.attrib} == {"display"}
    assert "x" in "".join(made.itertext())


@pytest.mark.parametrize(
    "latex", ["", "^", "_{", "(" * 3000, "{" * 3000, r"\tilde{}", r"\hat", "(]^2", ")^)_("]
)
def test_no_formula_breaks_a_report(latex):
    assert mathml(latex)
