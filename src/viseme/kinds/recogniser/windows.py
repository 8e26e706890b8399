"""A long recording in pieces that a recogniser can read, cut where the lips rest."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from viseme.face.crop import MouthBlock

_REST_FRAMES = 9
"""Stillness is averaged over so many frames: a third of a second, longer than most closures."""
_EARLIEST_CUT = 0.4
_REST_SHARE = 0.7
"""Lips rest where they move less than this share of what they do on average in the window."""
_BORDER_SHARE = 6
"""This part of the ROI on every side is face and background, not mouth."""


def windows(
    blocks: Iterable[MouthBlock], size: int, overlap: int
) -> Iterator[tuple[int, NDArray[np.uint8], NDArray[np.bool_]]]:
    """Consecutive blocks as windows of at most `size` frames: (start, ROIs, visible).

    A window ends where the lips rest, and the next begins there. Where they do not, it is `size`
    frames long and the next one begins `overlap` frames before its end. The last window is up to
    `overlap` frames longer rather than leave a stub behind.
    """
    start, rois, visible = 0, np.zeros((0, 1, 1), np.uint8), np.zeros(0, np.bool_)
    for block in blocks:
        rois = np.concatenate([rois, block.rois]) if len(rois) else block.rois
        visible = np.concatenate([visible, block.visible])
        while len(rois) > size + overlap:
            rest = resting_frame(rois[:size])
            end, step = (size, size - overlap) if rest is None else (rest, rest)
            yield start, rois[:end], visible[:end]
            start, rois, visible = start + step, rois[step:], visible[step:]
    if len(rois):
        yield start, rois, visible


def resting_frame(rois: NDArray[np.uint8]) -> int | None:
    """The frame of ROIs (T, H, W), not among the first, where the lips move least.

    None if they never rest there: where the picture changes nearly as much as anywhere.
    """
    if len(rois) <= _REST_FRAMES:
        return None
    side = rois.shape[1]
    inner = slice(side // _BORDER_SHARE, side - side // _BORDER_SHARE)
    mouth = rois[:, inner, inner].astype(np.float32)
    motion = np.abs(np.diff(mouth, axis=0)).mean((1, 2))
    smooth = np.convolve(motion, np.full(_REST_FRAMES, 1 / _REST_FRAMES), "valid")
    centre = _REST_FRAMES // 2 + 1  # of the first average, as a frame
    first = max(0, round(len(rois) * _EARLIEST_CUT) - centre)
    stillest = first + int(np.argmin(smooth[first:])) if first < len(smooth) else 0
    if first >= len(smooth) or smooth[stillest] > _REST_SHARE * motion.mean():
        return None
    return stillest + centre
