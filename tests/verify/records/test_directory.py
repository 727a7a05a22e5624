"""Directories and files appear whole, with the user's permissions, and leftovers go."""

import os
import signal
import subprocess
import sys
import time

import pytest

from verify.records.directory import (
    PARTIAL_PREFIX,
    remove_abandoned,
    require_writable,
    write_file_whole,
    write_whole,
)
from verify.theorem.errors import InputError

WRITER = """
import sys, time
from pathlib import Path
from verify.records.directory import write_whole
def fill(folder):
    folder.joinpath("part").write_text("x")
    time.sleep(60)
write_whole(Path(sys.argv[1]), "run", fill)
"""


def partials(folder):
    return [path.name for path in folder.iterdir() if path.name.startswith(PARTIAL_PREFIX)]


@pytest.fixture
def writer(tmp_path):
    """A process in the middle of writing a run."""
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)])
    while not list(tmp_path.glob("*/part")):
        time.sleep(0.02)
        assert process.poll() is None
    yield process
    process.kill()
    process.wait()


def test_what_a_killed_process_left_is_removed_by_the_next(tmp_path, writer):
    os.kill(writer.pid, signal.SIGKILL)
    writer.wait()
    assert partials(tmp_path)
    write_file_whole(tmp_path / "file", "y")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_what_is_being_written_stays(tmp_path, writer):
    remove_abandoned(tmp_path)
    assert list(tmp_path.glob("*/part"))


@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002])
def test_files_have_the_permissions_that_the_umask_leaves(tmp_path, umask):
    before = os.umask(umask)
    try:
        folder = write_whole(tmp_path, "run", lambda folder: None)
        write_file_whole(tmp_path / "file", "x")
    finally:
        os.umask(before)
    assert folder.stat().st_mode & 0o777 == 0o777 & ~umask
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o666 & ~umask


def test_asking_whether_a_folder_can_be_written_makes_none(tmp_path):
    require_writable(tmp_path / "a" / "b")
    assert not list(tmp_path.iterdir())
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="--out"):
        require_writable(tmp_path / "file" / "below")


def test_many_processes_may_try_one_folder_that_is_not_there(tmp_path):
    code = (
        "import sys; from pathlib import Path; from verify.records.directory import require_writable\n"
        "for _ in range(300): require_writable(Path(sys.argv[1]) / 'a' / 'b')"
    )
    running = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path)]) for _ in range(3)]
    assert [process.wait() for process in running] == [0, 0, 0]
