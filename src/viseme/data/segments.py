"""Long recordings in pieces: between words where their times are known, else every so many seconds.

Both rules are those of Auto-AVSR's data preparation (arXiv 2303.14307), whose pieces lasted 24 s,
in a later release 16 s. Pieces begin and end on frames of 1/25 s.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from viseme.data.example import VIDEO_FPS
from viseme.text.transcript import Word

PAPER_MAX_S = 24.0
LATER_MAX_S = 16.0
MIN_FRAMES = 12
"""What `cut_evenly` leaves over is dropped when shorter."""

_ROUNDING_FRAMES = 1e-3  # 0.28 s is frame 7, though 0.28 * 25 falls just short of it


@dataclass(frozen=True)
class Piece:
    """Part of a recording.

    Attributes:
        start_s: where it begins.
        end_s: where it ends; None where it is all of the recording.
        words: what is said in it, seconds from its start.
    """

    start_s: float
    end_s: float | None
    words: tuple[Word, ...] = ()


def cut_between_words(words: Sequence[Word], max_s: float) -> list[Piece]:
    """Pieces of whole words: each takes words as long as they end less than max_s after its start.

    The first piece starts with the recording, every other one with its first word; all end with
    their last. A recording of one piece stays whole. A word longer than max_s is its own piece.

    Args:
        words: in order, seconds from the start of the recording.
        max_s: seconds.
    """
    groups: list[list[Word]] = [[]]
    starts_s = [0.0]
    for word in words:
        if word.end_s >= starts_s[-1] + max_s:
            if groups[-1]:
                groups.append([])
                starts_s.append(word.start_s)
            else:
                starts_s[-1] = word.start_s
        groups[-1].append(word)
    if starts_s == [0.0]:
        return [Piece(0.0, None, tuple(words))]
    return [_piece(start_s, group) for start_s, group in zip(starts_s, groups, strict=True)]


def cut_evenly(start_s: float, end_s: float, max_s: float) -> list[Piece]:
    """Pieces of max_s seconds from start_s to end_s; a rest of fewer than 12 frames is left out."""
    num_frames = round((end_s - start_s) * VIDEO_FPS)
    step = round(max_s * VIDEO_FPS)
    return [
        Piece(start_s + first / VIDEO_FPS, min(end_s, start_s + (first + step) / VIDEO_FPS))
        for first in range(0, num_frames, step)
        if num_frames - first >= MIN_FRAMES
    ]


def _piece(start_s: float, words: Sequence[Word]) -> Piece:
    start_s, end_s = _on_frame(start_s), _on_frame(words[-1].end_s)
    length_s = end_s - start_s
    inside = (
        replace(
            word,
            start_s=min(max(word.start_s - start_s, 0.0), length_s),
            end_s=min(max(word.end_s - start_s, 0.0), length_s),
        )
        for word in words
    )
    return Piece(start_s, end_s, tuple(inside))


def _on_frame(time_s: float) -> float:
    """The start of the frame that a time lies in."""
    return int(time_s * VIDEO_FPS + _ROUNDING_FRAMES) / VIDEO_FPS
