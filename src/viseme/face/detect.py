"""Finding faces in a picture: the short-range BlazeFace detector (arXiv 1907.05047).

The network sees 128x128 px, so a face must span about a tenth of what it is shown. The whole
picture is shown first; where no face is found, overlapping squares of it are shown enlarged.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viseme.face.network import FaceNetwork
from viseme.face.warp import warp

INPUT_SIZE_PX = 128
MIN_SCORE = 0.5
SAME_FACE_IOU = 0.3

Image = NDArray[np.uint8]


@dataclass(frozen=True)
class Detection:
    """A face found in a picture.

    Attributes:
        box: x0, y0, x1, y1 in px, brows to chin.
        keypoints: (6, 2) px: eye at the image's left, eye at its right, nose, mouth, both ears.
        score: probability (0 to 1) that this is a face.
    """

    box: NDArray[np.float32]
    keypoints: NDArray[np.float32]
    score: float


class FaceDetector:
    """Finds the faces of single pictures."""

    def __init__(self) -> None:
        self._network = FaceNetwork("face_detector")
        self._anchors = _anchors()

    def __call__(self, image: Image, *, enlarge: bool = True) -> list[Detection]:
        """Faces in an RGB picture (H, W, 3), best first.

        Args:
            image: the picture.
            enlarge: look for small faces too where there is no big one (costs about 25 looks).
        """
        height, width = image.shape[:2]
        side = max(height, width)
        found = self._look(image, (width - side) / 2, (height - side) / 2, side)
        if not found and enlarge:
            squares = _squares(height, width)
            found = [hit for square in squares for hit in self._look(image, *square)]
        return _merge(found)

    def _look(self, image: Image, x0: float, y0: float, side: float) -> list[Detection]:
        """Unmerged detections in the square with corner (x0, y0); it may reach over the edges."""
        step = side / INPUT_SIZE_PX
        centre = step / 2 - 0.5
        to_image = np.array([(step, 0, x0 + centre), (0, step, y0 + centre)])
        patch = warp(image, to_image, INPUT_SIZE_PX)
        regressions, logits = self._network(patch / 127.5 - 1)
        scores = 1 / (1 + np.exp(-np.clip(logits[0, :, 0], -80, 80)))
        chosen = scores > MIN_SCORE
        anchors, raw = self._anchors[chosen], regressions[0, chosen] / INPUT_SIZE_PX
        offset = np.array([x0, y0])
        centres = (raw[:, :2] + anchors) * side + offset
        half = raw[:, 2:4] * side / 2
        boxes = np.concatenate([centres - half, centres + half], 1)
        keypoints = (raw[:, 4:].reshape(-1, 6, 2) + anchors[:, None]) * side + offset
        return [
            Detection(box.astype(np.float32), points.astype(np.float32), float(score))
            for box, points, score in zip(boxes, keypoints, scores[chosen], strict=True)
        ]


def iou(box: NDArray[np.floating], boxes: NDArray[np.floating]) -> NDArray[np.floating]:
    """Intersection over union of one box (4,) with boxes (N, 4)."""
    inner = np.minimum(box[2:], boxes[:, 2:]) - np.maximum(box[:2], boxes[:, :2])
    shared = np.maximum(inner, 0).prod(1)
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(1)
    return shared / np.maximum((box[2:] - box[:2]).prod() + areas - shared, 1e-9)


def _merge(found: list[Detection]) -> list[Detection]:
    """Blend detections that overlap the best of them, weighted by score (BlazeFace section 4)."""
    merged = []
    rest = sorted(found, key=lambda detection: -detection.score)
    while rest:
        overlap = iou(rest[0].box, np.stack([detection.box for detection in rest]))
        group = [d for d, o in zip(rest, overlap, strict=True) if o > SAME_FACE_IOU] or rest[:1]
        weights = [detection.score for detection in group]
        merged.append(
            Detection(
                np.average([d.box for d in group], 0, weights).astype(np.float32),
                np.average([d.keypoints for d in group], 0, weights).astype(np.float32),
                rest[0].score,
            )
        )
        kept = {id(detection) for detection in group}
        rest = [detection for detection in rest if id(detection) not in kept]
    return merged


def _anchors() -> NDArray[np.float32]:
    """Centres (896, 2) of the anchors, 0 to 1: two on each of 16x16 cells, six on each of 8x8."""
    grids = []
    for cells, per_cell in ((16, 2), (8, 6)):
        y, x = np.mgrid[:cells, :cells]
        centres = np.stack([x, y], -1).reshape(-1, 2) + 0.5
        grids.append(np.repeat(centres / cells, per_cell, axis=0))
    return np.concatenate(grids).astype(np.float32)


def _squares(height: int, width: int) -> list[tuple[float, float, float]]:
    """Overlapping squares (x0, y0, side) that cover the picture at two enlargements."""
    squares: list[tuple[float, float, float]] = []
    for side in (min(height, width), min(height, width) / 2):
        rows, columns = (int(np.ceil((n - side) / (side / 2))) + 1 for n in (height, width))
        across = np.linspace(0, width - side, columns).tolist()
        down = np.linspace(0, height - side, rows).tolist()
        squares += [(x0, y0, side) for y0 in down for x0 in across]
    return squares
