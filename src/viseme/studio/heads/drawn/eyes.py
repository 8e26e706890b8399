"""The drawn eyes and brows: where the lids and the gaze are at given units, and their picture."""

from dataclasses import dataclass

import numpy as np

from viseme.studio.heads.drawn.paint import Picture, Plane, inside, lay, paint
from viseme.studio.heads.drawn.proportions import Proportions

EYE_V = -0.13

_WHITE = paint(0.72, 0.69, 0.66)
_DARK = paint(0.012, 0.007, 0.006)
_GLINT = paint(1.0, 1.0, 1.0)
_UPPER, _LOWER = 0.062, 0.038
_TILT = 0.012  # the outer corner is higher
_SHUT = 0.06


@dataclass(frozen=True)
class Eye:
    """An eye and its brow, in face units.

    Attributes:
        sign: -1 for the image's left, 1 for its right.
        u, v: middle between the corners.
        half: half its width.
        upper, lower: height of the lids above and below the corners.
        gaze_u, gaze_v: how far the iris is moved, to the image's right and down.
        brow_inner, brow_outer: heights (v) of the brow's ends.
        brow_size: its thickness.
    """

    sign: int
    u: float
    v: float
    half: float
    upper: float
    lower: float
    gaze_u: float
    gaze_v: float
    brow_inner: float
    brow_outer: float
    brow_size: float

    @classmethod
    def of(cls, face: Proportions, weights: dict[str, float], sign: int) -> "Eye":
        """An eye of a face at weights of the face units."""
        side = "Left" if sign > 0 else "Right"  # the person's left is the image's right
        look = {way: weights[f"eyeLook{way}{side}"] for way in ("In", "Out", "Up", "Down")}
        shut, squint = weights[f"eyeBlink{side}"], weights[f"eyeSquint{side}"]
        wide, cheek = weights[f"eyeWide{side}"], weights[f"cheekSquint{side}"]
        opened = (1 + 0.35 * wide - 0.3 * squint - 0.25 * look["Down"] + 0.1 * look["Up"]) * (
            1 - shut
        )
        raised = (1 - 0.45 * squint - 0.3 * cheek) * (1 - 0.35 * shut)
        down = weights[f"browDown{side}"]
        return cls(
            sign=sign,
            u=sign * face.eye_u,
            v=EYE_V,
            half=face.eye_width,
            upper=_UPPER * face.eye_height * opened,
            lower=_LOWER * face.eye_height * raised,
            gaze_u=0.05 * sign * (look["Out"] - look["In"]),
            gaze_v=0.035 * (look["Down"] - look["Up"]),
            brow_inner=face.brow_v + 0.045 * down - 0.07 * weights["browInnerUp"],
            brow_outer=face.brow_v + 0.03 * down - 0.07 * weights[f"browOuterUp{side}"],
            brow_size=face.brow_size,
        )

    def corner(self, outer: bool) -> tuple[float, float]:
        """Place (u, v) of the outer or the inner corner."""
        return (
            self.u + self.sign * self.half * (1 if outer else -1),
            self.v - _TILT * (1 if outer else -1),
        )


def draw_eye(
    picture: Picture,
    u: Plane,
    v: Plane,
    eye: Eye,
    iris: Picture,
    light: Picture,
    unit_px: float,
) -> None:
    """Lay an eye over a part of the picture (3, H, W)."""
    across = eye.sign * (u - eye.u) / eye.half
    down = v - eye.v + _TILT * across
    almond = 1 - across * across
    # A shut upper lid has come down to the lower one.
    shut = max(0.0, 1 - eye.upper / (0.5 * _UPPER))
    upper = (-eye.upper + shut * eye.lower) * almond
    lower = eye.lower * almond
    white = inside(np.minimum(down - upper, lower - down), unit_px, 1.5) * (almond > 0)
    if eye.upper > _SHUT * _UPPER:
        ball = 1 - 0.35 * np.clip((upper + 0.03 - down) / 0.03, 0, 1)  # the lid's shadow
        lay(picture, white, _WHITE * light * ball)
        du, dv = u - eye.u - eye.gaze_u, down + 0.008 - eye.gaze_v
        radius = np.hypot(du, dv)
        lay(picture, white * inside(0.057 - radius, unit_px, 1.2), iris * 0.35)
        lay(picture, white * inside(0.049 - radius, unit_px, 1.5), iris * ball)
        lay(picture, white * inside(0.024 - radius, unit_px), _DARK)
        glint = np.hypot(du + 0.02, dv + 0.02)
        lay(picture, 0.9 * white * inside(0.013 - glint, unit_px), _GLINT)
    thickness = 0.014 if eye.upper > _SHUT * _UPPER else 0.01
    lash = np.where(almond > 0, thickness - np.abs(down - upper), -1)
    lay(picture, 0.85 * inside(lash, unit_px, 1.5), _DARK)
    crease = np.exp(-(((down + 0.075 * almond) / 0.012) ** 2)) * np.clip(2 * almond, 0, 1)
    rim = np.exp(-(((down - lower - 0.012) / 0.012) ** 2)) * np.clip(2 * almond, 0, 1)
    picture *= 1 - 0.22 * crease - 0.12 * rim


def draw_brow(
    picture: Picture,
    u: Plane,
    v: Plane,
    eye: Eye,
    hair: Picture,
    light: Picture,
    unit_px: float,
) -> None:
    """Lay a brow over a part of the picture (3, H, W)."""
    along = (eye.sign * u - abs(eye.u)) / 0.175
    share = np.clip((along + 1) / 2, 0, 1)
    middle = eye.brow_inner + (eye.brow_outer - eye.brow_inner) * share
    middle = middle - 0.045 * (1 - along * along)
    half = 0.027 * eye.brow_size * (1 - 0.45 * share)
    shape = np.minimum(half - np.abs(v - middle), 0.175 * (1 - np.abs(along)))
    lay(picture, 0.8 * inside(shape, unit_px, 3), hair * light)
