"""Cutting long recordings: nothing is lost or said twice, and no piece is too long."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viseme.data.segments import MIN_FRAMES, cut_between_words, cut_evenly
from viseme.text.transcript import Word

FRAME_S = 1 / 25


@st.composite
def timed_words(draw: st.DrawFn) -> list[Word]:
    """Words of up to 2 s with pauses of up to 10 s between them, on hundredths of a second."""
    words, now = [], 0
    for number in range(draw(st.integers(1, 30))):
        start = now + draw(st.integers(0, 1000))
        now = start + draw(st.integers(1, 200))
        words.append(Word(f"w{number}", start / 100, now / 100))
    return words


@given(timed_words(), st.sampled_from([4.0, 16.0, 24.0]))
def test_every_word_is_in_one_piece_where_it_was(words: list[Word], max_s: float) -> None:
    pieces = cut_between_words(words, max_s)
    said = [word for piece in pieces for word in piece.words]
    assert [word.word for word in said] == [word.word for word in words]
    assert pieces[0].start_s == 0 or words[0].end_s >= max_s
    times = [(p.start_s + w.start_s, p.start_s + w.end_s) for p in pieces for w in p.words]
    for (start_s, end_s), word in zip(times, words, strict=True):
        assert start_s == pytest.approx(word.start_s, abs=FRAME_S)
        assert end_s == pytest.approx(word.end_s, abs=FRAME_S)


@given(timed_words(), st.sampled_from([4.0, 16.0, 24.0]))
def test_no_piece_is_too_long_and_none_could_take_another_word(
    words: list[Word], max_s: float
) -> None:
    pieces = cut_between_words(words, max_s)
    if len(pieces) == 1:
        assert pieces[0].end_s is None or words[-1].end_s >= max_s
        return
    for piece in pieces:
        assert piece.end_s is not None
        assert piece.end_s - piece.start_s <= max_s + FRAME_S
        for time_s in (piece.start_s, piece.end_s):
            assert time_s * 25 == pytest.approx(round(time_s * 25), abs=1e-6)
    for piece, following in pairwise(pieces):
        first = following.words[0]
        assert following.start_s + first.end_s - piece.start_s >= max_s - 2 * FRAME_S


def test_the_rule_by_hand() -> None:
    words = [Word("A", 0.5, 1.0), Word("B", 2.0, 3.99), Word("C", 4.01, 5.0), Word("D", 7.9, 8.0)]
    first, second = cut_between_words(words, 4.0)
    assert (first.start_s, first.end_s) == (0.0, 3.96)
    assert first.words == (Word("A", 0.5, 1.0), Word("B", 2.0, 3.96))
    assert (second.start_s, second.end_s) == (4.0, 8.0)
    assert [word.word for word in second.words] == ["C", "D"]
    (whole,) = cut_between_words(words, 8.01)
    assert (whole.start_s, whole.end_s, whole.words) == (0.0, None, tuple(words))


def test_a_late_first_word_does_not_make_an_empty_piece() -> None:
    """Nor a long one; the published code makes a piece without words of the silence before it."""
    (piece,) = cut_between_words([Word("A", 30.0, 30.4)], 24.0)
    assert (piece.start_s, piece.end_s) == (30.0, 30.4)


@given(st.integers(0, 200), st.integers(1, 4000), st.sampled_from([1.0, 16.0, 24.0]))
def test_even_pieces_follow_each_other(first: int, num_frames: int, max_s: float) -> None:
    pieces = cut_evenly(first / 25, (first + num_frames) / 25, max_s)
    lengths = [round((piece.end_s - piece.start_s) * 25) for piece in pieces]
    assert all(MIN_FRAMES <= length <= max_s * 25 for length in lengths)
    assert num_frames - sum(lengths) < MIN_FRAMES
    edges = [first / 25] + [piece.end_s for piece in pieces]
    assert [piece.start_s for piece in pieces] == pytest.approx(edges[:-1])
