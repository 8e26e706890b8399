"""The head as a solid: where rays of a pinhole camera meet it, and where its points are seen.

It is an ellipsoid whose half axes change with height, with a relief of nose, brows, lips and chin
on top. A ray is followed to the ellipsoid exactly at a guessed height, the height is corrected, and
a step along the ray makes up for the relief; for turns of up to about 30 degrees that is enough.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viseme.studio.camera import Camera
from viseme.studio.heads.drawn.paint import Plane, step
from viseme.studio.heads.drawn.proportions import UNIT_CM, Proportions
from viseme.studio.heads.drawn.skin import Skin

_DEPTH, _CROWN = 0.84, 1.0
_JAW_REACH = 0.25  # face units that the chin falls at jawOpen 1


@dataclass(frozen=True)
class Jaw:
    """Where the lower face is.

    Attributes:
        drop: how far the chin has come down, face units.
        shift: how far it has moved to the image's right.
        puff: 0 to 1, how much air is in the cheeks.
    """

    drop: float
    shift: float
    puff: float

    @classmethod
    def of(cls, weights: dict[str, float]) -> "Jaw":
        """The jaw at weights of the face units."""
        shift = 0.05 * (weights["jawLeft"] - weights["jawRight"])
        return cls(_JAW_REACH * weights["jawOpen"], shift, weights["cheekPuff"])

    def rest_v(self, v: Plane | float) -> Plane:
        """Where the skin at height v is when the mouth is shut."""
        return v - self.drop * step(v, 0.3, 1.05)

    def shift_at(self, v: Plane | float) -> Plane:
        """How far the face is moved sideways at height v."""
        return self.shift * step(v, 0.25, 0.9)


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
    def of(cls, camera: Camera, turn: NDArray[np.float64], place_cm: NDArray[np.float64]) -> "View":
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

    def rays(self, grid: NDArray[np.float32]) -> NDArray[np.float32]:
        """Directions (3, ...) of the pixels at offsets (2, ...) px from the picture's middle."""
        right, down, away = self.axes.astype(np.float32)
        x, y = grid / np.float32(self.focal_px)
        return np.stack([right[k] * x + down[k] * y + away[k] for k in range(3)])

    def project(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Places (..., 2) px of points (..., 3) in face units."""
        seen = (points - self.eye) @ self.axes.T
        return seen[..., :2] / seen[..., 2:] * self.focal_px + self.camera.size_px / 2


def turn_matrix(rotation: NDArray[np.floating]) -> NDArray[np.float64]:
    """Matrix (3, 3) of pitch, yaw and roll as `Performance` defines them."""
    (sp, sy, sr), (cp, cy, cr) = np.sin(rotation, dtype=float), np.cos(rotation, dtype=float)
    roll = np.array([(cr, -sr, 0), (sr, cr, 0), (0, 0, 1)])
    pitch = np.array([(1, 0, 0), (0, cp, -sp), (0, sp, cp)])
    yaw = np.array([(cy, 0, sy), (0, 1, 0), (-sy, 0, cy)])
    return yaw @ pitch @ roll


@dataclass(frozen=True)
class Hit:
    """Where rays meet the head.

    Attributes:
        u, v, w: the places, face units; for rays that miss, where they pass closest.
        edge: how far inside the head's outline the ray is, face units; negative outside.
        normal: of the ellipsoid (3, ...), without the relief.
    """

    u: Plane
    v: Plane
    w: Plane
    edge: Plane
    normal: NDArray[np.float32]


class Surface:
    """The solid of one face at one time."""

    def __init__(self, face: Proportions, skin: Skin, jaw: Jaw) -> None:
        self._face, self._skin, self._jaw = face, skin, jaw
        self._chin = face.chin_v + jaw.drop

    def _half_axes(self, v: Plane | float) -> tuple[Plane, Plane, Plane]:
        face, low = self._face, step(v, 0.1, 1.0)
        width = face.width * (1 + (face.jaw - 1) * low)
        if self._jaw.puff:
            width = width + 0.05 * self._jaw.puff * np.exp(-(((v - 0.5) / 0.2) ** 2))
        height = np.where(np.asarray(v) < 0, np.float32(_CROWN), np.float32(self._chin))
        return width, height, _DEPTH * (1 + 0.25 * step(v, 0.3, 1.0))

    def meet(self, eye: NDArray[np.floating], rays: NDArray[np.float32]) -> Hit:
        """Follow rays (3, ...) from `eye` to the head."""
        eye = eye.astype(np.float32)
        v = eye[1] + rays[1] * ((0.5 - eye[2]) / rays[2])
        for _ in range(3):
            width, height, depth = self._half_axes(v)
            start_u = eye[0] - self._jaw.shift_at(v)
            du, dv, dw = rays[0] / width, rays[1] / height, rays[2] / depth
            ou, ov, ow = start_u / width, eye[1] / height, eye[2] / depth
            a = du * du + dv * dv + dw * dw
            nearest = -(du * ou + dv * ov + dw * ow) / a
            u1, v1, w1 = ou + nearest * du, ov + nearest * dv, ow + nearest * dw
            miss = u1 * u1 + v1 * v1 + w1 * w1
            reach = nearest - np.sqrt(np.maximum(1 - miss, 0) / a)
            v = eye[1] + reach * rays[1]
        normal = np.stack(
            [(ou + reach * du) / width, (ov + reach * dv) / height, (ow + reach * dw) / depth]
        )
        edge = width * (1 - np.sqrt(miss))
        for _ in range(2):  # up to the relief; where it is high the skin faces the front
            u, v = eye[0] + reach * rays[0], eye[1] + reach * rays[1]
            lift = self._skin.relief(u - self._jaw.shift_at(v), self._jaw.rest_v(v))
            near = reach + lift / rays[2]
        u, v, w = (eye[k] + near * rays[k] for k in range(3))
        return Hit(u, v, w, edge, normal)

    def rest(self, hit: Hit) -> tuple[Plane, Plane]:
        """Where on the face at rest the skin of a hit belongs."""
        return hit.u - self._jaw.shift_at(hit.v), self._jaw.rest_v(hit.v)

    def point(self, u: float, v: float) -> NDArray[np.float64]:
        """The place (3,) of the surface in front of (u, v), relief included."""
        width, height, depth = self._half_axes(v)
        centred = u - self._jaw.shift_at(v)
        out = np.sqrt(max(0.0, 1 - float(centred / width) ** 2 - float(v / height) ** 2))
        lift = self._skin.relief(np.asarray(centred), np.asarray(self._jaw.rest_v(v)))
        return np.array([u, v, float(depth) * out + float(lift)])
