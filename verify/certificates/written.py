"""What `verify certify` leaves: certificate.json, for a checker, and report.md, for a reader."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from verify.certificates.certificate import Certificate, Word
from verify.records.directory import write_whole
from verify.records.record import CertificateRecord
from verify.runs.environment import environment
from verify.runs.run import directory_name
from verify.views.markdown import math, plain

#: Raised whenever a field that others read changes its meaning.
SCHEMA_VERSION = 1

#: What a report does not print in full, in characters: it is in certificate.json.
LONGEST = 20_000

#: The same of binary numbers, which nobody reads.
LONGEST_BINARY = 400

#: Lists without lists in them, as `json` lays them out.
INNERMOST = re.compile(r"\[[^\[\]{}]*\]")


def write(
    certificates: Sequence[Certificate], of: str, command: str, setting: Mapping[str, Any], parent: Path
) -> Path:
    """The directory of some certificates, whole or not at all; its path. `of` begins its name.

    `setting` is that of states and paths, empty for disproofs.
    """
    started = datetime.now(UTC).isoformat(timespec="seconds")
    made = {"command": command, "setting": setting, "started": started, "environment": environment()}

    def fill(folder: Path) -> None:
        (folder / "certificate.json").write_text(file_text(certificates, made), encoding="utf-8")
        (folder / "report.md").write_text(report(certificates, command, setting), encoding="utf-8")

    return write_whole(parent, directory_name(of, started, command), fill)


def file_text(certificates: Sequence[Certificate], made: dict[str, Any]) -> str:
    """The text of certificate.json: `made` says how it was made; a digest of all of it stands at the end."""
    record = {"schema_version": SCHEMA_VERSION, **made, "certificates": [asdict(one) for one in certificates]}
    record = {**record, "digest": digest(record)}
    return INNERMOST.sub(lambda row: re.sub(r"\n\s*", " ", row[0]), json.dumps(record, indent=1)) + "\n"


def digest(record: dict[str, Any]) -> str:
    """SHA-256 of a record as JSON with its keys in order, without `digest` itself."""
    content = {name: value for name, value in record.items() if name != "digest"}
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def certificate_records(certificates: Sequence[Certificate]) -> list[CertificateRecord]:
    """What records and views show of certificates, without their numbers."""
    names = CertificateRecord.model_fields
    return [CertificateRecord(**{name: getattr(one, name) for name in names}) for one in certificates]


def counted(certificates: Sequence[Certificate]) -> str:
    """How many have each word: "8 DISPROVED, 1 UNDECIDED"."""
    words = [one.word for one in certificates]
    return ", ".join(f"{words.count(word)} {word}" for word in Word if word in words)


def report(certificates: Sequence[Certificate], command: str, setting: Mapping[str, Any]) -> str:
    """The page: what each certificate says, its argument, its numbers."""
    lines = [f"# {counted(certificates)}", "", f"`{command}`", ""]
    if setting:
        options = ", ".join(f"{name} = {value}" for name, value in setting.items() if value is not None)
        lines += [f"Setting: {plain(options)}.", ""]
    lines += ["`verify check-certificate certificate.json` computes disproofs and paths again.", ""]
    for one in certificates:
        lines += [f"## {one.claim}: {one.word}", "", *argument(one)]
        lines += [line for text in _numbers(one) for line in (*text, "")]
        lines += [f"Trusted: {plain(', '.join(one.trusted))}.", ""]
    return "\n".join(lines)


def argument(certificate: Certificate) -> list[str]:
    """The statement and the argument, as paragraphs of Markdown, each with an empty line after it."""
    lines = [f"**{certificate.word}**: {math(certificate.statement)}.", ""]
    for paragraph in certificate.shown:
        lines += [math(paragraph), ""]
    return [*lines, f"To decide it: {math(certificate.advice)}.", ""] if certificate.advice else lines


def _numbers(certificate: Certificate) -> Iterator[list[str]]:
    """What was given, the rule and what was found, as code."""
    for title, content in (("Given", certificate.given), ("Found", certificate.found)):
        shown = [f"    {name} = {_text(value)}" for name, value in content.items() if name != "rule"]
        yield [f"{title}:", "", *shown]
    if "rule" in certificate.given:
        checked = "The checker goes through this, with those numbers and nothing else:"
        yield [checked, "", *(f"    {line}" for line in certificate.given["rule"])]


def _text(value: Any) -> str:
    text = json.dumps(value).replace('"', "")
    return (
        text
        if len(text) <= (LONGEST_BINARY if "0x" in text else LONGEST)
        else f"({len(text)} characters, see certificate.json)"
    )
