"""Preparing real clips with the real tracker."""

import json
from pathlib import Path

import numpy as np
import pytest

from viseme.data.manifest import read_manifest, write_manifest
from viseme.data.prepare import PrepareReport, prepare
from viseme.data.roi_storage import read_rois
from viseme.media import read_audio

LATE_FACE = "grid-s1-bbizzn"
"""Its first 12 frames are grey: a gap that is just short enough to be bridged."""

HALF_GREY = "grid-s1-pbio7a"
"""Grey for almost half of its time, and then damaged."""

PLAIN = "grid-s1-bbaf3s"


@pytest.fixture(scope="module")
def report(
    grid_root: Path, face_networks: Path, tmp_path_factory: pytest.TempPathFactory
) -> PrepareReport:
    folder = tmp_path_factory.mktemp("grid")
    clips = [
        clip
        for clip in read_manifest(grid_root / "manifest.jsonl")
        if clip.id in (LATE_FACE, HALF_GREY, PLAIN)
    ]
    assert len(clips) == 3
    write_manifest(folder / "some.jsonl", clips)
    return prepare(folder / "some.jsonl", folder / "out", workers=1)


def test_the_damaged_clip_is_rejected(report: PrepareReport) -> None:
    rows = [json.loads(line) for line in (report.out / "rejects.jsonl").read_text().splitlines()]
    assert [(row["id"], row["code"]) for row in rows] == [(HALF_GREY, "face_lost")]


def test_a_late_face_is_bridged(report: PrepareReport) -> None:
    clips = {clip.id: clip for clip in read_manifest(report.out / "manifest.jsonl")}
    assert clips[LATE_FACE].extra["visible_share"] == 1.0
    assert clips[LATE_FACE].extra["num_frames"] == 75


def test_labels_of_the_corpus_are_untouched(report: PrepareReport, grid_root: Path) -> None:
    raw = {clip.id: clip for clip in read_manifest(grid_root / "manifest.jsonl")}
    for clip in read_manifest(report.out / "manifest.jsonl"):
        for name in ("text", "words", "split", "speaker", "corpus", "label_source"):
            assert getattr(clip, name) == getattr(raw[clip.id], name)


def test_the_mouth_moves_and_the_sound_is_there(report: PrepareReport) -> None:
    for clip in read_manifest(report.out / "manifest.jsonl"):
        assert clip.video is not None
        assert clip.audio is not None
        rois = read_rois(clip.video).astype(np.float32)
        half = len(rois) // 2
        lips = rois[half - 15 : half + 15, 40:75, 25:70]
        forehead_side = rois[half - 15 : half + 15, :10, :10]
        assert lips.std(0).mean() > forehead_side.std(0).mean()
        assert len(read_audio(clip.audio)) == pytest.approx(2.98 * 16_000, abs=160)
