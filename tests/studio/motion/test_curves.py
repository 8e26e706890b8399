"""Curves that motions are made of: their edges, their size, their speed."""

import numpy as np
import pytest
from numpy.random import default_rng

from viseme.studio.motion.curves import bump, drift, window


def test_drift_has_unit_variance_most_of_it_slow() -> None:
    times = np.arange(0, 2000, 0.2)
    noise = drift(times, 5, default_rng(0), 0.04, 0.9)
    assert noise.std(0) == pytest.approx(np.ones(5), rel=0.03)
    power = np.abs(np.fft.rfft(noise, axis=0)) ** 2
    slow = np.fft.rfftfreq(len(times), 0.2) < 0.19  # the middle of the octaves
    assert power[slow].sum() > 2 * power[~slow].sum()


def test_a_window_is_one_inside_and_falls_off_on_its_two_sides() -> None:
    times = np.array([0.79, 0.9, 1.0, 1.5, 2.0, 2.3, 2.61])
    shares = window(times, 1.0, 2.0, onset_s=0.2, offset_s=0.6)
    assert shares == pytest.approx([0, 0.5, 1, 1, 1, 0.5, 0])


def test_a_bump_is_one_in_its_middle_and_gone_at_its_half_width() -> None:
    times = np.array([0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3])
    assert bump(times, np.array([1.0]), 0.2)[:, 0] == pytest.approx([0, 0, 0.5, 1, 0.5, 0, 0])
