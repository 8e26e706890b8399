"""The head as a solid: where a camera's rays meet it, and where its points are.

It is an ellipsoid whose half axes change with height, with a relief of nose, brows, lips and chin
on top. A ray is followed to the ellipsoid exactly at a guessed height, the height is corrected, and
a step along the ray makes up for the relief; for turns of up to about 30 degrees that is enough.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viseme.studio.heads.drawn.paint import Plane, step
from viseme.studio.heads.drawn.proportions import Proportions
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

    def rest_v(self, v: Plane) -> Plane:
        """Where the skin at height v is when the mouth is shut."""
        return v - self.drop * step(v, 0.3, 1.05)

    def shift_at(self, v: Plane) -> Plane:
        """How far the face is moved sideways at height v."""
        return self.shift * step(v, 0.25, 0.9) if self.shift else np.zeros(1, np.float32)


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

    def _half_axes(self, v: Plane) -> tuple[Plane, Plane, Plane]:
        face, low = self._face, step(v, 0.1, 1.0)
        width = face.width * (1 + (face.jaw - 1) * low)
        if self._jaw.puff:
            width = width + 0.05 * self._jaw.puff * np.exp(-(((v - 0.5) / 0.2) ** 2))
        height = np.where(v < 0, np.float32(_CROWN), np.float32(self._chin))
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

    def points(self, places: NDArray[np.floating]) -> NDArray[np.float64]:
        """Points (N, 3) of the surface in front of places u, v (N, 2), relief included."""
        u, v = np.asarray(places, np.float64).T
        width, height, depth = self._half_axes(v)
        centred = u - self._jaw.shift_at(v)
        out = np.sqrt(np.maximum(0, 1 - (centred / width) ** 2 - (v / height) ** 2))
        lift = self._skin.relief(centred, self._jaw.rest_v(v))
        return np.stack([u, v, depth * out + lift], axis=1)
