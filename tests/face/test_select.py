"""Which face is read: by size, by place, by speaking."""

import numpy as np
import pytest

from viseme.errors import ConfigError
from viseme.face.mouth_track import MouthTrack
from viseme.face.select import check_selection, choose, counted, loudness

NUM_FRAMES = 75


def track(
    x: float = 0.0, size: float = 100.0, openings: np.ndarray | float = 0.0, seen: int = NUM_FRAMES
) -> MouthTrack:
    made = MouthTrack.blank(NUM_FRAMES)
    made.visible[:seen] = True
    made.boxes[:seen] = (x, 0, x + size, size)
    made.openings[:seen] = np.broadcast_to(openings, NUM_FRAMES)[:seen]
    return made


def babble(seed: int) -> np.ndarray:
    """Syllables of varying length, as lip opening or as loudness in dB."""
    generator = np.random.default_rng(seed)
    nodes = np.cumsum(generator.uniform(2, 5, NUM_FRAMES))
    return np.interp(np.arange(NUM_FRAMES), nodes, generator.uniform(0, 0.3, len(nodes)))


def test_the_largest_face_is_that_seen_big_and_long() -> None:
    tracks = {3: track(size=80), 5: track(size=100), 9: track(size=130, seen=20)}
    assert choose(tracks, "largest", None) == 5


def test_the_largest_face_is_the_one_of_the_largest_area() -> None:
    wide = track(size=80)
    wide.boxes[:, 2] += 60
    tall = track(size=80)
    tall.boxes[:, 3] += 70
    square = track(size=100)
    assert choose({0: wide, 1: tall, 2: square}, "largest", None) == 1
    assert choose({0: wide, 2: square}, "largest", None) == 0
    wide.boxes[:, 3] -= 40
    assert choose({0: wide, 2: square}, "largest", None) == 2


def test_a_few_wrong_boxes_make_no_face_large() -> None:
    small = track(size=50)
    small.boxes[:5] *= 20
    assert choose({0: small, 1: track(size=60)}, "largest", None) == 1


def test_numbers_count_from_the_left() -> None:
    tracks = {0: track(x=300, seen=30), 1: track(x=10), 2: track(x=150)}
    assert [choose(tracks, i, None) for i in range(4)] == [1, 2, 0, None]


def test_the_face_whose_lips_move_speaks() -> None:
    tracks = {0: track(size=200, openings=0.2), 1: track(openings=babble(0))}
    assert choose(tracks, "speaking", None) == 1


def test_sound_tells_two_moving_mouths_apart() -> None:
    tracks = {0: track(openings=1.3 * babble(0)), 1: track(openings=babble(1))}
    assert choose(tracks, "speaking", -40 + 100 * babble(0)) == 0
    assert choose(tracks, "speaking", -40 + 100 * babble(1)) == 1


def test_a_face_that_comes_and_goes_does_not_speak() -> None:
    still = track(openings=0.3)
    still.visible[::3] = False
    still.openings[::3] = 0.0
    assert choose({0: still, 1: track(openings=0.1 * babble(0))}, "speaking", None) == 1


def test_a_face_that_speaks_longer_counts_more() -> None:
    tracks = {0: track(openings=babble(0), seen=20), 1: track(openings=0.7 * babble(0))}
    assert choose(tracks, "speaking", None) == 1


def test_how_loud_the_sound_and_how_wide_a_mouth_is_on_the_whole_does_not_matter() -> None:
    tracks = {0: track(openings=2 + 1.3 * babble(1)), 1: track(openings=babble(0))}
    assert choose(tracks, "speaking", 1000 + 100 * babble(0)) == 1


@pytest.mark.parametrize("lag", [-1, 0, 1])
@pytest.mark.parametrize("speaker", [0, 1])
def test_sound_may_be_a_frame_off(speaker: int, lag: int) -> None:
    generator = np.random.default_rng(2)
    lips = generator.uniform(0, 0.3, (2, NUM_FRAMES))
    tracks = {0: track(openings=lips[0], seen=60), 1: track(openings=lips[1])}
    assert choose(tracks, "speaking", np.roll(100 * lips[speaker], lag)) == speaker


@pytest.mark.parametrize("select", ["largest", "speaking", 0])
def test_without_faces_none_is_chosen(select: str | int) -> None:
    assert choose({}, select, None) is None


@pytest.mark.parametrize("num_frames", [1, 5, 9, 10])
def test_short_blocks_are_judged_too(num_frames: int) -> None:
    made = MouthTrack.blank(num_frames)
    made.visible[:], made.boxes[:], made.openings[:] = True, 1.0, 0.1
    assert choose({4: made}, "speaking", np.zeros(num_frames)) == 4


def test_glimpses_do_not_count() -> None:
    assert list(counted({2: track(), 1: track(seen=7), 0: track(seen=8)})) == [0, 2]
    assert counted({}) == {}


@pytest.mark.parametrize("select", ["biggest", -1, 1.5, True, None])
def test_nonsense_is_refused(select: object) -> None:
    with pytest.raises(ConfigError, match="select a face"):
        check_selection(select)  # type: ignore[arg-type]


@pytest.mark.parametrize("fps", [25.0, 29.97])
def test_loudness_follows_the_sound_frame_by_frame(fps: float) -> None:
    audio = np.zeros(16_000, np.float32)
    first, last = (round(n * 16_000 / fps) for n in (5, 8))
    audio[first:last] = 0.1
    level = loudness(audio, 0, 10, fps)
    np.testing.assert_allclose(level[5:8], -20, atol=0.01)
    np.testing.assert_allclose(np.delete(level, [5, 6, 7]), -60, atol=0.01)
    np.testing.assert_array_equal(loudness(audio, 3, 10, fps), level[3:])


def test_loudness_beyond_the_end_of_the_sound_is_silence() -> None:
    level = loudness(np.full(1000, 0.5, np.float32), 0, 20, 25.0)
    assert level[0] > -10
    np.testing.assert_allclose(level[2:], -60)
    assert len(loudness(np.zeros(0, np.float32), 5, 8, 25.0)) == 3
