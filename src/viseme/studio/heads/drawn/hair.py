"""The drawn hair, ears, neck and shoulders: what surrounds the face."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viseme.studio.heads.drawn.paint import Picture, Plane, inside, lay, paint, step
from viseme.studio.heads.drawn.proportions import Proportions
from viseme.studio.heads.drawn.surface import Hit
from viseme.studio.heads.drawn.view import View

_EAR_W = -0.08
_BACK_W = -0.25
_SHIRT = paint(0.045, 0.075, 0.16)


@dataclass(frozen=True)
class HairStyle:
    """A way to wear the hair, in face units.

    Attributes:
        volume: how far it stands out from the head; 0 for none.
        line: height (v) of the hairline in the middle of the forehead.
        temple: how far the hairline comes down at the temples.
        parting: how much lower the hairline is at the image's right than at its left.
        length: height (v) down to which it hangs behind the head; none if above the ears.
    """

    volume: float
    line: float
    temple: float
    parting: float = 0.0
    length: float = -1.0


STYLES = (
    HairStyle(0.07, -0.64, 0.5),
    HairStyle(0.11, -0.56, 0.62, 0.14, 0.55),
    HairStyle(0.09, -0.62, 0.55, -0.12),
    HairStyle(0.10, -0.60, 0.7, 0.0, 1.35),
    HairStyle(0.025, -0.66, 0.42),
    HairStyle(0.10, -0.47, 0.5, 0.04, 0.95),
)


def draw_behind(
    picture: Picture,
    view: View,
    rays: NDArray[np.float32],
    face: Proportions,
    style: HairStyle,
    hair: Picture,
    light: Picture,
) -> None:
    """Lay the hair behind the head over the picture (3, H, W)."""
    u, v = _on_plane(view, rays, _BACK_W)
    side = np.abs(u)
    cap = 1 - np.hypot(u / (face.width + style.volume), (v + 0.08) / (0.93 + style.volume))
    shape = np.where(v < 0.15, 0.8 * cap, -1)
    if style.length > 0.15:
        wide = face.width + style.volume + 0.03 * step(v, 0, 0.5) - 0.1 * step(v, 0.6, 1.4)
        ends = style.length - 0.25 * side * side - v
        hanging = np.minimum(wide - side, np.minimum(v + 0.1, ends))
        shape = np.maximum(shape, hanging)
    strands = 1 + 0.08 * np.sin(53 * side + 4 * v) * np.sin(31 * side)
    dark = 0.75 - 0.3 * step(v, 0.1, 0.9)
    lay(picture, inside(shape, view.unit_px, 3), hair * light * (dark * strands))


def draw_ears(
    picture: Picture,
    view: View,
    rays: NDArray[np.float32],
    face: Proportions,
    skin: Picture,
    light: Picture,
) -> None:
    """Lay the ears over the picture (3, H, W)."""
    u, v = _on_plane(view, rays, _EAR_W)
    ear = np.hypot((np.abs(u) - face.width - 0.015) / 0.085, v / 0.19)
    inner = 0.75 + 0.25 * step(ear, 0.3, 0.8)
    lay(picture, inside(0.1 * (1 - ear), view.unit_px, 2), skin * light * inner)


def draw_on_head(
    picture: Picture, hit: Hit, style: HairStyle, hair: Picture, light: Picture, unit_px: float
) -> None:
    """Lay the hair on the head over the picture (3, H, W)."""
    side = np.abs(hit.u)
    line = style.line + style.temple * step(side, 0.4, 0.72) + style.parting * np.sin(2 * hit.u)
    behind = np.where(hit.v < 0.35, 0.02 - hit.w, -1)
    shape = np.maximum(line - hit.v, behind)
    mask = inside(shape, unit_px, 4) * inside(hit.edge + 0.03, unit_px)
    strands = 1 + 0.08 * np.sin(47 * side + 6 * hit.v) * np.sin(29 * side - 5 * hit.v)
    lay(picture, mask, hair * light * strands)


def draw_body(
    picture: Picture,
    u: Plane,
    v: Plane,
    skin: Picture,
    light: Picture,
    lean: float,
    unit_px: float,
) -> None:
    """Lay neck and shoulders over the picture (3, H, W), lighter towards the light by `lean`.

    u and v do not turn with the head.
    """
    shade = light * (1 + lean * u)
    shoulders = 1 - np.hypot(u / 1.35, (v - 2.05) / 0.8)
    neck = np.minimum(
        0.37 + 0.4 * step(v, 1.0, 1.45) - np.abs(u), np.minimum(v, 1.4 - 0.4 * u * u - v)
    )
    round_ = np.sqrt(np.maximum(0.2, 1 - (u / 0.6) ** 2))
    chin = 0.55 + 0.3 * step(v, 0.9, 1.4)  # the chin's shadow
    lay(picture, inside(shoulders, unit_px), _SHIRT * shade)
    lay(picture, inside(neck, unit_px, 3), skin * shade * (round_ * chin))


def _on_plane(view: View, rays: NDArray[np.float32], w: float) -> tuple[Plane, Plane]:
    """Where rays cross a plane across the head."""
    eye = view.eye.astype(np.float32)
    reach = (np.float32(w) - eye[2]) / rays[2]
    return eye[0] + reach * rays[0], eye[1] + reach * rays[1]
