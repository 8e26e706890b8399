"""The axes along which mesh heads differ, and the shape targets that each of them blends in.

A positive weight blends in the first list of targets, a negative one the second. {side} stands for
both sides of the face. Weights of 1 are people who stand out for that feature, so the gains keep
the targets, which reach further, in the range of real faces.
"""

from dataclasses import dataclass

HERITAGES = ("african", "asian", "caucasian")
"""The three shapes of MakeHuman's macro targets; their mean is the template of a sex."""

MACRO_AXES = {"african": 0.8, "asian": 0.8, "age": 0.5}
"""Axes made of macro targets, and their gains: a negative weight leads away from the heritage; age
has no negative half, for the template is young."""


@dataclass(frozen=True)
class Axis:
    """One axis: what both its ends blend in (names below targets/), and how much at weight 1."""

    name: str
    more: tuple[str, ...]
    less: tuple[str, ...] = ()
    gain: float = 0.5


def _pair(folder: str, name: str, ends: str = "incr decr", gain: float = 0.5) -> Axis:
    """An axis between the targets <name>-<end>; a {side} in the name means both sides."""
    more, less = (f"{folder}/{name}-{end}" for end in ends.split())
    sides = ("l", "r") if "{side}" in name else ("",)
    return Axis(
        name.replace("{side}-", ""),
        tuple(more.format(side=side) for side in sides),
        tuple(less.format(side=side) for side in sides),
        gain,
    )


AXES = (
    Axis("head-round", ("head/head-round",), ("head/head-rectangular",), 0.5),
    Axis("head-oval", ("head/head-oval",), ("head/head-square",), 0.5),
    Axis("head-triangular", ("head/head-triangular",), ("head/head-invertedtriangular",), 0.4),
    Axis("head-diamond", ("head/head-diamond",), (), 0.4),
    _pair("head", "head-fat", gain=0.6),
    _pair("head", "head-scale-horiz", gain=0.3),
    _pair("head", "head-scale-vert", gain=0.3),
    _pair("head", "head-scale-depth", gain=0.3),
    _pair("forehead", "forehead-trans", "forward backward", 0.4),
    _pair("forehead", "forehead-scale-vert", gain=0.4),
    _pair("forehead", "forehead-temple", gain=0.4),
    _pair("forehead", "forehead-nubian", gain=0.3),
    _pair("eyebrows", "eyebrows-trans", "up down"),
    _pair("eyebrows", "eyebrows-angle", "up down"),
    _pair("eyebrows", "eyebrows-trans", "forward backward", 0.4),
    _pair("eyes", "{side}-eye-scale", gain=0.45),
    _pair("eyes", "{side}-eye-trans", "out in", 0.4),
    _pair("eyes", "{side}-eye-trans", "up down", 0.3),
    _pair("eyes", "{side}-eye-height2", gain=0.35),
    _pair("eyes", "{side}-eye-corner1", "up down", 0.4),
    _pair("eyes", "{side}-eye-corner2", "up down", 0.4),
    _pair("eyes", "{side}-eye-epicanthus", "in out", 0.4),
    _pair("eyes", "{side}-eye-eyefold", "up down", 0.4),
    _pair("eyes", "{side}-eye-bag", gain=0.4),
    _pair("nose", "nose-scale-horiz", gain=0.45),
    _pair("nose", "nose-scale-vert", gain=0.4),
    _pair("nose", "nose-scale-depth", gain=0.45),
    _pair("nose", "nose-hump"),
    _pair("nose", "nose-curve", "convex concave"),
    _pair("nose", "nose-point", "up down"),
    _pair("nose", "nose-point-width"),
    _pair("nose", "nose-nostrils-width"),
    _pair("nose", "nose-width1", gain=0.4),
    _pair("nose", "nose-trans", "up down", 0.3),
    _pair("mouth", "mouth-scale-horiz", gain=0.4),
    _pair("mouth", "mouth-scale-vert", gain=0.4),
    _pair("mouth", "mouth-scale-depth", gain=0.3),
    _pair("mouth", "mouth-trans", "up down", 0.3),
    _pair("mouth", "mouth-angles", "up down", 0.4),
    _pair("mouth", "mouth-cupidsbow", gain=0.5),
    _pair("mouth", "mouth-upperlip-height"),
    _pair("mouth", "mouth-upperlip-volume"),
    _pair("mouth", "mouth-lowerlip-height"),
    _pair("mouth", "mouth-lowerlip-volume"),
    _pair("mouth", "mouth-laugh-lines", "in out", 0.4),
    _pair("cheek", "{side}-cheek-bones", gain=0.5),
    _pair("cheek", "{side}-cheek-volume", gain=0.5),
    _pair("cheek", "{side}-cheek-inner", gain=0.4),
    _pair("chin", "chin-height", gain=0.4),
    _pair("chin", "chin-width", gain=0.5),
    _pair("chin", "chin-prominent", gain=0.4),
    _pair("chin", "chin-jaw-drop", gain=0.4),
    _pair("chin", "chin-bones", gain=0.5),
    _pair("ears", "{side}-ear-scale", gain=0.4),
    _pair("ears", "{side}-ear-wing", gain=0.5),
    _pair("neck", "neck-scale-horiz", gain=0.4),
)
