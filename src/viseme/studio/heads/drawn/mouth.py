"""The drawn mouth: where its lips are at given units, and its picture."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viseme.studio.heads.drawn.paint import Picture, Plane, bell, inside, lay, paint
from viseme.studio.heads.drawn.proportions import Proportions

Pair = tuple[float, float]
"""A value at the image's left and one at its right."""

_CAVITY = paint(0.035, 0.008, 0.008)
_TEETH = paint(0.62, 0.58, 0.49)
_TONGUE = paint(0.40, 0.11, 0.11)
_TEETH_LENGTH, _LOWER_TEETH_LENGTH = 0.085, 0.05


@dataclass(frozen=True)
class Mouth:
    """The lips in face units; their lines are given at the middle and at the corners.

    Attributes:
        u, v: middle of the line between the lips.
        half: half widths.
        corner_v: heights of the corners.
        rise, fall: how far the lips are apart from that line, above and below, at the middle of
            each half.
        upper, lower: thickness of the lips.
        teeth_v, lower_teeth_v: edges of the two rows of teeth.
        teeth_u: middle of the lower teeth.
        fold: strength of the folds beside the mouth.
        tongue_up, tongue_out: 0 to 1.
    """

    u: float
    v: float
    half: Pair
    corner_v: Pair
    rise: Pair
    fall: Pair
    upper: float
    lower: float
    teeth_v: float
    lower_teeth_v: float
    teeth_u: float
    fold: Pair
    tongue_up: float
    tongue_out: float

    @classmethod
    def of(cls, face: Proportions, weights: dict[str, float]) -> "Mouth":
        """The mouth of a face at weights of the face units."""

        def pair(unit: str) -> NDArray[np.float64]:  # the person's right is the image's left
            return np.array([weights[f"{unit}Right"], weights[f"{unit}Left"]])

        jaw, shut = weights["jawOpen"], min(weights["mouthClose"], weights["jawOpen"])
        pucker, funnel = weights["mouthPucker"], weights["mouthFunnel"]
        press = (pair("mouthPress")).mean()
        roll_upper, roll_lower = weights["mouthRollUpper"], weights["mouthRollLower"]
        shrug_upper, shrug_lower = weights["mouthShrugUpper"], weights["mouthShrugLower"]
        smile, stretch, frown = pair("mouthSmile"), pair("mouthStretch"), pair("mouthFrown")
        wide = 0.05 * smile + 0.055 * stretch + 0.02 * pair("mouthDimple") + 0.01 * frown
        round_ = 0.095 * pucker + 0.05 * funnel + 0.02 * jaw
        opening = jaw - shut
        rise = 0.02 * opening + 0.025 * funnel + 0.05 * pair("mouthUpperUp")
        rise += 0.02 * pair("noseSneer") + 0.012 * smile
        fall = 0.2 * opening + 0.03 * funnel + 0.055 * pair("mouthLowerDown")
        parting = np.clip(rise + fall - 0.05 * shrug_lower - 0.03 * press, 0, None)
        share = np.clip(parting / np.maximum(rise + fall, 1e-6), 0, 1)
        middle = face.mouth_v + 0.1 * shut - 0.012 * (shrug_lower + shrug_upper)
        corners = middle + 0.07 * opening - 0.055 * smile + 0.05 * frown + 0.012 * stretch
        thin = 1 - 0.35 * press - 0.15 * float((smile + stretch).mean())
        plump = 0.25 * pucker + 0.3 * funnel
        side = weights["mouthLeft"] - weights["mouthRight"]
        jaw_side = weights["jawLeft"] - weights["jawRight"]
        return cls(
            u=0.05 * side + 0.02 * jaw_side,
            v=middle,
            half=_pair(np.maximum(face.mouth_width + wide - round_, 0.07)),
            corner_v=_pair(corners),
            rise=_pair(rise * share),
            fall=_pair(fall * share),
            upper=face.lip_upper * (thin + plump) * (1 - 0.8 * roll_upper),
            lower=face.lip_lower * (thin + plump) * (1 - 0.8 * roll_lower),
            teeth_v=face.mouth_v + 0.015 - 0.04 * pucker,  # lips that stand out hide them
            lower_teeth_v=face.mouth_v + 0.03 + 0.2 * jaw,
            teeth_u=0.05 * jaw_side,
            fold=_pair(0.6 * smile + 0.3 * stretch + 0.4 * pair("noseSneer")),
            tongue_up=weights["tongueUp"],
            tongue_out=weights["tongueOut"],
        )

    def lines(self, u: Plane) -> tuple[Plane, Plane, Plane, Plane, Plane]:
        """Outer and inner edge of the upper, inner and outer edge of the lower lip, and how far u
        is inside the corners (1 in the middle, 0 at the corners and beyond)."""
        offset = u - self.u
        right = offset > 0
        across = offset / np.where(right, self.half[1], self.half[0])
        arc = np.sqrt(np.maximum(0, 1 - across * across))
        corner = np.where(right, self.corner_v[1], self.corner_v[0])
        lean = np.clip(across, -1, 1)
        middle = self.v + (corner - self.v) * lean * lean
        top = middle - arc * _lean(self.rise, lean)
        bottom = middle + arc * _lean(self.fall, lean)
        full = arc * (0.45 + 0.55 * arc)  # the lips taper towards the corners
        bow = 1 - 0.25 * np.exp(-((across / 0.16) ** 2))
        return top - self.upper * full * bow, top, bottom, bottom + self.lower * full, arc


