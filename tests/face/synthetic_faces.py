"""Faces made of numbers, for tests of what comes after the tracker."""

from collections.abc import Callable, Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from viseme.face.align import MEAN_FACE, REGIONS
from viseme.face.mesh import NUM_LANDMARKS
from viseme.face.tracker import Face

Frames = list[NDArray[np.uint8]]
LIPS = (13, 14)


def mesh(
    scale: float = 1.0,
    angle: float = 0.0,
    shift: tuple[float, float] = (0.0, 0.0),
    opening: float = 0.0,
) -> NDArray[np.float32]:
    """Landmarks (478, 3) px whose region means are those of the mean face, moved as a whole.

    `opening` (px of the mean face) parts the inner lips without moving the mouth's mean.
    """
    points = np.zeros((NUM_LANDMARKS, 2))
    for region, mean in zip(REGIONS, MEAN_FACE, strict=True):
        turn = 2 * np.pi * np.arange(len(region)) / len(region)
        points[list(region)] = mean + 6 * np.stack([np.cos(turn), np.sin(turn)], 1)
    upper, lower = LIPS
    points[[upper, lower]] = points[[upper, lower]].mean(0)
    points[upper, 1] -= opening / 2
    points[lower, 1] += opening / 2
    points[points[:, 0] == 0] = MEAN_FACE.mean(0)
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    moved = points @ np.array([(cos, sin), (-sin, cos)]) + shift
    return np.concatenate([moved, np.zeros((NUM_LANDMARKS, 1))], 1).astype(np.float32)


def face(landmarks: NDArray[np.float32], track_id: int = 0) -> Face:
    x0, y0 = landmarks[:, :2].min(0).tolist()
    x1, y1 = landmarks[:, :2].max(0).tolist()
    return Face(track_id, landmarks, (x0, y0, x1, y1), 0.9)


class ScriptedTracker:
    """A `FaceTracker` that gives the faces that `script` has for the number of the frame."""

    def __init__(self, script: Callable[[int], list[Face]]) -> None:
        self._script = script

    def track(self, frames: Iterable[NDArray[np.uint8]]) -> Iterator[list[Face]]:
        for number, _ in enumerate(frames):
            yield self._script(number)


def noise_frames(count: int, height: int = 288, width: int = 360) -> Frames:
    """Frames of smooth random texture, each another one."""
    generator = np.random.default_rng(0)
    frames = []
    for _ in range(count):
        coarse = generator.integers(0, 256, (height // 8, width // 8, 3), dtype=np.uint8)
        frames.append(coarse.repeat(8, 0).repeat(8, 1))
    return frames
