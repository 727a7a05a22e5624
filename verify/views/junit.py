"""The record as JUnit XML, which CI servers show: a test suite a run, a test case a claim."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from xml.etree import ElementTree as ET

from verify.records.record import ClaimRecord, Comparison, Record, Suite, runs_of
from verify.views.outcome import Outcome, erratum, explanation, headline, outcome, unexplained
from verify.views.part import part_told, titled
from verify.views.spread import closest

#: What XML 1.0 cannot hold, not even escaped.
FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'

TAGS = {Outcome.FAILED: "failure", Outcome.BROKEN: "error", Outcome.SKIPPED: "skipped"}


def junit(made: Record | Suite) -> str:
    """A run, or all runs of a suite and what came of its comparison, as one JUnit document."""
    records = runs_of(made)
    suites = [_suite(record) for record in records]
    if isinstance(made, Suite) and made.compared:
        suites.append(_compared(made.compared, made.started))
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
    given = {name: value for name, value in record.setting.items() if value is not None}
    used = {f"as run: {name}": value for name, value in record.effective.items() if value is not None}
    worst = {"closest to failing": closest(record.draws).command} if record.draws else {}
    told = {"some claims only": part_told(record)} if record.chosen else {}
    properties = {"command": record.command, "verdict": record.verdict, **told, **given, **used, **worst}
    return _test_suite(titled(record), cases, properties, _seconds(record), record.started)


def _compared(comparison: Comparison, started: str) -> ET.Element:
    """A test case that fails when something moved since the reference."""
    case = ET.Element("testcase", classname="reference", name="nothing moved since the reference")
    if moved := comparison.differences:
        message = f"{len(moved)} of {comparison.compared} numbers and texts moved"
        found = ET.SubElement(case, "failure", type="DIFFERS", message=message)
        lines = [f"{one.what}: reference {one.old}, now {one.new}, allowed {one.allowed}" for one in moved]
        found.text = _clean("\n".join(lines))
    properties = {"reference": comparison.reference, "compared": comparison.compared}
    return _test_suite("reference", [case], properties, "0.000", started)


def _test_suite(
    name: str, cases: Sequence[ET.Element], properties: Mapping[str, object], seconds: str, started: str
) -> ET.Element:
    suite = ET.Element(
        "testsuite",
        name=_clean(name),
        tests=str(len(cases)),
        failures=str(_count(cases, "failure")),
        errors=str(_count(cases, "error")),
        skipped=str(_count(cases, "skipped")),
        time=seconds,
        timestamp=_clean(started),
    )
    listed = ET.SubElement(suite, "properties")
    for key, value in properties.items():
        ET.SubElement(listed, "property", name=_clean(key), value=_clean(str(value)))
    suite.extend(cases)
    return suite


def _case(record: Record, claim: ClaimRecord) -> ET.Element:
    name = f"{claim.id}: {claim.text}"
    case = ET.Element("testcase", classname=_clean(record.label), name=_clean(name))
    if tag := TAGS.get(outcome(claim)):
        found = ET.SubElement(case, tag, type=claim.verdict, message=_clean(headline(claim)))
        found.text = _clean(explanation(record, claim))
    if words := erratum(claim):  # a test that passes because something printed is false
        ET.SubElement(case, "system-out").text = words
    return case


def _broken_run(record: Record, reason: str) -> ET.Element:
    case = ET.Element("testcase", classname=_clean(record.label), name="the run")
    found = ET.SubElement(case, "error", type=record.verdict, message=_clean(reason))
    parts = [reason, f"to see it at home: {record.command}", record.traceback or ""]
    found.text = _clean("\n".join(filter(None, parts)))
    return case


def _count(cases: Sequence[ET.Element], tag: str) -> int:
    return sum(case.find(tag) is not None for case in cases)


def _seconds(*records: Record) -> str:
    return f"{sum(sum(record.timings.values()) for record in records):.3f}"


def _clean(text: str) -> str:
    return FORBIDDEN.sub("\ufffd", text)
