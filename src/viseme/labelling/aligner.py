"""Forced alignment: when each word of a known English text is said, by pocketsphinx."""

from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viseme.data.manifest import Clip
from viseme.data.outcomes import UnfitError
from viseme.labelling.sphinx import (
    ENGLISH,
    feed,
    make_decoder,
    need_pocketsphinx,
    timed_words,
    unknown_words,
)
from viseme.labelling.streams import read_sound
from viseme.media import TrackChoice
from viseme.text.normalise import normalise
from viseme.text.transcript import Word


@dataclass(frozen=True)
class Aligner:
    """Gives clips with an English text the times of its words.

    Attributes:
        audio_track: which of several sound tracks, by number or language; None for the file's own
            choice.
    """

    audio_track: TrackChoice | None = None

    def __post_init__(self) -> None:
        need_pocketsphinx()

    @property
    def keeps_unfit(self) -> bool:
        """A text without word times is a text."""
        return True

    @property
    def identity(self) -> dict[str, Any]:
        """Aligner and version."""
        aligner = {"aligner": f"pocketsphinx {version('pocketsphinx')}"}
        return aligner if self.audio_track is None else aligner | {"audio_track": self.audio_track}

    def wants(self, clip: Clip) -> bool:
        """Whether it is known what is said, but not when."""
        return bool(clip.text) and not clip.words

    def annotate(self, clip: Clip) -> Clip:
        """The clip with the times of its words.

        Raises:
            UnfitError: not English, without sound, or sound and text do not fit.
        """
        if clip.language not in ENGLISH:
            raise UnfitError(
                "unsupported_language", f"only English is aligned, not {clip.language}."
            )
        words = align_words(read_sound(clip, self.audio_track), str(clip.text))
        return replace(clip, words=words, extra=clip.extra | {"words": self.identity})


def align_words(audio: NDArray[np.float32], text: str) -> list[Word]:
    """When each word of a text is said.

    Args:
        audio: samples (S,) at 16 kHz.
        text: English; it is normalised first, numbers in words.

    Returns:
        The words of the normalised text in order, times in units of 10 ms.

    Raises:
        UnfitError: the dictionary lacks a word, or the sound does not fit the text.
        ConfigError: pocketsphinx is not installed.
    """
    need_pocketsphinx()
    decoder, words = _decoder(), normalise(text).split()
    if unknown := unknown_words(decoder, words):
        reason = f"the dictionary lacks {', '.join(map(repr, unknown[:5]))}."
        raise UnfitError("unknown_word", reason)
    found = []
    if words:
        decoder.set_align_text(" ".join(words))
        found = timed_words(decoder) if feed(decoder, audio) else []
    if not words or [word.word for word in found] != words:
        raise UnfitError("not_aligned", "its sound does not fit its text.")
    return [replace(word, confidence=1.0) for word in found]


@lru_cache(maxsize=1)
def _decoder() -> Any:
    return make_decoder(lm=None, bestpath=False)
