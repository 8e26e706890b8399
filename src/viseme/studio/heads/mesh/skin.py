"""The colours of a mesh head: skin, lips, brows, stubble, mouth and shirt, vertex by vertex.

Places are given on the base mesh (cm, origin between the ears), so they follow every shape.
"""

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from viseme.studio.heads.mesh.data import (
    LOWER_TEETH,
    SKIN,
    TONGUE,
    UPPER_TEETH,
    MeshData,
)
from viseme.studio.identity import Identity

Array = NDArray[np.floating]

SKIN_GLOSS, LIP_GLOSS, WET_GLOSS = 0.28, 0.42, 0.7

_TEETH = np.array([0.95, 0.89, 0.78])
_TONGUE = np.array([0.55, 0.19, 0.17])
_MOUTH = np.array([0.10, 0.018, 0.016])
_TEETH_TRANSLUCENCE = 0.75
"""Enamel spreads what light lips and gums let through: behind lips teeth are grey, not black."""

_STUBBLED_SHARE = 0.6
"""Share of the men whose beard shows under the skin."""


def skin_albedo(identity: Identity, data: MeshData, rng: Generator) -> tuple[Array, Array, Array]:
    """Colours (V, 3), gloss (V,) and translucence (V,) of everything but eyeballs and hair."""
    base, part = data.base, data.part
    albedo = _complexion(identity, base, rng)
    gloss = np.full(len(base), SKIN_GLOSS, np.float32)
    if identity.sex == "male" and rng.random() < _STUBBLED_SHARE:
        _blend(albedo, 0.45 * rng.uniform(0.3, 1) * _beard(base), 0.35 * np.asarray(identity.skin))
    _blend(albedo, 0.25 * _around_eyes(base), 0.55 * np.asarray(identity.skin))
    lips = np.clip(data.mask("lips") * 1.4, 0, 1)
    _blend(albedo, 0.9 * lips, np.asarray(identity.lips))
    gloss += (LIP_GLOSS - SKIN_GLOSS) * lips
    _blend(albedo, _brows(base, identity.sex, rng), np.asarray(identity.hair))
    _blend(albedo, 0.75 * _lashes(data), 0.12 * np.asarray(identity.skin))
    _blend(albedo, _inside(data), _MOUTH)
    _colour_mouth(albedo, gloss, base, part)
    translucence = _TEETH_TRANSLUCENCE * _front_teeth(base, part)
    shirt = _shirt(data)
    _blend(albedo, shirt, rng.uniform(0.03, 0.5, 3) ** rng.uniform(0.8, 1.5))
    gloss *= 1 - shirt
    return albedo.astype(np.float32), gloss.astype(np.float32), translucence


def _blend(albedo: Array, weight: Array, colour: Array) -> None:
    """Cover `albedo` (V, 3) with a colour (3,) as much as `weight` (V,) says."""
    albedo += np.clip(weight, 0, 1)[:, None] * (colour - albedo)


def _bump(base: Array, centre: tuple[float, float, float], radius: float) -> Array:
    """Weights (V,), 1 at `centre` and its mirror image and falling to 0 beyond `radius` cm."""
    mirrored = np.stack([np.abs(base[:, 0]), base[:, 1], base[:, 2]], axis=1)
    return np.exp(-(((mirrored - centre) / radius) ** 2).sum(1)).astype(np.float32)


def _complexion(identity: Identity, base: Array, rng: Generator) -> Array:
    """Skin (V, 3): redder cheeks, nose and ears, paler forehead, blotches and fine grain."""
    skin = np.asarray(identity.skin, np.float32)
    albedo = np.broadcast_to(skin, base.shape).copy()
    blood = (
        0.8 * _bump(base, (4.2, -2.2, 7.5), 2.2)
        + 0.7 * _bump(base, (0, -1.6, 10.5), 1.2)
        + 0.5 * _bump(base, (7.5, 0, 0), 2.0)
        + 0.4 * _bump(base, (0, -7, 9), 1.5)
    )
    waves = rng.normal(0, 1, (12, 3)) * rng.uniform(0.2, 1.2, (12, 1))
    phases = rng.uniform(0, 2 * np.pi, 12)
    blotches = np.sin(base @ waves.T + phases).mean(1)
    grain = rng.normal(0, 1, len(base)).astype(np.float32)
    tone = 1 + identity.skin_roughness * (0.18 * blotches + 0.06 * grain)
    albedo *= tone[:, None]
    flush = rng.uniform(0.5, 1.0) * blood[:, None]
    return albedo * (1 - flush * np.array([0.03, 0.22, 0.20]))


