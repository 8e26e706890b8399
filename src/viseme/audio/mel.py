"""Log-mel spectrograms whose frames fall evenly into video frames."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

FLOOR = 1e-5
"""Of the magnitudes before the logarithm, as in Tacotron 2's code."""


@dataclass(frozen=True)
class MelConfig:
    """How a log-mel spectrogram is made; both are 100 frames a second, 4 for each of 25 fps.

    Attributes:
        rate_hz: of the sound.
        fft_size: samples of a transform.
        window_size: samples of the Hann window in its middle.
        hop_size: samples from frame to frame.
        num_bins: mel bands.
        low_hz, high_hz: where the lowest band begins and the highest one ends.
    """

    rate_hz: int = 16_000
    fft_size: int = 1024
    window_size: int = 800
    hop_size: int = 160
    num_bins: int = 80
    low_hz: float = 55.0
    high_hz: float = 7600.0


MELS = {
    # Window and band edges of Lip2Wav's code, which LipSound2's sheet recommends; hop for 25 fps.
    16_000: MelConfig(),
    # ParallelWaveGAN's LibriTTS recipe, on which SVTS builds; its hop of 300 is for 20 fps.
    24_000: MelConfig(24_000, 2048, 1200, 240, 80, 80.0, 7600.0),
}


def log_mel(samples: NDArray[np.floating], config: MelConfig) -> NDArray[np.float32]:
    """The natural logarithm of mel magnitudes (M, F) of samples (S,).

    Frame m is centred on sample (m + 1/2) hop, so that frames share no sample unevenly with their
    neighbours; M is S / hop, rounded down. Before the first and after the last sample is silence.
    """
    count, reach = len(samples) // config.hop_size, config.fft_size // 2
    padded = np.pad(np.asarray(samples, np.float64), (reach, reach))
    if not count:
        return np.zeros((0, config.num_bins), np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(padded, config.fft_size)
    frames = frames[config.hop_size // 2 :: config.hop_size][:count]
    magnitudes = np.abs(np.fft.rfft(frames * _window(config), axis=1))
    return np.log(np.maximum(magnitudes @ mel_filters(config).T, FLOOR)).astype(np.float32)


@lru_cache
def mel_filters(config: MelConfig) -> NDArray[np.float64]:
    """Triangles (F, fft_size / 2 + 1) of equal area over frequency (Slaney 1998)."""
    edges = _from_mel(
        np.linspace(_to_mel(config.low_hz), _to_mel(config.high_hz), config.num_bins + 2)
    )
    frequency = np.linspace(0, config.rate_hz / 2, config.fft_size // 2 + 1)
    lower, centre, upper = (edges[i : i + config.num_bins, None] for i in range(3))
    rising, falling = (frequency - lower) / (centre - lower), (upper - frequency) / (upper - centre)
    return np.maximum(0, np.minimum(rising, falling)) * 2 / (upper - lower)


@lru_cache
def _window(config: MelConfig) -> NDArray[np.float64]:
    """A periodic Hann window in the middle of the transform."""
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(config.window_size) / config.window_size)
    edge = (config.fft_size - config.window_size) // 2
    return np.pad(hann, (edge, config.fft_size - config.window_size - edge))


_LINEAR_HZ, _BREAK_HZ, _LOG_STEP = 200 / 3, 1000.0, np.log(6.4) / 27
"""Slaney's scale: linear up to 1 kHz, logarithmic above."""


def _to_mel(hz: float) -> float:
    if hz < _BREAK_HZ:
        return hz / _LINEAR_HZ
    return _BREAK_HZ / _LINEAR_HZ + np.log(hz / _BREAK_HZ) / _LOG_STEP


def _from_mel(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    turn = _BREAK_HZ / _LINEAR_HZ
    above = _BREAK_HZ * np.exp(_LOG_STEP * (np.maximum(mel, turn) - turn))
    return np.where(mel < turn, mel * _LINEAR_HZ, above)
