"""Light on fragments: the main light, a fill and the room around on skin, lips, teeth and eyes."""

from dataclasses import astuple

import numpy as np
from numpy.typing import NDArray

from viseme.studio.pictures.compiled import compiled
from viseme.studio.pictures.fragments import Fragments
from viseme.studio.pictures.lights import Lights
from viseme.studio.pictures.shadow import Shadow


@compiled
def _key_visibility(values, front, height, axes, lit) -> None:  # type: ignore[no-untyped-def]
    size = len(height)
    for index in range(len(values)):
        x, y, z, nx, ny, nz = values[index, :6]
        side = 0.25 if front[index] else -0.25
        x, y, z = x + side * nx, y + side * ny, z + side * nz  # lifted: no shadow from itself
        u = x * axes[0, 0] + y * axes[1, 0] + z * axes[2, 0] + axes[3, 0] - 0.5
        v = x * axes[0, 1] + y * axes[1, 1] + z * axes[2, 1] + axes[3, 1] - 0.5
        here = x * axes[0, 2] + y * axes[1, 2] + z * axes[2, 2] + axes[3, 2]
        column, row = min(max(int(u), 1), size - 3), min(max(int(v), 1), size - 3)
        u, v = min(max(u - column, 0.0), 1.0), min(max(v - row, 0.0), 1.0)
        shade = 0.0
        for j in range(-1, 3):  # the mean of three by three bilinear readings
            weight_v = (1 - v if j < 0 else v if j > 1 else 1.0) / 9
            for i in range(-1, 3):
                weight = weight_v * (1 - u if i < 0 else u if i > 1 else 1.0)
                # The shadow of what is hardly above is soft: lamps are not points.
                above = height[row + j, column + i] - here
                shade += weight * min(max((above - 0.1) / 0.5, 0.0), 1.0)
        lit[index] = 1 - (1 - values[index, 10]) * shade


@compiled
def _openness(values, pixel, size, around, openness) -> None:  # type: ignore[no-untyped-def]
    grid = len(around)
    for index in range(len(values)):
        u = (pixel[index] % size + 0.5) * grid / size - 0.5
        v = (pixel[index] // size + 0.5) * grid / size - 0.5
        column, row = min(max(int(u), 0), grid - 2), min(max(int(v), 0), grid - 2)
        u, v = min(max(u - column, 0.0), 1.0), min(max(v - row, 0.0), 1.0)
        depth, total = 0.0, 1e-9
        for j in range(2):
            for i in range(2):
                if around[row + j, column + i] > 0:
                    weight = (u if i else 1 - u) * (v if j else 1 - v)
                    depth += weight * around[row + j, column + i]
                    total += weight
        behind = max(values[index, 2] - depth / total - 0.1, 0.0)
        behind *= 1 - values[index, 10]
        openness[index] = 1 / (1 + 0.7 * behind)


@compiled
def _light(  # type: ignore[no-untyped-def]
    values, front, lit, openness, lights, colours
) -> None:
    key, key_colour, fill, fill_colour, up, sky, ground = lights
    for index in range(len(values)):
        px, py, pz, nx, ny, nz, _, _, _, gloss, translucence = values[index]
        side = 1.0 if front[index] else -1.0
        unit = side / max(np.sqrt(nx * nx + ny * ny + nz * nz), 1e-9)
        nx, ny, nz = nx * unit, ny * unit, nz * unit
        to_eye = -1 / np.sqrt(px * px + py * py + pz * pz)
        to_key = nx * key[0] + ny * key[1] + nz * key[2]
        to_fill = max(0.4 + 0.6 * (nx * fill[0] + ny * fill[1] + nz * fill[2]), 0.0)
        upward = 0.5 + 0.5 * (nx * up[0] + ny * up[1] + nz * up[2])
        # Blinn 1977: half way between the light and the eye; a broad lobe and a sharp wet one.
        hx, hy, hz = key[0] + px * to_eye, key[1] + py * to_eye, key[2] + pz * to_eye
        half = (nx * hx + ny * hy + nz * hz) / np.sqrt(hx * hx + hy * hy + hz * hz)
        power_4 = max(half, 0.0) ** 4
        power_16 = power_4**4
        power_64 = power_16**4
        wet = gloss * gloss
        shine = gloss * (0.25 * (1 - wet) * power_16 + 2.0 * wet * power_64)
        shine *= lit[index] * min(max(4 * to_key, 0.0), 1.0)
        for channel in range(3):
            # Light that enters skin comes out beyond the shadow's edge, red the farthest.
            wrap = 0.3 - 0.1 * channel + 0.6 * translucence
            direct = lit[index] * max((to_key + wrap) / (1 + wrap), 0.0)
            around = ground[channel] + upward * (sky[channel] - ground[channel])
            around += fill_colour[channel] * to_fill
            light = key_colour[channel] * direct + openness[index] * around
            colours[index, channel] = (
                values[index, 6 + channel] * light + shine * key_colour[channel]
            )


def shade(
    fragments: Fragments,
    lights: Lights,
    shadow: Shadow,
    around: NDArray[np.float32],
    size_px: int,
) -> NDArray[np.float32]:
    """Linear light (N, 3) that fragments send to the camera.

    Args:
        fragments: with eleven values each: point (camera axes, cm), normal, albedo, gloss and
            translucence.
        lights: of the scene, in camera axes.
        shadow: of the main light.
        around: mean depth of each place's surroundings, cm, on a square grid over the picture.
        size_px: side of the picture.
    """
    values, front = fragments.values, fragments.front
    lit, openness = np.empty((2, len(values)), np.float32)
    colours = np.empty((len(values), 3), np.float32)
    _key_visibility(values, front, shadow.height, shadow.axes, lit)
    _openness(values, fragments.pixel, size_px, around, openness)
    _light(values, front, lit, openness, astuple(lights), colours)
    return colours
