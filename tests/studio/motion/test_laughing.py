"""Laughter: a smile that outlasts its pulses, jaw and head that follow each of them."""

import numpy as np
import pytest

from viseme.studio.motion.laughing import laughing
from viseme.studio.performance import FPS, UNIT_INDEX
from viseme.studio.utterance import Laugh

TIMES = np.arange(0, 5, 0.001)
SMILE, JAW = UNIT_INDEX["mouthSmileLeft"], UNIT_INDEX["jawOpen"]


def at(line: np.ndarray, time_s: float) -> float:
    return float(line[np.abs(TIMES - time_s).argmin()])


def test_the_smile_is_there_before_the_first_sound_and_after_the_last() -> None:
    smile = laughing([Laugh("voiced", 1.0, 1.2, 1.0)], TIMES).units[:, SMILE]
    assert at(smile, 0.7) == 0 < at(smile, 0.9) < at(smile, 1.0)
    assert at(smile, 1.0) == at(smile, 1.2) == smile.max() > 0.8
    assert 0 < at(smile, 1.6) < at(smile, 1.2)
    assert at(smile, 2.0) == 0


@pytest.mark.parametrize(("gap_s", "one"), [(0.5, True), (2.0, False)])
def test_pulses_near_each_other_are_one_bout_as_strong_as_its_strongest(
    gap_s: float, one: bool
) -> None:
    laughs = [Laugh("voiced", 1.0, 1.2, 1.0), Laugh("voiced", 1.2 + gap_s, 1.4 + gap_s, 0.2)]
    smile = laughing(laughs, TIMES).units[:, SMILE]
    alone = laughing(laughs[:1], TIMES).units[:, SMILE]
    assert at(smile, 1.1) == smile.max() == alone.max()
    between, second = at(smile, 1.2 + gap_s / 2), at(smile, 1.3 + gap_s)
    assert (between == second == smile.max()) == one
    assert one or between < second < 0.7 * smile.max()


def test_jaw_and_head_follow_a_pulse_one_frame_late() -> None:
    motion = laughing([Laugh("voiced", 1.0, 1.3, 1.0)], TIMES)
    for line in (motion.units[:, JAW], motion.rotation[:, 0]):
        inside = (TIMES >= 1.0) & (TIMES <= 1.3)
        assert TIMES[inside][line[inside].argmax()] == pytest.approx(1.15 + 1 / FPS, abs=0.002)


def test_the_chin_goes_down_with_a_laugh_and_up_with_a_breath_drawn() -> None:
    voiced, still, inhaled = (
        at(laughing([Laugh(kind, 1.0, 1.3, 1.0)], TIMES).rotation[:, 0], 1.15 + 1 / FPS)
        for kind in ("voiced", "breath", "inhale")
    )
    assert inhaled < still < voiced


def test_the_head_is_thrown_back_as_far_as_the_laugh_is_strong() -> None:
    weak, strong = (
        laughing([Laugh("breath", 1.0, 1.3, strength)], TIMES).rotation for strength in (0.2, 1.0)
    )
    assert strong[:, 0].min() < 1.3 * weak[:, 0].min() < 0
    assert strong[:, 0].max() <= 0
    assert not strong[:, 1:].any()
