"""Network-ready tensors: the published normalisation, zero padding, centred crops."""

import numpy as np
import pytest
import torch

from viseme.data.inputs import audio_batch, crop, fit_audio, normalise_audio, scaled, video_batch


def test_grey_becomes_zero_to_one() -> None:
    values = scaled(np.array([[[0, 51, 255]]], np.uint8))
    assert values.dtype == np.float32
    np.testing.assert_allclose(values, [[[0, 0.2, 1]]])


def test_video_has_the_published_mean_and_spread() -> None:
    batch = video_batch([np.full((2, 4, 4), value, np.float32) for value in (0.421, 0.586)], 2)
    assert batch is not None
    assert batch.shape == (2, 2, 1, 4, 4)
    torch.testing.assert_close(batch[0], torch.zeros(2, 1, 4, 4), atol=1e-6, rtol=0)
    torch.testing.assert_close(batch[1], torch.ones(2, 1, 4, 4))


def test_video_padding_is_zero() -> None:
    batch = video_batch([np.ones((3, 4, 4), np.float32), np.ones((1, 4, 4), np.float32)], 3)
    assert batch is not None
    assert batch.shape == (2, 3, 1, 4, 4)
    assert (batch[1, 1:] == 0).all()
    assert (batch[1, :1] != 0).all()


def test_a_missing_stream_is_zero() -> None:
    video = video_batch([None, np.ones((2, 4, 4), np.float32)], 2)
    audio = audio_batch([np.arange(640, dtype=np.float32), None], 2)
    assert video is not None
    assert audio is not None
    assert (video[0] == 0).all()
    assert (audio[1] == 0).all()
    assert (video[1] != 0).all()
    assert audio.shape == (2, 1280)
    assert video_batch([None, None], 2) is None
    assert audio_batch([None, None], 2) is None


def test_sound_has_zero_mean_and_unit_variance() -> None:
    samples = np.random.default_rng(0).normal(3, 0.1, 1280).astype(np.float32)
    batch = audio_batch([samples, samples[:640]], 2)
    assert batch is not None
    assert batch.shape == (2, 1280)
    for row, length in zip(batch, (1280, 640), strict=True):
        assert row[:length].mean().abs() < 1e-4
        assert row[:length].var(correction=0).item() == pytest.approx(1, abs=1e-4)
    assert (batch[1, 640:] == 0).all()


def test_sound_can_stay_as_it_is() -> None:
    samples = np.random.default_rng(0).normal(3, 0.1, 640).astype(np.float32)
    batch = audio_batch([samples, None], 2, normalise=False)
    assert batch is not None
    np.testing.assert_array_equal(batch[0, :640], samples)
    assert not batch[0, 640:].any()


def test_loudness_does_not_matter() -> None:
    samples = np.random.default_rng(0).normal(0, 0.1, 640).astype(np.float32)
    np.testing.assert_allclose(normalise_audio(samples), normalise_audio(3 * samples), atol=1e-4)


def test_silence_stays_silence() -> None:
    assert (normalise_audio(np.zeros(640, np.float32)) == 0).all()


@pytest.mark.parametrize("samples", [0, 100, 1280, 1281, 5000])
def test_sound_is_fitted_to_the_frames(samples: int) -> None:
    fitted = fit_audio(np.ones(samples, np.float32), 2)
    assert len(fitted) == 1280
    assert fitted.sum() == min(samples, 1280)


def test_a_crop_is_centred_and_moves_by_its_shifts() -> None:
    y, x = np.mgrid[:10, :12]
    video = (100 * y + x)[None]
    assert crop(video, 4)[0, 0, 0] == 304
    assert crop(video, 4, shift_y=-3, shift_x=4)[0, 0, 0] == 8
    assert crop(video, 4).shape == (1, 4, 4)


@pytest.mark.parametrize(("size", "shift_y", "shift_x"), [(11, 0, 0), (4, -4, 0), (4, 0, 5)])
def test_a_crop_that_leaves_the_picture_is_refused(size: int, shift_y: int, shift_x: int) -> None:
    with pytest.raises(ValueError, match=rf"crop {size} shifted by .* leaves 10x12"):
        crop(np.zeros((1, 10, 12)), size, shift_y, shift_x)
