"""Batches of similar lengths under a frame budget, in an order that (seed, epoch) alone decides.

Nothing is stateful, so a resumed run sees exactly the batches that the interrupted one would have.
"""

from collections.abc import Sequence

import numpy as np


def frame_batches(lengths: Sequence[int], max_frames: int) -> list[list[int]]:
    """Group indices, shortest first, so that each padded batch holds at most max_frames frames.

    A clip longer than the budget gets a batch of its own.
    """
    return _fill(sorted(range(len(lengths)), key=lambda i: (lengths[i], i)), lengths, max_frames)


def shuffled_batches(
    lengths: Sequence[int], max_frames: int, seed: int, epoch: int, bucket_frames: int = 15
) -> list[list[int]]:
    """Like `frame_batches`, shuffled: clips within a bucket of similar length, then the batches."""
    rng = np.random.default_rng((seed, epoch))
    chance = rng.permutation(len(lengths))
    order = sorted(range(len(lengths)), key=lambda i: (lengths[i] // bucket_frames, chance[i]))
    batches = _fill(order, lengths, max_frames)
    return [batches[i] for i in rng.permutation(len(batches))]


def _fill(order: Sequence[int], lengths: Sequence[int], max_frames: int) -> list[list[int]]:
    batches: list[list[int]] = []
    longest = 0
    for index in order:
        longest = max(longest, lengths[index])
        if not batches or longest * (len(batches[-1]) + 1) > max_frames:
            batches.append([])
            longest = lengths[index]
        batches[-1].append(index)
    return batches
