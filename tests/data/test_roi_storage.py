"""Mouth ROIs come back from disk exactly as they were written."""

from pathlib import Path

import numpy as np
import pytest

from viseme.data.roi_storage import read_rois, write_rois
from viseme.errors import MediaError
from viseme.media import write_video


def rois(kind: str, num_frames: int) -> np.ndarray:
    if kind == "noise":
        return np.random.default_rng(1).integers(0, 256, (num_frames, 96, 96), dtype=np.uint8)
    if kind == "black":
        return np.zeros((num_frames, 96, 96), np.uint8)
    step = np.arange(96)[:, None] + 2 * np.arange(96)
    return (step[None] + 3 * np.arange(num_frames)[:, None, None]).astype(np.uint8)


@pytest.mark.parametrize("kind", ["noise", "black", "gradient"])
@pytest.mark.parametrize("num_frames", [1, 2, 75])
def test_every_pixel_and_frame_survives(tmp_path: Path, kind: str, num_frames: int) -> None:
    write_rois(tmp_path / "a.mp4", rois(kind, num_frames))
    back = read_rois(tmp_path / "a.mp4")
    assert back.dtype == np.uint8
    assert back.flags["C_CONTIGUOUS"]
    np.testing.assert_array_equal(back, rois(kind, num_frames))


def test_the_same_rois_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.mp4", "b.mp4"):
        write_rois(tmp_path / name, rois("gradient", 30))
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_smooth_pictures_take_less_room_than_raw_ones(tmp_path: Path) -> None:
    write_rois(tmp_path / "a.mp4", rois("gradient", 75))
    assert (tmp_path / "a.mp4").stat().st_size < 75 * 96 * 96 / 4


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((5, 88, 88), np.uint8),
        np.zeros((96, 96), np.uint8),
        np.zeros((5, 96, 96), np.float32),
        np.zeros((5, 96, 96, 3), np.uint8),
    ],
)
def test_only_mouth_rois_are_written(tmp_path: Path, wrong: np.ndarray) -> None:
    with pytest.raises(ValueError, match="mouth ROIs"):
        write_rois(tmp_path / "a.mp4", wrong)
    assert list(tmp_path.iterdir()) == []


def test_an_ordinary_video_is_told_from_mouth_rois(tmp_path: Path) -> None:
    write_video(tmp_path / "a.mp4", [np.zeros((120, 160, 3), np.uint8)] * 3, 25)
    with pytest.raises(MediaError, match=r"160x120.*viseme prepare"):
        read_rois(tmp_path / "a.mp4")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"nowhere\.mp4"):
        read_rois(tmp_path / "nowhere.mp4")
