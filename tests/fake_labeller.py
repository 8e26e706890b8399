"""A labeller that says how many tones it hears, and a corpus of tones to try it on."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viseme.data.manifest import Clip, write_manifest
from viseme.labelling.labeller import SAMPLE_RATE_HZ, Label, Piece
from viseme.media import write_audio
from viseme.text.transcript import Word

TONE_S, PAUSE_S = 0.4, 0.6
NUMBERS = ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9")


def tones(count: int) -> NDArray[np.float32]:
    """So many tones with pauses around them; each pause and tone has its fixed length."""
    pause = np.zeros(round(PAUSE_S * SAMPLE_RATE_HZ), np.float32)
    time_s = np.arange(round(TONE_S * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    tone = (0.3 * np.sin(2 * np.pi * 440 * time_s)).astype(np.float32)
    return np.concatenate([pause, *[tone, pause] * count])


@dataclass(frozen=True)
class ToneCounter:
    """Counts the tones of a piece: "Tone 1, tone 2." with times.

    Attributes:
        heard_language: what it takes every piece for; None for a labeller that cannot tell.
        able: the languages that it labels.
        sure: the confidence of its texts.
        is_timed: whether it gives word times.
    """

    heard_language: str | None = None
    able: tuple[str, ...] | None = None
    sure: float = 0.75
    is_timed: bool = True
    name: str = "tones"
    modality: str = "audio"

    @property
    def origin(self) -> dict[str, Any]:
        return {"model": "counter", "version": "7", "settings": {"sure": self.sure}}

    def languages(self) -> tuple[str, ...] | None:
        return self.able

    def label(self, piece: Piece, language: str) -> Label:
        assert piece.audio is not None
        heard = np.abs(piece.audio).reshape(-1, 160).max(1) > 0.1
        starts = np.flatnonzero(np.diff(heard.astype(int), prepend=0) == 1) / 100
        words = []
        for number, start_s in enumerate(starts, 1):
            middle_s, end_s = float(start_s) + TONE_S / 2, float(start_s) + TONE_S
            words.append(Word("Tone", float(start_s), middle_s, self.sure))
            words.append(Word(f"{number},", middle_s, end_s, self.sure))
        text = " ".join(word.word for word in words)
        times = words if self.is_timed else []
        return Label(text, times, self.sure, self.heard_language, 0.9)


def write_tones(folder: Path, counts: list[int]) -> Path:
    """A manifest of clips with so many tones each, without texts; 0 is a silent clip."""
    folder.mkdir(parents=True, exist_ok=True)
    clips = []
    for index, count in enumerate(counts):
        path = folder / f"clip{index}.wav"
        write_audio(path, tones(count), SAMPLE_RATE_HZ)
        clips.append(Clip(f"clip{index}", audio=path, split="train", extra={"place": index}))
    write_manifest(folder / "manifest.jsonl", clips)
    return folder / "manifest.jsonl"
