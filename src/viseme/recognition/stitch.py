"""Long recordings: cut into overlapping chunks, and join what was read in them.

Where two chunks overlap both have read the same words, the outer ones badly, as their context is
cut off. The two readings of the overlap are aligned by time and text, and the left reading is left
for the right one at the word that is nearest to the middle of the overlap.
"""

import heapq
from collections.abc import Sequence
from dataclasses import replace

from viseme.text.transcript import Word

SAME_WORD_S = 0.205
"""Two readings of one word lie no further apart: 0.1 s of jitter each, and rounding."""


def chunks(num_frames: int, chunk_frames: int, overlap_frames: int) -> list[tuple[int, int]]:
    """Frames start <= t < end of overlapping chunks that cover a recording.

    All chunks of a long recording have the same length: the last one overlaps more.

    Raises:
        ValueError: the overlap is negative or not smaller than a chunk.
    """
    if not 0 <= overlap_frames < chunk_frames:
        raise ValueError(f"overlap of {overlap_frames} frames in chunks of {chunk_frames}")
    if num_frames <= chunk_frames:
        return [(0, num_frames)] if num_frames > 0 else []
    starts = range(0, num_frames - chunk_frames, chunk_frames - overlap_frames)
    starts_and_last = [*starts, num_frames - chunk_frames]
    return [(start, start + chunk_frames) for start in starts_and_last]


def stitch(
    readings: Sequence[Sequence[Word]], bounds_s: Sequence[tuple[float, float]]
) -> list[Word]:
    """Join the words read in each chunk; a word in an overlap comes out once.

    Two readings of a word may lie 0.2 s apart. Equal words whose middles are closer than twice that
    can be taken for one.

    Args:
        readings: the words of each chunk, with times in the whole recording.
        bounds_s: start and end of each chunk in seconds, in order.

    Returns:
        The words in order, none overlapping the one before it.

    Raises:
        ValueError: not as many bounds as readings.
    """
    joined: list[Word] = []
    joined_end_s = 0.0
    for words, (start_s, end_s) in zip(readings, bounds_s, strict=True):
        joined = _join(joined, list(words), (start_s + joined_end_s) / 2)
        joined_end_s = max(joined_end_s, end_s)
    return _in_order(joined)


def _join(left: list[Word], right: list[Word], cut_s: float) -> list[Word]:
    """Words of `left` up to about cut_s, then those of `right`."""
    pairs = _pairs(left, right)
    if pairs:
        i, j = min(pairs, key=lambda pair: abs(_middle(left[pair[0]]) - cut_s))
        if _middle(left[i]) < cut_s:
            return left[: i + 1] + right[j + 1 :]
        return left[:i] + right[j:]
    # Nothing was read twice, so a word beyond the cut is dropped only for one that is kept.
    late = [word for word in right if _middle(word) >= cut_s]
    early = [w for w in left if _middle(w) < cut_s or not any(_clash(w, other) for other in late)]
    late = [w for w in right if w in late or not any(_clash(w, other) for other in early)]
    return list(heapq.merge(early, late, key=_middle))


def _pairs(left: list[Word], right: list[Word]) -> list[tuple[int, int]]:
    """Which words of `left` and `right` are two readings of one, in order.

    The alignment with the largest sum of values, words of the same text counting most (a longest
    common subsequence that also knows times).
    """
    # Only the last words of the left reading can be in the overlap.
    first = next(
        (i for i, w in enumerate(left) if right and w.end_s + SAME_WORD_S > right[0].start_s),
        len(left),
    )
    rows, columns = len(left) - first, len(right)
    value = [[0.0] * (columns + 1) for _ in range(rows + 1)]  # best of the words from here on
    for i in range(rows - 1, -1, -1):
        for j in range(columns - 1, -1, -1):
            value[i][j] = max(
                value[i + 1][j],
                value[i][j + 1],
                value[i + 1][j + 1] + _agreement(left[first + i], right[j]),
            )
    pairs, i, j = [], 0, 0
    while i < rows and j < columns:
        agreement = _agreement(left[first + i], right[j])
        if agreement > 0 and value[i][j] == value[i + 1][j + 1] + agreement:
            pairs.append((first + i, j))
            i, j = i + 1, j + 1
        elif value[i][j] == value[i + 1][j]:
            i += 1
        else:
            j += 1
    return pairs


def _agreement(a: Word, b: Word) -> float:
    """How much two readings look like one word: 0 if they cannot be, else up to 2."""
    distance = abs(_middle(a) - _middle(b))
    if distance > SAME_WORD_S:
        return 0.0
    closeness = 1 - distance / SAME_WORD_S / 2
    if a.word == b.word:
        return 1 + closeness
    return closeness / 2 if _clash(a, b) else 0.0


def _clash(a: Word, b: Word) -> bool:
    """Whether two words share more than half of the shorter one's time."""
    shared = min(a.end_s, b.end_s) - max(a.start_s, b.start_s)
    return shared > min(a.end_s - a.start_s, b.end_s - b.start_s) / 2


def _middle(word: Word) -> float:
    return (word.start_s + word.end_s) / 2


def _in_order(words: list[Word]) -> list[Word]:
    """The words with starts moved so that none begins before the one before it ends."""
    ordered: list[Word] = []
    for word in words:
        earliest = ordered[-1].end_s if ordered else word.start_s
        start_s = max(word.start_s, earliest)
        ordered.append(replace(word, start_s=start_s, end_s=max(word.end_s, start_s)))
    return ordered
