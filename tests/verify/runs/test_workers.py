"""Tasks side by side: all are done, whatever dies."""

import os
import signal
from contextlib import closing

import pytest

from verify.runs.workers import LocalWorkers, Lost, side_by_side


def doubled(number, folder=None):
    """Twice the number; 3 kills its process, 5 does so once."""
    if number == 3 or (number == 5 and folder and not (folder / "tried").exists()):
        if folder:
            (folder / "tried").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return 2 * number


def raised(number):
    if number == 2:
        raise ValueError("two")
    return number


def done(function, tasks, **options):
    with closing(side_by_side(function, tasks, LocalWorkers(2), **options)) as outcomes:
        return list(outcomes)


def test_every_task_is_done_once_though_processes_die(tmp_path):
    found = done(doubled, [(number, tmp_path) for number in range(12)])
    assert sorted(number for number, _ in found) == list(range(12))
    lost = {number for number, outcome in found if isinstance(outcome, Lost)}
    assert lost == {3}, "that of 5 died once only"
    assert all(outcome == 2 * number for number, outcome in found if number != 3)


def test_what_a_task_raises_is_raised():
    with pytest.raises(ValueError, match="two"):
        done(raised, [(number,) for number in range(4)])
    assert dict(done(raised, [(0,), (1,)])) == {0: 0, 1: 1}, "the next tasks find processes"


def test_once_stopped_nothing_is_begun():
    looks = iter([False, False])
    found = done(doubled, [(number,) for number in range(10, 30)], stopped=lambda: next(looks, True))
    assert 0 < len(found) < 20
