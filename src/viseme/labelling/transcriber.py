"""From a clip without text to one with a text that says where it comes from.

The steps are Auto-AVSR's (Ma et al., 2023, arXiv 2303.14307): check the language, cut, transcribe,
normalise, drop what is empty. Its code keeps every text that is left; here a least confidence may
be asked for.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viseme.data.corpora.id_list import UNKNOWN_LANGUAGE
from viseme.data.example import VIDEO_FPS
from viseme.data.manifest import Clip
from viseme.data.outcomes import UnfitError
from viseme.errors import ConfigError
from viseme.labelling.labeller import SAMPLE_RATE_HZ, Label, Labeller, Piece
from viseme.labelling.pauses import pieces
from viseme.labelling.streams import read_lips, read_sound
from viseme.media import TrackChoice
from viseme.text.label_text import WRITERS, write_label
from viseme.text.transcript import Word


@dataclass(frozen=True)
class LabelConfig:
    """How clips are labelled.

    Attributes:
        language: ISO 639-1 code of what should be spoken; None for what each row says, and where
            that is `UNKNOWN_LANGUAGE`, for what the labeller hears.
        writing: how texts are written, a name in `text.label_text.WRITERS`.
        max_piece_s: longer clips are cut at pauses.
        sure_language: from this confidence an unknown language is taken for the one that is heard,
            and another one than the wanted makes a clip unfit.
        min_confidence: texts that are less sure are not taken; 0 takes all, as in the paper.
        audio_track: which of several sound tracks, by number or language; None for the file's own
            choice.

    Raises:
        ConfigError: a value that is none of these.
    """

    language: str | None = None
    writing: str = "viseme"
    max_piece_s: float = 24.0
    sure_language: float = 0.5
    min_confidence: float = 0.0
    audio_track: TrackChoice | None = None

    def __post_init__(self) -> None:
        if self.writing not in WRITERS:
            raise ConfigError(
                f"no writing is called {self.writing!r}", todo=f"Use one of: {', '.join(WRITERS)}."
            )
        if self.max_piece_s <= 0:
            raise ConfigError(f"max_piece_s is {self.max_piece_s:g}", todo="Use more than 0.")
        for name in ("sure_language", "min_confidence"):
            if not 0 <= (share := getattr(self, name)) <= 1:
                raise ConfigError(f"{name} is {share:g}", todo="Use a share from 0 to 1.")


@dataclass(frozen=True)
class Transcriber:
    """Gives clips without text the text that a labeller finds in them."""

    labeller: Labeller
    config: LabelConfig = field(default_factory=LabelConfig)

    @property
    def keeps_unfit(self) -> bool:
        """A clip without text is of no use."""
        return False

    @property
    def identity(self) -> dict[str, Any]:
        """Labeller and settings."""
        return {"labeller": self.labeller.name, **self.labeller.origin, **asdict(self.config)}

    def wants(self, clip: Clip) -> bool:
        """Whether nobody has written what is said."""
        return clip.text is None

    def annotate(self, clip: Clip) -> Clip:
        """The clip with text, language, confidence, word times if the labeller has them, origin.

        Raises:
            UnfitError: it cannot be read, is silent, of another or an unknown language, or nothing
                is said.
        """
        wanted = self.config.language or clip.language
        self._check_able(wanted)
        starts_s, parts = zip(*self._pieces(clip), strict=True)
        labels = [self.labeller.label(part, wanted) for part in parts]
        heard = _heard_language(labels)
        language = self._language(wanted, heard)
        if wanted == UNKNOWN_LANGUAGE:
            labels = [
                label if label.language == language else self.labeller.label(part, language)
                for label, part in zip(labels, parts, strict=True)
            ]
        written = [write_label(x.text, x.words, self.config.writing, language) for x in labels]
        text = " ".join(text for text, _ in written if text)
        if not text:
            raise UnfitError("no_speech", "nothing is said, as far as the labeller can tell.")
        weights = [len(text.split()) for text, _ in written]
        confidence = float(np.average([label.confidence for label in labels], weights=weights))
        if confidence < self.config.min_confidence:
            raise UnfitError("unsure", f"its text has a confidence of {confidence:.2f}.")
        origin = self.labeller.origin | {"writing": self.config.writing, "pieces": len(labels)}
        origin["heard_language"] = None if heard is None else [heard[0], round(heard[1], 4)]
        return replace(
            clip,
            text=text,
            words=_joined(written, starts_s),
            language=language,
            label_source=self.labeller.name,
            confidence=round(confidence, 4),
            extra=clip.extra | {"label": origin},
        )

    def _check_able(self, wanted: str) -> None:
        able = self.labeller.languages()
        if able is None or wanted in able:
            return
        if wanted == UNKNOWN_LANGUAGE:
            raise self._cannot_tell()
        reason = f"{self.labeller.name} labels {', '.join(able)}, not {wanted}."
        raise UnfitError("unsupported_language", reason)

    def _language(self, wanted: str, heard: tuple[str, float] | None) -> str:
        """The language of a clip: the wanted one, or where that is unknown, the one heard."""
        is_sure = heard is not None and heard[1] >= self.config.sure_language
        if wanted == UNKNOWN_LANGUAGE:
            if heard is None or not is_sure:
                raise self._cannot_tell()
            return heard[0]
        if heard is not None and is_sure and heard[0] != wanted:
            reason = f"sounds like {heard[0]} ({heard[1]:.0%}), not {wanted}."
            raise UnfitError("other_language", reason)
        return wanted

    def _cannot_tell(self) -> UnfitError:
        reason = f"its language is unknown, and {self.labeller.name} cannot tell; give --language."
        return UnfitError("unsupported_language", reason)

    def _pieces(self, clip: Clip) -> list[tuple[float, Piece]]:
        """The clip's pieces, each with where it starts (s)."""
        modality = self.labeller.modality
        audio = None if modality == "video" else read_sound(clip, self.config.audio_track)
        rois = None if modality == "audio" else read_lips(clip)
        duration_s = _duration_s(audio, rois)
        return [
            (
                start_s,
                Piece(
                    _between(audio, start_s, end_s, SAMPLE_RATE_HZ),
                    _between(rois, start_s, end_s, VIDEO_FPS),
                ),
            )
            for start_s, end_s in pieces(duration_s, self.config.max_piece_s, audio)
        ]


