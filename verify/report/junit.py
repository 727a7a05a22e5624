"""The record as JUnit XML, which CI servers show: a test suite a run, a test case a claim."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree as ET

from verify.report.outcome import Outcome, explanation, headline, outcome, unexplained
from verify.report.record import ClaimRecord, Record

#: What XML 1.0 cannot hold, not even escaped.
FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'

TAGS = {Outcome.FAILED: "failure", Outcome.BROKEN: "error", Outcome.SKIPPED: "skipped"}


def junit(records: Sequence[Record]) -> str:
    """All runs as one JUnit document."""
    suites = [_suite(record) for record in records]
    total = {
        count: str(sum(int(suite.get(count, "0")) for suite in suites))
        for count in ("tests", "failures", "errors")
    }
    root = ET.Element("testsuites", {"name": "verify", "time": _seconds(*records), **total})
    root.extend(suites)
    ET.indent(root)
    return DECLARATION + ET.tostring(root, encoding="unicode") + "\n"


def _suite(record: Record) -> ET.Element:
    cases = [_case(record, claim) for claim in record.claims]
    if reason := unexplained(record):
        cases.append(_broken_run(record, reason))
    suite = ET.Element(
        "testsuite",
        name=_clean(record.label),
        tests=str(len(cases)),
        failures=str(_count(cases, "failure")),
        errors=str(_count(cases, "error")),
        skipped=str(_count(cases, "skipped")),
        time=_seconds(record),
        timestamp=_clean(record.started),
    )
    properties = ET.SubElement(suite, "properties")
    given = {name: value for name, value in record.setting.items() if value is not None}
    for name, value in {"command": record.command, "verdict": record.verdict, **given}.items():
        ET.SubElement(properties, "property", name=_clean(name), value=_clean(str(value)))
    suite.extend(cases)
    return suite


def _case(record: Record, claim: ClaimRecord) -> ET.Element:
    name = f"{claim.id}: {claim.text}"
    case = ET.Element("testcase", classname=_clean(record.label), name=_clean(name))
    if tag := TAGS.get(outcome(claim)):
        found = ET.SubElement(case, tag, type=claim.verdict, message=_clean(headline(claim)))
        found.text = _clean(explanation(record, claim))
    return case


def _broken_run(record: Record, reason: str) -> ET.Element:
    case = ET.Element("testcase", classname=_clean(record.label), name="the run")
    found = ET.SubElement(case, "error", type=record.verdict, message=_clean(reason))
    found.text = _clean(f"{reason}\nto see it at home: {record.command}")
    return case


def _count(cases: Sequence[ET.Element], tag: str) -> int:
    return sum(case.find(tag) is not None for case in cases)


def _seconds(*records: Record) -> str:
    return f"{sum(sum(record.timings.values()) for record in records):.3f}"


def _clean(text: str) -> str:
    return FORBIDDEN.sub("\ufffd", text)
