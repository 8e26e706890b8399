"""Pocketsphinx: an English recogniser that needs no download, with a grammar or without.

Its package (Huggins-Daines et al., 2006) brings an acoustic model, a dictionary and a language
model of American English. Without a grammar it is weak; where few sentences can be said, the
grammar makes it a good labeller.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viseme.errors import ConfigError
from viseme.labelling.jsgf import words_of
from viseme.labelling.labeller import SAMPLE_RATE_HZ, Label, Piece
from viseme.text.transcript import Word

FRAMES_PER_S = 100
ENGLISH = ("en",)

Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Sphinx:
    """Pocketsphinx as a labeller.

    Attributes:
        grammar: JSGF of all that can be said; "" for anything.
    """

    grammar: str = ""
    name: str = "pocketsphinx"
    modality: str = "audio"

    def __post_init__(self) -> None:
        need_pocketsphinx()

    @property
    def origin(self) -> dict[str, Any]:
        """Model, version and settings."""
        grammar = sha256(self.grammar.encode()).hexdigest()[:16] if self.grammar else None
        settings = {"grammar_sha256": grammar}
        return {
            "model": "en-us",
            "version": f"pocketsphinx {version('pocketsphinx')}",
            "settings": settings,
        }

    def languages(self) -> tuple[str, ...]:
        """English alone."""
        return ENGLISH

    def label(self, piece: Piece, language: str) -> Label:
        """The label of a piece of English."""
        assert piece.audio is not None
        decoder = _decoder(self.grammar)
        if not feed(decoder, piece.audio):
            return Label("")
        words = timed_words(decoder)
        confidence = float(np.mean([word.confidence for word in words])) if words else 0.0
        return Label(" ".join(word.word for word in words), words, confidence)


def need_pocketsphinx() -> None:
    """Check that the package is there.

    Raises:
        ConfigError: it is not.
    """
    try:
        import pocketsphinx  # noqa: F401
    except ImportError as error:
        raise ConfigError(
            "this needs pocketsphinx", todo="Install it with: pip install 'viseme[label]'"
        ) from error


def make_decoder(**settings: Any) -> Any:
    """A decoder at 16 kHz that takes the mean of the features over each utterance alone."""
    from pocketsphinx import Decoder

    return Decoder(samprate=SAMPLE_RATE_HZ, loglevel="FATAL", cmn="batch", **settings)


def feed(decoder: Any, audio: Samples) -> bool:
    """Decode samples (S,) as one utterance; whether anything was found."""
    if not len(audio):
        return False
    decoder.reinit_feat()  # or what it learned of the noise in earlier utterances would count
    decoder.start_utt()
    decoder.process_raw(pcm16(audio), full_utt=True)
    decoder.end_utt()
    return decoder.hyp() is not None


def pcm16(audio: Samples) -> bytes:
    """Samples (S,) in [-1, 1] as 16-bit integers, little end first."""
    return np.rint(np.clip(audio, -1, 1) * 32767).astype("<i2").tobytes()


def timed_words(decoder: Any) -> list[Word]:
    """The words that were decoded last, without fillers and marks of variants."""
    return [
        Word(
            segment.word.split("(")[0],  # "read(2)" is a way to say "read"
            segment.start_frame / FRAMES_PER_S,
            (segment.end_frame + 1) / FRAMES_PER_S,
            min(1.0, segment.prob),
        )
        for segment in decoder.seg()
        if segment.word[0] not in "<[("  # "<sil>", "[NOISE]", "(NULL)"
    ]


def unknown_words(decoder: Any, words: Iterable[str]) -> list[str]:
    """Those words, each once, that the dictionary lacks."""
    return [word for word in dict.fromkeys(words) if decoder.lookup_word(word) is None]


@lru_cache(maxsize=1)
def _decoder(grammar: str) -> Any:
    if not grammar:
        return make_decoder()
    decoder = make_decoder(lm=None)
    if unknown := unknown_words(decoder, words_of(grammar)):
        raise ConfigError(
            f"pocketsphinx cannot say the words {', '.join(map(repr, unknown[:5]))}",
            todo="Spell out numbers and abbreviations, or use another labeller.",
        )
    decoder.add_jsgf_string("grammar", grammar)
    decoder.activate_search("grammar")
    return decoder
