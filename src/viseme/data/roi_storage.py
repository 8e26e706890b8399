"""Mouth ROIs on disk: one small grey H.264 video per clip.

docs/data.md has the measured table of alternatives that this choice rests on.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from viseme.data.example import VIDEO_FPS
from viseme.errors import MediaError
from viseme.face.align import MOUTH_ROI_SIZE_PX
from viseme.media import read_frames, write_video

_ROI_SHAPE = (MOUTH_ROI_SIZE_PX, MOUTH_ROI_SIZE_PX)


def write_rois(path: str | Path, rois: NDArray[np.uint8]) -> None:
    """Write grey mouth ROIs (T, 96, 96), T > 0, exactly; the folder must exist.

    Raises:
        OutputError: the file cannot be written.
    """
    if rois.dtype != np.uint8 or rois.shape[1:] != _ROI_SHAPE:
        raise ValueError(f"mouth ROIs are uint8 (T, 96, 96), not {rois.dtype} {rois.shape}")
    write_video(path, rois, VIDEO_FPS, lossless=True)


def read_rois(path: str | Path) -> NDArray[np.uint8]:
    """The mouth ROIs (T, 96, 96) that `write_rois` wrote.

    Raises:
        MediaError: the file is missing, damaged, or no file of mouth ROIs.
    """
    rois = np.stack([frame[..., 0] for frame in read_frames(path, fps=None)])
    if rois.shape[1:] != _ROI_SHAPE:
        raise MediaError(
            f"has pictures of {rois.shape[2]}x{rois.shape[1]} px where mouth ROIs have 96x96",
            path=path,
            todo="Run `viseme prepare` on the corpus first.",
        )
    return rois
