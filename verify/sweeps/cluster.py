"""Workers of a dask.distributed cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from verify.runs.code import code_version
from verify.theorem.errors import InputError
from verify.theorem.protocol import Theorem, module_name

if TYPE_CHECKING:
    import distributed

#: Seconds that a scheduler has to answer.
PATIENCE = 10.0

INSTALL = "python -m pip install 'verify-theorems[dask]'"


@dataclass(frozen=True)
class Cluster:
    """The workers of a scheduler, which gives the task of one that died to others before it gives up: those
    that waited for the same workers are then given up, too, so that each is tried once more, alone.

    joblib's own backend for dask is not used: where a worker dies for good it waits for ever (joblib 1.6).
    """

    client: distributed.Client
    deaths = 1

    @property
    def processes(self) -> int:
        """How many there are now; at least 1, since others may come."""
        return max(1, len(self.client.scheduler_info(n_workers=-1)["workers"]))

    def executor(self) -> Executor:
        return _Executor(self.client)

    def dismiss(self, executor: Executor) -> None:
        executor.shutdown(wait=False, cancel_futures=True)

    def died(self, problem: BaseException) -> bool:
        from distributed import KilledWorker

        return isinstance(problem, KilledWorker)


@dataclass
class _Executor(Executor):
    """Tasks for a cluster. dask's own executor (2026.8) waits for ever where a worker dies that holds a
    result, and whoever computes it again dies, too: what is raised when it is fetched gets lost there.

    What has been fetched is let go: a cluster computes again what a dead worker held and is still wanted.
    """

    client: distributed.Client
    _wanted: set[distributed.Future[Any]] = field(default_factory=set)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        there = self.client.submit(fn, *args, pure=False, **kwargs)
        here: Future[Any] = Future()

        def fetch(finished: distributed.Future[Any]) -> None:
            if here.set_running_or_notify_cancel():
                try:
                    result = finished.result()
                except BaseException as problem:
                    here.set_exception(problem)
                else:
                    here.set_result(result)
            self._wanted.discard(finished)

        self._wanted.add(there)
        there.add_done_callback(fetch)  # type: ignore[no-untyped-call]
        here.add_done_callback(lambda ended: there.cancel() if ended.cancelled() else None)  # type: ignore[no-untyped-call]
        return here

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        if cancel_futures:
            self.client.cancel(list(self._wanted))  # type: ignore[no-untyped-call]


@contextmanager
def cluster_at(address: str, theorem: Theorem) -> Iterator[Cluster]:
    """The cluster of the scheduler at ``tcp://host:port``.

    InputError where dask is not installed, nobody answers, no worker is there, or one of them has threads
    that would share BLAS, or other code of the theorem than this process.
    """
    try:
        from distributed import Client
    except ImportError:
        raise InputError(f"--backend dask needs dask.distributed: {INSTALL}") from None
    try:
        client = Client(  # type: ignore[no-untyped-call]
            address, timeout=PATIENCE, set_as_default=False
        )
    except (OSError, ValueError, TimeoutError) as problem:
        raise InputError(
            f"--scheduler {address}: no scheduler answers there ({type(problem).__name__}): start one with "
            "`dask scheduler`, which prints its address"
        ) from None
    with client:
        workers = client.scheduler_info(n_workers=-1)["workers"]
        if not workers:
            raise InputError(
                f"--scheduler {address} has no workers: start some with `dask worker {address} --nthreads 1`"
            )
        if shared := [name for name, worker in workers.items() if worker["nthreads"] > 1]:
            raise InputError(
                f"worker {shared[0]} has more than one thread, which would share its BLAS: "
                f"start it with `dask worker {address} --nthreads 1 --nworkers N`"
            )
        module = module_name(theorem)
        here = code_version(module)
        for name, there in client.run(_code_there, module).items():
            if there != here:
                raise InputError(
                    f"worker {name} has other code of {module} ({there}; here {here}): install the same there"
                )
        yield Cluster(client)


def _code_there(module: str) -> str:
    try:
        return code_version(module)
    except Exception as problem:
        return f"{type(problem).__name__}: {problem}"
