"""Alignment of a face to the mean face, and the geometry of the mouth ROI.

The geometry is that of Auto-AVSR (arXiv 2303.14307), so that published weights see what they were
trained on: a similarity transform brings four region means (both eyes, nose base, mouth) onto those
of the mean face in a 256x256 frame; the mouth ROI is the 96x96 window centred on the mouth there.

Differs from the original: the transform is the least-squares one over the four points (the original
draws random subsets, which four points of one face do not need), and the ROI is sampled from the
image at once, so that a mouth near the frame's edge gives black pixels and never a smaller crop.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]

MEAN_FACE_SIZE_PX = 256
MEAN_FACE = np.array([(102.1, 94.3), (156.4, 93.6), (129.0, 135.9), (129.3, 157.8)])
"""Region means (x, y) px of the mean face: eyes at the image's left and right, nose, mouth."""

MOUTH_ROI_SIZE_PX = 96
SMOOTHING_RADIUS_FRAMES = 6

# The 478-point mesh indices that lie on the points of the 68-point markup averaged by the original:
# 36-41, 42-47, 31-35 and 48-67.
REGIONS = (
    (33, 160, 158, 133, 153, 144),
    (362, 385, 387, 263, 373, 380),
    (98, 97, 2, 326, 327),
    (61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181, 78, 82, 13, 312, 308, 317, 14, 87),
)


def region_means(landmarks: Array) -> Array:
    """Means (T, 4, 2) of the four stable regions of mesh landmarks (T, 478, 2 or 3), in px."""
    return np.stack([landmarks[:, list(region), :2].mean(1) for region in REGIONS], axis=1)


def smooth(points: Array, radius: int = SMOOTHING_RADIUS_FRAMES) -> Array:
    """Average points (T, P, 2) over +-radius frames, keeping each frame's own centroid.

    The window shrinks towards both ends so that it stays symmetric (no lag at the borders).
    """
    num_frames = len(points)
    index = np.arange(num_frames)
    reach = np.minimum(radius, np.minimum(index, num_frames - 1 - index))
    total = np.concatenate([np.zeros_like(points[:1]), points.cumsum(0)])
    mean = (total[index + reach + 1] - total[index - reach]) / (2 * reach + 1)[:, None, None]
    return mean - mean.mean(1, keepdims=True) + points.mean(1, keepdims=True)


def similarity(source: Array, target: Array) -> Array:
    """Least-squares rotation, uniform scale and shift from source (..., P, 2) to target (P, 2).

    Returns the matrices (..., 2, 3) that map (x, y, 1) of the source to the target.
    """
    source_mean, target_mean = source.mean(-2, keepdims=True), target.mean(-2, keepdims=True)
    s, t = source - source_mean, target - target_mean
    norm = np.maximum((s**2).sum((-2, -1)), 1e-12)
    a = (s * t).sum((-2, -1)) / norm  # scale * cos
    b = (s[..., 0] * t[..., 1] - s[..., 1] * t[..., 0]).sum(-1) / norm  # scale * sin
    linear = np.stack([np.stack([a, -b], -1), np.stack([b, a], -1)], -2)
    shift = np.swapaxes(target_mean, -1, -2) - linear @ np.swapaxes(source_mean, -1, -2)
    return np.concatenate([linear, shift], -1)


def apply(matrix: Array, points: Array) -> Array:
    """Map points (..., P, 2) by matrices (..., 2, 3)."""
    return points @ np.swapaxes(matrix[..., :2], -1, -2) + matrix[..., None, :, 2]


@dataclass(frozen=True)
class FaceWindow:
    """A square window of the mean-face frame, stabilised as the mouth ROI is, at a size of its own.

    Attributes:
        centre: (x, y) px of the mean-face frame.
        side_px: of the window there.
        size_px: of the pictures that are cut.
    """

    centre: tuple[float, float]
    side_px: float
    size_px: int


FACE_CENTRE, FACE_SIDE_PX = (129.0, 133.0), 152.0
"""From above the brows to below the chin."""
HEAD_CENTRE, HEAD_SIDE_PX = (129.0, 110.0), 264.0
"""From above the hair to the neck, with room to turn."""


def window_transforms(points: Array, window: FaceWindow) -> Array:
    """Matrices (T, 2, 3) from image px to window px, for region means (T, 4, 2) in image px."""
    scale = window.size_px / window.side_px
    corner = np.array(window.centre) - window.side_px / 2
    matrix = similarity(smooth(points), MEAN_FACE)
    matrix[..., 2] -= corner
    matrix *= scale
    matrix[..., 2] -= (1 - scale) / 2  # whole numbers are the centres of pixels, in both
    return matrix


def mouth_roi_transforms(points: Array, size_px: int = MOUTH_ROI_SIZE_PX) -> Array:
    """Matrices (T, 2, 3) from image px to mouth-ROI px, for region means (T, 4, 2) in image px.

    The window's corner is rounded to whole pixels of the mean-face frame, as in the original.
    """
    to_mean_face = similarity(smooth(points), MEAN_FACE)
    mouth = apply(to_mean_face, points)[:, 3]
    corner = np.round(mouth) - size_px // 2
    roi = to_mean_face.copy()
    roi[..., 2] -= corner
    return roi
