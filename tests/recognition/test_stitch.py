"""Chunks cover a recording; a transcript that is cut, jittered and joined comes back whole."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from viseme.recognition.stitch import chunks, stitch
from viseme.text.transcript import Word

JITTER_S = 0.1
examples = settings(deadline=None, max_examples=150)


@examples
@given(st.integers(0, 500), st.integers(1, 100), st.integers(0, 99))
def test_chunks_cover_everything_evenly(num_frames: int, chunk: int, overlap: int) -> None:
    assume(overlap < chunk)
    bounds = chunks(num_frames, chunk, overlap)
    if num_frames <= chunk:
        assert bounds == ([(0, num_frames)] if num_frames else [])
        return
    assert bounds[0][0] == 0
    assert bounds[-1][1] == num_frames
    for (start, end), (next_start, next_end) in pairwise(bounds):
        assert start < next_start <= end - overlap
        assert end - start == next_end - next_start == chunk


def test_an_overlap_as_long_as_the_chunk_is_refused() -> None:
    with pytest.raises(ValueError, match="overlap of 5"):
        chunks(100, 5, 5)


@st.composite
def speech(draw: st.DrawFn) -> list[Word]:
    """Words of 0.15 to 0.8 s with pauses; the middles of equal ones are at least 0.42 s apart."""
    words: list[Word] = []
    now = draw(st.floats(0, 1))
    for text in draw(st.lists(st.sampled_from(["no", "yes", "four", "for"]), max_size=30)):
        now += draw(st.sampled_from([0.0, 0.0, 0.1, 3.0]))
        length = draw(st.floats(0.15, 0.8))
        equal = (w for w in reversed(words) if w.word == text)
        if last := next(equal, None):
            now = max(now, (last.start_s + last.end_s) / 2 + 0.42 - length / 2)
        words.append(Word(text, now, now + length))
        now += length
    return words


@examples
@given(speech(), st.data())
def test_cut_jittered_and_joined_words_come_back(words: list[Word], data: st.DataObject) -> None:
    duration = int(25 * words[-1].end_s) + 5 if words else 5
    bounds = [(a / 25, b / 25) for a, b in chunks(duration, 100, 40)]
    readings = []
    for start, end in bounds:
        heard = []
        for word in words:
            if start <= word.start_s and word.end_s <= end:
                shift = data.draw(st.floats(-JITTER_S, JITTER_S))
                moved = replace(word, start_s=word.start_s + shift, end_s=word.end_s + shift)
                heard.append(moved)
        readings.append(heard)
    joined = stitch(readings, bounds)
    assert [word.word for word in joined] == [word.word for word in words]
    for before, after in pairwise(joined):
        assert before.start_s <= before.end_s <= after.start_s
    for found, word in zip(joined, words, strict=True):
        assert abs(found.end_s - word.end_s) <= 3 * JITTER_S


def test_badly_read_words_at_the_cut_edges_give_way() -> None:
    left = [Word("lay", 0.0, 0.5), Word("blue", 0.6, 1.0), Word("an", 1.1, 1.3)]
    right = [Word("u", 0.8, 1.0), Word("at", 1.1, 1.3), Word("f", 1.4, 1.8)]
    joined = stitch([left, right], [(0.0, 1.3), (0.8, 2.0)])
    assert [word.word for word in joined] == ["lay", "blue", "at", "f"]


@pytest.mark.parametrize("start_s", [0.62, 0.85])
def test_two_names_for_one_word_give_one_word(start_s: float) -> None:
    left = [Word("red", 0.0, 0.5), Word("four", 0.6, 1.1)]
    right = [Word("for", start_s, 1.0), Word("now", 1.2, 1.6)]
    joined = stitch([left, right], [(0.0, 1.2), (0.5, 2.0)])
    assert [word.word for word in joined][::2] == ["red", "now"]
    assert joined[1].word in ("four", "for")


def test_readings_a_fifth_of_a_second_apart_are_of_one_word() -> None:
    left, right = [Word("no", 0.6, 0.75)], [Word("no", 0.79, 0.94)]
    joined = stitch([left, right], [(0.0, 1.2), (0.5, 2.0)])
    assert [word.word for word in joined] == ["no"]


def test_words_of_one_text_count_more_than_words_at_one_time() -> None:
    left = [Word("a", 0.5, 0.7), Word("b", 0.7, 0.9)]
    right = [Word("b", 0.5, 0.7), Word("c", 0.7, 0.9)]
    joined = stitch([left, right], [(0.0, 0.9), (0.5, 2.0)])
    assert [word.word for word in joined] == ["a", "b", "c"]


def test_a_late_word_that_nothing_replaces_stays() -> None:
    left, right = [Word("a", 0.0, 0.3), Word("b", 1.2, 1.5)], [Word("c", 1.8, 2.0)]
    joined = stitch([left, right], [(0.0, 1.6), (1.0, 3.0)])
    assert [word.word for word in joined] == ["a", "b", "c"]


def test_no_word_begins_within_another_or_ends_before_it_begins() -> None:
    words = [Word("a", 0.0, 1.3), Word("b", 1.1, 1.2), Word("c", 1.2, 1.6)]
    times = [time for word in stitch([words], [(0.0, 2.0)]) for time in (word.start_s, word.end_s)]
    assert times == sorted(times)
