"""The bundled model on real clips of GRID: copies, batches, abstaining, error rate."""

import json
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from media_clips import MATRICES, write_clip
from viseme.media import read_frames
from viseme.metrics.recognition import wer
from viseme.recognition.recognizer import Recognizer
from viseme.systems import load
from viseme.verbs.transcribe import transcribe_files

MODEL = "grid-s1-vsr"
CLIP = "grid-s1-bbbs6p"


@pytest.fixture(scope="module")
def model() -> Recognizer:
    return load(MODEL, "cpu")


@pytest.fixture(scope="module")
def clips(grid_root: Path) -> dict[str, tuple[Path, str]]:
    """Path and text of the test clips, by id."""
    rows = map(json.loads, (grid_root / "manifest.jsonl").read_text().splitlines())
    chosen = (row for row in rows if row["split"] == "test")
    return {row["id"]: (grid_root / row["video"], row["text"]) for row in chosen}


def texts(paths: Sequence[Path], model: Recognizer, **options) -> list[str]:
    found = list(transcribe_files(paths, model=model, **options))
    assert [transcript.error for transcript in found] == [None] * len(paths)
    return [transcript.text for transcript in found]


def at_rate(fps: Fraction | float, num_frames: int = 75) -> list[int]:
    """Which of the pictures at 25 fps is on screen at each picture of another rate."""
    count = int(num_frames / 25 * fps)
    return [min(num_frames - 1, int(number / fps * 25)) for number in range(count)]


def test_copies_of_one_clip_give_the_same_text(
    model: Recognizer, clips: dict[str, tuple[Path, str]], tmp_path: Path
) -> None:
    path, _ = clips[CLIP]
    images = list(read_frames(path))
    height, width = images[0].shape[:2]
    size = {"width": width, "height": height}
    copies = [path]
    for fps in (Fraction(30000, 1001), 30, 50, 60):
        numbers = at_rate(fps)
        copies.append(
            write_clip(
                tmp_path / f"at-{float(fps):.2f}.mp4",
                fps=fps,
                num_frames=len(numbers),
                numbers=numbers,
                images=images,
                **size,
            )
        )
    for angle, matrix in MATRICES.items():
        turned = [np.ascontiguousarray(np.rot90(image, angle // 90)) for image in images]
        shown = {"height": turned[0].shape[0], "width": turned[0].shape[1]}
        copies.append(
            write_clip(tmp_path / f"turned-{angle}.mp4", matrix=matrix, images=turned, **shown)
        )
    for name, codec in (("a.mkv", "h265"), ("a.webm", "vp9"), ("a.avi", "h264")):
        copies.append(write_clip(tmp_path / name, codec=codec, images=images, **size))
    read = dict(zip([copy.name for copy in copies], texts(copies, model), strict=True))
    assert len(set(read.values())) == 1, read


def test_a_few_clips_are_read_as_they_were_said(
    model: Recognizer, clips: dict[str, tuple[Path, str]]
) -> None:
    some = list(clips.values())[::10]
    read = texts([path for path, _ in some], model, batch_size=4)
    assert wer([text for _, text in some], read).rate < 0.25


def test_resting_lips_say_nothing(
    model: Recognizer, clips: dict[str, tuple[Path, str]], tmp_path: Path
) -> None:
    path, _ = clips[CLIP]
    first = next(iter(read_frames(path)))
    still = write_clip(
        tmp_path / "still.mp4",
        images=[first],
        numbers=[0] * 75,
        width=first.shape[1],
        height=first.shape[0],
    )
    assert texts([still], model) == [""]


@pytest.mark.slow
def test_every_clip_reads_the_same_alone_and_in_a_batch(
    model: Recognizer, clips: dict[str, tuple[Path, str]]
) -> None:
    paths = [path for path, _ in clips.values()]
    alone = texts(paths, model, batch_size=1)
    assert (
        alone == texts(paths, model, batch_size=8) == texts(paths[::-1], model, batch_size=7)[::-1]
    )


@pytest.mark.slow
def test_originals_read_like_their_copies(
    model: Recognizer, grid_root: Path, clips: dict[str, tuple[Path, str]]
) -> None:
    originals = sorted((grid_root / "original").glob("*.mpg"))
    paths = [clips[f"grid-s1-{original.stem}"][0] for original in originals]
    same = sum(a == b for a, b in zip(texts(originals, model), texts(paths, model), strict=True))
    assert same >= 0.9 * len(originals)
