"""Items made ahead come out as they are, and no more of them are made than was asked for."""

import threading
from collections.abc import Iterator

import pytest

from viseme.ahead import ahead


def test_items_come_out_in_their_order() -> None:
    assert list(ahead(range(7), 3)) == list(range(7))
    assert list(ahead(iter([]), 2)) == []


def test_the_next_item_is_made_while_one_is_used() -> None:
    second_is_made = threading.Event()

    def items() -> Iterator[int]:
        yield 1
        second_is_made.set()
        yield 2

    made = ahead(items(), 2)
    assert next(made) == 1
    assert second_is_made.wait(timeout=10)
    assert list(made) == [2]


def test_no_more_than_asked_for_are_made_beforehand() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(100):
            taken.append(number)
            yield number

    made = ahead(items(), 3)
    next(made)
    made.close()  # type: ignore[attr-defined]
    assert len(taken) <= 4


def test_an_error_comes_out_in_its_place() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("broken")

    made = ahead(items(), 4)
    assert next(made) == 1
    with pytest.raises(ValueError, match="broken"):
        next(made)
