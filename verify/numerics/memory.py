"""How much memory is there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psutil

#: Where the kernel shows the limits of a container: cgroups of version 2, and of version 1 for memory.
CGROUPS, OWN_CGROUP = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")


def available_memory() -> int:
    """Bytes that new arrays may take: what the machine has left, or less where a container limits it."""
    return max(0, min([int(psutil.virtual_memory().available), *_left_in_cgroups()]))


def _left_in_cgroups() -> Iterator[int]:
    """What the limits of this process's cgroups leave. Cached files can be dropped, so they do not count."""
    try:
        own = [line[3:] for line in OWN_CGROUP.read_text().splitlines() if line.startswith("0::")]
    except OSError:
        own = []
    inner = CGROUPS / "/".join(own).strip("/")
    second = [folder for folder in (inner, *inner.parents) if folder.is_relative_to(CGROUPS)]
    files = [(folder, "memory.max", "memory.current") for folder in second]
    files.append((CGROUPS / "memory", "memory.limit_in_bytes", "memory.usage_in_bytes"))
    for folder, limit, used in files:
        try:
            words = (folder / "memory.stat").read_text().split()
            cached = int(dict(zip(words[::2], words[1::2], strict=True)).get("inactive_file", 0))
            yield int((folder / limit).read_text()) - int((folder / used).read_text()) + cached
        except (OSError, ValueError):  # no such cgroup, or "max": no limit
            continue


def as_size(count: float) -> str:
    """Bytes as a person says them."""
    unit = "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if count < 1000:
            break
        count, unit = count / 1024, larger
    return f"{count:.1f} {unit}" if count < 9.95 and unit != "B" else f"{count:.0f} {unit}"


def does_not_fit(what: str, together: int, need: float, free: float, instead: str) -> str:
    """What to say where `together` runs at a time, of `need` bytes each, do not fit into `free` bytes."""
    times = f"{together} times " if together > 1 else ""
    return (
        f"{what} would take {times}about {as_size(need)} of memory, {as_size(free)} are free: use {instead}"
    )
