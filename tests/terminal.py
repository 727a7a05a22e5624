"""Commands in a terminal as a user has one: a pty of some size, and the screen that is left on it."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyte


@dataclass(frozen=True)
class Screen:
    """What a command left.

    code: its exit code; lines: those a user can scroll through; sent: every byte; ending: seconds from
    the signal to the end, None without one; group: the processes that it started belong to it.
    """

    code: int
    lines: list[str]
    sent: bytes
    ending: float | None
    group: int

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


def run(
    *arguments: str,
    cwd: Path,
    columns: int = 80,
    environment: Mapping[str, str] | None = None,
    timeout: float = 300,
    stop: tuple[bytes, signal.Signals] | None = None,
) -> Screen:
    """``verify arguments`` in a terminal of so many columns, to its end.

    With `stop` a signal is sent once the screen shows the text: to the whole group if it is Ctrl-C's.
    """
    parent, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    inherited = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    process = subprocess.Popen(
        [sys.executable, "-m", "verify", *arguments],
        cwd=cwd,
        env={**inherited, "TERM": "xterm-256color", **(environment or {})},
        stdin=child,
        stdout=child,
        stderr=child,
        start_new_session=True,
        # A shell that starts the tests in the background has Ctrl-C ignored, by them and all that they start.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no threads here
    )
    os.close(child)
    sent, stopped = b"", None
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        try:
            chunk = os.read(parent, 65536)
        except OSError:  # Linux reports the end of the other side so
            break
        if not chunk:
            break
        sent += chunk
        if stop and stop[0] in sent and not stopped:
            stopped = time.monotonic()
            (os.killpg if stop[1] is signal.SIGINT else os.kill)(process.pid, stop[1])
    os.close(parent)
    code = process.wait(timeout=10)
    seconds = time.monotonic() - stopped if stopped else None
    screen = pyte.HistoryScreen(columns, 40, history=10_000, ratio=1.0)
    pyte.ByteStream(screen).feed(sent)
    above = ["".join(line[i].data for i in range(columns)) for line in screen.history.top]
    return Screen(code, [line.rstrip() for line in [*above, *screen.display]], sent, seconds, process.pid)


def emptied(group: int, seconds: float) -> bool:
    """Whether the last process of a group is gone within so many seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False
