"""A talking head made of formulas, for a demonstration where there is no recording.

Every pixel is shaded on its own: its place on the head gives a depth, the depth's slope the light,
and soft-edged shapes (eyes, brows, lips, hair) the colour. The lips follow the openings and widths
of a spoken sentence, but nobody has checked that a person could read them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import sin, tau
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from viseme.media import write_video

Plane = NDArray[np.floating]

FPS = 25
NUM_FRAMES = 75
SIZE_PX = 256

_FACE_HALF_HEIGHT = 0.36
"""Of the picture's height; the unit of all lengths on the face below."""
_EYE, _BROW_V, _NOSE_V, _MOUTH_V = (0.29, -0.13), -0.31, 0.2, 0.53
_LIGHT = np.array([-0.4, -0.45, 0.8], np.float32) / np.float32(0.999)

_BACKDROP, _SHIRT = (108, 124, 138), (52, 74, 110)
_SKIN, _LIP, _HAIR = (226, 176, 146), (186, 98, 92), (58, 42, 34)
_EYEBALL, _IRIS, _DARK = (238, 236, 232), (84, 62, 44), (28, 18, 16)
_CAVITY, _TEETH, _TONGUE = (56, 18, 18), (236, 230, 216), (178, 84, 84)

# Seconds, opening of the lips and change of the mouth's width of "bin blue at f two now".
SPEECH = np.array(
    [
        (0.0, 0.00, 0.00),
        (0.5, 0.00, 0.00),
        (0.6, 0.05, 0.03),  # bin
        (0.75, 0.03, 0.02),
        (0.9, 0.00, 0.00),  # blue
        (1.0, 0.05, 0.00),
        (1.15, 0.06, -0.07),
        (1.3, 0.11, 0.02),  # at
        (1.42, 0.03, 0.02),
        (1.55, 0.09, 0.02),  # f
        (1.68, 0.02, 0.01),
        (1.8, 0.03, -0.02),  # two
        (1.95, 0.05, -0.08),
        (2.1, 0.03, -0.02),  # now
        (2.22, 0.14, 0.01),
        (2.4, 0.06, -0.07),
        (2.55, 0.00, 0.00),
        (3.0, 0.00, 0.00),
    ]
)
_BLINKS_S = (0.3, 1.74)
_BLINK_S = 0.16


@dataclass(frozen=True)
class _Pose:
    """Where the head is and what it does at one time.

    Attributes:
        centre: x and y of the face, in parts of the picture's size.
        yaw, pitch, roll: turns in radians, small.
        opening: height of the mouth's opening.
        widening: change of the mouth's half width.
        eyes: 1 open, 0 shut.
    """

    centre: tuple[float, float]
    yaw: float
    pitch: float
    roll: float
    opening: float
    widening: float
    eyes: float

    @classmethod
    def at(cls, time_s: float) -> "_Pose":
        sway = tau * time_s / 3
        times, openings, widths = SPEECH.T
        blink = min(abs(time_s - middle) for middle in _BLINKS_S) / (_BLINK_S / 2)
        return cls(
            centre=(0.5 + 0.012 * sin(sway), 0.46 + 0.008 * sin(2 * sway + 1)),
            yaw=0.07 * sin(sway + 0.5),
            pitch=0.04 * sin(2 * sway),
            roll=0.03 * sin(sway + 2),
            opening=float(np.interp(time_s, times, openings)),
            widening=float(np.interp(time_s, times, widths)),
            eyes=min(1.0, blink),
        )


def write_talking_head(path: str | Path, num_frames: int = NUM_FRAMES) -> None:
    """Write a silent clip at 25 pictures per second, 256x256 px; what is said takes 3 s."""
    write_video(path, talking_head(num_frames), FPS)


def talking_head(
    num_frames: int = NUM_FRAMES, size_px: int = SIZE_PX
) -> Iterator[NDArray[np.uint8]]:
    """Yield pictures (size_px, size_px, 3) RGB of the head, the same ones every time."""
    for number in range(num_frames):
        yield _picture(_Pose.at(number / FPS), size_px)


