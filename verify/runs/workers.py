"""Processes that run theorems side by side, here or on a cluster, and what outlives one that dies."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from joblib import cpu_count
from joblib.externals.loky import get_reusable_executor

R = TypeVar("R")

#: Tasks in hand for each process: one that it works on, one that waits for it.
IN_HAND = 2

#: Seconds between looks at whether to stop, and whether the parent is there.
LOOK = 0.5

#: Seconds after which a process that has nothing to do ends.
IDLE = 300

#: Variables that bound the threads of what a process starts with.
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


@dataclass(frozen=True)
class Lost:
    """What there is of a task whose process died."""

    reason: str


class Workers(Protocol):
    """Processes that take tasks.

    processes  how many
    deaths     how many times a task may be lost beside others before it is tried alone
    """

    @property
    def processes(self) -> int: ...

    @property
    def deaths(self) -> int: ...

    def executor(self) -> Executor:
        """Takes tasks; a new one where the last has broken."""

    def dismiss(self, executor: Executor) -> None:
        """End what is running."""

    def died(self, problem: BaseException) -> bool:
        """Whether that is what comes of a task whose process died."""


@dataclass(frozen=True)
class LocalWorkers:
    """Processes of this machine, which are kept for the next tasks.

    What a theorem prints in one of them, or while it is imported there, goes to stderr: standard output is
    for the record.
    """

    processes: int
    deaths = 2

    def executor(self) -> Executor:
        threads = str(max(1, cpu_count() // self.processes))
        found: Executor = get_reusable_executor(
            max_workers=self.processes,
            timeout=IDLE,
            initializer=_settle,
            initargs=(os.getpid(),),
            env=dict.fromkeys(THREAD_VARIABLES, threads),
        )
        return found

    def dismiss(self, executor: Executor) -> None:
        executor.shutdown(kill_workers=True)  # type: ignore[call-arg]  # an argument of loky's executors

    def died(self, problem: BaseException) -> bool:
        return isinstance(problem, BrokenExecutor)


def _settle(parent: int) -> None:
    """Print to stderr; end when the parent is gone, which may be killed before it can say so."""
    os.dup2(2, 1)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(LOOK)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def go_on() -> bool:
    """Nothing asks to stop."""
    return False


def side_by_side(
    function: Callable[..., R],
    tasks: Sequence[tuple[Any, ...]],
    workers: Workers,
    stopped: Callable[[], bool] = go_on,
) -> Generator[tuple[int, R | Lost]]:
    """``function(*task)`` for every task: its number and what came of it, in the order in which they end.

    A process that dies (killed, out of memory, a fault of native code) takes others with it. What was in hand
    is then tried again, and at last alone: only a task that kills its process is `Lost`, and nothing that was
    yielded is done again. What `function` raises is raised here. Once `stopped` says so no task is begun, and
    the generator ends after those that are running here (on a cluster they are given up); to close it ends
    these, too.
    """
    waiting, alone = deque(range(len(tasks))), deque[int]()
    deaths: Counter[int] = Counter()
    running: dict[Future[R], int] = {}
    executor = workers.executor()

    def begin(number: int) -> None:
        nonlocal executor
        try:
            future = executor.submit(function, *tasks[number])
        except BrokenExecutor:  # it died with nothing to do
            executor = workers.executor()
            future = executor.submit(function, *tasks[number])
        running[future] = number

    try:
        while True:
            if stopped():
                waiting.clear()
                alone.clear()
                running = {future: number for future, number in running.items() if not future.cancel()}
            while waiting and len(running) < IN_HAND * workers.processes:
                begin(waiting.popleft())
            if not running and alone:
                begin(alone.popleft())
            if not running:
                return
            for future in wait(running, timeout=LOOK, return_when=FIRST_COMPLETED).done:
                number = running.pop(future)
                death = future.exception()
                if death is None:
                    yield number, future.result()
                    continue
                if not workers.died(death):
                    raise death
                executor = workers.executor()
                deaths[number] += 1
                if deaths[number] < workers.deaths:
                    waiting.append(number)
                elif deaths[number] == workers.deaths:
                    alone.append(number)
                else:
                    yield number, Lost("the process that computed it died: killed, or out of memory")
    except BaseException:  # also where nobody wants more
        workers.dismiss(executor)
        raise