def _beard(base: Array) -> Array:
    """Where men shave (V,), 0 to 1: chin, jaw and upper lip."""
    x, y, z = np.abs(base[:, 0]), base[:, 1], base[:, 2]
    front = np.clip((z - 0.5) / 2.5, 0, 1)
    jaw = np.clip((-3.6 - y + 0.12 * (x - 2.5) ** 2 * (x > 2.5)) / 1.2, 0, 1)
    moustache = _bump(base, (1.0, -3.2, 10), 1.0)
    above_neck = np.clip((y + 11.5) / 2, 0, 1)
    return np.maximum(jaw, moustache) * front * above_neck


def _around_eyes(base: Array) -> Array:
    """The darker skin (V,) around the eyes."""
    return _bump(base, (2.6, 1.0, 8.3), 1.7)


def _brows(base: Array, sex: str, rng: Generator) -> Array:
    """Eyebrows (V,), 0 to 1: an arc over each eye, thick at the nose and thin outside."""
    thickness = (0.5 if sex == "male" else 0.36) * rng.uniform(0.8, 1.25)
    density = rng.uniform(0.6, 0.9)
    rise = rng.uniform(-0.1, 0.25)
    x, y = np.abs(base[:, 0]), base[:, 1]
    along = (x - 0.95) / 4.0
    middle = 3.05 + rise * along + 0.75 * np.sin(np.clip(along, 0, 1) * 0.8 * np.pi) - 0.45 * along
    half = thickness * np.interp(along, [0, 0.15, 0.6, 1], [0.55, 0.75, 0.6, 0.2])
    across = np.clip(1.6 - np.abs(y - middle) / np.maximum(half, 0.05), 0, 1)
    ends = np.clip(np.minimum(along / 0.1 + 0.6, (1.05 - along) / 0.15), 0, 1)
    strands = rng.uniform(0.75, 1.0, len(base))
    return density * across * ends * strands * (base[:, 2] > 5.5)


def _lashes(data: MeshData) -> Array:
    """The dark edge of the upper lid (V,)."""
    rim = data.mask("eyelids") > 0.93
    return rim * np.clip((data.base[:, 1] - 1.55) / 0.2, 0.15, 1)


def _inside(data: MeshData) -> Array:
    """The dark inside of the mouth and of the nostrils (V,)."""
    depth = np.clip((9.2 - data.base[:, 2]) / 1.0, 0, 1)
    return data.mask("inside-mouth") * (1 - data.mask("lips")) * np.maximum(depth, 0.3)


def _colour_mouth(albedo: Array, gloss: Array, base: Array, part: NDArray[np.uint8]) -> None:
    """Teeth, gums and tongue, darker the farther back they are: little light gets there."""
    for number, colour in ((UPPER_TEETH, _TEETH), (LOWER_TEETH, _TEETH), (TONGUE, _TONGUE)):
        mine = part == number
        depth = base[mine, 2].max() - base[mine, 2]
        shade = np.interp(depth, [0, 1.5, 4], [1.0, 0.85, 0.15])
        albedo[mine] = colour * shade[:, None]
        gloss[mine] = WET_GLOSS * shade


def _front_teeth(base: Array, part: NDArray[np.uint8]) -> Array:
    """Teeth (V,), 1 in front and 0 where cheeks and closed lips let nothing through."""
    front = np.zeros(len(base), np.float32)
    for number in (UPPER_TEETH, LOWER_TEETH):
        mine = part == number
        depth = base[mine, 2].max() - base[mine, 2]
        front[mine] = np.interp(depth, [0.5, 2.0], [1, 0])
    return front


def _shirt(data: MeshData) -> Array:
    """Where the shirt is (V,), 0 to 1: it ends where the neck begins."""
    trunk = np.clip((0.11 - data.head_share) / 0.03, 0, 1)
    return trunk * (data.part == SKIN)
