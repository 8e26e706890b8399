"""Noises: level, colour, determinism; mixing at a ratio."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import default_rng
from numpy.typing import NDArray

from viseme.audio.noise import NoiseKind, add_noise, babble, music, noise, pink, power, white

KINDS: tuple[NoiseKind, ...] = ("babble", "white", "pink", "music")
SECONDS = np.arange(16_000, dtype=np.float32) / 16_000
VOICES = [np.sin(2 * np.pi * pitch_hz * SECONDS) for pitch_hz in (150, 210, 330, 470)]


def octave_powers(samples: NDArray[np.float32]) -> NDArray[np.float64]:
    """Power in the octaves from 125 Hz to 4 kHz."""
    spectrum = np.abs(np.fft.rfft(samples)) ** 2
    frequency_hz = np.fft.rfftfreq(len(samples), 1 / 16_000)
    edges = 125 * 2.0 ** np.arange(6)
    return np.array([spectrum[(frequency_hz >= f) & (frequency_hz < 2 * f)].sum() for f in edges])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("num_samples", [1, 7, 640, 48_000])
def test_a_noise_has_its_length_and_unit_power(kind: NoiseKind, num_samples: int) -> None:
    made = noise(kind, num_samples, default_rng(0), VOICES)
    assert made.shape == (num_samples,)
    assert made.dtype == np.float32
    if num_samples > 7:
        assert power(made) == pytest.approx(1, rel=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_no_samples_of_noise_are_none(kind: NoiseKind) -> None:
    assert len(noise(kind, 0, default_rng(0), VOICES)) == 0


@pytest.mark.parametrize("kind", KINDS)
def test_the_generator_decides_alone(kind: NoiseKind) -> None:
    first, again, other = (noise(kind, 5000, default_rng(seed), VOICES) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_white_doubles_with_every_octave_and_pink_does_not() -> None:
    steps = np.diff(np.log2(octave_powers(white(160_000, default_rng(0)))))
    assert steps == pytest.approx(np.ones(5), abs=0.2)
    steps = np.diff(np.log2(octave_powers(pink(160_000, default_rng(0)))))
    assert steps == pytest.approx(np.zeros(5), abs=0.2)


def test_pink_noise_has_nothing_below_hearing() -> None:
    spectrum = np.abs(np.fft.rfft(pink(16_000, default_rng(0))))
    assert spectrum[:20].max() < 1e-3 * spectrum[20:].max()


def test_music_is_made_of_tones_that_change() -> None:
    """Unlike noise, a tenth of the frequencies holds nearly all of the power of half a second."""
    played = music(160_000, default_rng(3))
    loudest = []
    for piece in played.reshape(20, 8000):
        spectrum = np.sort(np.abs(np.fft.rfft(piece)) ** 2)[::-1]
        assert spectrum[: len(spectrum) // 10].sum() > 0.85 * spectrum.sum()
        loudest.append(int(np.abs(np.fft.rfft(piece)).argmax()))
    assert len(set(loudest)) > 5


def test_babble_is_made_of_all_its_voices() -> None:
    mixed = babble(32_000, default_rng(0), VOICES, num_voices=40)
    spectrum = np.abs(np.fft.rfft(mixed)) ** 2
    pitch_bins = [2 * hz + offset for hz in (150, 210, 330, 470) for offset in range(-8, 9)]
    assert spectrum[pitch_bins].sum() > 0.8 * spectrum.sum()
    assert all(spectrum[2 * hz - 8 : 2 * hz + 9].sum() > 0.02 * spectrum.sum() for hz in (150, 470))


def test_loud_and_soft_voices_count_the_same() -> None:
    # Only where a clip ends within the noise does its own loudness show; these are long.
    even = [np.tile(voice, 100) for voice in VOICES]
    uneven = [even[0], 100 * even[1], *even[2:]]
    mixed, expected = (babble(800, default_rng(0), voices) for voices in (uneven, even))
    np.testing.assert_allclose(mixed, expected, atol=1e-3)


def test_babble_begins_at_any_moment_of_a_clip() -> None:
    voice = default_rng(0).standard_normal(1000).astype(np.float32)
    begun = {babble(3, default_rng(seed), [voice], num_voices=1).tobytes() for seed in range(200)}
    assert len(begun) > 150


def test_music_is_made_of_the_triads_of_a_major_key() -> None:
    """The three loudest tones of a quarter second lie thirds apart, at most one of them major."""
    played, triads = music(160_000, default_rng(0)), []
    for piece in played.reshape(40, 4000):
        spectrum = np.abs(np.fft.rfft(piece * np.hanning(4000), 64_000))[:4000]  # to 1 kHz
        inner = spectrum[1:-1]
        peaks = 1 + np.flatnonzero((inner > spectrum[:-2]) & (inner > spectrum[2:]))
        loudest = np.sort(peaks[np.argsort(spectrum[peaks])[-3:]])
        semitones = np.rint(12 * np.diff(np.log2(loudest))).astype(int).tolist()
        triads.append(semitones in ([4, 3], [3, 4], [3, 3]))
    assert np.mean(triads) > 0.8


def test_plucked_strings_die_away() -> None:
    """The loudest 50 ms of a second stand far out of its quietest; those of a steady sound less."""
    played = music(160_000, default_rng(3)).astype(np.float64)
    levels = (played.reshape(10, 20, 800) ** 2).mean(2)
    assert np.median(levels.max(1) / levels.min(1)) > 8


@pytest.mark.parametrize("voices", [[], [np.zeros(0, np.float32)]])
def test_babble_needs_voices(voices: list) -> None:
    with pytest.raises(ValueError, match="babble needs voices"):
        noise("babble", 100, default_rng(0), voices)


def test_babble_of_silence_is_silent() -> None:
    assert power(babble(100, default_rng(0), [np.zeros(10, np.float32)])) == 0


@given(st.floats(-20, 40), st.floats(0.001, 10), st.floats(0.001, 10))
def test_a_mix_has_the_ratio_that_was_asked(snr_db: float, loudness: float, other: float) -> None:
    speech = np.float32(loudness) * VOICES[0]
    mixed = add_noise(speech, np.float32(other) * VOICES[1], snr_db)
    assert mixed.dtype == np.float32
    ratio = power(speech) / power(mixed.astype(np.float64) - speech)
    assert 10 * np.log10(ratio) == pytest.approx(snr_db, abs=0.02)


@pytest.mark.parametrize("snr_db", [np.inf, 0.0])
def test_where_there_is_nothing_to_mix_speech_stays(snr_db: float) -> None:
    silence = np.zeros(16_000, np.float32)
    np.testing.assert_array_equal(add_noise(VOICES[0], silence, snr_db), VOICES[0])
    np.testing.assert_array_equal(add_noise(silence, VOICES[0], snr_db), silence)
    np.testing.assert_array_equal(add_noise(VOICES[0], VOICES[1], np.inf), VOICES[0])
