"""What docs/adding-a-theorem.md shows is the text of a theorem or of the template, or runs as it stands."""

import json
import re
from pathlib import Path
from types import SimpleNamespace

from tests import example
from verify.theorem.judgement import Judge
from verify.theorem.protocol import missing_attributes

ROOT = Path(__file__).parents[1]
DOCUMENT = (ROOT / "docs" / "adding-a-theorem.md").read_text()

#: Where quotes may come from.
QUOTED = (
    ROOT / "theorems" / "linear_deq.py",
    ROOT / "theorems" / "kawaguchi_2021" / "spaces.py",
    example.SOURCE / "quadratic_descent.py",
    example.SOURCE / "pyproject.toml",
)


def test_the_document_quotes_a_theorem_or_runs_as_it_stands():
    words = "".join("".join(path.read_text() for path in QUOTED).split())
    quoted = re.findall(r"^```(?:python|toml)\n(.*?)^```", DOCUMENT, flags=re.DOTALL | re.MULTILINE)
    own = [text for text in quoted if "".join(text.split()) not in words]
    assert len(quoted) - len(own) >= 10
    assert len(own) == 1
    for text in own:
        exec(compile(text, "adding-a-theorem.md", "exec"), {"__name__": "a_theorem"})


def test_the_informative_claim_of_the_document_is_promised_under_its_condition():
    (text,) = re.findall(r"^```python\n(import .*?)^```", DOCUMENT, flags=re.DOTALL | re.MULTILINE)
    made = {"__name__": "a_theorem"}
    exec(compile(text, "adding-a-theorem.md", "exec"), made)
    path = SimpleNamespace(distance=1.0, promised=2.0, error=0.1)
    for gamma, verdict, said in ((0.5, "VERIFIED", ""), (2.0, "NOT_APPLICABLE", "lower --gamma")):
        known = {"problem": SimpleNamespace(gamma=gamma), "path": path}
        (check,) = Judge(known).checks(made["reached"])
        assert check.verdict == verdict
        assert said in check.message
    assert not made["reached"].claim.required


def test_the_document_names_everything_that_a_theorem_has():
    assert all(f"`{name}" in DOCUMENT for name in missing_attributes(json))
