"""Batches: every clip once, within the budget, decided by seed and epoch alone."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from viseme.data.batching import frame_batches, shuffled_batches

LENGTHS = st.lists(st.integers(1, 120), max_size=60)
BUDGET = st.integers(1, 400)


def assert_fair(batches: list[list[int]], lengths: list[int], max_frames: int) -> None:
    assert sorted(index for batch in batches for index in batch) == list(range(len(lengths)))
    for batch in batches:
        padded = max(lengths[index] for index in batch) * len(batch)
        assert padded <= max_frames or len(batch) == 1


@given(LENGTHS, BUDGET)
def test_in_order_every_clip_comes_once_shortest_first(lengths: list[int], budget: int) -> None:
    batches = frame_batches(lengths, budget)
    assert_fair(batches, lengths, budget)
    flat = [lengths[index] for batch in batches for index in batch]
    assert flat == sorted(flat)


@given(LENGTHS, BUDGET, st.integers(0, 9), st.integers(0, 9), st.integers(1, 40))
def test_shuffled_every_clip_comes_once(
    lengths: list[int], budget: int, seed: int, epoch: int, bucket: int
) -> None:
    batches = shuffled_batches(lengths, budget, seed, epoch, bucket)
    assert_fair(batches, lengths, budget)
    assert batches == shuffled_batches(lengths, budget, seed, epoch, bucket)


def test_epochs_and_seeds_differ() -> None:
    lengths = [30 + index % 20 for index in range(100)]
    orders = [shuffled_batches(lengths, 200, seed, epoch) for seed in (1, 2) for epoch in (0, 1)]
    assert all(a != b for index, a in enumerate(orders) for b in orders[:index])


def test_clips_of_a_bucket_meet_different_neighbours() -> None:
    lengths = [50] * 40
    groups = [{frozenset(b) for b in shuffled_batches(lengths, 200, 0, e)} for e in (0, 1)]
    assert len(groups[0] & groups[1]) < 5


@given(st.lists(st.integers(1, 120), min_size=1, max_size=60), st.integers(1, 400))
def test_batches_are_of_similar_lengths(lengths: list[int], budget: int) -> None:
    """Sorted by buckets, so two batches never overlap by more than a bucket."""
    batches = shuffled_batches(lengths, budget, 0, 0, bucket_frames=15)
    spans = sorted(sorted(lengths[i] // 15 for i in batch) for batch in batches)
    assert all(a[-1] <= b[0] for a, b in pairwise(spans))


def test_short_and_long_batches_come_in_any_order() -> None:
    lengths = [15 * index + 1 for index in range(8)]
    orders = [[batch[0] for batch in shuffled_batches(lengths, 1, 0, epoch)] for epoch in range(9)]
    assert len({order[0] for order in orders}) > 3


def test_a_long_clip_makes_no_batch_but_its_own_smaller() -> None:
    lengths = [1] * 14 + [14] + [1] * 14
    assert all(len(shuffled_batches(lengths, 14, seed, 0)) <= 4 for seed in range(20))


def test_a_full_batch_is_as_full_as_it_can_be() -> None:
    assert frame_batches([10] * 7, 30) == [[0, 1, 2], [3, 4, 5], [6]]
    assert frame_batches([500, 10], 30) == [[1], [0]]
    assert frame_batches([], 30) == []
