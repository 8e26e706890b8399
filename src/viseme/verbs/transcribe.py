"""`viseme transcribe`: from recordings to text, in memory that does not grow with their length.

A recording is read in chunks about as long as the clips that the model learned from, cut where the
lips rest or overlapping where they never do. Chunks of several files share a batch; the words of a
file's chunks are stitched by their times.
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viseme.ahead import ahead
from viseme.data.example import VIDEO_FPS
from viseme.data.inputs import fit_audio
from viseme.errors import NoAudioError, NoFaceError, NoVideoError, VisemeError
from viseme.face.crop import MouthBlock, mouth_blocks
from viseme.face.quality import Fault, PictureWatch
from viseme.face.select import Selection
from viseme.face.tracker import FaceTracker
from viseme.media import MediaInfo, TrackChoice, probe, read_audio, read_frames
from viseme.nn.precision import Precision
from viseme.recognition.beam_search import SearchOptions
from viseme.recognition.grammar import load_grammar
from viseme.recognition.language_model import LanguageModel
from viseme.recognition.recognizer import Reading, Recognizer
from viseme.recognition.stitch import chunks, stitch
from viseme.systems import load_recognizer
from viseme.text.transcript import Transcript, Word
from viseme.verbs.fusion import language_model_for, weighted
from viseme.verbs.modes import Attended, Mode, attend, mode_of
from viseme.verbs.streams import read_attended
from viseme.verbs.windows import windows

Progress = Callable[[str, float], None]

logger = logging.getLogger(__name__)

DEFAULT_MODEL = "grid-vsr"
BATCH_SIZE = 8
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
class _Job:
    """A file on its way through the reader."""

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


def transcribe(path: str | Path, **options: Any) -> Transcript:
    """Read what is said in one recording; options as for `transcribe_files`.

    Raises:
        VisemeError: the file cannot be read, or it shows no face.
    """
    (transcript,) = transcribe_files([path], **options)
    if transcript.error is not None:
        raise VisemeError(transcript.error)
    return transcript


def transcribe_files(
    paths: Sequence[str | Path],
    *,
    model: str | Path | Recognizer = DEFAULT_MODEL,
    mode: Mode = "auto",
    beam: int | None = None,
    ctc_weight: float | None = None,
    language_model: str | Path | None = None,
    lm_weight: float | None = None,
    precision: Precision = "auto",
    batch_size: int = BATCH_SIZE,
    device: str = "auto",
    select: Selection = "largest",
    constraint: str | Path | None = None,
    audio_track: TrackChoice | None = None,
    tracker: FaceTracker | None = None,
    on_progress: Progress | None = None,
) -> Iterator[Transcript]:
    """Read many recordings, one transcript each in their order; a bad file does not stop the rest.

    Args:
        paths: video or audio files.
        model: name of a bundled model, a model folder, or a loaded model.
        mode: what to read; "auto" takes what the model can read and the file has, but for voices
            lost in noise and lips that are hidden.
        beam: width of the search; None for the model's own.
        ctc_weight: share of CTC in its scores; None for the model's own, 1 for CTC alone.
        language_model: model folder of a language model over the same units.
        lm_weight: its weight; None for what the model suggests.
        precision: of the network; a loaded model stays as it is.
        batch_size: chunks decoded together; it does not change the text.
        device: "auto", "cpu" or "cuda".
        select: which of several faces.
        constraint: grammar that the text must follow: a bundled name, a .grammar or .words file.
        audio_track: which of several sound tracks, by its number from 1 or its language; None takes
            the one that the file marks, else the first, and says so in the transcript's warnings.
        tracker: what finds the faces; None for the default one.
        on_progress: called with the path and the share of it that is read, 0 to 1.

    Raises:
        VisemeError: the model or the constraint is unusable, or the model cannot read the mode.
    """
    recognizer = (
        load_recognizer(model, device, precision) if isinstance(model, str | Path) else model
    )
    lm = language_model_for(recognizer, language_model, device)
    options = weighted(recognizer.config.search, lm, lm_weight)
    if beam is not None:
        options = replace(options, beam_size=beam)
    if ctc_weight is not None:
        options = replace(options, ctc_weight=ctc_weight)
    reader = _Reader(recognizer, mode, options, constraint, lm, audio_track)
    jobs = [_Job(Path(path), reader.mode) for path in paths]
    # Faces are found by one thread while the chunks before are read by another.
    chunks = ((job, chunk) for job in jobs for chunk in reader.chunks(job, select, tracker))
    made = ahead(chunks, batch_size)
    done, started = 0, time.perf_counter()
    while batch := list(islice(made, batch_size)):
        reader.read(batch)
        seconds = time.perf_counter() - started
        for job, chunk in batch:
            job.seconds += seconds * chunk.num_frames / sum(c.num_frames for _, c in batch)
            if on_progress is not None:
                share = chunk.end_frame / VIDEO_FPS / max(job.duration_s, 1e-9)
                on_progress(str(job.path), min(1.0, share))
        current = jobs.index(batch[-1][0], done)
        for job in jobs[done:current]:
            yield reader.transcript(job)
        done, started = current, time.perf_counter()
    for job in jobs[done:]:
        yield reader.transcript(job)


class _Reader:
    """One model with the settings of one call."""

    def __init__(
        self,
        recognizer: Recognizer,
        mode: Mode,
        options: SearchOptions,
        constraint: str | Path | None,
        language_model: LanguageModel | None,
        audio_track: TrackChoice | None,
    ) -> None:
        self.recognizer, self.options = recognizer, options
        self.language_model, self.audio_track = language_model, audio_track
        self.mode = mode_of(recognizer, mode)
        self.constraint = None
        if constraint is not None:
            self.constraint = load_grammar(constraint, recognizer.tokenizer.encode)

    def chunks(self, job: _Job, select: Selection, tracker: FaceTracker | None) -> Iterator[Chunk]:
        """The chunks of a file; what goes wrong is kept in the job."""
        try:
            info = probe(job.path, self.audio_track)
            job.duration_s = info.duration_s
            job.mode = self._mode_for(info)
            if info.audio is not None and (job.mode != "video" or select == "speaking"):
                job.warnings += info.audio.remarks(self.audio_track)
            if job.mode != "audio":
                yield from self._seen(job, info, select, tracker)
            if job.mode != "video":
                yield from self._only_heard(job)
        except NoFaceError as error:
            error = job.watch.explained(error)
            job.error = str(NoFaceError(error.what, path=job.path, todo=error.todo))
        except VisemeError as error:
            job.error = str(error)
        except Exception as error:  # whatever a strange file provokes, the others go on
            logger.debug("%s", job.path, exc_info=True)
            job.error = f"{job.path}: cannot be read ({type(error).__name__}: {error})."

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
        self, job: _Job, info: MediaInfo, select: Selection, tracker: FaceTracker | None
    ) -> Iterator[Chunk]:
        """Chunks of the picture, with their sound if it is read."""
        size, overlap = self._chunk_frames()
        frames = read_frames(job.path, fps=VIDEO_FPS, on_warning=job.warnings.append)
        listens = select == "speaking" and info.audio is not None
        blocks = mouth_blocks(
            job.watch.passing(frames),
            fps=VIDEO_FPS,
            tracker=tracker,
            select=select,
            audio=read_audio(job.path, audio_track=self.audio_track) if listens else None,
            block_frames=size - overlap,
        )
        try:
            for start, rois, visible in windows(job.watched(blocks), size, overlap):
                job.seen_frames = end = start + len(rois)
                audio = None if job.mode == "video" else self._sound(job.path, start, end)
                chunk = Chunk(start, end, attend(job.mode, rois, audio, float(visible.mean())))
                job.is_heard |= chunk.attended.mode == "audio"
                yield chunk
        except NoFaceError as error:
            if not job.is_heard:
                raise
            job.warnings.append(f"only the voice is read: {error.what}")

    def _only_heard(self, job: _Job) -> Iterator[Chunk]:
        """Chunks of the sound where there is no picture, or no more."""
        first, last = job.seen_frames, max(1, round(job.duration_s * VIDEO_FPS))
        if first and last - first < LEAST_SOUND_AFTER_FRAMES:
            return
        if first:
            job.warnings.append(f"from {first / VIDEO_FPS:.1f} s on there is only sound")
        for start, end in chunks(last - first, *self._chunk_frames()):
            audio = self._sound(job.path, first + start, first + end)
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

    def read(self, batch: Sequence[tuple[_Job, Chunk]]) -> None:
        """Read chunks of one or several files together."""
        readings = read_attended(
            self.recognizer,
            [chunk.attended for _, chunk in batch],
            options=self.options,
            constraint=self.constraint,
            language_model=self.language_model,
        )
        for (job, chunk), reading in zip(batch, readings, strict=True):
            job.readings.append(self._explained(reading, job, chunk))
            job.modes.add(chunk.attended.mode)
            job.bounds.append((chunk.start_frame, chunk.end_frame))

    def _explained(self, reading: Reading, job: _Job, chunk: Chunk) -> Reading:
        """The reading; where it is withheld although lips are seen, with what is wrong there."""
        mode, visible = chunk.attended.mode, chunk.attended.visible
        fault = job.fault(chunk.start_frame, chunk.end_frame)
        is_seen = mode != "audio" and visible >= self.recognizer.config.abstention.least_visible
        if reading.withheld is None or fault is None or not is_seen:
            return reading
        heard = f"{reading.withheld}; " if mode == "av" else ""
        return replace(reading, withheld=f"{heard}{fault.reason}")

    def transcript(self, job: _Job) -> Transcript:
        """Put a file's readings together."""
        spans = [(start / VIDEO_FPS, end / VIDEO_FPS) for start, end in job.bounds]
        parts: list[list[Word]] = []
        for reading, (start_s, end_s) in zip(job.readings, spans, strict=True):
            if reading.withheld:
                job.warnings.append(f"{start_s:.1f} s to {end_s:.1f} s: {reading.withheld}")
            parts.append([] if reading.withheld else shifted(reading.words, start_s))
        words = stitch(parts, spans)
        return Transcript(
            path=str(job.path),
            text=" ".join(word.word for word in words),
            words=words,
            confidence=float(np.mean([word.confidence for word in words])) if words else 0.0,
            mode=job.mode_read(),
            model=self.recognizer.name,
            duration_s=job.duration_s,
            rtf=job.seconds / job.duration_s if job.duration_s else 0.0,
            warnings=job.warnings,
            error=job.error,
        )


def shifted(words: Sequence[Word], by_s: float) -> list[Word]:
    """The same words later."""
    return [replace(w, start_s=w.start_s + by_s, end_s=w.end_s + by_s) for w in words]
