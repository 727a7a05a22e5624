"""Pages in headless Chromium, driven by its own flags."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

PROGRAM = shutil.which("chromium") or shutil.which("google-chrome")

needed = pytest.mark.skipif(PROGRAM is None, reason="chromium is not installed")

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


def run(page: Path, scratch: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    """Load a page in a browser that has never run before."""
    command = [PROGRAM, *FLAGS, f"--user-data-dir={scratch / 'profile'}", *flags, page.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)


def requests(log: Path) -> list[str]:
    """Every address that a page of the local disk asked for, from a network log.

    The browser's own requests, for updates and the time, belong to no page.
    """
    events = json.loads(log.read_text())["events"]
    parameters = [event["params"] for event in events if isinstance(event.get("params"), dict)]
    return [found["url"] for found in parameters if "file:" in found.get("network_isolation_key", "")]
