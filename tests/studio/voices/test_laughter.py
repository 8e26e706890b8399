"""Laughter: notes where the truth says, at a human rate, falling; laughing speech keeps time."""

import numpy as np
import pytest

from viseme.errors import ConfigError
from viseme.studio.utterance import SAMPLE_RATE_HZ, Utterance
from viseme.studio.voices.catalogue import voice
from viseme.studio.voices.laughter import laugh, speech_laugh
from viseme.text.transcript import Word

SEEDS = range(8)
WOMAN, MAN = voice("espeak-en-f1-0"), voice("espeak-en-m1-0")


def rms(audio: np.ndarray, start_s: float, end_s: float) -> float:
    part = audio[round(start_s * SAMPLE_RATE_HZ) : round(end_s * SAMPLE_RATE_HZ)]
    return float(np.sqrt(np.mean(part.astype(np.float64) ** 2)))


def pitch_hz(audio: np.ndarray, start_s: float, end_s: float) -> float:
    part = audio[round(start_s * SAMPLE_RATE_HZ) : round(end_s * SAMPLE_RATE_HZ)]
    similarity = np.correlate(part, part, "full")[len(part) - 1 :]
    shortest, longest = SAMPLE_RATE_HZ // 450, SAMPLE_RATE_HZ // 80
    return SAMPLE_RATE_HZ / (shortest + int(np.argmax(similarity[shortest:longest])))


def hum(seconds: float = 2.0) -> Utterance:
    time_s = np.arange(round(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    audio = (0.2 * np.sin(2 * np.pi * 150 * time_s)).astype(np.float32)
    words = tuple(Word("hm", start, start + 0.4) for start in (0.2, 0.6, 1.0, 1.4))
    return Utterance("hm hm hm hm", "en", "hum", audio, words)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_laugh_is_a_row_of_notes_with_breath_between_and_an_inhale(seed: int) -> None:
    made = laugh(seed, duration_s=3.0)
    kinds = [pulse.kind for pulse in made.laughs]
    notes = [pulse for pulse in made.laughs if pulse.kind == "voiced"]
    assert 3 <= len(notes) <= 12
    assert kinds == ["voiced", "breath"] * len(notes) + ["inhale"]
    assert made.duration_s == 3.0
    for one, following in zip(made.laughs, made.laughs[1:], strict=False):
        assert one.end_s == pytest.approx(following.start_s)
    for note in notes:
        assert 0.07 <= note.end_s - note.start_s <= 0.15
    rate_hz = (len(notes) - 1) / (notes[-1].start_s - notes[0].start_s)
    assert 4 <= rate_hz <= 6


@pytest.mark.parametrize("seed", SEEDS)
def test_the_sound_is_where_the_truth_says(seed: int) -> None:
    made = laugh(seed)
    for note, between in zip(made.laughs[:-1:2], made.laughs[1::2], strict=True):
        loud = rms(made.audio, note.start_s, note.end_s)
        assert loud > 2 * rms(made.audio, between.start_s, between.end_s)
    inhale = made.laughs[-1]
    assert rms(made.audio, inhale.start_s, inhale.end_s) > 0
    assert rms(made.audio, 0, made.laughs[0].start_s) == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_pitch_and_loudness_fall(seed: int) -> None:
    made = laugh(seed, WOMAN, duration_s=3.0)
    notes = [pulse for pulse in made.laughs if pulse.kind == "voiced"]
    pitches = [pitch_hz(made.audio, note.start_s, note.end_s) for note in (notes[0], notes[-1])]
    assert pitches[0] > 1.1 * pitches[1]
    assert notes[0].strength > notes[-1].strength


def test_women_laugh_higher() -> None:
    heights = [
        np.median([pitch_hz(m.audio, m.laughs[0].start_s, m.laughs[0].end_s) for m in made])
        for made in ([laugh(seed, who) for seed in SEEDS] for who in (WOMAN, MAN))
    ]
    assert heights[0] > 1.3 * heights[1]


def test_a_laugh_depends_on_its_seed_alone() -> None:
    np.testing.assert_array_equal(laugh(3).audio, laugh(3).audio)
    assert laugh(3).laughs != laugh(4).laughs


def test_too_little_time_is_refused() -> None:
    with pytest.raises(ConfigError, match="too short"):
        laugh(0, duration_s=0.8)


@pytest.mark.parametrize("seed", SEEDS)
def test_laughing_speech_trembles_where_the_truth_says(seed: int) -> None:
    speech = hum()
    made = speech_laugh(speech, seed)
    assert made.words == speech.words
    assert len(made.audio) == len(speech.audio)
    assert made.laughs[-1].end_s == pytest.approx(speech.words[-1].end_s)
    louder = [
        rms(made.audio, note.start_s, note.end_s) > 1.2 * rms(made.audio, soft.start_s, soft.end_s)
        for note, soft in zip(made.laughs[::2], made.laughs[1::2], strict=True)
    ]
    assert all(louder)
    rate_hz = len(made.laughs) / 2 / (made.laughs[-1].end_s - made.laughs[0].start_s)
    assert 3.5 < rate_hz < 6.5


def test_speech_without_words_is_refused() -> None:
    with pytest.raises(ConfigError, match="without words"):
        speech_laugh(laugh(0), 0)
