"""What is said and heard: the sound of one clip with the times of its words, phones and laughs."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viseme.text.transcript import Word

SAMPLE_RATE_HZ = 16_000


@dataclass(frozen=True)
class Phone:
    """One speech sound: its IPA symbol without stress marks, and its time in seconds.

    Attributes:
        symbol: IPA, with the length mark if there is one ("iː"); "" is a pause.
        start_s: where it starts.
        end_s: where it ends.
        stress: 0 none, 1 primary, 2 secondary; of the syllable's vowel.
    """

    symbol: str
    start_s: float
    end_s: float
    stress: int = 0


@dataclass(frozen=True)
class Laugh:
    """One pulse of laughter.

    Attributes:
        kind: "voiced" (a laugh note), "breath" (unvoiced, between notes) or "inhale".
        start_s: where it starts.
        end_s: where it ends.
        strength: 0 to 1.
    """

    kind: str
    start_s: float
    end_s: float
    strength: float


@dataclass(frozen=True)
class Utterance:
    """Sound (S,) float32 in [-1, 1] at 16 kHz, and what is known about it.

    Attributes:
        text: what is said, normalised; "" for laughter alone.
        language: ISO 639-1 code.
        voice: id of the voice in the catalogue.
        audio: the sound.
        words: words in order of time.
        phones: speech sounds in order of time, without gaps from 0 to the end (pauses are phones).
        laughs: pulses of laughter in order of time.
    """

    text: str
    language: str
    voice: str
    audio: NDArray[np.float32]
    words: tuple[Word, ...] = ()
    phones: tuple[Phone, ...] = ()
    laughs: tuple[Laugh, ...] = ()

    @property
    def duration_s(self) -> float:
        """Length of the sound in seconds."""
        return len(self.audio) / SAMPLE_RATE_HZ
