"""A raw corpus made by the tests, a face tracker that needs no network, and ways to be stopped."""

import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from viseme.data.prepare import prepare
from viseme.face.tracker import Face
from viseme.media import write_audio, write_video

WIDTH, HEIGHT = 96, 80
DARK = 40
"""Pictures darker than this have no face for `BrightFaceTracker`."""


class BrightFaceTracker:
    """Sees one face in every bright picture, always at the same place."""

    def track(self, frames: Iterable[np.ndarray]) -> Iterator[list[Face]]:
        for image in frames:
            time.sleep(float(os.environ.get("TEST_SECONDS_PER_FRAME", "0")))
            yield [face(image)] if image.mean() > DARK else []


def face(image: np.ndarray) -> Face:
    """A face that fills the picture; its landmarks are a fixed cloud of points."""
    height, width = image.shape[:2]
    points = np.random.default_rng(0).uniform(0.1, 0.9, (478, 3)) * (width, height, width)
    return Face(0, points.astype(np.float32), (0.0, 0.0, width, height), 1.0)


def bright_faces() -> BrightFaceTracker:
    return BrightFaceTracker()


class DeadlyTracker:
    """Kills its process, as a library may on a hostile file."""

    def track(self, frames: Iterable[np.ndarray]) -> Iterator[list[Face]]:
        os._exit(9)


def write_talk(
    path: Path, num_frames: int = 20, dark: Iterable[int] = (), sound_s: float | None = None
) -> Path:
    """A clip whose pictures differ; those in `dark` show no face."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(len(path.stem))
    base = rng.integers(90, 200, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    hidden = set(dark)
    frames = [
        np.zeros_like(base) if i in hidden else np.roll(base, i, axis=1) for i in range(num_frames)
    ]
    audio = None
    if sound_s is not None:
        audio = 0.1 * np.sin(np.arange(round(16_000 * sound_s)) / 20)
    write_video(path, frames, 25, audio)
    return path


def write_corpus(root: Path) -> Path:
    """Six clips that are fine, with and without sound and text, among others that are not."""
    write_talk(root / "train" / "with_text.mp4", sound_s=0.8)
    (root / "train" / "with_text.txt").write_text("hello  world\n")
    write_talk(root / "train" / "silent.mkv", 15)
    write_talk(root / "val" / "cues.mp4", 12)
    (root / "val" / "cues.srt").write_text(
        "1\n00:00:00,000 --> 00:00:00,200\ngood\n\n2\n00:00:00,200 --> 00:00:00,400\n42\n"
    )
    write_talk(root / "separate_sound.mp4", 25)
    write_audio(root / "separate_sound.flac", np.zeros(16_000), 16_000)
    write_talk(root / "blinks.mp4", 30, dark=range(8, 13))
    write_talk(root / "leaves.mp4", 60, dark=range(47, 60))
    write_talk(root / "nobody.mp4", 20, dark=range(20))
    write_talk(root / "hides.mp4", 60, dark=range(10, 60))
    write_talk(root / "blip.mp4", 4)
    write_talk(root / "mismatch.mp4", 20, sound_s=3.0)
    write_talk(root / "twice.avi", 12)
    write_talk(root / "twice.mp4", 12)
    (root / "broken.mp4").write_bytes(b"this is no video" * 100)
    (root / "notes.md").write_text("not a video\n")
    (root / ".hidden.mp4").write_bytes(b"")
    return root


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, hidden ones too, by its relative path."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def run(raw: str, out: str, workers: str) -> None:
    """Prepare, for a process of its own that is going to be stopped."""
    prepare(raw, out, workers=int(workers), make_tracker=bright_faces)