def _duration_s(audio: NDArray[np.float32] | None, rois: NDArray[np.uint8] | None) -> float:
    if rois is not None:
        return len(rois) / VIDEO_FPS
    assert audio is not None
    return len(audio) / SAMPLE_RATE_HZ


def _between(stream: NDArray | None, start_s: float, end_s: float, rate_hz: int) -> Any:
    return None if stream is None else stream[round(start_s * rate_hz) : round(end_s * rate_hz)]


def _heard_language(labels: Sequence[Label]) -> tuple[str, float] | None:
    """The language that the labels together sound most like, and its mean confidence."""
    total: defaultdict[str, float] = defaultdict(float)
    for label in labels:
        if label.language is not None:
            total[label.language] += label.language_confidence
    if not total:
        return None
    language = max(total, key=lambda name: total[name])
    return language, total[language] / len(labels)


def _joined(written: Sequence[tuple[str, list[Word]]], starts_s: Sequence[float]) -> list[Word]:
    """Words of all pieces in the clip's time; none where a text came without times."""
    if any(text and not words for text, words in written):
        return []
    return [
        replace(
            word,
            start_s=round(start_s + word.start_s, 3),
            end_s=round(start_s + word.end_s, 3),
            confidence=round(word.confidence, 4),
        )
        for (_, words), start_s in zip(written, starts_s, strict=True)
        for word in words
    ]
