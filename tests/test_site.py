"""The documentation's pages of theorems, and the reports that they show. `.ci/run` builds the site."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.site import theorem_pages
from theorems import BUILT_IN, load
from verify.records.record import Record

ROOT = Path(__file__).parents[1]
REPORTS = ROOT / "docs" / "reports"


@pytest.mark.parametrize("name", BUILT_IN)
def test_the_kept_report_is_of_the_theorem_as_it_is(name):
    record = Record.model_validate_json((REPORTS / name / "record.json").read_text())
    assert record.command == f"verify theorem {name}"
    assert record.verdict == "VERIFIED"
    assert [one.id for one in record.claims] == [one.id for one in load(name).CLAIMS.claims], (
        f"run `python docs/site/reports.py {name}`"
    )
    there = {path.name for path in (REPORTS / name).iterdir()}
    assert there == {"record.json", *(one.replace(".png", ".svg") for one in record.figures)}


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_page_has_every_claim_falsehood_and_option(name):
    page, theorem = theorem_pages.page(name), load(name)
    for claim in theorem.CLAIMS.claims:
        assert f"<code>{claim.id}</code>" in page
    planted = page.partition("## What would make it fail")[2].partition("## Options")[0]
    assert planted.count("<tr>") == len(theorem.CLAIMS.falsehoods) + 1
    for field in theorem.Setting.model_fields:
        assert f"<code>--{field.replace('_', '-')} " in page
    assert page.count("<math") >= len(theorem.FORMULAS)


def test_every_page_of_the_documentation_is_in_the_navigation():
    navigation = set(re.findall(r"(\S+\.(?:md|ipynb))$", (ROOT / "mkdocs.yml").read_text(), re.MULTILINE))
    pages = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    assert pages - {"theorems/index.md"} <= navigation
