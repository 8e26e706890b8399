"""Calibration error against cases worked out by hand and a sampled, calibrated source."""

import numpy as np
import pytest

from viseme.metrics.calibration import expected_calibration_error


@pytest.mark.parametrize(
    ("confidence", "correct", "error"),
    [
        ([1.0, 0.0], [True, False], 0.0),
        ([1.0, 1.0], [False, False], 1.0),
        ([0.75] * 4, [True, True, True, False], 0.0),
        ([0.9, 0.9, 0.1, 0.1], [True, True, False, True], (2 * 0.1 + 2 * 0.4) / 4),
        ([0.55, 0.95], [True, False], (0.45 + 0.95) / 2),
        ([0.95, 1.0], [True, False], 0.95 / 2),  # the last bin ends with 1 itself
    ],
)
def test_worked_out_cases(confidence: list[float], correct: list[bool], error: float) -> None:
    assert expected_calibration_error(confidence, correct) == pytest.approx(error)


def test_a_calibrated_source_scores_near_zero_and_a_boastful_one_does_not() -> None:
    generator = np.random.default_rng(0)
    confidence = generator.random(20_000)
    correct = generator.random(20_000) < confidence
    assert expected_calibration_error(confidence, correct) < 0.02
    assert expected_calibration_error(confidence**0.25, correct) > 0.2


def test_one_bin_compares_the_means() -> None:
    assert expected_calibration_error([0.2, 0.8], [True, False], num_bins=1) == pytest.approx(0)
    assert expected_calibration_error([0.2, 0.8], [True, False], num_bins=2) == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("confidence", "correct"), [([], []), ([0.5], []), ([1.1], [True]), ([np.nan], [True])]
)
def test_bad_input_is_refused(confidence: list[float], correct: list[bool]) -> None:
    with pytest.raises(ValueError, match=r"lists|outside"):
        expected_calibration_error(confidence, correct)