def _picture(pose: _Pose, size_px: int) -> NDArray[np.uint8]:
    y, x = np.mgrid[0:size_px, 0:size_px].astype(np.float32) / size_px
    canvas = _Canvas(size_px)
    canvas.fill(np.ones_like(x), _BACKDROP, shade=1.1 - 0.5 * np.hypot(x - 0.4, y - 0.35))
    dx, dy = (x - pose.centre[0]) / _FACE_HALF_HEIGHT, (y - pose.centre[1]) / _FACE_HALF_HEIGHT
    u, v = dx + pose.roll * dy, dy - pose.roll * dx
    _body(canvas, u, v)
    v = v - 0.6 * pose.opening * _step(v, 0.45, 1.0)  # the jaw
    depth = 0.8 * np.sqrt(np.maximum(0, 1 - (u / 0.76) ** 2 - v**2))
    u, v = u - pose.yaw * depth, v - pose.pitch * depth
    _head(canvas, u, v, depth)
    _eyes(canvas, u, v, pose.eyes)
    _mouth(canvas, u, v, pose.opening, 0.25 + pose.widening)
    return np.clip(np.rint(canvas.image), 0, 255).astype(np.uint8)


class _Canvas:
    """A square picture that soft-edged shapes are laid on.

    Attributes:
        image: the picture (S, S, 3), 0 to 255.
        light: how much light falls on each pixel, 1 for a colour as it is named.
        unit_px: length of the face's unit.
    """

    def __init__(self, size_px: int) -> None:
        self.image = np.zeros((size_px, size_px, 3), np.float32)
        self.light: Plane = np.ones((size_px, size_px), np.float32)
        self.unit_px = size_px * _FACE_HALF_HEIGHT

    def fill(
        self, mask: Plane, colour: tuple[int, int, int], shade: Plane | float | None = None
    ) -> None:
        """Lay a colour over the picture where `mask` is 1, in the light or in a given shade."""
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        if not len(rows):
            return
        part = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
        lit = np.broadcast_to(self.light if shade is None else np.float32(shade), mask.shape)
        target = lit[part][..., None] * np.array(colour, np.float32)
        self.image[part] += mask[part][..., None] * (target - self.image[part])

    def inside(self, distance: Plane, blur_px: float = 1.0) -> Plane:
        """1 where a signed distance (units of the face) is positive, with an edge of some px."""
        return np.clip(distance * (self.unit_px / blur_px) + 0.5, 0, 1)


def _body(canvas: _Canvas, u: Plane, v: Plane) -> None:
    """Shoulders, neck, ears and the hair behind the head."""
    canvas.fill(canvas.inside(1 - np.hypot(u / 1.25, (v - 1.95) / 0.75)), _SHIRT, 1.0 - 0.2 * u)
    neck = canvas.inside(np.minimum(0.42 - np.abs(u), np.minimum(v, 1.36 - v)), 4)
    canvas.fill(neck, _SKIN, 0.62 - 0.25 * u)
    canvas.fill(canvas.inside(0.9 * (1 - np.hypot(u / 0.84, (v + 0.28) / 0.92))), _HAIR, 0.8)
    ears = 0.1 * (1 - np.hypot((np.abs(u) - 0.77) / 0.1, (v + 0.02) / 0.2))
    canvas.fill(canvas.inside(ears, 2), _SKIN, 0.72 - 0.2 * u)


def _head(canvas: _Canvas, u: Plane, v: Plane, depth: Plane) -> None:
    """The skin in the light of its relief, brows, nostrils and hair."""
    side = np.abs(u)
    relief = depth + 0.17 * _bump(u, v - _NOSE_V, 0.09, 0.1)  # tip of the nose
    relief += 0.1 * _bump(u, v - 0.02, 0.06, 0.16) + 0.06 * _bump(side - 0.1, v - 0.23, 0.05, 0.05)
    relief += 0.05 * _bump(side - 0.27, v + 0.29, 0.17, 0.06)  # brows
    relief -= 0.07 * _bump(side - _EYE[0], v - _EYE[1], 0.15, 0.09)
    relief += 0.06 * _bump(side - 0.36, v - 0.18, 0.16, 0.14)  # cheeks
    relief += 0.05 * _bump(u, v - _MOUTH_V, 0.2, 0.12) + 0.07 * _bump(u, v - 0.84, 0.16, 0.1)
    relief -= 0.02 * _bump(u, v - 0.36, 0.03, 0.07)  # the groove under the nose
    slope_v, slope_u = np.gradient(relief * canvas.unit_px)
    slope_u, slope_v = np.clip(slope_u, -2, 2), np.clip(slope_v, -2, 2)  # the head's edge
    facing = (_LIGHT[2] - _LIGHT[0] * slope_u - _LIGHT[1] * slope_v) / np.sqrt(
        1 + slope_u**2 + slope_v**2
    )
    canvas.light = (0.42 + 0.62 * np.maximum(facing, 0)).astype(np.float32)
    to_edge = 0.8 * (1 - np.hypot(u / (0.76 - 0.1 * _step(v, 0.2, 1)), v))
    oval = canvas.inside(to_edge)
    canvas.fill(oval, _SKIN)
    canvas.fill(0.35 * oval * _bump(side - 0.4, v - 0.25, 0.13, 0.11), (220, 130, 110))
    nostrils = 0.05 * (1 - np.hypot((side - 0.075) / 0.045, (v - 0.285) / 0.024))
    canvas.fill(0.8 * canvas.inside(nostrils, 2), _DARK, 1.0)
    arch = _BROW_V - 0.05 * (1 - ((side - 0.3) / 0.17) ** 2)
    taper = 0.032 - 0.06 * np.maximum(side - 0.3, 0)
    brows = np.minimum(taper - np.abs(v - arch), 0.17 - np.abs(side - 0.29))
    canvas.fill(0.85 * canvas.inside(brows, 2.5), _HAIR, 1.0)
    hairline = -0.66 + 0.5 * _step(side, 0.45, 0.78)
    canvas.fill(canvas.inside(to_edge + 0.03) * canvas.inside(hairline - v, 4), _HAIR)


