"""Making what will be wanted next while what is wanted now is used."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")


def ahead(items: Iterable[Item], count: int) -> Iterator[Item]:
    """Yield the items in their order; a thread of its own makes up to `count` of them beforehand.

    What making an item raises comes out in its place. Closing the iterator waits for the item in
    the making, not for more.
    """
    source = iter(items)

    def following() -> list[Item]:
        return list(islice(source, 1))  # empty at the end

    pool = ThreadPoolExecutor(1)
    try:
        upcoming = deque(pool.submit(following) for _ in range(count))
        while made := upcoming.popleft().result():
            upcoming.append(pool.submit(following))
            yield made[0]
    finally:
        pool.shutdown(cancel_futures=True)
