"""Recordings on their way through a recogniser, in memory that does not grow with their length.

A recording is read in chunks about as long as the clips that the model learned from, cut where the
lips rest or overlapping where they never do. Chunks of several files share a batch; the words of a
file's chunks are stitched by their times.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from viseme.data.example import VIDEO_FPS
from viseme.data.inputs import fit_audio
from viseme.errors import NoAudioError, NoFaceError, NoVideoError, VisemeError
from viseme.face.crop import MouthBlock, mouth_blocks
from viseme.face.quality import Fault, PictureWatch
from viseme.face.select import Selection
from viseme.face.tracker import FaceTracker
from viseme.kinds.recogniser.modes import Attended, Mode, attend, mode_of
from viseme.kinds.recogniser.streams import read_attended
from viseme.kinds.recogniser.windows import windows
from viseme.media import MediaInfo, TrackChoice, probe, read_audio, read_frames
from viseme.recognition.beam_search import SearchOptions
from viseme.recognition.grammar import Constraint
from viseme.recognition.language_model import LanguageModel
from viseme.recognition.recognizer import Reading, Recognizer
from viseme.recognition.stitch import chunks, stitch
from viseme.text.transcript import Transcript, Word

logger = logging.getLogger(__name__)

OVERLAP_SHARE = 0.25
LEAST_SOUND_AFTER_FRAMES = 13
"""Containers pad the sound: what outlasts the picture by less than half a second is left out."""


@dataclass(frozen=True)
class Chunk:
    """A piece of a recording, small enough to be read at once.

    Attributes:
        start_frame, end_frame: its place in the recording, frames of 1/25 s.
        attended: its lips, its sound, or both.
    """

    start_frame: int
    end_frame: int
    attended: Attended

    @property
    def num_frames(self) -> int:
        """How long it is."""
        return self.end_frame - self.start_frame


@dataclass(eq=False)
class Recording:
    """A file on its way through a reader."""

    path: Path
    mode: Mode
    duration_s: float = 0.0
    bounds: list[tuple[int, int]] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    error: str | None = None
    seconds: float = 0.0
    modes: set[Mode] = field(default_factory=set)
    watch: PictureWatch = field(default_factory=PictureWatch)
    faults: list[tuple[int, Fault | None]] = field(default_factory=list)
    seen_frames: int = 0
    is_heard: bool = False

    def watched(self, blocks: Iterable[MouthBlock]) -> Iterator[MouthBlock]:
        """The blocks; what is wrong with the picture is kept, by the frame where a block begins."""
        for block in blocks:
            faults = self.watch.faults(block, VIDEO_FPS)
            self.faults.append((block.start_frame, faults[0] if faults else None))
            yield block

    def fault(self, start: int, end: int) -> Fault | None:
        """What is wrong with the picture half-way between two frames."""
        before = [fault for first, fault in self.faults if first <= (start + end) // 2]
        return before[-1] if before else None

    def mode_read(self) -> Mode:
        """What was read of it: both if one here and the other there."""
        if len(self.modes) == 1:
            return next(iter(self.modes))
        return "av" if self.modes or self.mode == "auto" else self.mode


class Reader:
    """One model with the settings of one call."""

    def __init__(
        self,
        recognizer: Recognizer,
        mode: Mode,
        options: SearchOptions,
        constraint: Constraint | None,
        language_model: LanguageModel | None,
        audio_track: TrackChoice | None,
    ) -> None:
        self.recognizer, self.options = recognizer, options
        self.language_model, self.audio_track = language_model, audio_track
        self.mode = mode_of(recognizer, mode)
        self.constraint = constraint

    def chunks(
        self, recording: Recording, select: Selection, tracker: FaceTracker | None
    ) -> Iterator[Chunk]:
        """The chunks of a file; what goes wrong is kept in the recording."""
        try:
            info = probe(recording.path, self.audio_track)
            recording.duration_s = info.duration_s
            recording.mode = self._mode_for(info)
            if info.audio is not None and (recording.mode != "video" or select == "speaking"):
                recording.warnings += info.audio.remarks(self.audio_track)
            if recording.mode != "audio":
                yield from self._seen(recording, info, select, tracker)
            if recording.mode != "video":
                yield from self._only_heard(recording)
        except NoFaceError as error:
            error = recording.watch.explained(error)
            recording.error = str(NoFaceError(error.what, path=recording.path, todo=error.todo))
        except VisemeError as error:
            recording.error = str(error)
        except Exception as error:  # whatever a strange file provokes, the others go on
            logger.debug("%s", recording.path, exc_info=True)
            recording.error = f"{recording.path}: cannot be read ({type(error).__name__}: {error})."

    def _mode_for(self, info: MediaInfo) -> Mode:
        """What of the file is read, given what it has."""
        if self.mode != "audio" and info.video is None:
            if self.mode != "video":
                return "audio"
            raise NoVideoError(
                "has no picture to read lips from",
                path=info.path,
                todo="Give a video, or a model that reads sound.",
            )
        if self.mode != "video" and info.audio is None:
            if self.mode != "audio":
                return "video"
            raise NoAudioError(
                "has no sound",
                path=info.path,
                todo="Use --mode video with a model that reads lips.",
            )
        return self.mode

    def _seen(
        self, recording: Recording, info: MediaInfo, select: Selection, tracker: FaceTracker | None
    ) -> Iterator[Chunk]:
        """Chunks of the picture, with their sound if it is read."""
        size, overlap = self._chunk_frames()
        frames = read_frames(recording.path, fps=VIDEO_FPS, on_warning=recording.warnings.append)
        listens = select == "speaking" and info.audio is not None
        blocks = mouth_blocks(
            recording.watch.passing(frames),
            fps=VIDEO_FPS,
            tracker=tracker,
            select=select,
            audio=read_audio(recording.path, audio_track=self.audio_track) if listens else None,
            block_frames=size - overlap,
        )
        try:
            for start, rois, visible in windows(recording.watched(blocks), size, overlap):
                recording.seen_frames = end = start + len(rois)
                audio = (
                    None if recording.mode == "video" else self._sound(recording.path, start, end)
                )
                chunk = Chunk(
                    start, end, attend(recording.mode, rois, audio, float(visible.mean()))
                )
                recording.is_heard |= chunk.attended.mode == "audio"
                yield chunk
        except NoFaceError as error:
            if not recording.is_heard:
                raise
            recording.warnings.append(f"only the voice is read: {error.what}")

    def _only_heard(self, recording: Recording) -> Iterator[Chunk]:
        """Chunks of the sound where there is no picture, or no more."""
        first, last = recording.seen_frames, max(1, round(recording.duration_s * VIDEO_FPS))
        if first and last - first < LEAST_SOUND_AFTER_FRAMES:
            return
        if first:
            recording.warnings.append(f"from {first / VIDEO_FPS:.1f} s on there is only sound")
        for start, end in chunks(last - first, *self._chunk_frames()):
            audio = self._sound(recording.path, first + start, first + end)
            yield Chunk(first + start, first + end, attend("audio", None, audio))

    def _sound(self, path: Path, start: int, end: int) -> NDArray[np.float32]:
        """The waveform of frames start to end."""
        audio = read_audio(
            path,
            start_s=start / VIDEO_FPS,
            end_s=end / VIDEO_FPS,
            audio_track=self.audio_track,
        )
        return fit_audio(audio, end - start)

    def _chunk_frames(self) -> tuple[int, int]:
        """Length and overlap of chunks."""
        size = max(1, round(self.recognizer.config.chunk_s * VIDEO_FPS))
        return size, round(size * OVERLAP_SHARE)

    def read(self, batch: Sequence[tuple[Recording, Chunk]]) -> None:
        """Read chunks of one or several files together."""
        readings = read_attended(
            self.recognizer,
            [chunk.attended for _, chunk in batch],
            options=self.options,
            constraint=self.constraint,
            language_model=self.language_model,
        )
        for (recording, chunk), reading in zip(batch, readings, strict=True):
            recording.readings.append(self._explained(reading, recording, chunk))
            recording.modes.add(chunk.attended.mode)
            recording.bounds.append((chunk.start_frame, chunk.end_frame))

    def _explained(self, reading: Reading, recording: Recording, chunk: Chunk) -> Reading:
        """The reading; where it is withheld although lips are seen, with what is wrong there."""
        mode, visible = chunk.attended.mode, chunk.attended.visible
        fault = recording.fault(chunk.start_frame, chunk.end_frame)
        is_seen = mode != "audio" and visible >= self.recognizer.config.abstention.least_visible
        if reading.withheld is None or fault is None or not is_seen:
            return reading
        heard = f"{reading.withheld}; " if mode == "av" else ""
        return replace(reading, withheld=f"{heard}{fault.reason}")

    def transcript(self, recording: Recording) -> Transcript:
        """Put a file's readings together."""
        spans = [(start / VIDEO_FPS, end / VIDEO_FPS) for start, end in recording.bounds]
        parts: list[list[Word]] = []
        for reading, (start_s, end_s) in zip(recording.readings, spans, strict=True):
            if reading.withheld:
                recording.warnings.append(f"{start_s:.1f} s to {end_s:.1f} s: {reading.withheld}")
            parts.append([] if reading.withheld else shifted(reading.words, start_s))
        words = stitch(parts, spans)
        return Transcript(
            path=str(recording.path),
            text=" ".join(word.word for word in words),
            words=words,
            confidence=float(np.mean([word.confidence for word in words])) if words else 0.0,
            mode=recording.mode_read(),
            model=self.recognizer.name,
            duration_s=recording.duration_s,
            rtf=recording.seconds / recording.duration_s if recording.duration_s else 0.0,
            warnings=recording.warnings,
            error=recording.error,
        )


def shifted(words: Sequence[Word], by_s: float) -> list[Word]:
    """The same words later."""
    return [replace(w, start_s=w.start_s + by_s, end_s=w.end_s + by_s) for w in words]
