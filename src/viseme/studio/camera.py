"""Where a head is seen from: a pinhole camera that looks at the middle of the face."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


@dataclass(frozen=True)
class Camera:
    """A pinhole camera on a sphere around the head.

    Attributes:
        name: "centre", "left" or "right", as the person sees it, or any other.
        size_px: side of its square picture.
        distance_cm: from the head's origin.
        view_cm: height of what it sees at the head's distance.
        yaw: how far it stands towards the person's left, radians.
        pitch: how far it stands above the face, radians.
        aim_cm: the point (x, y, z) of head coordinates at rest in the middle of the picture.
    """

    name: str = "centre"
    size_px: int = 128
    distance_cm: float = 100.0
    view_cm: float = 32.0
    yaw: float = 0.0
    pitch: float = 0.0
    aim_cm: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def to_view(self, points: Array) -> Array:
        """Points (..., 3) cm of the room (head at rest) to camera axes: x right, y down, z away."""
        sin_yaw, cos_yaw = np.sin(self.yaw), np.cos(self.yaw)
        sin_pitch, cos_pitch = np.sin(self.pitch), np.cos(self.pitch)
        right = np.array([cos_yaw, 0, -sin_yaw])
        back = np.array([sin_yaw * cos_pitch, sin_pitch, cos_yaw * cos_pitch])
        down = np.cross(right, back)
        moved = points - np.asarray(self.aim_cm)
        view = moved @ np.stack([right, down, -back], axis=1)
        return view + np.array([0, 0, self.distance_cm])

    def project(self, points: Array) -> Array:
        """Points (..., 3) cm of the room to (x, y, z): px of the picture and depth in cm.

        Px are counted from the picture's top left corner: the first pixel's middle is at 0.5. Half
        a pixel less is where `face` sees the same point; there whole numbers are pixels' middles.
        """
        view = self.to_view(points)
        focal_px = self.size_px * self.distance_cm / self.view_cm
        xy = view[..., :2] / view[..., 2:] * focal_px + self.size_px / 2
        return np.concatenate([xy, view[..., 2:]], axis=-1)


def rig(size_px: int = 128, spread: float = np.pi / 6) -> tuple[Camera, Camera, Camera]:
    """Three cameras, centre, left and right, the outer ones `spread` radians to the side."""
    return (
        Camera("centre", size_px),
        Camera("left", size_px, yaw=spread),
        Camera("right", size_px, yaw=-spread),
    )
