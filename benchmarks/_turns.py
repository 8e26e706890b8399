"""Timing several works that take turns, so that all meet the same load."""

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any


def in_turns(works: Sequence[Callable[[], Any]], repeats: int) -> tuple[list[float], list[Any]]:
    """Median wall time and answer of each work; they take turns, so that all meet the same load."""
    times: list[list[float]] = [[] for _ in works]
    answers: list[Any] = [None] * len(works)
    for _ in range(repeats):
        for index, work in enumerate(works):
            started = time.perf_counter()
            answers[index] = work()
            times[index].append(time.perf_counter() - started)
    return [statistics.median(t) for t in times], answers
