"""Signs of life: lids, eyes, breath."""

import numpy as np
import pytest
from numpy.random import default_rng
from numpy.typing import NDArray

from viseme.studio.motion.coarticulation import frame_times
from viseme.studio.motion.idle import EYE_RANGE, blinks, gaze, idle, look
from viseme.studio.performance import FPS, UNIT_INDEX


def eyes(units: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where both eyes look (T, 2), to the left and down, radians from straight ahead."""
    left, right, down, up = (
        units[:, UNIT_INDEX[name]]
        for name in ("eyeLookOutLeft", "eyeLookInLeft", "eyeLookDownLeft", "eyeLookUpLeft")
    )
    return EYE_RANGE * np.stack([left - right, down - up], 1)


@pytest.mark.parametrize(
    ("direction", "shown"),
    [
        ((0.3, 0.0), {"eyeLookOutLeft", "eyeLookInRight"}),
        ((-0.3, 0.0), {"eyeLookInLeft", "eyeLookOutRight"}),
        ((0.0, 0.3), {"eyeLookDownLeft", "eyeLookDownRight"}),
        ((0.0, -0.3), {"eyeLookUpLeft", "eyeLookUpRight"}),
    ],
)
def test_eyes_look_where_they_are_told(direction: tuple[float, float], shown: set[str]) -> None:
    (units,) = look(np.array([direction]))
    assert {name for name, index in UNIT_INDEX.items() if units[index]} == shown
    assert units.max() == 0.3


def test_eyes_stay_on_what_they_look_at_while_the_head_moves() -> None:
    motion = idle(frame_times(60 * FPS), 1.0, default_rng(0))
    turned = np.abs(np.diff(motion.rotation[:, [1, 0]], axis=0))
    seen = np.abs(np.diff(eyes(motion.units) + motion.rotation[:, [1, 0]], axis=0))
    assert (turned > 1e-5).mean() > 0.9
    assert (seen < 1e-9).mean() > 0.8  # all but the jumps


def test_eyes_rest_between_jumps_and_come_back_to_the_camera() -> None:
    times = np.arange(0, 120, 0.01)
    direction = gaze(times, default_rng(1))
    moving = np.abs(np.diff(direction, axis=0)).max(1) > 1e-12
    starts = times[:-1][np.flatnonzero(np.diff(np.pad(moving.astype(int), (1, 0))) == 1)]
    assert len(starts) > 60
    assert np.diff(starts).min() > 0.28
    away = np.abs(direction).max(1)
    assert away.max() < 0.6
    assert 0.3 < (away < 0.05).mean() < 0.8


def test_lids_close_faster_than_they_open() -> None:
    times = np.arange(0, 30, 0.001)
    lids = blinks(times, 1.0, default_rng(0))[:, UNIT_INDEX["eyeBlinkLeft"]]
    ends = np.flatnonzero(np.diff((lids > 0).astype(int)))
    first = lids[ends[0] : ends[1] + 2] if lids[0] == 0 else lids[ends[1] : ends[2] + 2]
    shut = np.flatnonzero(first > 0.999)
    assert shut[0] == pytest.approx(100, abs=10)  # ms
    assert len(first) - shut[-1] == pytest.approx(200, abs=15)


def test_lively_people_blink_more_often() -> None:
    times = frame_times(300 * FPS)
    shares = [
        np.mean([blinks(times, liveliness, default_rng(seed)).sum() for seed in range(5)])
        for liveliness in (0.0, 0.3, 1.0)
    ]
    assert shares[0] < 0.2 * shares[1] < 0.2 * 0.7 * shares[2]


def test_breath_lifts_the_head() -> None:
    """Sway has no part between 0.2 and 0.3 Hz, where people breathe."""
    times = frame_times(120 * FPS)
    hz = np.fft.rfftfreq(len(times), 1 / FPS)
    breathing = (hz > 0.19) & (hz < 0.31)
    shares = []
    for seed in range(8):
        placed = idle(times, 1.0, default_rng(seed)).translation * np.hanning(len(times))[:, None]
        power = np.abs(np.fft.rfft(placed, axis=0)) ** 2
        shares.append(power[breathing].sum(0) / power.sum(0))
    across, up, forth = np.mean(shares, axis=0)
    assert up > 2 * max(across, forth)
