"""Voices: text in, speech with the exact times of its words and sounds out.

`catalogue` lists who can speak, `espeak` and `kokoro` are the two engines, `laughter` laughs.
"""

from viseme.studio.utterance import Utterance
from viseme.studio.voices import espeak, kokoro
from viseme.studio.voices.catalogue import Voice, voice, voices

__all__ = ["Voice", "speak", "voice", "voices"]


def speak(
    text: str, voice: Voice, *, rate: float = 1.0, lead_s: float = 0.2, tail_s: float = 0.2
) -> Utterance:
    """Have a voice of the catalogue read the text.

    Args:
        text: the words, separated by spaces; numbers spelled out.
        voice: who reads.
        rate: pace, as a multiple of the voice's own; about 0.7 is as slow as the GRID corpus.
        lead_s: silence before the first sound, seconds.
        tail_s: silence after the last sound, seconds.

    Raises:
        ConfigError: what the engine needs is not installed, or there is nothing to read.
        AssetError: the engine's weights cannot be fetched.
    """
    engine = kokoro if voice.engine == "kokoro" else espeak
    return engine.synthesise(text, voice, rate=rate, lead_s=lead_s, tail_s=tail_s)
