"""Levels of recordings: silence, and the estimated ratio of speech to noise."""

import numpy as np
import pytest
from numpy.random import default_rng
from numpy.typing import NDArray

from viseme.audio.level import is_silent, level_db, snr_db
from viseme.audio.noise import NoiseKind, add_noise, noise


def talk(seed: int) -> NDArray[np.float32]:
    """Three seconds: words of buzzing between pauses, in a quiet room."""
    rng = default_rng(seed)
    seconds = np.arange(48_000) / 16_000
    buzz = sum(np.sin(2 * np.pi * n * 120 * seconds + n * n) / n for n in range(1, 20))
    loudness = np.zeros(48_000)
    at = 6000
    while at < 40_000:
        length = int(rng.integers(2000, 6000))
        loudness[at : at + length] = np.hanning(length) * rng.uniform(0.1, 0.3)
        at += length + int(rng.integers(500, 3000))
    return (buzz * loudness + 1e-4 * rng.standard_normal(48_000)).astype(np.float32)


VOICES = [talk(seed) for seed in range(20, 30)]


def estimates(kind: NoiseKind, truth_db: float) -> list[float]:
    mixed = [
        add_noise(talk(seed), noise(kind, 48_000, default_rng(seed), VOICES), truth_db)
        for seed in range(8)
    ]
    return [snr_db(samples) for samples in mixed]


@pytest.mark.parametrize("kind", ["white", "pink"])
@pytest.mark.parametrize("truth_db", [15.0, 10.0, 5.0, 0.0, -5.0])
def test_even_noise_is_measured(kind: NoiseKind, truth_db: float) -> None:
    assert estimates(kind, truth_db) == pytest.approx([truth_db] * 8, abs=2.5)


@pytest.mark.parametrize("kind", ["babble", "music"])
def test_the_more_uneven_noise_the_lower_the_estimate(kind: NoiseKind) -> None:
    means = [float(np.mean(estimates(kind, truth_db))) for truth_db in (30, 15, 5, -5)]
    assert means == sorted(means, reverse=True)
    assert means[0] - means[-1] > 5


def test_the_loudness_of_a_recording_does_not_matter() -> None:
    mixed = add_noise(talk(0), noise("white", 48_000, default_rng(0), ()), 5.0)
    assert snr_db(10 * mixed) == pytest.approx(snr_db(mixed), abs=0.01)


def test_noise_alone_is_no_speech() -> None:
    assert snr_db(noise("white", 48_000, default_rng(0), ())) < -8


@pytest.mark.parametrize("num_samples", [0, 1, 100, 48_000])
def test_no_sound_has_no_speech(num_samples: int) -> None:
    silence = np.zeros(num_samples, np.float32)
    assert is_silent(silence)
    assert snr_db(silence) == -40


@pytest.mark.parametrize("num_samples", [1, 100, 3000, 48_000])
def test_what_is_heard_is_not_silent(num_samples: int) -> None:
    assert not is_silent(0.1 * noise("white", num_samples, default_rng(0), ()))
    assert is_silent(1e-5 * noise("white", num_samples, default_rng(0), ()))


def test_a_single_word_is_not_silent() -> None:
    samples = np.zeros(160_000, np.float32)
    samples[80_000:84_000] = 0.05
    assert not is_silent(samples)


@pytest.mark.parametrize(("level_of_noise_db", "silent"), [(-80, True), (-62, True), (-58, False)])
def test_silence_is_a_matter_of_the_loudest_moment(level_of_noise_db: float, silent: bool) -> None:
    moment = np.random.default_rng(0).choice([-1, 1], 320) * 10 ** (level_of_noise_db / 20)
    samples = np.concatenate([np.zeros(32_000), moment, np.zeros(32_000)]).astype(np.float32)
    assert is_silent(samples) is silent


def test_levels_are_of_full_scale() -> None:
    assert level_db(np.ones(500, np.float32)) == pytest.approx([0, 0])
    assert level_db(np.zeros(320, np.float32)) == pytest.approx([-120])