def draw_mouth(
    picture: Picture,
    u: Plane,
    v: Plane,
    mouth: Mouth,
    lips: Picture,
    light: Picture,
    unit_px: float,
) -> None:
    """Lay lips, teeth and tongue over a part of the picture (3, H, W)."""
    outer_top, top, bottom, outer_bottom, arc = mouth.lines(u)
    _fold(picture, u, v, mouth)
    lip = np.where(arc > 0, np.minimum(v - outer_top, outer_bottom - v), -1)
    # The upper lip faces down and is darker; the lower one catches the light in its middle.
    shine = np.where(v > bottom, 1.06 + 0.2 * bell(u - mouth.u, v - bottom - 0.035, 0.1, 0.02), 0.8)
    lay(picture, 0.92 * inside(lip, unit_px, 2), lips * light * shine)
    seam = np.where(arc > 0.12, 0.011 - np.abs(v - top), -1)
    lay(picture, 0.8 * inside(seam, unit_px, 1.6), _CAVITY)
    hole = inside(np.where(arc > 0, np.minimum(v - top, bottom - v), -1), unit_px, 1.2)
    if hole.any():
        _inside_mouth(picture, u, v, mouth, hole, light, unit_px)
    under = bell(u - mouth.u, v - outer_bottom - 0.03, 0.12, 0.03) * (v > outer_bottom)
    picture *= 1 - 0.18 * under
    if mouth.tongue_out > 0.35:
        reach = 0.2 * (mouth.tongue_out - 0.35)
        end = mouth.v + max(mouth.fall) + reach
        tongue = np.minimum(0.09 * (1 - np.hypot((u - mouth.u) / 0.1, (v - end) / 0.1)), v - top)
        body = np.minimum(0.1 - np.abs(u - mouth.u), np.minimum(v - top, end - v))
        shape = inside(np.maximum(tongue, body), unit_px, 2)
        lay(picture, shape, _TONGUE * light * 1.15)


def _inside_mouth(
    picture: Picture,
    u: Plane,
    v: Plane,
    mouth: Mouth,
    hole: Plane,
    light: Picture,
    unit_px: float,
) -> None:
    half = (mouth.half[0] + mouth.half[1]) / 2
    lay(picture, hole, _CAVITY)
    shade = 0.85 * light
    lower_u = (u - mouth.teeth_u) / 0.17
    edge = mouth.lower_teeth_v - 0.02 * lower_u * lower_u
    lower = np.minimum(
        np.minimum(v - edge, edge + _LOWER_TEETH_LENGTH - v), 0.17 * (1 - abs(lower_u))
    )
    lay(picture, 0.8 * hole * inside(lower, unit_px, 2), _TEETH * shade * 0.8)
    low = mouth.v + max(mouth.fall)
    tip = low + (mouth.teeth_v + 0.03 - low) * mouth.tongue_up - 0.03 * mouth.tongue_out
    size = 0.05 + 0.35 * max(mouth.fall)
    tongue = 0.1 * (1 - np.hypot((u - mouth.u) / (0.65 * half), (v - tip - 0.3 * size) / size))
    strength = min(1.0, 0.75 + 0.25 * mouth.tongue_up)
    lay(picture, strength * hole * inside(tongue, unit_px, 3), _TONGUE * shade)
    upper_u = u / 0.27
    teeth = np.minimum(mouth.teeth_v - 0.012 * upper_u * upper_u - v, 0.27 * (1 - np.abs(upper_u)))
    teeth = np.minimum(teeth, v - mouth.teeth_v + _TEETH_LENGTH)
    rounded = 1 - 0.6 * upper_u * upper_u
    lay(picture, hole * inside(teeth, unit_px, 1.5), _TEETH * shade * rounded)


def _fold(picture: Picture, u: Plane, v: Plane, mouth: Mouth) -> None:
    """Darken the folds from the nose past the corners of the mouth."""
    for sign, half, corner, fold in zip(
        (-1, 1), mouth.half, mouth.corner_v, mouth.fold, strict=True
    ):
        if fold > 0.02:
            end = half + 0.07
            share = np.clip((v - corner + 0.26) / 0.26, 0, 1.2)
            line = 0.12 + (end - 0.12) * np.sqrt(share)
            depth = np.exp(-(((sign * (u - mouth.u) - line) / 0.022) ** 2))
            depth = depth * np.clip(4 * (share - 0.02), 0, 1) * np.clip(5 * (1.2 - share), 0, 1)
            picture *= 1 - 0.3 * fold * depth


def _lean(pair: Pair, across: Plane) -> Plane:
    """A value at the image's left and one at its right, and everything in between."""
    return (pair[0] + pair[1]) / 2 + across * (pair[1] - pair[0]) / 2


def _pair(values: NDArray[np.floating]) -> Pair:
    left, right = values.tolist()
    return left, right
