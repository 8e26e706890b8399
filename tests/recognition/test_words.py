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
