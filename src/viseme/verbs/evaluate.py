"""`viseme evaluate`: error rates, calibration and speed of a model on a prepared manifest."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from viseme.data.example import VIDEO_FPS, Example
from viseme.data.loading import load_example
from viseme.data.manifest import Clip, read_manifest
from viseme.data.rejects import Reject
from viseme.data.splits import no_clips_of
from viseme.metrics.calibration import expected_calibration_error
from viseme.metrics.recognition import align, cer, confusions, wer
from viseme.nn.precision import Precision
from viseme.recognition.beam_search import SearchOptions
from viseme.recognition.grammar import Constraint, load_grammar
from viseme.recognition.recognizer import Reading, Recognizer
from viseme.systems import load_recognizer
from viseme.text.normalise import normalise
from viseme.text.transcript import Word
from viseme.verbs.conditions import CLEAN, Condition
from viseme.verbs.modes import UNHEARD, Mode, attend, mode_of
from viseme.verbs.streams import read_attended

Progress = Callable[[str, float], None]

NUM_CONFUSIONS = 20


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


def evaluate(
    model: str | Path | Recognizer,
    manifest: str | Path,
    *,
    splits: Sequence[str] | None = None,
    constraint: str | Path | None = None,
    beam: int | None = None,
    precision: Precision = "auto",
    batch_size: int = 8,
    device: str = "auto",
    mode: Mode = "auto",
    conditions: Sequence[Condition] = (CLEAN,),
    rejects: list[Reject] | None = None,
    on_progress: Progress | None = None,
) -> dict[str, Any]:
    """Score a model on the transcribed clips of a manifest; a plain report by split.

    Noisy conditions are entries of their own, such as "test, babble 0 dB".

    Args:
        model: name of a bundled model, a model folder, or a loaded model.
        manifest: what `viseme prepare` wrote.
        splits: which splits; None for all that the manifest has.
        constraint: grammar that the texts must follow.
        beam: width of the search; None for the model's own.
        precision: of the network; a loaded model stays as it is.
        batch_size: clips read together.
        device: "auto", "cpu" or "cuda".
        mode: what an audio-visual model reads; "auto" decides for each clip.
        conditions: under which the clips are read; clean if not told otherwise.
        rejects: takes the manifest's lines that are no clips; without it they are an error.
        on_progress: called with a clip's id and the share of all clips read.

    Raises:
        ManifestError: the manifest is malformed, or a split has no transcribed clips.
        VisemeError: the model or the constraint is unusable.
    """
    recognizer = (
        load_recognizer(model, device, precision) if isinstance(model, str | Path) else model
    )
    options = recognizer.config.search
    options = options if beam is None else replace(options, beam_size=beam)
    grammar = load_grammar(constraint, recognizer.tokenizer.encode) if constraint else None
    rows = read_manifest(manifest, rejects)
    clips = [clip for clip in rows if clip.text]
    wanted = list(splits) if splits else sorted({str(clip.split) for clip in clips})
    report: dict[str, Any] = {"model": recognizer.name, "search": asdict(options)}
    report["constraint"] = str(constraint) if constraint else None
    report["mode"], report["precision"] = mode_of(recognizer, mode), recognizer.precision
    chosen = {name: [clip for clip in clips if str(clip.split) == name] for name in wanted}
    if missing := [name for name, part in chosen.items() if not part]:
        raise no_clips_of(missing, rows, manifest)
    total, done = sum(map(len, chosen.values())) * len(conditions), 0
    for name, part in chosen.items():
        for condition in conditions:
            started = time.perf_counter()
            read: list[ReadClip] = []
            for item in read_clips(recognizer, part, options, grammar, batch_size, mode, condition):
                read.append(item)
                done += 1
                if on_progress is not None:
                    on_progress(item.clip.id, done / total)
            title = name if condition.kind is None else f"{name}, {condition.name}"
            report[title] = summary(read, time.perf_counter() - started)
    return report


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


def summary(read: Sequence[ReadClip], seconds: float) -> dict[str, Any]:
    """Figures over read clips: rates with 95 % intervals, calibration, speed, single texts."""
    references = [str(item.clip.text) for item in read]
    texts = [item.text for item in read]
    verdicts = [verdict for item in read for verdict in item.verdicts()]
    confidence, correct = [c for c, _ in verdicts], [ok for _, ok in verdicts]
    return {
        "clips": len(read),
        "wer": asdict(wer(references, texts)),
        "cer": asdict(cer(references, texts)),
        "withheld": sum(item.reading.withheld is not None for item in read),
        "calibration_error": expected_calibration_error(confidence, correct) if verdicts else None,
        "word_times": word_time_errors(read),
        "reading_rtf": seconds / (max(1, sum(item.num_frames for item in read)) / VIDEO_FPS),
        "confusions": confusions(references, texts, most=NUM_CONFUSIONS),
        "texts": [
            {"id": item.clip.id, "said": said, "read": text}
            for item, said, text in zip(read, references, texts, strict=True)
        ],
    }


def word_time_errors(read: Sequence[ReadClip]) -> dict[str, Any] | None:
    """How far word times are off, in seconds, over clips that were read right and whose times are
    known; None without any. `by_ctc` holds the same for times of CTC alone, as a control."""
    right = [item for item in read if item.clip.words and _is_right(item)]
    if not right:
        return None
    found = _errors([(item.reading.words, item.clip.words) for item in right])
    by_ctc = _errors([(item.reading.by_ctc, item.clip.words) for item in right])
    return {"clips": len(right)} | found | {"by_ctc": by_ctc}


def _is_right(item: ReadClip) -> bool:
    words = normalise(" ".join(word.word for word in item.clip.words)).split()
    said = normalise(str(item.clip.text)).split()
    return normalise(item.text).split() == said == words and item.reading.withheld is None


def _errors(pairs: Sequence[tuple[Sequence[Word], Sequence[Word]]]) -> dict[str, Any]:
    """Of word times against true ones: all starts, first starts, other starts, all ends."""
    starts = [[w.start_s - true.start_s for w, true in zip(*p, strict=True)] for p in pairs]
    ends = [[w.end_s - true.end_s for w, true in zip(*p, strict=True)] for p in pairs]
    parts = {
        "starts": list(chain.from_iterable(starts)),
        "first_starts": [row[0] for row in starts],
        "other_starts": list(chain.from_iterable(row[1:] for row in starts)),
        "ends": list(chain.from_iterable(ends)),
    }
    return {name: _spread(errors) for name, errors in parts.items() if errors}


def _spread(errors: Sequence[float]) -> dict[str, float]:
    size = np.abs(errors)
    return {
        "median_s": float(np.median(size)),
        "p95_s": float(np.percentile(size, 95)),
        "mean_signed_s": float(np.mean(errors)),
    }
