"""From a hypothesis to words with times and confidence.

Times come from the model's `WordTimer` if it has one, and else from the CTC alignment. CTC marks a
token on one or a few frames of the sound or mouth movement that it stands for and leaves blanks
around, so a word reaches into the blanks beside it: by half the gap to its neighbour, and no
further than `REACH_S`. Words never overlap.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from viseme.recognition.confidence import Calibration, word_score
from viseme.recognition.ctc import TokenSpan, align
from viseme.recognition.hypothesis import Hypothesis
from viseme.recognition.word_times import WordTimer
from viseme.text.transcript import Word

REACH_S = 0.12


@dataclass(frozen=True)
class WordTokens:
    """A word and the places first <= i < end of its tokens in the hypothesis."""

    word: str
    first: int
    end: int


def group_words(pieces: Sequence[str]) -> list[WordTokens]:
    """Words of what each token adds to the text; a space at a piece's start begins a new word.

    A piece that is only a space belongs to no word.
    """
    words: list[WordTokens] = []
    inside = False
    for index, piece in enumerate(pieces):
        inside = inside and not piece.startswith(" ")
        text = piece.strip(" ")
        if not text:
            continue
        if inside:
            begun = words.pop()
            words.append(WordTokens(begun.word + text, begun.first, index + 1))
        else:
            words.append(WordTokens(text, index, index + 1))
        inside = True
    return words


def timed_words(
    hypothesis: Hypothesis,
    pieces: Sequence[str],
    log_probs: NDArray[np.floating],
    *,
    frames_per_s: float,
    calibration: Calibration | None = None,
    timer: WordTimer | None = None,
    features: Tensor | None = None,
) -> list[Word]:
    """The words of a hypothesis with times in the clip and calibrated confidence.

    Args:
        hypothesis: what was read.
        pieces: what each of its tokens adds to the text, from the tokenizer.
        log_probs: CTC log-posteriors (T, V) of the clip.
        frames_per_s: their rate.
        calibration: of the model; without one confidences are raw scores.
        timer: of the model; without one CTC decides when words begin and end.
        features: encoder output (T, D) of the clip, for the timer.

    Raises:
        ValueError: the text needs more frames than there are, which no hypothesis that was scored
            by CTC does.
    """
    calibration = calibration or Calibration()
    spans, words = align(log_probs, hypothesis.tokens), group_words(pieces)
    if timer is not None and features is not None and words:
        edges = timer.times(features, word_spans(words, spans)) / frames_per_s
        times = [(float(start_s), float(end_s)) for start_s, end_s in edges]
    else:
        times = _times(words, spans, len(log_probs) / frames_per_s, frames_per_s)
    timed = []
    for word, (start_s, end_s) in zip(words, times, strict=True):
        ctc = [span.log_prob for span in spans[word.first : word.end]]
        raw = word_score(ctc, hypothesis.token_log_probs[word.first : word.end])
        timed.append(Word(word.word, start_s, end_s, calibration.apply(raw)))
    return timed


def word_spans(words: Sequence[WordTokens], spans: Sequence[TokenSpan]) -> list[tuple[int, int]]:
    """First frames of each word's first token and of its last, as a `WordTimer` wants them."""
    return [(spans[w.first].start_frame, spans[w.end - 1].start_frame) for w in words]


def _times(
    words: Sequence[WordTokens], spans: Sequence[TokenSpan], duration_s: float, frames_per_s: float
) -> list[tuple[float, float]]:
    """Start and end of each word in seconds."""
    starts = [spans[word.first].start_frame / frames_per_s for word in words]
    ends = [spans[word.end - 1].end_frame / frames_per_s for word in words]
    before = [start - end for start, end in zip(starts[1:], ends[:-1], strict=True)]
    halves = [gap / 2 for gap in before]
    room_before = [starts[0], *halves] if words else []
    room_after = [*halves, duration_s - ends[-1]] if words else []
    return [
        (start - min(left, REACH_S), end + min(right, REACH_S))
        for start, end, left, right in zip(starts, ends, room_before, room_after, strict=True)
    ]
