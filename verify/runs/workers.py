"""Processes that run theorems side by side."""

from __future__ import annotations

import os

from joblib import Parallel


def pool(processes: int) -> Parallel:
    """Workers whose results come in the order of their tasks, as each is done.

    What a theorem prints in one of them, or while it is imported there, goes to stderr: standard output
    is for the record.
    """
    return Parallel(n_jobs=processes, return_as="generator", initializer=_print_to_stderr)


def _print_to_stderr() -> None:
    os.dup2(2, 1)
