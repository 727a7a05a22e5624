"""What a GitHub Actions job shows of a run: its summary, and annotations through workflow commands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from verify.records.record import Difference, Record
from verify.theorem.errors import InputError
from verify.views.markdown import summary
from verify.views.outcome import Outcome, headline, outcome, unexplained

SUMMARY_FILE = "GITHUB_STEP_SUMMARY"


def require_summary(environ: Mapping[str, str]) -> None:
    """Raise InputError when the job's summary cannot be written."""
    if file := environ.get(SUMMARY_FILE):
        try:
            Path(file).open("a", encoding="utf-8").close()
        except OSError as problem:
            raise InputError(
                f"cannot append to {file} ({problem.strerror}): let {SUMMARY_FILE} name a file that can be "
                "written, or unset it"
            ) from problem


def append_summary(
    records: Sequence[Record], environ: Mapping[str, str], moved: Sequence[Difference] = ()
) -> None:
    """Append the summary of the runs to the file that the job shows, if the job has one."""
    if file := environ.get(SUMMARY_FILE):
        with Path(file).open("a", encoding="utf-8") as page:
            page.write(f"{summary(records, moved)}\n")


def error_commands(
    records: Sequence[Record], environ: Mapping[str, str], moved: Sequence[Difference] = ()
) -> Iterator[str]:
    """A workflow command for whatever failed or moved, shown at the top of the job; none elsewhere."""
    if environ.get("GITHUB_ACTIONS") != "true":
        return
    for record in records:
        if reason := unexplained(record):
            yield _error(f"{record.label}: {record.verdict}", f"{reason}\n{record.command}")
        for claim in record.claims:
            if outcome(claim) in (Outcome.FAILED, Outcome.BROKEN):
                message = f"{claim.text}\n{headline(claim)}\n{record.command}"
                yield _error(f"{record.label} {claim.id}: {claim.verdict}", message)
    for one in moved:
        message = f"reference {one.old}, now {one.new}, allowed {one.allowed}"
        yield _error(f"moved since the reference: {one.what}", message)


def _error(title: str, message: str) -> str:
    title = _escape(title).replace(":", "%3A").replace(",", "%2C")
    return f"::error title={title}::{_escape(message)}"


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
