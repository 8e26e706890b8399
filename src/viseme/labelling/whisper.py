"""Whisper (Radford et al., 2022, arXiv 2212.04356) by faster-whisper, from files on this machine.

A beam search on one thread, without the random restarts of the original and without the text of
the piece before: the same piece gives the same label everywhere. Where the voice detector that
faster-whisper brings (Silero) finds no voice there is no text, since Whisper invents some for
silence and noise.
"""

from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from viseme.data.corpora.id_list import UNKNOWN_LANGUAGE
from viseme.errors import ConfigError, ModelError
from viseme.labelling.labeller import Label, Piece
from viseme.text.transcript import Word

BEAM_SIZE = 5
_SETTINGS: dict[str, Any] = {
    "beam_size": BEAM_SIZE,
    "temperature": 0.0,
    "condition_on_previous_text": False,
    "word_timestamps": True,
    "vad_filter": True,
}


@dataclass(frozen=True)
class Whisper:
    """A Whisper model as a labeller.

    Attributes:
        name: what the user calls it.
        folder: of the model in CTranslate2's format.
        sha256: of its weights.
        device: "auto", "cpu" or "cuda".
    """

    name: str
    folder: Path
    sha256: str
    device: str = "auto"
    modality: str = "audio"

    def __post_init__(self) -> None:
        need_faster_whisper()

    @property
    def origin(self) -> dict[str, Any]:
        """Model, version and settings."""
        return {
            "model": f"{self.folder.name} sha256:{self.sha256[:16]}",
            "version": f"faster-whisper {version('faster-whisper')}",
            "settings": {"beam_size": BEAM_SIZE, "voice_detection": True},
        }

    def languages(self) -> tuple[str, ...] | None:
        """English alone for the models called .en, None for the others."""
        return None if _model(self.folder, self.device).model.is_multilingual else ("en",)

    def label(self, piece: Piece, language: str) -> Label:
        """The label of a piece; multilingual models also say which language they take it for."""
        assert piece.audio is not None
        model = _model(self.folder, self.device)
        listens = model.model.is_multilingual
        segments, info = model.transcribe(
            piece.audio, language=None if listens else language, **_SETTINGS
        )
        if listens and language not in (info.language, UNKNOWN_LANGUAGE):
            segments, _ = _transcribed_as(model, piece, language)
        words = [
            Word(word.word.strip(), word.start, word.end, word.probability)
            for segment in segments
            for word in segment.words or ()
        ]
        text = " ".join(word.word for word in words)
        confidence = sum(word.confidence for word in words) / len(words) if words else 0.0
        if not listens:
            return Label(text, words, confidence)
        return Label(text, words, confidence, info.language, info.language_probability)


def _transcribed_as(model: Any, piece: Piece, language: str) -> Any:
    try:
        return model.transcribe(piece.audio, language=language, **_SETTINGS)
    except ValueError as error:
        raise ConfigError(
            f"Whisper does not know the language {language!r}", todo="Give an ISO 639-1 code."
        ) from error


def need_faster_whisper() -> None:
    """Check that the package is there.

    Raises:
        ConfigError: it is not.
    """
    try:
        import faster_whisper  # noqa: F401
    except ImportError as error:
        raise ConfigError(
            "this labeller needs faster-whisper",
            todo="Install it with: pip install 'viseme[label]'",
        ) from error


@lru_cache(maxsize=1)
def _model(folder: Path, device: str) -> Any:
    import ctranslate2
    from faster_whisper import WhisperModel

    if device == "auto":
        device = "cuda" if ctranslate2.get_cuda_device_count() else "cpu"
    # Weights are stored as half floats, with which a CPU cannot compute.
    precision = "float32" if device == "cpu" else "default"
    try:
        return WhisperModel(
            str(folder), device, compute_type=precision, cpu_threads=1, local_files_only=True
        )
    except (RuntimeError, ValueError) as error:
        raise ModelError(f"cannot be loaded as a Whisper model ({error})", path=folder) from error
