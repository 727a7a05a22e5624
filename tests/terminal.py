"""Commands in a terminal as a user has one: a pty of some size, and the screen that is left on it."""

from __future__ import annotations

import fcntl
import os
import pty
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
    """What a command left: its exit code, the lines a user can scroll through, every byte it sent."""

    code: int
    lines: list[str]
    sent: bytes

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


def run(
    *arguments: str,
    cwd: Path,
    columns: int = 80,
    environment: Mapping[str, str] | None = None,
    timeout: float = 120,
) -> Screen:
    """``verify arguments`` in a terminal of so many columns, to its end."""
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
    )
    os.close(child)
    sent = b""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        try:
            chunk = os.read(parent, 65536)
        except OSError:  # Linux reports the end of the other side so
            break
        if not chunk:
            break
        sent += chunk
    os.close(parent)
    code = process.wait(timeout=10)
    screen = pyte.HistoryScreen(columns, 40, history=10_000, ratio=1.0)
    pyte.ByteStream(screen).feed(sent)
    above = ["".join(line[i].data for i in range(columns)) for line in screen.history.top]
    return Screen(code, [line.rstrip() for line in [*above, *screen.display]], sent)
