"""Words of a hypothesis: grouping, times within the recording and in order, confidence."""

import math

import numpy as np
import pytest
from ctc_oracle import random_log_probs
from hypothesis import given, settings
from hypothesis import strategies as st

from viseme.recognition.confidence import Calibration
from viseme.recognition.hypothesis import Hypothesis
from viseme.recognition.words import REACH_S, group_words, timed_words

ALPHABET = " abc"


def peaky(path: str) -> np.ndarray:
    """Posteriors (T, 5) that follow a path of letters, "." being the blank."""
    ids = [("." + ALPHABET).index(char) for char in path]
    return np.log(np.eye(5)[ids] * 0.9 + 0.02)


@pytest.mark.parametrize(
    ("pieces", "words"),
    [
        (["b", "i", "n", " ", "a"], [("bin", 0, 3), ("a", 4, 5)]),
        ([" BIN", " BL", "UE"], [("BIN", 0, 1), ("BLUE", 1, 3)]),
        ([" ", "BI", "N", " ", " ", "AT"], [("BIN", 1, 3), ("AT", 5, 6)]),
        ([], []),
        ([" "], []),
    ],
)
def test_pieces_make_words(pieces: list[str], words: list[tuple[str, int, int]]) -> None:
    assert [(w.word, w.first, w.end) for w in group_words(pieces)] == words


def test_words_reach_into_the_blanks_beside_them() -> None:
    log_probs = peaky("..........ab.. .c..........")
    hypothesis = Hypothesis([2, 3, 1, 4], 0.0)
    ab, c = timed_words(hypothesis, ["a", "b", " ", "c"], log_probs, frames_per_s=25)
    assert (ab.word, c.word) == ("ab", "c")
    assert ab.start_s == pytest.approx(10 / 25 - REACH_S)
    assert ab.end_s == c.start_s == pytest.approx((12 + 16) / 2 / 25)
    assert c.end_s == pytest.approx(17 / 25 + REACH_S)


@settings(deadline=None, max_examples=50)
@given(st.text(ALPHABET, max_size=12), st.integers(0, 1000))
def test_times_are_in_order_and_inside_the_recording(text: str, seed: int) -> None:
    log_probs = random_log_probs(30, 5, seed).numpy()
    hypothesis = Hypothesis([ALPHABET.index(char) + 1 for char in text], 0.0)
    words = timed_words(hypothesis, list(text), log_probs, frames_per_s=25)
    assert [word.word for word in words] == text.split()
    times = [time for word in words for time in (word.start_s, word.end_s)]
    assert times == sorted(times)
    assert all(-1e-9 <= time <= 30 / 25 + 1e-9 for time in times)
    assert all(word.end_s > word.start_s for word in words)


@pytest.mark.parametrize("rate", [10, 25, 50])
def test_the_rate_of_the_frames_is_the_one_given(rate: float) -> None:
    hypothesis = Hypothesis([2, 3, 1, 4], 0.0)
    words = timed_words(hypothesis, [*"ab c"], peaky("ab c"), frames_per_s=rate)
    times = [time for word in words for time in (word.start_s, word.end_s)]
    assert times == sorted(times)
    assert 2 / rate <= words[1].start_s <= 3 / rate < times[-1] <= 4 / rate + 1e-9


@pytest.mark.parametrize("token", range(4))
def test_every_token_counts_for_its_own_word_alone(token: int) -> None:
    tokens, frames, log_probs = [2, 3, 1, 4], (1, 2, 3, 5), peaky(".ab .c.")
    decoder = [-0.1, -0.2, -0.3, -0.4]
    unsure, unlikely = [*decoder], log_probs.copy()
    unsure[token] -= 1
    unlikely[frames[token], tokens[token]] -= 1
    before, by_decoder, by_ctc = (
        timed_words(
            Hypothesis(tokens, 0.0, token_log_probs=(*judge,)),
            [*"ab c"],
            posteriors,
            frames_per_s=25,
        )
        for judge, posteriors in ((decoder, log_probs), (unsure, log_probs), (decoder, unlikely))
    )
    for after in (by_decoder, by_ctc):
        lower = [a.confidence < b.confidence for a, b in zip(after, before, strict=True)]
        assert lower == [token < 2, token > 2]  # the space is no word's


def test_confidence_is_that_of_both_judges_calibrated() -> None:
    log_probs = peaky("..a..")
    decoder = math.log(0.4)
    hypothesis = Hypothesis([2], 0.0, token_log_probs=(decoder,))
    (word,) = timed_words(hypothesis, ["a"], log_probs, frames_per_s=25)
    raw = math.sqrt(0.92 * 0.4)
    assert word.confidence == pytest.approx(raw)
    calibration = Calibration(slope=2.0, intercept=-1.0)
    (word,) = timed_words(hypothesis, ["a"], log_probs, frames_per_s=25, calibration=calibration)
    assert word.confidence == pytest.approx(calibration.apply(raw))
