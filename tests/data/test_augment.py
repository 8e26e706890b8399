"""Augmentation: pure, decided by its generator, and picture, sound and words stay together."""

from dataclasses import replace
from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import default_rng
from numpy.typing import NDArray

from viseme.audio.noise import power
from viseme.data.augment import (
    AugmentConfig,
    augment_audio,
    augment_timing,
    augment_video,
    change_speed,
    cut,
    random_crop,
    time_mask,
    trim_silence,
)
from viseme.data.example import SAMPLES_PER_FRAME, VIDEO_FPS, Example
from viseme.data.inputs import scaled
from viseme.text.transcript import Word

WORDS = (Word("one", 0.4, 0.8), Word("two", 0.88, 1.2))


def numbered(num_frames: int = 50, words: tuple[Word, ...] = WORDS) -> Example:
    """A clip whose frame t has the grey value t, and whose sound has the value t during it."""
    time = np.arange(num_frames)
    video = np.broadcast_to(time[:, None, None], (num_frames, 8, 8)).astype(np.uint8)
    audio = np.repeat(time, SAMPLES_PER_FRAME).astype(np.float32)
    return Example("a", video, audio, "one two", words)


def noise(num_frames: int) -> NDArray[np.uint8]:
    """Grey pictures of 10 x 10 px."""
    return default_rng(0).integers(0, 256, (num_frames, 10, 10), dtype=np.uint8)


def frames(example: Example) -> list[int]:
    """Which frames of `numbered` a clip has; its sound must be of the same ones."""
    assert example.video is not None
    assert example.audio is not None
    shown = example.video[:, 0, 0].tolist()
    assert len(example.audio) == len(shown) * SAMPLES_PER_FRAME
    assert example.audio[::SAMPLES_PER_FRAME].astype(int).tolist() == shown
    return shown


@given(st.integers(0, 40), st.integers(1, 10))
def test_a_cut_keeps_picture_sound_and_words_together(start: int, size: int) -> None:
    piece = cut(numbered(), start, start + size)
    assert frames(piece) == list(range(start, start + size))
    for word, before in zip(piece.words, WORDS, strict=True):
        assert word.start_s == pytest.approx(before.start_s - start / VIDEO_FPS)
        assert word.end_s - word.start_s == pytest.approx(before.end_s - before.start_s)


@given(st.integers(0, 10_000))
def test_trimming_never_cuts_words(seed: int) -> None:
    piece = trim_silence(numbered(), default_rng(seed))
    shown = frames(piece)
    assert shown[0] <= 10 - 2
    assert shown[-1] >= 30 - 1 + 2
    assert piece.words[0].start_s >= 2 / VIDEO_FPS - 1e-9
    assert piece.words[-1].end_s <= piece.num_frames / VIDEO_FPS - 2 / VIDEO_FPS + 1e-9


def test_trimming_reaches_all_lengths() -> None:
    pieces = [frames(trim_silence(numbered(), default_rng(seed))) for seed in range(300)]
    assert {shown[0] for shown in pieces} == set(range(9))
    assert {shown[-1] for shown in pieces} == set(range(31, 50))


def test_a_clip_without_word_times_is_not_trimmed() -> None:
    example = numbered(words=())
    assert trim_silence(example, default_rng(0)) is example


@given(st.integers(0, 500), st.floats(0, 3), st.floats(0, 1))
def test_word_times_beyond_the_clip_leave_something(seed: int, start: float, length: float) -> None:
    words = (Word("late", start, start + length),)
    assert trim_silence(numbered(20, words), default_rng(seed)).num_frames >= 1


@given(st.floats(0.5, 2.0))
def test_speed_moves_words_with_the_picture(factor: float) -> None:
    example = numbered()
    fast = change_speed(example, factor)
    assert fast.num_frames == int(50 / factor)
    spans = [(word.start_s, word.end_s) for word in fast.words]
    assert np.array(spans) * factor == pytest.approx(np.array([(0.4, 0.8), (0.88, 1.2)]))
    assert fast.video is not None
    for word, before in zip(fast.words, WORDS, strict=True):
        middle_s = (word.start_s + word.end_s) / 2
        shown = fast.video[int(middle_s * VIDEO_FPS), 0, 0]
        assert abs(shown - (before.start_s + before.end_s) / 2 * VIDEO_FPS) <= factor + 1
    assert fast.audio is not None
    assert len(fast.audio) == fast.num_frames * SAMPLES_PER_FRAME
    heard = fast.audio.reshape(fast.num_frames, -1).mean(1)
    assert np.abs(heard - fast.video[:, 0, 0]).max() <= factor + 1