def _eyes(canvas: _Canvas, u: Plane, v: Plane, openness: float) -> None:
    across, down = np.abs(u) - _EYE[0], v - _EYE[1]
    almond = 1 - (across / 0.135) ** 2
    upper, lower = -0.062 * openness * almond, 0.04 * almond - 0.012 * (1 - openness)
    lens = np.minimum(down - upper, lower - down) if openness > 0.05 else -np.ones_like(u)
    white = canvas.inside(lens, 1.5)
    canvas.fill(white, _EYEBALL)
    radius = np.hypot(across, down + 0.008)
    canvas.fill(white * canvas.inside(0.056 - radius), _IRIS, 1.0)
    canvas.fill(white * canvas.inside(0.026 - radius), _DARK, 1.0)
    glint = np.hypot(u - np.sign(u) * _EYE[0] + 0.02, down + 0.028)
    canvas.fill(white * canvas.inside(0.014 - glint), (255, 255, 255), 1.0)
    lid = np.where(almond > 0, 0.016 - np.abs(down - (upper if openness > 0.05 else lower)), -1)
    canvas.fill(0.85 * canvas.inside(lid, 1.5), _DARK, 1.0)


def _mouth(canvas: _Canvas, u: Plane, v: Plane, opening: float, half_width: float) -> None:
    """Lips around an opening that shows teeth above and the tongue below."""
    across = u / half_width
    arc = np.sqrt(np.maximum(0, 1 - across**2))
    down = v - _MOUTH_V + 0.015 * across**2
    inner_top, inner_bottom = -0.35 * opening * arc, 0.65 * opening * arc
    bow = 1 - 0.3 * np.exp(-((across / 0.16) ** 2))
    top, bottom = inner_top - 0.075 * arc * bow, inner_bottom + 0.09 * arc
    lips = np.where(arc > 0, np.minimum(down - top, bottom - down), -1)
    canvas.fill(0.9 * canvas.inside(lips, 2), _LIP, canvas.light * (1.0 - 1.5 * (0.06 - down)))
    seam = np.where(arc > 0.2, 0.012 - np.abs(down - inner_top), -1)
    canvas.fill(0.8 * canvas.inside(seam, 2), _CAVITY, 1.0)
    hole = canvas.inside(np.where(arc > 0, np.minimum(down - inner_top, inner_bottom - down), -1))
    canvas.fill(hole, _CAVITY, 1.0)
    teeth = np.minimum(inner_top + 0.045 - down, 0.8 - np.abs(across))
    canvas.fill(hole * canvas.inside(teeth, 1.5), _TEETH, 0.85)
    tongue = 0.1 * (1 - np.hypot(across / 0.6, (down - 0.65 * opening) / (0.3 * opening + 0.001)))
    canvas.fill(0.8 * hole * canvas.inside(tongue, 3), _TONGUE, 0.8)


def _bump(u: Plane, v: Plane, width: float, height: float) -> Plane:
    """A bell of height 1 at u = v = 0."""
    return np.exp(-((u / width) ** 2) - (v / height) ** 2)


def _step(value: Plane, start: float, end: float) -> Plane:
    """0 before `start`, 1 after `end`, smooth in between."""
    share = np.clip((value - start) / (end - start), 0, 1)
    return share * share * (3 - 2 * share)
