"""Labellers on clips whose words are known: error rate of the labels, and time per clip.

    python -m benchmarks labelling --manifest runs/grid/manifest.jsonl --out results/labelling.json

The texts are taken out of some clips and put back by each labeller in turn, one process, one
thread; words of clips that a labeller rejects are left out of its error rate and counted apart.
The aligner gets the texts and gives word times, which are compared with those of the corpus.
"""

import argparse
import json
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from viseme.data.manifest import Clip, read_manifest, write_manifest
from viseme.files import atomic_write
from viseme.labelling.aligner import Aligner
from viseme.labelling.annotator import Annotator
from viseme.labelling.transcriber import Transcriber
from viseme.metrics.recognition import cer, wer
from viseme.provenance import provenance
from viseme.text.normalise import normalise
from viseme.verbs.label import label
from viseme.verbs.label.labellers import find_labeller

LABELLERS = (
    "pocketsphinx+grid",
    "pocketsphinx",
    "whisper-tiny.en",
    "whisper-base",
    "grid-s1-vsr",
    "grid-s1-vsr+grid",
)
WITH_GRAMMAR = "+"


def chosen(clips: Sequence[Clip], splits: Iterable[str], count: int) -> list[Clip]:
    """So many clips of each split, evenly from its whole length."""
    found: list[Clip] = []
    for split in splits:
        part = [clip for clip in clips if clip.split == split and clip.text]
        count = min(count, len(part))
        found += [part[index * len(part) // count] for index in range(count)]
    return found


def annotated(
    clips: Sequence[Clip], annotator: Annotator, folder: Path
) -> tuple[dict[str, Clip], dict[str, float]]:
    """The clips by id as the annotator leaves them, and what it took."""
    manifest = folder / "manifest.jsonl"
    write_manifest(manifest, clips)
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    report = label(manifest, folder / "labels.jsonl", annotator, workers=1, resume=False)
    seconds = {
        "wall_s_per_clip": (time.perf_counter() - wall_s) / len(clips),
        "cpu_s_per_clip": (time.process_time() - cpu_s) / len(clips),
    }
    return {clip.id: clip for clip in read_manifest(report.out)}, seconds


def label_figures(clips: Sequence[Clip], name: str, folder: Path) -> dict[str, Any]:
    """Error rates of a labeller by split, its speed, and its mean confidence."""
    labeller, _, grammar = name.partition(WITH_GRAMMAR)
    transcriber = Transcriber(find_labeller(labeller, grammar or None))
    blank = [replace(c, text=None, words=[], label_source=None, confidence=None) for c in clips]
    labelled, seconds = annotated(blank, transcriber, folder)
    pairs: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for clip in clips:
        if clip.id in labelled:
            pair = str(clip.text), str(labelled[clip.id].text)
            pairs[str(clip.split)].append(pair)
            pairs["all"].append(pair)
    figures: dict[str, Any] = {"rejected": len(clips) - len(labelled), **seconds}
    for split, said in pairs.items():
        references, texts = zip(*said, strict=True)
        figures[split] = {
            "clips": len(said),
            "wer": asdict(wer(references, texts)),
            "cer": asdict(cer(references, texts)),
        }
    sure = [clip.confidence for clip in labelled.values() if clip.confidence is not None]
    figures["mean_confidence"] = float(np.mean(sure)) if sure else None
    return figures


def alignment_figures(clips: Sequence[Clip], folder: Path) -> dict[str, Any]:
    """Distances between aligned and given starts and ends of words, and the aligner's speed."""
    known = {clip.id: clip for clip in clips if clip.words}
    aligned, seconds = annotated([replace(c, words=[]) for c in clips], Aligner(), folder)
    errors_s = [
        abs(found_s - given_s)
        for clip_id, clip in known.items()
        if aligned[clip_id].words
        and [w.word for w in aligned[clip_id].words] == normalise(str(clip.text)).split()
        for found, given in zip(aligned[clip_id].words, clip.words, strict=True)
        for found_s, given_s in ((found.start_s, given.start_s), (found.end_s, given.end_s))
    ]
    return {
        "clips": len(clips),
        "failed": sum(not clip.words for clip in aligned.values()),
        "boundaries": len(errors_s),
        "mean_error_s": float(np.mean(errors_s)),
        "median_error_s": float(np.median(errors_s)),
        "error_90_percent_s": float(np.percentile(errors_s, 90)),
        **seconds,
    }


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--splits", nargs="+", default=["test"])
    parser.add_argument("--clips", type=int, default=60, help="of each split")
    parser.add_argument("--labellers", nargs="+", default=LABELLERS)
    arguments = parser.parse_args()
    clips = chosen(read_manifest(arguments.manifest), arguments.splits, arguments.clips)
    record = provenance(["python", "-m", "benchmarks", "labelling", *sys.argv[1:]])
    record["data"] = {"manifest": str(arguments.manifest), "clips": [clip.id for clip in clips]}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        record["alignment"] = alignment_figures(clips, folder)
        record["labellers"] = {}
        for labeller in arguments.labellers:
            record["labellers"][labeller] = label_figures(clips, labeller, folder)
            with atomic_write(arguments.out) as file:
                file.write(json.dumps(record, indent=2) + "\n")


if __name__ == "__main__":
    main()
