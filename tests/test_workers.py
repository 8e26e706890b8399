"""The pool of processes: everything is done, nothing hangs, errors come through."""

import os
from collections.abc import Iterator

import pytest

from viseme.errors import MediaError, VisemeError
from viseme.workers import work_through


def double(number: int) -> int:
    return 2 * number


def fail_at_three(number: int) -> int:
    if number == 3:
        raise MediaError("cannot be written")
    return number


def die(number: int) -> int:
    os._exit(1)


def die_at_three(number: int) -> int:
    return die(number) if number == 3 else 2 * number


def minus(number: int) -> int:
    return -number


def threads(_: int) -> str | None:
    return os.environ.get("NUMBA_NUM_THREADS")


@pytest.mark.parametrize("num_workers", [1, 2])
def test_every_job_is_done_once(num_workers: int) -> None:
    done = dict(work_through(double, iter(range(6)), num_workers))
    assert done == {number: 2 * number for number in range(6)}


def test_the_stream_may_end_depending_on_results() -> None:
    taken: list[int] = []
    results: list[int] = []

    def jobs() -> Iterator[int]:
        while sum(results) < 6:
            taken.append(len(taken))
            yield taken[-1]

    for _, result in work_through(double, jobs(), 1):
        results.append(result)
    assert taken == [0, 1, 2]


@pytest.mark.parametrize("num_workers", [1, 2])
def test_an_error_comes_through(num_workers: int) -> None:
    with pytest.raises(MediaError, match="cannot be written"):
        list(work_through(fail_at_three, range(9), num_workers))


def test_a_process_that_dies_is_an_error() -> None:
    with pytest.raises(VisemeError, match="a worker process died"):
        list(work_through(die, range(4), 2))


def test_only_the_job_at_fault_suffers_when_a_process_dies() -> None:
    done = dict(work_through(die_at_three, range(6), 2, minus))
    assert done == {0: 0, 1: 2, 2: 4, 3: -3, 4: 8, 5: 10}


def test_workers_have_one_thread_each() -> None:
    before = os.environ.get("NUMBA_NUM_THREADS")
    assert [result for _, result in work_through(threads, range(2), 2)] == ["1", "1"]
    assert os.environ.get("NUMBA_NUM_THREADS") == before
