"""Hair: the scalp pushed outwards, a curtain around the head where it is long, and a bun."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from viseme.studio.heads.mesh.data import MeshData
from viseme.studio.heads.mesh.eyes import eye_sphere
from viseme.studio.identity import Identity

Array = NDArray[np.floating]

HAIR_GLOSS = 0.3

# Height of the hairline, cm above the ears' middle on the base mesh, by the angle from the front.
_ANGLES = np.radians([0, 25, 42, 55, 66, 78, 90, 104, 116, 130, 150, 180])
_HAIRLINE = np.array([7.6, 7.4, 6.6, 5.0, 2.8, 0.2, 2.4, 2.0, -1.0, -3.6, -5.4, -5.8])

_EDGE_CM = 1.0
"""From the hairline, over how far hair grows to its full thickness."""

_FADE_CM = 0.8
"""How far below the hairline single hairs still darken the skin."""

_CURTAIN_START = np.radians(72)
_CURTAIN_COLUMNS, _CURTAIN_ROWS = 48, 16
_CURTAIN_TOP_CM = 7.0


@dataclass(frozen=True)
class Style:
    """How hair is worn.

    Attributes:
        top, sides: thickness on top and at the sides, cm; no hair where both are 0.
        recedes: how far the hairline lies above the table's at the front, cm; negative: a fringe.
        length: how far a curtain hangs below the ears, cm; 0 for none.
        parting: -1 (the person's right) to 1, where the hair is parted; None for nowhere.
        bun: radius of a bun at the back of the top, cm; 0 for none.
    """

    top: float
    sides: float
    recedes: float = 0.0
    length: float = 0.0
    parting: float | None = None
    bun: float = 0.0


STYLES = {
    "short": Style(1.0, 0.5),
    "bald": Style(0.0, 0.0),
    "cropped": Style(0.35, 0.25, recedes=0.3),
    "parted": Style(1.6, 0.8, parting=0.45),
    "long": Style(1.2, 0.8, length=15.0, parting=0.0),
    "bob": Style(1.4, 1.0, recedes=-1.6, length=6.0),
    "bun": Style(0.6, 0.4, bun=3.0),
    "full": Style(2.4, 1.3, recedes=-0.4),
    "receding": Style(0.5, 0.5, recedes=2.0),
    "fringe": Style(1.3, 0.9, recedes=-2.4),
    "long, parted": Style(1.7, 1.1, length=17.0, parting=-0.4),
}


@dataclass(frozen=True)
class HairMesh:
    """Hair on one head, to be appended to its other vertices.

    Attributes:
        points: vertices (N, 3) at rest, cm.
        triangles: vertex numbers (F, 3), from 0.
        shade: how light each vertex is (N,), around 1.
        head_share: how much each goes along with the head (N,).
    """

    points: Array
    triangles: NDArray[np.int32]
    shade: Array
    head_share: Array


WORN_BY = {
    "female": ("long", "bob", "bun", "long, parted", "parted", "short", "full", "fringe"),
    "male": ("short", "parted", "cropped", "receding", "full", "bald", "fringe"),
}


def style_of(identity: Identity) -> Style:
    """The style of an identity's number, of those that are common for their sex."""
    names = WORN_BY[identity.sex]
    return STYLES[names[identity.hair_style % len(names)]]


def hair_shadow(style: Style, data: MeshData) -> Array:
    """How much (V,), 0 to 1, hair covers the skin, fading out below the hairline."""
    if not style.top:
        return np.zeros(len(data.base), np.float32)
    return np.clip(_above_hairline(style, data) / _FADE_CM + 1, 0, 1)


def grow(style: Style, points: Array, data: MeshData, rng: Generator) -> HairMesh | None:
    """The hair of a head with vertices `points` (V, 3) at rest, or None for a bald one."""
    if not style.top:
        return None
    meshes = [_cap(style, points, data, rng)]
    if style.length:
        meshes.append(_curtain(style, points, data, rng))
    if style.bun:
        meshes.append(_bun(style, points, rng))
    return _joined(meshes)


def _above_hairline(style: Style, data: MeshData) -> Array:
    """Height (V,) over the hairline, cm; below it negative, and on ears and under the head low."""
    x, y, z = data.base.T
    angle = np.abs(np.arctan2(x, z - 0.3))
    front = np.interp(angle, np.radians([0, 35, 62]), [1, 0.9, 0])
    above = y - np.interp(angle, _ANGLES, _HAIRLINE) - style.recedes * front
    return np.where((data.mask("ears") > 0.1) | (data.part > 0), -9, above).astype(np.float32)


def _cap(style: Style, points: Array, data: MeshData, rng: Generator) -> HairMesh:
    """The scalp's vertices, pushed outwards."""
    above = _above_hairline(style, data)
    chosen = data.triangles[(above[data.triangles] > -1.5).any(1)]
    used, triangles = np.unique(chosen, return_inverse=True)
    base = data.base[used]
    on_top = np.clip((base[:, 1] - 3) / 5, 0, 1)
    thickness = style.sides + (style.top - style.sides) * on_top
    if style.parting is not None:
        beside = (base[:, 0] - 6 * style.parting) / 0.8
        thickness *= 1 - 0.6 * np.exp(-(beside**2)) * on_top
    thickness *= 1 + 0.12 * _strands(base, rng, waves=6)
    grown = np.clip(above[used] / _EDGE_CM, -0.3, 1)
    normals = _normals(points, data.triangles)[used]
    moved = points[used] + (grown * thickness)[:, None] * normals
    shade = 1 + 0.3 * _strands(base, rng, waves=24)
    return HairMesh(
        moved.astype(np.float32),
        triangles.reshape(-1, 3).astype(np.int32),
        shade,
        data.head_share[used],
    )


def _curtain(style: Style, points: Array, data: MeshData, rng: Generator) -> HairMesh:
    """Hair that hangs around the back of the head, from one temple to the other."""
    head = points[(data.mask("ears") > 0.5) | (_above_hairline(style, data) > 0)]
    half_width = np.abs(head[:, 0]).max() + 0.35
    centre_z = 0.5
    depth = centre_z - head[:, 2].min() + style.sides + 0.2
    angle = np.linspace(_CURTAIN_START, 2 * np.pi - _CURTAIN_START, _CURTAIN_COLUMNS)
    height = np.linspace(_CURTAIN_TOP_CM, -style.length, _CURTAIN_ROWS)
    locks = _strands(np.stack([np.sin(angle), 0 * angle, np.cos(angle)], axis=1), rng, waves=16)
    # Round at the top like the head, straight further down, a little closer at the neck.
    wide = np.sqrt(np.clip(1 - (np.maximum(height - 1.0, 0) / 12.5) ** 2, 0, 1))
    wide *= np.interp(height, [-16, -9, 0], [1.02, 0.96, 1.0])
    reach = wide[:, None] * (1 + 0.035 * locks * np.linspace(0, 1.5, _CURTAIN_ROWS)[:, None])
    grid = np.stack(
        [
            reach * half_width * np.sin(angle),
            np.broadcast_to(height[:, None], reach.shape),
            centre_z + reach * depth * np.cos(angle),
        ],
        axis=-1,
    )
    number = np.arange(grid[..., 0].size).reshape(grid.shape[:2])
    a, b, c, d = number[:-1, :-1], number[1:, :-1], number[1:, 1:], number[:-1, 1:]
    triangles = np.stack([np.stack([a, b, c], -1), np.stack([a, c, d], -1)]).reshape(-1, 3)
    shade = np.broadcast_to(1 + 0.3 * locks, reach.shape).reshape(-1)
    share = np.interp(grid[..., 1].reshape(-1), [-16, -6], [0.5, 1])
    return HairMesh(
        grid.reshape(-1, 3).astype(np.float32),
        triangles.astype(np.int32),
        shade.astype(np.float32),
        share.astype(np.float32),
    )


def _bun(style: Style, points: Array, rng: Generator) -> HairMesh:
    """A ball at the back of the top of the head."""
    top = points[points[:, 1].argmax()]
    sphere, triangles = eye_sphere()
    ball = np.concatenate([sphere, sphere * [1, 1, -1]])
    both = np.concatenate([triangles, triangles[:, ::-1] + len(sphere)])
    shade = 1 + 0.3 * _strands(ball, rng, waves=12)
    ball = ball * style.bun + top + [0, 0.3 * style.bun, -3.5]
    return HairMesh(
        ball.astype(np.float32), both.astype(np.int32), shade, np.ones(len(ball), np.float32)
    )


def _strands(places: Array, rng: Generator, waves: int) -> Array:
    """Stripes (N,), about -1 to 1, that run from the crown down at places (N, 3)."""
    angle = np.arctan2(places[:, 0], places[:, 2] + 3)
    frequency = rng.integers(5, 40, waves)
    phase = rng.uniform(0, 2 * np.pi, waves)
    mix = np.sin(angle[:, None] * frequency + phase).sum(1) / np.sqrt(waves)
    return mix.astype(np.float32)


def _normals(points: Array, triangles: NDArray[np.int32]) -> Array:
    """Unit normals (V, 3) of a mesh."""
    a, b, c = (points[triangles[:, k]] for k in range(3))
    face = np.cross(b - a, c - a)
    total = np.zeros_like(points)
    for k in range(3):
        np.add.at(total, triangles[:, k], face)
    return total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-9)


def _joined(meshes: list[HairMesh]) -> HairMesh:
    """Several meshes as one."""
    starts = np.cumsum([0, *(len(mesh.points) for mesh in meshes[:-1])])
    return HairMesh(
        np.concatenate([mesh.points for mesh in meshes]),
        np.concatenate(
            [mesh.triangles + np.int32(start) for mesh, start in zip(meshes, starts, strict=True)]
        ),
        np.concatenate([mesh.shade for mesh in meshes]),
        np.concatenate([mesh.head_share for mesh in meshes]),
    )
