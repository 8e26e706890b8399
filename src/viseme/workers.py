"""A pool of processes that work through a stream of jobs whose end is not known beforehand."""

import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice
from multiprocessing import connection, get_context, parent_process
from typing import TypeVar

from viseme.errors import VisemeError

Job = TypeVar("Job")
Result = TypeVar("Result")

# One thread each, or as many workers as cores would fight for them. Read when libraries load.
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")
_ONE_THREAD = dict.fromkeys(_THREADS, "1")


def work_through(
    function: Callable[[Job], Result], jobs: Iterable[Job], num_workers: int
) -> Iterator[tuple[Job, Result]]:
    """Yield every job with what the function makes of it as it is done, in no particular order.

    A job is taken from the stream only when a worker is about to need it, so that the stream may
    end depending on the results so far. One worker is this process itself. An interrupt lets the
    jobs in hand be finished and leaves out the rest.

    Args:
        function: a module's function; what it raises ends the work.
        jobs: what can be sent to another process.
        num_workers: number of processes, 1 or more.

    Raises:
        VisemeError: a job made its process die.
    """
    if num_workers == 1:
        for job in jobs:
            yield job, function(job)
        return
    stream, in_hand = iter(jobs), dict[Future[Result], Job]()
    pool = ProcessPoolExecutor(
        num_workers, mp_context=get_context("spawn"), initializer=_start_worker
    )
    try:
        while True:
            # Each submission may start a process, which reads its environment then.
            with _environment(_ONE_THREAD):
                for job in islice(stream, num_workers - len(in_hand)):
                    in_hand[pool.submit(function, job)] = job
            if not in_hand:
                return
            done, _ = wait(in_hand, return_when=FIRST_COMPLETED)
            for future in done:
                yield in_hand.pop(future), future.result()
    except BrokenProcessPool as error:
        raise VisemeError(
            "a worker process died, probably for lack of memory",
            todo="Run the command again to go on, with fewer workers.",
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


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
