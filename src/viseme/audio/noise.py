"""Noises to train and test recognisers with, and mixing them in at a signal-to-noise ratio.

Auto-AVSR (arXiv 2303.14307) trains and tests on one recording of babble. Here nothing is recorded:
babble is mixed of given speech, white, pink and music-like noise is computed. Waveforms are float32
(S,) at 16 kHz; every noise is as loud as white noise of variance 1.
"""

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Samples = NDArray[np.float32]
NoiseKind = Literal["babble", "white", "pink", "music"]

SAMPLE_RATE_HZ = 16_000
NUM_VOICES = 6

_LOWEST_HZ = 20.0  # pink noise has no power below, where it would be infinite
_ROOT_HZ = 110.0
_SCALE = (0, 2, 4, 5, 7, 9, 11)  # semitones of a major key
_CHORD = (0, 2, 4)  # steps of the scale: a triad
_NUM_HARMONICS = 6
_DECAY_PER_S = 4.0


def noise(kind: NoiseKind, num_samples: int, rng: Generator, voices: Sequence[Samples]) -> Samples:
    """A noise (S,) of mean power 1.

    Args:
        kind: "babble", "white", "pink" or "music".
        num_samples: its length S.
        rng: decides on everything random.
        voices: waveforms of speech to mix babble of; the other kinds need none.

    Raises:
        ValueError: babble of no voices.
    """
    if not num_samples:
        return np.zeros(0, np.float32)
    if kind == "babble":
        return babble(num_samples, rng, voices)
    makers: dict[str, Callable[[int, Generator], Samples]] = {
        "white": white,
        "pink": pink,
        "music": music,
    }
    return makers[kind](num_samples, rng)


def add_noise(speech: Samples, other: Samples, snr_db: float) -> Samples:
    """Speech (S,) with a noise (S,) at snr_db, the ratio of their mean powers over all samples.

    Pauses count, as in the authors' code: in a clip that is half silence, the ratio while somebody
    speaks is 3 dB higher. Infinite snr_db, silent speech and silent noise change nothing.
    """
    signal, disturbance = power(speech), power(other)
    if signal == 0 or disturbance == 0:
        return speech
    gain = np.sqrt(signal / disturbance * 10 ** (-snr_db / 10))
    return (speech + gain * other).astype(np.float32)


def power(samples: Samples) -> float:
    """Mean square of a waveform (S,); 0 of an empty one."""
    return float(np.mean(np.square(samples, dtype=np.float64))) if len(samples) else 0.0


def white(num_samples: int, rng: Generator) -> Samples:
    """Equal power at all frequencies."""
    return _unit(rng.standard_normal(num_samples))


def pink(num_samples: int, rng: Generator) -> Samples:
    """Equal power in all octaves from 20 Hz up: white noise through 1/sqrt(f)."""
    spectrum = np.fft.rfft(rng.standard_normal(num_samples))
    frequency_hz = np.fft.rfftfreq(num_samples, 1 / SAMPLE_RATE_HZ)
    audible = frequency_hz >= _LOWEST_HZ
    shape = np.where(audible, 1 / np.sqrt(np.maximum(frequency_hz, _LOWEST_HZ)), 0.0)
    return _unit(np.fft.irfft(spectrum * shape, num_samples))


def music(num_samples: int, rng: Generator) -> Samples:
    """Something like music: a random triad of a major key on every beat, plucked, and a drum."""
    beat = int(SAMPLE_RATE_HZ * 60 / rng.uniform(80, 160))
    root_hz = _ROOT_HZ * 2 ** (rng.integers(12) / 12)
    tail = (np.arange(2 * beat) / SAMPLE_RATE_HZ).astype(np.float32)
    start = int(rng.integers(beat))
    sound = np.zeros(start + num_samples + len(tail), np.float32)
    for at in range(0, start + num_samples, beat):
        step = int(rng.integers(len(_SCALE)))
        pitches_hz = [root_hz * 2 ** (_semitones(step + up) / 12) for up in _CHORD]
        chord = np.sum([_pluck(pitch_hz, tail) for pitch_hz in pitches_hz], axis=0)
        drum = rng.standard_normal(len(tail)).astype(np.float32) * np.exp(-60 * tail)
        sound[at : at + len(tail)] += chord + drum
    return _unit(sound[start : start + num_samples])


def babble(
    num_samples: int, rng: Generator, voices: Sequence[Samples], num_voices: int = NUM_VOICES
) -> Samples:
    """Several people at once: clips drawn from `voices`, one after the other for each of them.

    All are equally loud. One clip may be drawn more than once.

    Raises:
        ValueError: there are no voices.
    """
    mixed = np.zeros(num_samples)
    for _ in range(num_voices):
        mixed += _unit(_talk(num_samples, rng, voices))
    return _unit(mixed)


def _talk(num_samples: int, rng: Generator, voices: Sequence[Samples]) -> Samples:
    """Clips after each other, from a random moment of the first on."""
    if not any(len(voice) for voice in voices):
        raise ValueError("babble needs voices")
    parts: list[Samples] = []
    missing = num_samples
    while missing > 0:
        voice = voices[int(rng.integers(len(voices)))]
        if not parts and len(voice):
            voice = voice[int(rng.integers(len(voice))) :]
        parts.append(voice[:missing])
        missing -= len(parts[-1])
    return np.concatenate([np.zeros(0, np.float32), *parts])


def _semitones(step: int) -> int:
    octave, degree = divmod(step, len(_SCALE))
    return 12 * octave + _SCALE[degree]


def _pluck(pitch_hz: float, seconds: Samples) -> Samples:
    """A plucked string: harmonics that get weaker and die away."""
    numbers = np.arange(1, _NUM_HARMONICS + 1, dtype=np.float32)[:, None]
    waves = np.sin(np.float32(2 * np.pi * pitch_hz) * numbers * seconds) / numbers
    return waves.sum(0) * np.exp(-_DECAY_PER_S * seconds)


def _unit(samples: NDArray[np.floating]) -> Samples:
    """Scaled to mean power 1; silence stays silent."""
    level = np.sqrt(np.mean(np.square(samples, dtype=np.float64))) if len(samples) else 0.0
    return (samples / level if level else samples).astype(np.float32)
