"""`viseme transcribe`: from recordings to text."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from viseme.ahead import ahead
from viseme.data.example import VIDEO_FPS
from viseme.errors import VisemeError
from viseme.face.select import Selection
from viseme.face.tracker import FaceTracker
from viseme.kinds import Progress
from viseme.kinds.recogniser.modes import Mode
from viseme.kinds.recogniser.recordings import Reader, Recording
from viseme.kinds.recogniser.shallow_fusion import check_units, weighted
from viseme.media import TrackChoice
from viseme.nn.precision import Precision
from viseme.recognition.grammar import load_grammar
from viseme.recognition.recognizer import Recognizer
from viseme.systems import load_language_model, load_recognizer
from viseme.text.transcript import Transcript

DEFAULT_MODEL = "grid-vsr"
BATCH_SIZE = 8


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
    lm = None if language_model is None else load_language_model(language_model, device)
    if lm is not None:
        check_units(lm, recognizer)
    options = weighted(recognizer.config.search, lm, lm_weight)
    if beam is not None:
        options = replace(options, beam_size=beam)
    if ctc_weight is not None:
        options = replace(options, ctc_weight=ctc_weight)
    grammar = None
    if constraint is not None:
        grammar = load_grammar(constraint, recognizer.tokenizer.encode)
    reader = Reader(recognizer, mode, options, grammar, lm, audio_track)
    recordings = [Recording(Path(path), reader.mode) for path in paths]
    # Faces are found by one thread while the chunks before are read by another.
    chunks = (
        (recording, chunk)
        for recording in recordings
        for chunk in reader.chunks(recording, select, tracker)
    )
    made = ahead(chunks, batch_size)
    done, started = 0, time.perf_counter()
    while batch := list(islice(made, batch_size)):
        reader.read(batch)
        seconds = time.perf_counter() - started
        for recording, chunk in batch:
            recording.seconds += seconds * chunk.num_frames / sum(c.num_frames for _, c in batch)
            if on_progress is not None:
                share = chunk.end_frame / VIDEO_FPS / max(recording.duration_s, 1e-9)
                on_progress(str(recording.path), min(1.0, share))
        current = recordings.index(batch[-1][0], done)
        for recording in recordings[done:current]:
            yield reader.transcript(recording)
        done, started = current, time.perf_counter()
    for recording in recordings[done:]:
        yield reader.transcript(recording)
