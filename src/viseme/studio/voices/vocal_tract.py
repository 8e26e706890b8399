"""A voice from formulas: a pulsing glottis or breath, through the resonances of a mouth."""

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from viseme.studio.utterance import SAMPLE_RATE_HZ

Signal = NDArray[np.float64]

# Formants of a man's open vowels and of breath, Hz (Peterson and Barney 1952; "h" and "ə" are the
# tube without constriction).
_FORMANTS_HZ = {
    "a": (730.0, 1090.0, 2440.0, 3400.0),
    "e": (530.0, 1840.0, 2480.0, 3400.0),
    "ə": (500.0, 1500.0, 2500.0, 3500.0),
    "h": (600.0, 1500.0, 2500.0, 3500.0),
}
_BANDWIDTHS_HZ = (90.0, 110.0, 160.0, 250.0)
_JITTER, _SHIMMER = 0.012, 0.06
# Shares of a period in which the glottis opens and closes (Rosenberg 1971).
_OPENING, _CLOSING = 0.4, 0.16
_ASPIRATION = 0.05


def voiced(f0_hz: Signal, vowel: str, size: float, rng: Generator) -> Signal:
    """A note (S,) with peak 1 that swells and fades.

    Args:
        f0_hz: pitch of every sample (S,), Hz.
        vowel: "a", "e" or "ə".
        size: scale of the formants; about 1.15 for women.
        rng: of jitter, shimmer and aspiration.
    """
    source = _glottis(f0_hz, rng) + _ASPIRATION * rng.standard_normal(len(f0_hz))
    return _swelling(_through_mouth(np.diff(source, prepend=0.0), vowel, size))


def breath(num_samples: int, vowel: str, size: float, rng: Generator) -> Signal:
    """Breath noise (S,) with peak 1 that swells and fades; arguments as `voiced`."""
    return _swelling(_through_mouth(rng.standard_normal(num_samples), vowel, size))


def _glottis(f0_hz: Signal, rng: Generator) -> Signal:
    """Air flow (S,) of Rosenberg's pulses, each a little too long or strong."""
    periods = int(np.ceil(f0_hz.sum() / SAMPLE_RATE_HZ)) + 2
    jitter = 1 + _JITTER * rng.standard_normal(periods)
    shimmer = 1 + _SHIMMER * rng.standard_normal(periods)
    phase = np.cumsum(f0_hz / SAMPLE_RATE_HZ)
    phase = np.interp(phase, np.concatenate([[0.0], np.cumsum(jitter)]), np.arange(periods + 1))
    number, share = np.divmod(phase, 1.0)
    opening = 0.5 * (1 - np.cos(np.pi * share / _OPENING))
    closing = np.cos(0.5 * np.pi * (share - _OPENING) / _CLOSING)
    flow = np.where(share < _OPENING, opening, np.where(share < _OPENING + _CLOSING, closing, 0.0))
    return flow * shimmer[number.astype(int)]


def _through_mouth(source: Signal, vowel: str, size: float) -> Signal:
    """The source (S,) through the formants, with peak 1: product of resonances, by FFT.

    Each is a pole pair r exp(+-i w) with w its frequency and r from its bandwidth (Klatt 1980).
    """
    num = 2 * len(source) + 2048
    z = np.exp(-2j * np.pi * np.fft.rfftfreq(num))
    response = np.ones(len(z), complex)
    for formant_hz, bandwidth_hz in zip(_FORMANTS_HZ[vowel], _BANDWIDTHS_HZ, strict=True):
        radius = np.exp(-np.pi * bandwidth_hz / SAMPLE_RATE_HZ)
        angle = 2 * np.pi * formant_hz * size / SAMPLE_RATE_HZ
        b, c = 2 * radius * np.cos(angle), -(radius**2)
        response *= (1 - b - c) / (1 - b * z - c * z**2)
    sound = np.fft.irfft(np.fft.rfft(source, num) * response, num)[: len(source)]
    return sound / max(float(np.abs(sound).max(initial=0.0)), 1e-9)


def _swelling(sound: Signal) -> Signal:
    """With a quick rise and a slower fall, so that nothing clicks."""
    place = np.linspace(0, 1, len(sound))
    rise = np.sin(0.5 * np.pi * np.minimum(place / 0.25, 1)) ** 2
    fall = np.sin(0.5 * np.pi * np.minimum((1 - place) / 0.5, 1)) ** 2
    return sound * rise * fall
