"""A pool of processes that work through a stream of jobs whose end is not known beforehand."""

import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from multiprocessing import connection, get_context, parent_process
from typing import Generic, TypeVar

from viseme.errors import VisemeError

Job = TypeVar("Job")
Result = TypeVar("Result")

# Why no library: with loky, as with the standard pool, one dead worker fails all jobs in hand and
# does not say whose fault it was; pebble says so, but is LGPL, takes 0.12 s to import and leaves
# the stream of jobs and the interrupts to us.

# One thread each, or as many workers as cores would fight for them. Read when libraries load.
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")
_ONE_THREAD = dict.fromkeys(_THREADS, "1")


@dataclass
class _Held(Generic[Job, Result]):
    """A job in hand."""

    job: Job
    future: "Future[Result] | None" = None


def work_through(
    function: Callable[[Job], Result],
    jobs: Iterable[Job],
    num_workers: int,
    on_death: Callable[[Job], Result] | None = None,
) -> Iterator[tuple[Job, Result]]:
    """Yield every job with what the function makes of it as it is done, in no particular order.

    A job is taken from the stream only when a worker is about to need it, so that the stream may
    end depending on the results so far. One worker is this process itself. An interrupt lets the
    jobs in hand be finished and leaves out the rest. When a process dies, the jobs in hand are done
    again, each alone, which shows whose fault it was.

    Args:
        function: a module's function; what it raises ends the work.
        jobs: what can be sent to another process.
        num_workers: number of processes, 1 or more.
        on_death: gives the result of a job that made its process die, also when alone.

    Raises:
        VisemeError: a job made its process die, and there is no `on_death`.
    """
    if num_workers == 1:
        for job in jobs:
            yield job, function(job)
        return
    stream, held = iter(jobs), list[_Held[Job, Result]]()
    pool = _pool(num_workers)
    try:
        while True:
            held += map(_Held, islice(stream, num_workers - len(held)))
            if not held:
                return
            try:
                done = _wait_for_some(pool, function, held)
                for item in done:
                    held.remove(item)
            except BrokenProcessPool:
                suspects, held = held, []
                for item in suspects:
                    yield item.job, _alone(function, item.job, on_death)
                pool.shutdown()
                pool = _pool(num_workers)
            else:
                for item in done:
                    assert item.future is not None  # it is done
                    yield item.job, item.future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _wait_for_some(
    pool: ProcessPoolExecutor, function: Callable[[Job], Result], held: list[_Held[Job, Result]]
) -> list[_Held[Job, Result]]:
    """Hand over what no worker has yet, and give back what is done, at least one job.

    Raises:
        BrokenProcessPool: a process has died.
    """
    with _environment(_ONE_THREAD):  # each submission may start a process, which reads it then
        for item in held:
            item.future = item.future or pool.submit(function, item.job)
    wait([item.future for item in held if item.future], return_when=FIRST_COMPLETED)
    done = [item for item in held if item.future and item.future.done()]
    for item in done:
        if item.future and isinstance(error := item.future.exception(), BrokenProcessPool):
            raise error
    return done


def _alone(
    function: Callable[[Job], Result], job: Job, on_death: Callable[[Job], Result] | None
) -> Result:
    """What the function makes of a job in a process of its own."""
    pool = _pool(1)
    try:
        with _environment(_ONE_THREAD):
            future = pool.submit(function, job)
        return future.result()
    except BrokenProcessPool as error:
        if on_death is not None:
            return on_death(job)
        raise VisemeError(
            "a worker process died, probably for lack of memory",
            todo="Run the command again to go on, with fewer workers.",
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _pool(num_workers: int) -> ProcessPoolExecutor:
    context = get_context("spawn")
    return ProcessPoolExecutor(num_workers, mp_context=context, initializer=_start_worker)


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    """Set environment variables for the processes that start meanwhile."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _start_worker() -> None:
    # The parent decides what an interrupt means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, daemon=True).start()


def _die_with_parent() -> None:
    """Without this, a parent that is killed leaves its workers waiting for ever."""
    parent = parent_process()
    assert parent is not None
    connection.wait([parent.sentinel])
    os._exit(1)
