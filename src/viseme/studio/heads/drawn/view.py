"""A camera as a head sees it: rays of its pixels, and the pixels of points."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viseme.studio.camera import Camera
from viseme.studio.heads.drawn.proportions import UNIT_CM

Part = tuple[slice, slice]
"""Rows and columns of a picture."""


@dataclass(frozen=True)
class View:
    """A camera as a head sees it: face units along u, v and w.

    Attributes:
        eye: place of the camera (3,).
        axes: the camera's right, down and away (3, 3), as rows.
        camera: the camera itself.
    """

    eye: NDArray[np.float64]
    axes: NDArray[np.float64]
    camera: Camera

    @classmethod
    def of(
        cls, camera: Camera, turn: NDArray[np.floating], place_cm: NDArray[np.float64]
    ) -> "View":
        """How a head sees the camera that is turned by `turn` (3, 3) and moved by `place_cm`."""
        origin = camera.to_view(np.asarray(camera.aim_cm, float))
        axes = (camera.to_view(np.eye(3) + np.asarray(camera.aim_cm)) - origin).T
        eye = np.asarray(camera.aim_cm) - origin @ axes - place_cm
        flip = np.array([1, -1, 1])
        return cls(eye @ turn * flip / UNIT_CM, axes @ turn * flip, camera)

    @property
    def focal_px(self) -> float:
        """Px per radian in the middle of the picture."""
        return self.camera.size_px * self.camera.distance_cm / self.camera.view_cm

    @property
    def unit_px(self) -> float:
        """Px of a face unit at the head's distance."""
        return self.focal_px / float(np.linalg.norm(self.eye))

    def rays(self, part: Part) -> NDArray[np.float32]:
        """Directions (3, H, W) of the pixels of a part of the picture."""
        right, down, away = self.axes.astype(np.float32)
        x, y = (pixels(part) - np.float32(self.camera.size_px / 2)) / np.float32(self.focal_px)
        return np.stack([right[k] * x + down[k] * y + away[k] for k in range(3)])

    def window(self, points: NDArray[np.floating], within: Part | None = None) -> Part:
        """The smallest part of the picture, or of a part of it, with the points (N, 3) in it."""
        places, size = self.project(points), self.camera.size_px
        low = np.floor(places.min(0)).astype(int).tolist()
        high = np.ceil(places.max(0)).astype(int).tolist()
        columns, rows = (
            slice(
                min(max(low[k], bound.start), bound.stop),
                max(min(high[k], bound.stop), bound.start),
            )
            for k, bound in enumerate((within or (slice(0, size),) * 2)[::-1])
        )
        return rows, columns

    def project(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Places (..., 2) px of points (..., 3) in face units."""
        seen = (points - self.eye) @ self.axes.T
        return seen[..., :2] / seen[..., 2:] * self.focal_px + self.camera.size_px / 2


def pixels(part: Part) -> NDArray[np.float32]:
    """Middles x and y (2, H, W) of the pixels of a part, px."""
    rows, columns = part
    y, x = np.mgrid[rows.start : rows.stop, columns.start : columns.stop].astype(np.float32)
    return np.stack([x, y]) + np.float32(0.5)
