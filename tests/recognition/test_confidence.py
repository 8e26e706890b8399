"""Calibration recovers probabilities; abstaining has stated reasons."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from viseme import config
from viseme.recognition.confidence import Abstention, Calibration, word_score


@given(st.floats(0, 1))
def test_without_a_fit_the_score_is_the_confidence(score: float) -> None:
    assert Calibration().apply(score) == pytest.approx(score, abs=2e-6)


def test_a_fit_recovers_the_true_map() -> None:
    generator = np.random.default_rng(0)
    true = Calibration(slope=0.6, intercept=-1.2)
    scores = generator.uniform(0.01, 0.99, 20_000)
    correct = generator.uniform(size=len(scores)) < [true.apply(score) for score in scores]
    fitted = Calibration.fit(scores.tolist(), correct.tolist())
    assert fitted.slope == pytest.approx(true.slope, abs=0.05)
    assert fitted.intercept == pytest.approx(true.intercept, abs=0.05)
    mean = np.mean([fitted.apply(score) for score in scores])
    assert mean == pytest.approx(correct.mean(), abs=0.005)


@pytest.mark.parametrize(
    ("scores", "correct"),
    [
        ([0.9, 0.8, 0.2, 0.1], [True, True, False, False]),
        ([0.5] * 4, [True, True, True, False]),
        ([1.0, 1.0], [True, True]),
        ([0.0], [False]),
    ],
)
def test_hard_cases_stay_finite_and_short_of_certain(
    scores: list[float], correct: list[bool]
) -> None:
    fitted = Calibration.fit(scores, correct)
    confidences = [fitted.apply(score) for score in scores]
    assert all(0 < confidence < 1 for confidence in confidences)
    if len(set(correct)) == 1:  # Platt's targets: one more verdict of each kind
        smoothed = (sum(correct) + 1) / (len(correct) + 2)
        assert confidences == pytest.approx([smoothed] * len(scores), abs=1e-3)


def test_a_fit_needs_verdicts() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        Calibration.fit([0.5], [])


def test_calibration_survives_plain_values() -> None:
    calibration = Calibration(slope=1.7, intercept=-0.3)
    assert config.from_dict(Calibration, config.to_dict(calibration)) == calibration


@given(st.lists(st.floats(-20, 0), max_size=5), st.lists(st.floats(-20, 0), max_size=5))
def test_word_scores_are_between_their_judges(ctc: list[float], decoder: list[float]) -> None:
    both = word_score(ctc, decoder)
    assert 0 <= both <= 1
    if ctc and decoder:
        alone = sorted([word_score(ctc), word_score(decoder)])
        assert alone[0] * (1 - 1e-9) <= both <= alone[1] * (1 + 1e-9)


@given(
    st.lists(st.floats(-20, 0), min_size=1, max_size=5),
    st.lists(st.floats(-20, 0), min_size=1, max_size=5),
    st.integers(2, 4),
)
def test_judges_count_the_same_whatever_the_number_of_tokens(
    ctc: list[float], decoder: list[float], times: int
) -> None:
    score = word_score(ctc, decoder)
    assert word_score(times * ctc, decoder) == pytest.approx(score)
    assert word_score(ctc, times * decoder) == pytest.approx(score)
    assert word_score(decoder, ctc) == pytest.approx(score)


def test_what_just_suffices_is_given() -> None:
    rule = Abstention(least_confidence=0.5, least_visible=0.5)
    assert rule.reason([0.25, 0.75], visible=0.5) is None


def test_abstaining_has_a_reason() -> None:
    rule = Abstention(least_confidence=0.4, least_visible=0.5)
    assert rule.reason([0.9, 0.3], visible=0.8) is None
    assert rule.reason([], visible=1.0) is None
    assert "20% of the frames" in (rule.reason([0.9], visible=0.2) or "")
    assert "confidence is 0.30" in (rule.reason([0.4, 0.2]) or "")