@given(st.floats(0.5, 2.0))
def test_a_faster_clip_shows_what_was_on_screen_in_the_middle_of_each_frame(factor: float) -> None:
    shown = change_speed(numbered(), factor).video
    assert shown is not None
    middles = (np.arange(len(shown)) + 0.5) * factor
    assert (np.abs(middles - shown[:, 0, 0] - 0.5) <= 0.5 + 1e-9).all()


def test_speed_one_changes_nothing() -> None:
    assert frames(change_speed(numbered(), 1.0)) == list(range(50))


def test_speed_changes_the_pitch_with_the_tempo() -> None:
    seconds = np.arange(2 * 16000) / 16000
    example = Example("a", None, np.sin(2 * np.pi * 500 * seconds).astype(np.float32), "")
    fast = change_speed(example, 1.25)
    assert fast.audio is not None
    peak = np.abs(np.fft.rfft(fast.audio)).argmax() * 16000 / len(fast.audio)
    assert peak == pytest.approx(625, abs=2)


@given(st.integers(1, 80), st.integers(1, 20), st.integers(5, 40), st.integers(0, 99))
def test_time_masks_are_whole_spans_of_the_fill(
    length: int, window: int, stride: int, seed: int
) -> None:
    x = 1 + default_rng(0).random((length, 2), np.float32)
    masked = time_mask(x, window, stride, 0.0, default_rng(seed))
    hidden = (masked == 0).all(1)
    assert (masked[~hidden] == x[~hidden]).all()
    most = -(-length // stride)
    assert hidden.sum() <= most * (window - 1)
    assert (np.diff(np.pad(hidden.astype(int), 1)) == 1).sum() <= most


def test_the_masked_share_is_that_of_the_paper() -> None:
    """One mask of 0 to 9 frames each 25 frames: 18 % before overlaps."""
    x = np.ones((100, 1), np.float32)
    shares = [(time_mask(x, 10, 25, 0.0, default_rng(s)) == 0).mean() for s in range(400)]
    assert 0.14 < np.mean(shares) < 0.18


def test_every_step_can_be_masked_also_of_a_clip_shorter_than_the_stride() -> None:
    x = np.ones((12, 1), np.float32)
    masked = [time_mask(x, 10, 25, 0.0, default_rng(seed)) == 0 for seed in range(300)]
    assert np.any(masked, axis=0).all()


def test_masking_does_not_touch_its_input() -> None:
    x = np.ones((30, 2), np.float32)
    time_mask(x, 10, 5, 0.0, default_rng(0))
    assert (x == 1).all()


def test_a_crop_is_one_window_for_the_whole_clip() -> None:
    y, x = np.mgrid[:20, :20]
    video = np.stack([20 * y + x] * 3).astype(np.float32)
    corners = []
    for seed in range(200):
        window = random_crop(video, 12, 4, default_rng(seed))
        assert window.shape == (3, 12, 12)
        assert (window == window[0]).all()
        corners.append(divmod(int(window[0, 0, 0]), 20))
    for tops_or_lefts in zip(*corners, strict=True):
        assert set(tops_or_lefts) == set(range(9))


def test_each_change_can_be_switched_off() -> None:
    still = AugmentConfig(crop_jitter_px=0, mask_window_frames=0)
    rois = noise(5)
    np.testing.assert_array_equal(augment_video(rois, 10, still, default_rng(0)), scaled(rois))
    example = numbered()
    assert augment_timing(example, still, default_rng(0)) is example


@pytest.mark.parametrize(
    "change", [{"flip": True}, {"contrast": 0.3}, {"brightness": 0.2}, {"mask_window_frames": 9}]
)
def test_each_change_changes_something(change: dict) -> None:
    config = replace(AugmentConfig(crop_jitter_px=0, mask_window_frames=0), **change)
    rois = noise(30)
    results = [augment_video(rois, 10, config, default_rng(seed)) for seed in range(6)]
    assert any(not np.array_equal(result, scaled(rois)) for result in results)
    again = [augment_video(rois, 10, config, default_rng(seed)) for seed in range(6)]
    np.testing.assert_array_equal(results, again)


def test_a_flip_mirrors_every_other_clip() -> None:
    config = AugmentConfig(crop_jitter_px=0, mask_window_frames=0, flip=True)
    rois = noise(2)
    results = [augment_video(rois, 10, config, default_rng(seed)) for seed in range(200)]
    mirrored = [not np.array_equal(result, scaled(rois)) for result in results]
    for result in (result for result, flipped in zip(results, mirrored, strict=True) if flipped):
        np.testing.assert_array_equal(result, scaled(rois)[:, :, ::-1])
    assert 70 < sum(mirrored) < 130


def test_contrast_and_brightness_go_both_ways_as_far_as_they_may() -> None:
    rois = noise(2)
    video, config = scaled(rois), AugmentConfig(crop_jitter_px=0, mask_window_frames=0)
    changed = replace(config, contrast=0.3, brightness=0.2)
    results = [augment_video(rois, 10, changed, default_rng(seed)) for seed in range(200)]
    scales = np.array([result.std() for result in results]) / video.std()
    shifts = np.array([result.mean() for result in results]) - video.mean()
    assert (scales.min(), scales.max()) == pytest.approx((0.7, 1.3), abs=0.02)
    assert (shifts.min(), shifts.max()) == pytest.approx((-0.2, 0.2), abs=0.02)


def test_speed_goes_both_ways_as_far_as_it_may() -> None:
    config = AugmentConfig(speed=0.2)
    lengths = [
        augment_timing(numbered(1000), config, default_rng(seed)).num_frames for seed in range(100)
    ]
    assert (min(lengths), max(lengths)) == pytest.approx((1000 / 1.2, 1000 / 0.8), rel=0.02)


def test_only_what_is_asked_of_the_timing_is_done() -> None:
    trimmed = augment_timing(numbered(), AugmentConfig(trim=True), default_rng(0))
    first, *_, last = frames(trimmed)
    assert frames(trimmed) == list(range(first, last + 1))
    assert len(frames(trimmed)) < 50


def test_contrast_keeps_the_mean_and_brightness_moves_it() -> None:
    rois = noise(3)
    video = scaled(rois)
    still = AugmentConfig(crop_jitter_px=0, mask_window_frames=0)
    steep = augment_video(rois, 10, replace(still, contrast=0.5), default_rng(1))
    assert steep.mean() == pytest.approx(video.mean(), abs=1e-5)
    assert steep.std() != pytest.approx(video.std(), rel=0.01)
    bright = augment_video(rois, 10, replace(still, brightness=0.5), default_rng(1))
    assert bright.std() == pytest.approx(video.std(), abs=1e-5)
    assert abs(bright.mean() - video.mean()) > 0.01


QUIET = AugmentConfig(audio_mask_window_samples=0, noises=())
VOICES = [default_rng(seed).standard_normal(16_000).astype(np.float32) for seed in range(3)]


def speech() -> NDArray[np.float32]:
    return default_rng(9).uniform(0.5, 1, 48_000).astype(np.float32)


def test_each_change_of_the_sound_can_be_switched_off() -> None:
    for config in (QUIET, replace(QUIET, noises=("white",), noise_snr_db=())):
        np.testing.assert_array_equal(
            augment_audio(speech(), config, VOICES, default_rng(0)), speech()
        )


def test_every_level_and_every_noise_is_drawn() -> None:
    config = replace(QUIET, noises=("white", "babble"), noise_snr_db=(-5.0, 10.0, inf))
    levels_db = set()
    for seed in range(60):
        added = augment_audio(speech(), config, VOICES, default_rng(seed)) - speech()
        loud = power(added)
        levels_db.add(round(10 * np.log10(power(speech()) / loud)) if loud else inf)
    assert levels_db == {-5, 10, inf}


def test_the_noise_goes_on_where_the_speech_is_masked() -> None:
    config = replace(AugmentConfig(), noises=("white",), noise_snr_db=(0.0,))
    masked = augment_audio(speech(), replace(config, noises=()), VOICES, default_rng(4)) == 0
    noisy = augment_audio(speech(), config, VOICES, default_rng(4))
    assert 1000 < masked.sum() < 3 * 6400
    assert noisy[masked].std() > 0.3


def test_the_generator_alone_decides_on_the_sound() -> None:
    config = AugmentConfig(noises=("babble", "white", "pink", "music"))
    for seed in range(8):
        first, again = (
            augment_audio(speech(), config, VOICES, default_rng(seed)) for _ in range(2)
        )
        np.testing.assert_array_equal(first, again)
