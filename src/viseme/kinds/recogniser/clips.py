"""Prepared clips, read: what was said in them beside what was read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from viseme.data.example import Example
from viseme.data.loading import load_example
from viseme.data.manifest import Clip
from viseme.kinds.recogniser.conditions import CLEAN, Condition
from viseme.kinds.recogniser.modes import UNHEARD, Mode, attend, mode_of
from viseme.kinds.recogniser.streams import read_attended
from viseme.metrics.recognition import align
from viseme.recognition.beam_search import SearchOptions
from viseme.recognition.grammar import Constraint
from viseme.recognition.recognizer import Reading, Recognizer
from viseme.text.normalise import normalise


@dataclass(frozen=True)
class ReadClip:
    """A clip with what was read in it.

    Attributes:
        clip: the manifest's row; its text is the reference.
        reading: the words, also where they are withheld.
        num_frames: length of the clip.
    """

    clip: Clip
    reading: Reading
    num_frames: int

    @property
    def text(self) -> str:
        """The text that a user would see: nothing where it is withheld."""
        return "" if self.reading.withheld else self.reading.text

    def verdicts(self) -> list[tuple[float, bool]]:
        """Confidence of each word that was read, and whether it is right, in the normal form."""
        words = [normalise(word.word) for word in self.reading.words]
        pairs = align(normalise(str(self.clip.text)).split(), words)
        right = [said == read for said, read in pairs if read is not None]
        return [(word.confidence, ok) for word, ok in zip(self.reading.words, right, strict=True)]


def read_clips(
    recognizer: Recognizer,
    clips: Sequence[Clip],
    options: SearchOptions | None = None,
    constraint: Constraint | None = None,
    batch_size: int = 8,
    mode: Mode = "auto",
    condition: Condition = CLEAN,
) -> Iterator[ReadClip]:
    """Read prepared clips, several at a time, in their order."""
    mode = mode_of(recognizer, mode)
    for first in range(0, len(clips), batch_size):
        batch = clips[first : first + batch_size]
        examples = [_load(clip, mode, condition) for clip in batch]
        attended = [attend(mode, e.video, e.audio) for e in examples if e.num_frames]
        readings = iter(read_attended(recognizer, attended, options=options, constraint=constraint))
        for clip, example in zip(batch, examples, strict=True):
            reading = next(readings) if example.num_frames else UNHEARD
            yield ReadClip(clip, reading, example.num_frames)


def _load(clip: Clip, mode: Mode, condition: Condition) -> Example:
    """What a mode may need of a clip, with the sound that it has under a condition."""
    modality: str = mode
    if mode == "auto":
        modality = "audio" if clip.video is None else "video" if clip.audio is None else "av"
    example = load_example(clip, modality)
    if example.audio is None or not example.num_frames:
        return example
    return replace(example, audio=condition.heard(example.id, example.audio))
