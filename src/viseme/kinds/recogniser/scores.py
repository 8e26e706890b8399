"""How well a recogniser reads: error rates, calibration, word times, speed."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from viseme.data.example import VIDEO_FPS
from viseme.data.manifest import Clip
from viseme.kinds import Progress
from viseme.kinds.recogniser.clips import ReadClip, read_clips
from viseme.kinds.recogniser.conditions import CLEAN, Condition
from viseme.kinds.recogniser.modes import Mode, mode_of
from viseme.metrics.calibration import expected_calibration_error
from viseme.metrics.recognition import cer, confusions, wer
from viseme.recognition.grammar import load_grammar
from viseme.recognition.recognizer import Recognizer
from viseme.text.normalise import normalise
from viseme.text.transcript import Word

NUM_CONFUSIONS = 20


def evaluate(
    recognizer: Recognizer,
    clips: Mapping[str, Sequence[Clip]],
    *,
    constraint: str | Path | None = None,
    beam: int | None = None,
    batch_size: int = 8,
    mode: Mode = "auto",
    conditions: Sequence[Condition] = (CLEAN,),
    on_progress: Progress | None = None,
) -> dict[str, Any]:
    """Score a recogniser on transcribed clips; a plain report by split.

    Noisy conditions are entries of their own, such as "test, babble 0 dB".

    Args:
        recognizer: the model.
        clips: by split.
        constraint: grammar that the texts must follow.
        beam: width of the search; None for the model's own.
        batch_size: clips read together.
        mode: what an audio-visual model reads; "auto" decides for each clip.
        conditions: under which the clips are read; clean if not told otherwise.
        on_progress: called with a clip's id and the share of all clips read.

    Raises:
        ConfigError: the model cannot read the mode, or the constraint is unusable.
    """
    options = recognizer.config.search
    options = options if beam is None else replace(options, beam_size=beam)
    grammar = load_grammar(constraint, recognizer.tokenizer.encode) if constraint else None
    report: dict[str, Any] = {"search": asdict(options)}
    report["constraint"] = str(constraint) if constraint else None
    report["mode"], report["precision"] = mode_of(recognizer, mode), recognizer.precision
    total, done = sum(map(len, clips.values())) * len(conditions), 0
    for split, part in clips.items():
        for condition in conditions:
            started = time.perf_counter()
            read: list[ReadClip] = []
            for item in read_clips(recognizer, part, options, grammar, batch_size, mode, condition):
                read.append(item)
                done += 1
                if on_progress is not None:
                    on_progress(item.clip.id, done / total)
            title = split if condition.kind is None else f"{split}, {condition.name}"
            report[title] = summary(read, time.perf_counter() - started)
    return report


def rows(report: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """The chief figures of every split; the rest is left to the report."""
    lines: list[tuple[str, ...]] = [("SPLIT", "CLIPS", "WER", "95 %", "CER", "WITHHELD")]
    for name, part in report.items():
        if isinstance(part, Mapping) and "wer" in part:
            word, character = part["wer"], part["cer"]
            interval = f"{word['low']:.1%}-{word['high']:.1%}"
            rates = f"{word['rate']:.1%}", interval, f"{character['rate']:.1%}"
            lines.append((name, str(part["clips"]), *rates, str(part["withheld"])))
    return lines


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
