"""Fragments: what a pixel sees of one triangle, with everything light needs to know there.

A pixel takes several samples of which triangle it sees, and one fragment for each triangle that
it finds, as in multisampling: edges are smooth and light is computed about once per pixel.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viseme.studio.pictures.compiled import compiled

SAMPLES = 2
"""Samples per pixel along each axis."""


@dataclass(frozen=True)
class Fragments:
    """N fragments in the order of their pixels.

    Attributes:
        pixel: row * width + column (N,).
        share: of the pixel's samples that see the triangle (N,), 0 to 1.
        front: whether the triangle's front is seen (N,).
        values: the corners' values, interpolated (N, A).
    """

    pixel: NDArray[np.int32]
    share: NDArray[np.float32]
    front: NDArray[np.bool_]
    values: NDArray[np.float32]


@compiled
def _gather(  # type: ignore[no-untyped-def]
    cover, xy, nearness, triangles, corners, pixel, share, front, values
) -> int:
    count = 0
    height, width = cover.shape[0] // SAMPLES, cover.shape[1] // SAMPLES
    for place in range(height * width):
        top, left = place // width * SAMPLES, place % width * SAMPLES
        begin = count
        for sample in range(SAMPLES * SAMPLES):
            x, y = left + sample % SAMPLES, top + sample // SAMPLES
            if cover[y, x] < 0:
                continue
            known = begin
            while known < count and pixel[known] != cover[y, x]:
                known += 1
            if known == count:
                pixel[count], share[count] = cover[y, x], 0.0
                values[count, 0] = values[count, 1] = 0.0
                count += 1
            share[known] += 1.0
            values[known, 0] += x + 0.5
            values[known, 1] += y + 0.5
        for index in range(begin, count):
            a, b, c = triangles[pixel[index]]
            x, y = values[index, 0] / share[index], values[index, 1] / share[index]
            ax, ay, bx, by = xy[a, 0] - x, xy[a, 1] - y, xy[b, 0] - x, xy[b, 1] - y
            cx, cy = xy[c, 0] - x, xy[c, 1] - y
            # Barycentric weights on the screen become those in space by the corners' nearness.
            weight_a = (bx * cy - by * cx) * nearness[a]
            weight_b = (cx * ay - cy * ax) * nearness[b]
            weight_c = (ax * by - ay * bx) * nearness[c]
            total = weight_a + weight_b + weight_c
            weight_a, weight_b, weight_c = weight_a / total, weight_b / total, weight_c / total
            for value in range(values.shape[1]):
                values[index, value] = (
                    weight_a * corners[a, value]
                    + weight_b * corners[b, value]
                    + weight_c * corners[c, value]
                )
            front[index] = total < 0  # counter-clockwise, as y points down
            pixel[index], share[index] = place, share[index] / (SAMPLES * SAMPLES)
    return count


def gather(
    cover: NDArray[np.int32],
    xy: NDArray[np.floating],
    nearness: NDArray[np.floating],
    triangles: NDArray[np.int32],
    corners: NDArray[np.float32],
) -> Fragments:
    """The fragments of a picture whose `cover` has SAMPLES times its height and width.

    Args:
        cover: triangle seen by each sample, from `rasterise`.
        xy: corners (V, 2) as `rasterise` got them, in samples.
        nearness: of the corners (V,), as `rasterise` got it.
        triangles: indices (F, 3).
        corners: values (V, A), A >= 2, to interpolate.
    """
    most = int(np.count_nonzero(cover >= 0))
    pixel, share = np.empty(most, np.int32), np.empty(most, np.float32)
    front, values = np.empty(most, np.bool_), np.empty((most, corners.shape[1]), np.float32)
    count = _gather(cover, xy, nearness, triangles, corners, pixel, share, front, values)
    return Fragments(pixel[:count], share[:count], front[:count], values[:count])


@compiled
def _blend(picture, uncovered, pixel, share, colours) -> None:  # type: ignore[no-untyped-def]
    for index in range(len(pixel)):
        uncovered[pixel[index]] -= share[index]
        for channel in range(3):
            picture[pixel[index], channel] += share[index] * colours[index, channel]


def blend(
    wall: NDArray[np.float32], fragments: Fragments, colours: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Fragments of linear light `colours` (N, 3) in front of `wall` (H, W, 3)."""
    uncovered = np.ones(wall.shape[0] * wall.shape[1], np.float32)
    picture = np.zeros((len(uncovered), 3), np.float32)
    _blend(picture, uncovered, fragments.pixel, fragments.share, colours)
    picture += uncovered[:, None] * wall.reshape(-1, 3)
    return picture.reshape(wall.shape)
