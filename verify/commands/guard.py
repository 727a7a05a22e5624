"""Every end of a command as an exit code and one line; for unforeseen errors the traceback is kept in a file.

Exit codes: 0 all verified; 1 something violated; 2 usage or bad input; 3 not verified (inconclusive
or not applicable); 4 a run or the suite itself broke; 5 differs from the reference; 130 interrupted,
143 and 129 terminated; 141 nobody reads the output.
"""

from __future__ import annotations

import signal
import sys
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from types import FrameType
from typing import Any

import click

from verify.commands.base import DEBUG
from verify.theorem.errors import InputError, in_words

#: Something broke that the user cannot mend; see `verify.theorem.verdicts.Verdict`.
BROKEN = 4

#: The exit code of a command whose output nobody reads to its end, 128 + SIGPIPE as in a shell.
CLOSED_PIPE = 141

#: Signals that end a run as Ctrl-C does.
ENDINGS = (signal.SIGTERM, signal.SIGHUP)


class Terminated(BaseException):
    """A signal that asks the process to end; the argument is its number."""


def run_guarded(command: click.Command, program: str) -> int:
    """Run a command line to its exit code; nothing but an exit of the interpreter leaves it."""
    options: dict[str, Any] = {"debug": DEBUG in sys.argv}
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a character that the terminal lacks must not end a run
            stream.reconfigure(errors="backslashreplace")
    try:
        _require_text(sys.argv[1:])
        with _signals_raise():
            return int(command.main(prog_name=program, standalone_mode=False, obj=options) or 0)
    except SystemExit as stop:
        return _left_with(stop.code)
    except BaseException as problem:
        code, line = _explained(problem)
        click.echo(line, err=True)
        if options["debug"]:
            traceback.print_exception(problem)
        return code


def _left_with(code: object) -> int:
    """The exit code for what was raised to leave the interpreter."""
    if code == 1:  # click and rich, where nobody reads their output any more; 1 is VIOLATED here
        return CLOSED_PIPE
    if code is None:
        return 0
    return code if isinstance(code, int) else BROKEN


def _require_text(words: Sequence[str]) -> None:
    """InputError for a word that is no text in the user's encoding, which no record could hold."""
    for word in words:
        try:
            word.encode()
        except UnicodeEncodeError:
            raise InputError(
                f"{word} is no text in {sys.getfilesystemencoding()}: rename the file, or set LC_ALL=C.UTF-8"
            ) from None


@contextmanager
def _signals_raise() -> Iterator[None]:
    """Inside it, a signal that ends the process raises, so that half-written files are removed first.

    A signal that the caller chose to ignore, as nohup does, stays ignored.
    """

    def unwind(number: int, frame: FrameType | None) -> None:
        for ending in ENDINGS:
            signal.signal(ending, signal.SIG_IGN)
        raise Terminated(number)

    before = {ending: signal.getsignal(ending) for ending in ENDINGS}
    for ending, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(ending, unwind)
    try:
        yield
    finally:
        for ending, handler in before.items():
            signal.signal(ending, handler)


def _explained(problem: BaseException) -> tuple[int, str]:
    """The exit code and the line that say what ended a command."""
    unfinished = "nothing was written for the unfinished run"
    match problem:
        case KeyboardInterrupt() | click.Abort():
            return 128 + signal.SIGINT, f"verify: interrupted, {unfinished}"
        case Terminated():
            return 128 + int(problem.args[0]), f"verify: terminated, {unfinished}"
        case InputError():
            return 2, f"verify: {problem}"
        case click.ClickException():
            return problem.exit_code, _misused(problem)
        case OSError():
            return BROKEN, f"verify: {problem}; earlier results are whole"
    reason = in_words(problem)
    return BROKEN, f"verify: a fault of the suite itself, no verdict: {reason} ({_kept(problem)})"


def _kept(problem: BaseException) -> str:
    """Writes the traceback to a new file, and gives its place."""
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="verify-traceback-", suffix=".txt", delete=False, encoding="utf-8"
        ) as file:
            traceback.print_exception(problem, file=file)
    except OSError:
        return "its traceback could not be kept: add --debug to see it"
    return f"traceback in {file.name}"


def _misused(problem: click.ClickException) -> str:
    """What was wrong with a command line, and where its options are listed."""
    if isinstance(problem, click.exceptions.NoArgsIsHelpError):
        return problem.format_message()
    context = problem.ctx if isinstance(problem, click.UsageError) else None
    return f"verify: {problem.format_message()} (see {context.command_path if context else 'verify'} --help)"
