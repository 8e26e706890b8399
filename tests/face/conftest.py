"""Real clips and the real tracker, shared by the tests of the face room."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

import av
import pytest
from synthetic_faces import Frames

from viseme.face.tracker import LandmarkTracker


@pytest.fixture(scope="session")
def landmark_tracker(face_networks: Path) -> LandmarkTracker:
    return LandmarkTracker()


@pytest.fixture(scope="session")
def grid_clips(grid_root: Path) -> dict[str, Path]:
    """One clip of each speaker that is not kept for tests of recognition."""
    clips: dict[str, Path] = {}
    for line in (grid_root / "manifest.jsonl").read_text().splitlines():
        row = json.loads(line)
        if row["split"] in ("train", "val", "train_other"):
            clips.setdefault(row["speaker"], grid_root / row["video"])
    return clips


@pytest.fixture(scope="session")
def grid_frames(grid_clips: dict[str, Path]) -> Callable[[str], Frames]:
    """The frames of a speaker's clip."""

    @cache
    def read(speaker: str) -> Frames:
        with av.open(str(grid_clips[speaker])) as container:
            return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]

    return read
