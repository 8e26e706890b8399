"""Laughter, alone or in speech, made by formulas: every pulse of it is known.

A laugh is a row of voiced notes ("ha") with breath between them and a gasp at the end. Their
number, rate (4 to 6 a second), lengths (70 to 150 ms), and the fall of pitch (from 150 to 400 Hz)
and of loudness are the plan of the project's experiment on laughing faces; the rate is that of
recordings (Provine and Yong 1991), whose pitch varies more and goes higher (Bachorowski, Smoski and
Owren 2001, "The acoustic features of human laughter"). The notes are a glottal pulse train with
jitter and shimmer through the formants of an open vowel (source and filter: Fant 1960), the breath
is noise through the same formants.
"""

from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from viseme.errors import ConfigError
from viseme.studio.utterance import SAMPLE_RATE_HZ, Laugh, Utterance
from viseme.studio.voices.catalogue import Voice
from viseme.studio.voices.level import at_speech_level
from viseme.studio.voices.vocal_tract import breath, voiced

Samples = NDArray[np.float32]

_SILENCE_S = 0.2
_INHALE_S = (0.25, 0.4)
_NOTE_S = (0.07, 0.15)
_NOTES_PER_S = (4.0, 6.0)
_NUM_NOTES = (3, 12)
_FIRST_F0_HZ = {"female": (260.0, 400.0), "male": (150.0, 240.0)}
_TREMOR_HZ = (4.5, 5.5)


def laugh(seed: int, voice: Voice | None = None, duration_s: float = 2.0) -> Utterance:
    """A laugh of 3 to 12 notes.

    Args:
        seed: of the laugh.
        voice: whose sex decides the pitch; drawn by the seed if None.
        duration_s: of the whole sound; short ones hold fewer notes. At least 1.6 s.

    Raises:
        ConfigError: it is too short for three notes and an inhale.
    """
    rng = np.random.default_rng(seed)
    sex = voice.sex if voice else ("female", "male")[int(rng.integers(2))]
    plan = _plan(duration_s, rng)
    f0_hz, fall = rng.uniform(*_FIRST_F0_HZ[sex]), rng.uniform(0.55, 0.75)
    size = rng.uniform(1.1, 1.2) if sex == "female" else rng.uniform(0.95, 1.05)
    vowel = ("a", "e", "ə")[int(rng.integers(3))]
    sound = np.zeros(round(duration_s * SAMPLE_RATE_HZ))
    last_s = plan[-1].end_s
    for pulse in plan:
        num = round((pulse.end_s - pulse.start_s) * SAMPLE_RATE_HZ)
        if pulse.kind == "voiced":
            f0 = f0_hz * fall ** (np.linspace(pulse.start_s, pulse.end_s, num) / last_s)
            note = voiced(f0, vowel, size, rng)
        else:
            note = breath(num, "h" if pulse.kind == "breath" else vowel, size, rng)
        start = round(pulse.start_s * SAMPLE_RATE_HZ)
        part = sound[start : start + num]
        part += (pulse.strength * note)[: len(part)]
    return Utterance(
        text="",
        language=voice.language if voice else "",
        voice=voice.id if voice else "",
        audio=at_speech_level(sound.astype(np.float32)),
        laughs=plan,
    )


def speech_laugh(utterance: Utterance, seed: int) -> Utterance:
    """The utterance with laughter in its voice over half of its words or more.

    Laughing speech trembles about five times a second and is breathy (Trouvain 2001, "Phonetic
    aspects of speech-laughs"). Loudness and pitch rise and fall together here: the pitch by moving
    along the sound by up to 2 ms, which leaves all times as they were.

    Args:
        utterance: speech with words.
        seed: of where and how it laughs.

    Raises:
        ConfigError: there are no words to laugh in.
    """
    if not utterance.words:
        raise ConfigError(
            "an utterance without words cannot be laughed", todo="Use `laugh` for laughter alone."
        )
    rng = np.random.default_rng(seed)
    words = utterance.words
    first = int(rng.integers(0, len(words) // 2 + 1))
    start_s, end_s = words[first].start_s, words[-1].end_s
    rate_hz = rng.uniform(*_TREMOR_HZ)
    num = max(1, round((end_s - start_s) * rate_hz))
    borders = np.linspace(start_s, end_s, num + 1).tolist()
    strength = rng.uniform(0.4, 0.8)
    pulses: list[Laugh] = []
    for start, end in pairwise(borders):
        middle = (start + end) / 2
        pulses.append(Laugh("voiced", start, middle, strength))
        pulses.append(Laugh("breath", middle, end, strength / 2))
    audio = _trembling(utterance.audio, start_s, end_s, num, strength, rng)
    return replace(utterance, audio=audio, laughs=(*utterance.laughs, *pulses))


def _plan(duration_s: float, rng: Generator) -> tuple[Laugh, ...]:
    """Notes, breath between them, and the inhale, in order of time."""
    inhale_s = rng.uniform(*_INHALE_S)
    period_s = 1 / rng.uniform(*_NOTES_PER_S)
    room_s = duration_s - 2 * _SILENCE_S - inhale_s
    most = min(int(room_s / period_s), _NUM_NOTES[1])
    if most < _NUM_NOTES[0]:
        raise ConfigError(
            f"{duration_s} s is too short for a laugh", todo="It takes at least 1.6 s."
        )
    num_notes = int(rng.integers(max(_NUM_NOTES[0], most // 2), most + 1))
    pulses: list[Laugh] = []
    time_s = _SILENCE_S
    for note in range(num_notes):
        share = note / max(num_notes - 1, 1)
        strength = float((1 - 0.6 * share) * rng.uniform(0.85, 1.0))
        length_s = min(rng.uniform(*_NOTE_S), 0.75 * period_s)
        pulses.append(Laugh("voiced", time_s, time_s + length_s, strength))
        pulses.append(Laugh("breath", time_s + length_s, time_s + period_s, 0.25 * strength))
        time_s += period_s
    return (*pulses, Laugh("inhale", time_s, time_s + inhale_s, 0.3))


def _trembling(
    audio: Samples, start_s: float, end_s: float, num_cycles: int, strength: float, rng: Generator
) -> Samples:
    time_s = np.arange(len(audio)) / SAMPLE_RATE_HZ
    inside = (time_s >= start_s) & (time_s < end_s)
    share = np.clip((time_s - start_s) / (end_s - start_s), 0, 1)
    wave = np.where(inside, np.sin(2 * np.pi * num_cycles * share), 0.0)
    moved = np.interp(time_s - 0.002 * strength * wave, time_s, audio)
    # Louder in the first half of every cycle (the note), softer and breathy in the second.
    loudness = np.where(inside, 1 + strength * (wave - 0.2), 1.0)
    envelope = np.convolve(np.abs(audio), np.full(320, 1 / 320), "same")
    noise = breath(len(audio), "h", 1.0, rng) * envelope * np.clip(-wave, 0, 1) * strength
    return at_speech_level((moved * loudness + noise).astype(np.float32))
