"""docs/certificates.md has the disproofs as they are, and the committed certificates hold."""

import json
import re
from contextlib import suppress
from pathlib import Path

import pytest

from verify.certificates import checker
from verify.certificates.written import argument

ROOT = Path(__file__).parents[3]


def test_the_page_has_the_disproofs_as_the_code_makes_them(disproofs):
    page = (ROOT / "docs" / "certificates.md").read_text(encoding="utf-8")
    printed = "\n".join(line for one in disproofs for line in (f"### {one.claim}", "", *argument(one)))
    assert page.partition("\n\n### ")[2] == printed.removeprefix("### ")


#: Those with a time in their name are of whoever runs the tests.
COMMITTED = [
    file
    for file in sorted((ROOT / "results" / "certificates").glob("*/certificate.json"))
    if not re.search(r"\d", file.parent.name)
]


@pytest.mark.parametrize("file", COMMITTED, ids=lambda file: file.parent.name)
def test_what_is_committed_holds(file):
    checked = checker.check(file.read_text(encoding="utf-8"))
    assert len(checked) > 0
    assert [fault for _, fault in checked if fault] == []


@pytest.mark.parametrize("file", COMMITTED, ids=lambda file: file.parent.name)
def test_what_is_committed_holds_with_no_other_digit(file):
    whole = file.read_text(encoding="utf-8")
    start = whole.index('"given"')
    places = [k for k, sign in enumerate(whole) if sign in "123456789" and k > start]
    for place in places[:: len(places) // 2]:
        changed = whole[:place] + "0" + whole[place + 1 :]
        with suppress(json.JSONDecodeError):  # a number that begins with 0 is none
            assert any(fault for _, fault in checker.check(changed))
