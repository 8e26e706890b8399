"""Which triangle is seen at each pixel: a z-buffer in exact integer arithmetic.

Corners are snapped to a 256th of a pixel and edges are integers, so two triangles that share an
edge leave no hole and never both claim a pixel (the top-left rule: Pineda 1988), on any machine.
"""

import numpy as np
from numpy.typing import NDArray

from viseme.studio.pictures.compiled import compiled

SUBPIXEL = 256
REACH_PX = 2.0**20  # farther corners would overflow the integers


@compiled
def _fill(  # type: ignore[no-untyped-def]  # numba knows the types
    xy, nearness, usable, triangles, cover, nearest
) -> None:
    height, width = cover.shape
    for index in range(len(triangles)):
        a, b, c = triangles[index]
        if not (usable[a] and usable[b] and usable[c]):
            continue
        ax, ay, bx, by, cx, cy = xy[a, 0], xy[a, 1], xy[b, 0], xy[b, 1], xy[c, 0], xy[c, 1]
        area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
        if area == 0:
            continue
        if area < 0:
            b, c, bx, by, cx, cy, area = c, b, cx, cy, bx, by, -area
        # The first and last pixel whose centre, at SUBPIXEL / 2, is inside the bounding box.
        left = max((min(ax, bx, cx) + 127) >> 8, 0)
        right = min((max(ax, bx, cx) - 128) >> 8, width - 1)
        top = max((min(ay, by, cy) + 127) >> 8, 0)
        bottom = min((max(ay, by, cy) - 128) >> 8, height - 1)
        if left > right or top > bottom:
            continue
        near_a, near_b, near_c = nearness[a] / area, nearness[b] / area, nearness[c] / area
        near_step = -256 * ((cy - by) * near_a + (ay - cy) * near_b + (by - ay) * near_c)
        # A pixel exactly on an edge belongs to the triangle whose top or left edge it is.
        own_bc = 0 if (cy < by or (cy == by and cx > bx)) else -1
        own_ca = 0 if (ay < cy or (ay == cy and ax > cx)) else -1
        own_ab = 0 if (by < ay or (by == ay and bx > ax)) else -1
        x, y = left * 256 + 128, top * 256 + 128
        row_a = (cx - bx) * (y - by) - (cy - by) * (x - bx)
        row_b = (ax - cx) * (y - cy) - (ay - cy) * (x - cx)
        row_c = (bx - ax) * (y - ay) - (by - ay) * (x - ax)
        for row in range(top, bottom + 1):
            edge_a, edge_b, edge_c = row_a, row_b, row_c
            near = edge_a * near_a + edge_b * near_b + edge_c * near_c
            entered = False
            for column in range(left, right + 1):
                if (edge_a + own_bc) | (edge_b + own_ca) | (edge_c + own_ab) >= 0:
                    entered = True
                    kept = np.float32(near)  # unrounded it could win a tie with itself
                    if kept > nearest[row, column]:
                        nearest[row, column] = kept
                        cover[row, column] = index
                elif entered:
                    break
                near += near_step
                edge_a -= (cy - by) * 256
                edge_b -= (ay - cy) * 256
                edge_c -= (by - ay) * 256
            row_a += (cx - bx) * 256
            row_b += (ax - cx) * 256
            row_c += (bx - ax) * 256


def rasterise(
    xy: NDArray[np.floating],
    nearness: NDArray[np.floating],
    triangles: NDArray[np.int32],
    height: int,
    width: int,
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """The nearest triangle at the centre of each pixel, of either side.

    Args:
        xy: corners (V, 2), px from the picture's top left corner.
        nearness: of the corners (V,), linear on the picture: 1 / depth for a pinhole camera. A
            triangle with a corner that has none above 0 (it is behind the camera) is left out.
        triangles: indices (F, 3) into the corners.
        height: of the picture, px.
        width: of the picture, px.

    Returns:
        Index of the triangle (height, width), -1 where there is none, and nearness (height, width),
        0 where there is none. Of two equally near triangles the first one is seen.
    """
    usable = np.isfinite(nearness) & (nearness > 0) & (np.abs(xy) < REACH_PX).all(axis=1)
    snapped = np.floor(np.where(usable[:, None], xy, 0.0) * SUBPIXEL + 0.5).astype(np.int64)
    cover = np.full((height, width), -1, np.int32)
    nearest = np.zeros((height, width), np.float32)
    _fill(snapped, nearness, usable, triangles, cover, nearest)
    return cover, nearest
