"""What light does not reach: the main light's shadow, and hollows that see little of a room."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viseme.studio.pictures.raster import rasterise

SHADOW_SIZE = 192
HOLLOW_SIZE = 128
"""Side of the grid on which hollows are looked for, at most, px."""
HOLLOW_CM = 1.6
"""How far the surroundings of a point reach."""

Array = NDArray[np.floating]


@dataclass(frozen=True)
class Shadow:
    """The surface seen from the main light.

    Attributes:
        height: of what the light meets first (SHADOW_SIZE, SHADOW_SIZE), cm towards the light; 0
            where it meets nothing.
        axes: (4, 3), from a point (x, y, z, 1) in camera axes to column, row and height.
    """

    height: NDArray[np.float32]
    axes: NDArray[np.float64]


def cast(points: Array, triangles: NDArray[np.int32], key: Array) -> Shadow:
    """Shadow of points (V, 3) in camera axes under parallel light from direction `key` (3,)."""
    across = np.cross(key, [0.0, 1.0, 0.0] if abs(key[1]) < 0.9 else [1.0, 0.0, 0.0])
    across /= np.sqrt((across**2).sum())
    rotation = np.stack([across, np.cross(key, across), key], axis=1)
    turned = points @ rotation
    low, high = turned.min(axis=0), turned.max(axis=0)
    scale = (SHADOW_SIZE - 4) / max((high - low)[:2].max(), 1e-6)
    shift = np.array([2 - low[0] * scale, 2 - low[1] * scale, 1 - low[2]])
    axes = np.concatenate([rotation * (scale, scale, 1), shift[None]])
    seen = turned * (scale, scale, 1) + shift
    _, height = rasterise(seen[:, :2], seen[:, 2], triangles, SHADOW_SIZE, SHADOW_SIZE)
    return Shadow(height, axes)


def _box_sum(values: NDArray[np.float64], radius: int) -> NDArray[np.float64]:
    """Sums over squares of side 2 radius + 1 around each place of (H, W)."""
    step = 2 * radius + 1
    for _ in range(2):  # down, then, turned over, across
        total = np.cumsum(np.pad(values, ((radius + 1, radius), (0, 0))), axis=0)
        values = (total[step:] - total[:-step]).T
    return values


def surroundings(nearest: NDArray[np.float32], radius: int) -> NDArray[np.float32]:
    """Mean depth of the surface within about `radius` of each place, cm, from its nearness (H, W).

    Light from everywhere hardly reaches what lies behind its surroundings: a depth buffer minus
    its blur stands in for ambient occlusion (Luft, Colditz and Deussen 2006).
    """
    there = nearest > 0
    depth = np.where(there, 1 / np.where(there, nearest, 1), 0).astype(np.float64)
    weight = there.astype(np.float64)
    for _ in range(2):  # two boxes in a row fade out and reach twice as far as one
        depth = _box_sum(depth, radius // 2)
        weight = _box_sum(weight, radius // 2)
    return (depth / np.maximum(weight, 1)).astype(np.float32)
