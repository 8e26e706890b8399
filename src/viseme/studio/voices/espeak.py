"""Speech of espeak-ng: robotic, but exact to the sample about what is said when."""

import numpy as np
import soxr
from numpy.typing import NDArray

from viseme.errors import ConfigError
from viseme.studio.utterance import SAMPLE_RATE_HZ, Utterance
from viseme.studio.voices import espeak_library, timing
from viseme.studio.voices.catalogue import Voice
from viseme.studio.voices.level import at_speech_level


def synthesise(
    text: str,
    voice: Voice,
    seed: int = 0,
    *,
    rate: float = 1.0,
    lead_s: float = 0.2,
    tail_s: float = 0.2,
) -> Utterance:
    """Have a voice of espeak-ng read the text; the same arguments give the same samples.

    Args:
        text: the words, separated by spaces; numbers spelled out.
        voice: who reads.
        seed: of the breath noise that some variants have.
        rate: pace, as a multiple of the voice's own.
        lead_s: silence before the first sound, seconds.
        tail_s: silence after the last sound, seconds.

    Raises:
        ConfigError: espeakng-loader is not installed, or there is nothing to read.
    """
    speech, phones = read(text, voice, seed, rate=rate)
    cut, end = phones[0].phone.start_s, phones[-1].phone.end_s
    samples = speech.samples[round(cut * speech.rate_hz) : round(end * speech.rate_hz)]
    sound = soxr.resample(samples.astype(np.float32) / 32768, speech.rate_hz, SAMPLE_RATE_HZ)
    audio = padded(at_speech_level(sound), lead_s, tail_s)
    shift = round(lead_s * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ - cut
    moved = [timing.shifted(spoken, shift) for spoken in phones]
    return timing.utterance(text, voice, audio, moved)


def read(
    text: str, voice: Voice, seed: int = 0, *, rate: float = 1.0
) -> tuple[espeak_library.Speech, list[timing.SpokenPhone]]:
    """What espeak-ng makes of the text: its samples, and its phones without gaps.

    Raises:
        ConfigError: espeakng-loader is not installed, or there is nothing to read.
    """
    variant = f"+{voice.variant}" if voice.engine == "espeak" else ""
    speech = espeak_library.synthesise(
        text,
        voice.base + variant,
        words_per_minute=round(voice.words_per_minute * rate),
        pitch=voice.pitch,
        pitch_range=voice.pitch_range,
        seed=seed,
    )
    phones = timing.spoken_phones(text, speech, voice.language)
    if not phones:
        raise ConfigError(f"there is nothing to read in {text!r}", todo="Give it words.")
    return speech, phones


def padded(sound: NDArray[np.float32], lead_s: float, tail_s: float) -> NDArray[np.float32]:
    """The sound with silence around it."""
    lead, tail = (np.zeros(round(s * SAMPLE_RATE_HZ), np.float32) for s in (lead_s, tail_s))
    return np.concatenate([lead, sound, tail])
