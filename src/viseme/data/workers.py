"""A pool of processes that each keep one face tracker and prepare clip after clip."""

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import connection, get_context, parent_process

from viseme.data.prepare_clip import Outcome, Task, prepare_clip
from viseme.errors import VisemeError
from viseme.face.tracker import FaceTracker

# One thread each, or as many workers as cores would fight for them. Read when libraries load.
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")

_tracker: FaceTracker | None = None
"""This worker's own; a process works on one clip at a time."""


def prepare_all(tasks: Sequence[Task], num_workers: int) -> Iterator[tuple[int, Outcome]]:
    """Yield the index and outcome of every task as it is done, in no particular order.

    One worker is this process itself. An interrupt lets the clips in hand be finished and leaves
    out the rest.

    Raises:
        VisemeError: a clip made its process die, or its result cannot be written.
    """
    if not tasks:
        return
    if num_workers == 1:
        tracker = tasks[0].make_tracker()
        for index, task in enumerate(tasks):
            yield index, prepare_clip(task, tracker)
        return
    with _environment(_ONE_THREAD):
        pool = ProcessPoolExecutor(
            min(num_workers, len(tasks)),
            mp_context=get_context("spawn"),
            initializer=_start_worker,
            initargs=(tasks[0].make_tracker,),
        )
        futures = {pool.submit(_work, task): index for index, task in enumerate(tasks)}
    try:
        for future in as_completed(futures):
            yield futures[future], future.result()
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


def _start_worker(make_tracker: Callable[[], FaceTracker]) -> None:
    global _tracker
    # The parent decides what an interrupt means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    _tracker = make_tracker()


def _die_with_parent() -> None:
    """Without this, a parent that is killed leaves its workers waiting for ever."""
    parent = parent_process()
    assert parent is not None
    connection.wait([parent.sentinel])
    os._exit(1)


def _work(task: Task) -> Outcome:
    assert _tracker is not None
    return prepare_clip(task, _tracker)
