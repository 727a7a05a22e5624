"""docs/certificates.md has the disproofs as they are, and the committed certificates hold."""

from pathlib import Path

import pytest

from verify.certificates import checker
from verify.certificates.written import argument

ROOT = Path(__file__).parents[3]


def test_the_page_has_the_disproofs_as_the_code_makes_them(disproofs):
    page = (ROOT / "docs" / "certificates.md").read_text(encoding="utf-8")
    printed = "\n".join(line for one in disproofs for line in (f"### {one.claim}", "", *argument(one)))
    assert page.partition("\n\n### ")[2] == printed.removeprefix("### ")


@pytest.mark.parametrize(
    "file", sorted((ROOT / "results" / "certificates").glob("*/certificate.json")), ids=str
)
def test_what_is_committed_holds(file):
    checked = checker.check(file.read_text(encoding="utf-8"))
    assert len(checked) > 0
    assert [fault for _, fault in checked if fault] == []
