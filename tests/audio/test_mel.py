"""Mel spectrograms: by definition, evenly in video frames, centred where they say."""

import numpy as np
import pytest

from viseme.audio.mel import FLOOR, MELS, MelConfig, log_mel, mel_filters


def slow_log_mel(samples: np.ndarray, config: MelConfig) -> np.ndarray:
    """One frame, one frequency, one band at a time, by the discrete Fourier transform itself."""
    hop, size, window = config.hop_size, config.fft_size, config.window_size
    rows = []
    for number in range(len(samples) // hop):
        centre = number * hop + hop // 2
        magnitudes = []
        for k in range(size // 2 + 1):
            total = 0j
            for n in range(window):
                place = centre - window // 2 + n
                sample = samples[place] if 0 <= place < len(samples) else 0.0
                hann = 0.5 - 0.5 * np.cos(2 * np.pi * n / window)
                total += sample * hann * np.exp(-2j * np.pi * k * n / size)
            magnitudes.append(abs(total))
        rows.append(np.log(np.maximum(mel_filters(config) @ magnitudes, FLOOR)))
    return np.array(rows)


def test_it_is_what_the_definition_says() -> None:
    config = MelConfig(800, 64, 48, 8, num_bins=5, low_hz=20, high_hz=380)
    samples = np.random.default_rng(0).standard_normal(50)
    np.testing.assert_allclose(log_mel(samples, config), slow_log_mel(samples, config), rtol=1e-5)


@pytest.mark.parametrize("rate_hz", MELS)
def test_four_frames_for_each_of_the_video(rate_hz: int) -> None:
    config = MELS[rate_hz]
    assert config.rate_hz == rate_hz == 100 * config.hop_size
    for frames in (0, 1, 7):
        assert log_mel(np.ones(frames * rate_hz // 25), config).shape == (4 * frames, 80)


@pytest.mark.parametrize("rate_hz", MELS)
@pytest.mark.parametrize("tone_hz", [200, 1000, 3000, 6000])
def test_a_tone_is_loudest_in_the_band_that_holds_it(rate_hz: int, tone_hz: float) -> None:
    config = MELS[rate_hz]
    tone = np.sin(2 * np.pi * tone_hz * np.arange(rate_hz // 5) / rate_hz)
    band = int(log_mel(tone, config)[10].argmax())
    frequency = np.linspace(0, rate_hz / 2, config.fft_size // 2 + 1)
    inside = frequency[mel_filters(config)[band] > 0]
    assert inside.min() - 40 <= tone_hz <= inside.max() + 40


@pytest.mark.parametrize("rate_hz", MELS)
def test_a_click_is_loudest_in_the_frame_around_it(rate_hz: int) -> None:
    config = MELS[rate_hz]
    for place in (0.0312, 0.0488, 0.0704):
        samples = np.zeros(rate_hz // 10)
        samples[round(place * rate_hz)] = 1.0
        energy = np.exp(log_mel(samples, config)).sum(1)
        assert energy.argmax() == int(place * 100)


@pytest.mark.parametrize("rate_hz", MELS)
def test_no_band_is_empty_and_silence_is_the_floor(rate_hz: int) -> None:
    config = MELS[rate_hz]
    assert (mel_filters(config).sum(1) > 0).all()
    silence = log_mel(np.zeros(rate_hz // 25), config)
    np.testing.assert_allclose(silence, np.log(FLOOR), rtol=1e-6)
