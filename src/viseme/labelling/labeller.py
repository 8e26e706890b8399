"""What every labeller offers: a piece of a clip in, a text with confidences out."""

from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from viseme.text.transcript import Word

SAMPLE_RATE_HZ = 16_000


@dataclass(frozen=True)
class Piece:
    """A part of a clip that is short enough to be labelled at once.

    Attributes:
        audio: samples (S,) float32 at 16 kHz, or None for a labeller that only sees.
        rois: mouth ROIs (T, 96, 96) uint8 at 25 fps, or None for a labeller that only hears.
    """

    audio: NDArray[np.float32] | None
    rois: NDArray[np.uint8] | None = None


@dataclass(frozen=True)
class Label:
    """What a labeller makes of a piece.

    Attributes:
        text: as the labeller writes it, not normalised; empty if it found nothing said.
        words: the words of the text with times in the piece and confidences; may be empty.
        confidence: of the text, 0 to 1.
        language: ISO 639-1 code of what it takes the speech for; None if it cannot tell languages.
        language_confidence: of that, 0 to 1.
    """

    text: str
    words: list[Word] = field(default_factory=list)
    confidence: float = 0.0
    language: str | None = None
    language_confidence: float = 0.0


class Labeller(Protocol):
    """A recogniser by its settings: small, comparable, and to be sent to other processes.

    Weights are loaded at the first label, once per process. A label depends on the piece alone:
    not on earlier pieces, nor on the process or its number of threads.
    """

    @property
    def name(self) -> str:
        """Stands as `label_source` in the rows that it labels."""
        ...

    @property
    def modality(self) -> str:
        """What it needs of a clip: "audio", "video" or "av"."""
        ...

    @property
    def origin(self) -> dict[str, Any]:
        """Model, version and settings in plain types: all that decides its labels."""
        ...

    def languages(self) -> tuple[str, ...] | None:
        """ISO 639-1 codes of what it can label; None for a labeller that knows many or any."""
        ...

    def label(self, piece: Piece, language: str) -> Label:
        """The label of a piece in which `language` should be spoken.

        For `UNKNOWN_LANGUAGE` a labeller that tells languages writes in the one that it hears.
        """
        ...
