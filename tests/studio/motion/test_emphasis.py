"""Nods and raised brows: on stressed syllables, at their time, as large as the person is lively."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.random import default_rng
from spoken import phones

from viseme.studio.motion.coarticulation import frame_times
from viseme.studio.motion.emphasis import emphasis
from viseme.studio.performance import UNITS

SPOKEN = phones(["t", "'a", "t", "a", "t", "i"] * 20, 0.15)
TIMES = frame_times(480)


@pytest.mark.parametrize("stress", [0, 2])
def test_only_primary_stress_counts(stress: int) -> None:
    others = [replace(phone, stress=stress if phone.stress else 0) for phone in SPOKEN]
    motion = emphasis(others, TIMES, 1.0, default_rng(0))
    assert not motion.units.any()
    assert not motion.rotation.any()


def test_the_chin_goes_down_and_the_brows_up_around_stressed_syllables() -> None:
    motion = emphasis(SPOKEN, TIMES, 1.0, default_rng(0))
    assert motion.rotation[:, 0].min() >= 0
    assert motion.rotation[:, 0].max() > 0.01
    assert not motion.rotation[:, 1:].any()
    assert not motion.translation.any()
    moved = {UNITS[index] for index in np.flatnonzero(motion.units.any(0))}
    assert moved == {"browInnerUp", "browOuterUpLeft", "browOuterUpRight"}
    assert 0.1 < motion.units.max() < 0.6
    middles = np.array([(p.start_s + p.end_s) / 2 for p in SPOKEN if p.stress])
    nods, brows = motion.rotation[:, 0], motion.units.max(1)
    for line in (nods, brows):
        peaks = TIMES[1:-1][(line[1:-1] > line[:-2]) & (line[1:-1] >= line[2:])]
        assert 2 <= len(peaks) <= len(middles)
        assert np.abs(peaks[:, None] - middles).min(1).max() < 0.04


def test_liveliness_scales_both() -> None:
    calm, lively = (emphasis(SPOKEN, TIMES, size, default_rng(0)) for size in (0.5, 1.0))
    np.testing.assert_allclose(calm.rotation, lively.rotation / 2)
    np.testing.assert_allclose(calm.units, lively.units / 2)
