"""Our own models as labellers, of lips or of voice."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch

from viseme.config import from_dict
from viseme.data.example import SAMPLES_PER_FRAME
from viseme.data.inputs import fit_audio
from viseme.kinds.recogniser.streams import streams
from viseme.labelling.labeller import Label, Piece
from viseme.models import open_model
from viseme.models.folder import CHECKSUMS, RECOGNISER
from viseme.models.kinds import require
from viseme.recognition.grammar import Constraint, load_grammar, read_slots
from viseme.recognition.recognizer import ReadingConfig, Recognizer
from viseme.systems import load_recognizer


@dataclass(frozen=True)
class ModelLabeller:
    """A model folder as a labeller; `find` makes one.

    Attributes:
        name: of the model.
        modality: what it reads.
        model: bundled name or path of the folder.
        digest: of the folder's checksums.
        grammar: what its texts must follow, a file or bundled name; "" for anything.
        grammar_digest: of the grammar's words.
        device: "auto", "cpu" or "cuda".
    """

    name: str
    modality: str
    model: str
    digest: str
    grammar: str
    grammar_digest: str | None
    device: str

    @classmethod
    def find(
        cls, model: str | Path, grammar: str | Path = "", device: str = "auto"
    ) -> "ModelLabeller":
        """The labeller of a bundled model or a model folder.

        Raises:
            ModelError: there is no such model, or it is damaged.
            ConfigError: the grammar cannot be read.
        """
        folder = open_model(model)
        require(folder, RECOGNISER)
        reading = from_dict(ReadingConfig, folder.use)
        digest = sha256((folder.path / CHECKSUMS).read_bytes()).hexdigest()[:16]
        words = sha256(repr(read_slots(grammar)).encode()).hexdigest()[:16] if grammar else None
        where = str(folder.path.resolve())
        return cls(folder.name, reading.modality, where, digest, str(grammar), words, device)

    @property
    def origin(self) -> dict[str, Any]:
        """Model, version and settings."""
        settings = {"grammar_sha256": self.grammar_digest}
        return {"model": self.name, "version": f"sha256:{self.digest}", "settings": settings}

    def languages(self) -> None:
        """A model folder does not say what it was taught."""

    def label(self, piece: Piece, language: str) -> Label:
        """The label of a piece; empty where the model would withhold its text."""
        recognizer, constraint = _loaded(self.model, self.grammar, self.device)
        if piece.rois is not None:
            num_frames = len(piece.rois)
        else:
            assert piece.audio is not None
            num_frames = round(len(piece.audio) / SAMPLES_PER_FRAME)
        if not num_frames:
            return Label("")
        audio = None if piece.audio is None else fit_audio(piece.audio, num_frames)
        lengths = torch.tensor([num_frames])
        with _one_thread():
            stream, sound = streams(recognizer, [piece.rois], [audio], lengths)
            (reading,) = recognizer.read(stream, lengths, sound, constraint=constraint)
        if reading.withheld or not reading.words:
            return Label("")
        confidence = sum(word.confidence for word in reading.words) / len(reading.words)
        return Label(reading.text, reading.words, confidence)


@lru_cache(maxsize=1)
def _loaded(model: str, grammar: str, device: str) -> tuple[Recognizer, Constraint | None]:
    recognizer = load_recognizer(model, device)
    return recognizer, load_grammar(grammar, recognizer.tokenizer.encode) if grammar else None


@contextmanager
def _one_thread() -> Iterator[None]:
    """The number of threads changes the order of sums, and labels are not to depend on it."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
