"""Light on a surface: from the triangle seen at each sample to the picture's linear light."""

from dataclasses import astuple

import numpy as np
from numpy.typing import NDArray

from viseme.studio.pictures.compiled import compiled
from viseme.studio.pictures.lights import Lights


@compiled
def _add_face_normals(points, triangles, normals) -> None:  # type: ignore[no-untyped-def]
    for index in range(len(triangles)):
        a, b, c = triangles[index]
        ux, uy, uz = points[b] - points[a]
        vx, vy, vz = points[c] - points[a]
        x, y, z = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        for corner in (a, b, c):
            normals[corner, 0] += x
            normals[corner, 1] += y
            normals[corner, 2] += z


def vertex_normals(
    points: NDArray[np.floating], triangles: NDArray[np.int32]
) -> NDArray[np.float64]:
    """Unit normals (V, 3): means of the adjacent triangles' normals, weighted by their areas.

    A point that no triangle with an area touches has the normal 0.
    """
    normals = np.zeros((len(points), 3))
    _add_face_normals(points.astype(np.float64), triangles, normals)
    length = np.sqrt((normals**2).sum(axis=1, keepdims=True))
    return normals / np.maximum(length, 1e-12)


@compiled
def _shade(  # type: ignore[no-untyped-def]
    cover, screen, points, normals, albedo, gloss, triangles, lights, picture
) -> None:
    key, key_colour, fill, fill_colour, up, sky, ground = lights
    for row in range(cover.shape[0]):
        for column in range(cover.shape[1]):
            index = cover[row, column]
            if index < 0:
                continue
            a, b, c = triangles[index]
            # Barycentric weights on the screen, divided by depth: linear in space.
            x, y = column + 0.5, row + 0.5
            ax, ay, bx, by, cx, cy = (
                *(screen[a, 0] - x, screen[a, 1] - y, screen[b, 0] - x, screen[b, 1] - y),
                *(screen[c, 0] - x, screen[c, 1] - y),
            )
            weight_a = (bx * cy - by * cx) / screen[a, 2]
            weight_b = (cx * ay - cy * ax) / screen[b, 2]
            weight_c = (ax * by - ay * bx) / screen[c, 2]
            total = weight_a + weight_b + weight_c
            weight_a, weight_b, weight_c = weight_a / total, weight_b / total, weight_c / total
            nx = weight_a * normals[a, 0] + weight_b * normals[b, 0] + weight_c * normals[c, 0]
            ny = weight_a * normals[a, 1] + weight_b * normals[b, 1] + weight_c * normals[c, 1]
            nz = weight_a * normals[a, 2] + weight_b * normals[b, 2] + weight_c * normals[c, 2]
            px = weight_a * points[a, 0] + weight_b * points[b, 0] + weight_c * points[c, 0]
            py = weight_a * points[a, 1] + weight_b * points[b, 1] + weight_c * points[c, 1]
            pz = weight_a * points[a, 2] + weight_b * points[b, 2] + weight_c * points[c, 2]
            # Corners that turn clockwise on the screen (y down) are seen from behind.
            side = 1.0 if (bx - ax) * (cy - ay) - (by - ay) * (cx - ax) < 0 else -1.0
            unit = side / max(np.sqrt(nx * nx + ny * ny + nz * nz), 1e-9)
            nx, ny, nz = nx * unit, ny * unit, nz * unit
            open_side = 1.0 if side > 0 else 0.4
            away = 1.0 / np.sqrt(px * px + py * py + pz * pz)
            toward_key = nx * key[0] + ny * key[1] + nz * key[2]
            toward_fill = max(nx * fill[0] + ny * fill[1] + nz * fill[2], 0.0)
            upward = 0.5 + 0.5 * (nx * up[0] + ny * up[1] + nz * up[2])
            # Blinn-Phong: half way between the light and the eye, a broad and a sharp lobe.
            hx, hy, hz = key[0] - px * away, key[1] - py * away, key[2] - pz * away
            half = (nx * hx + ny * hy + nz * hz) / np.sqrt(hx * hx + hy * hy + hz * hz)
            shine = 0.0
            gloss_here = weight_a * gloss[a] + weight_b * gloss[b] + weight_c * gloss[c]
            if half > 0 and toward_key > 0 and gloss_here > 0:
                power_4 = half * half * half * half
                power_16 = power_4 * power_4 * power_4 * power_4
                power_64 = power_16 * power_16 * power_16 * power_16
                sharp = gloss_here * gloss_here
                shine = gloss_here * (0.25 * (1 - sharp) * power_16 + 2.0 * sharp * power_64)
            for channel in range(3):
                reflectance = (
                    weight_a * albedo[a, channel]
                    + weight_b * albedo[b, channel]
                    + weight_c * albedo[c, channel]
                )
                # Light that enters skin comes out beyond the shadow's edge, red the farthest.
                wrap = 0.3 - 0.1 * channel
                key_share = max((toward_key + wrap) / (1 + wrap), 0.0)
                around = ground[channel] + upward * (sky[channel] - ground[channel])
                light = (
                    key_colour[channel] * key_share + fill_colour[channel] * toward_fill + around
                )
                picture[row, column, channel] = open_side * (
                    reflectance * light + shine * key_colour[channel]
                )


def shade(
    cover: NDArray[np.int32],
    screen: NDArray[np.floating],
    points: NDArray[np.floating],
    triangles: NDArray[np.int32],
    albedo: NDArray[np.float32],
    gloss: NDArray[np.float32],
    lights: Lights,
    picture: NDArray[np.float32],
) -> None:
    """Paint linear light over `picture` (H, W, 3) where `cover` (H, W) knows a triangle.

    Args:
        cover: what `rasterise` saw.
        screen: corners (V, 3) as `rasterise` got them.
        points: corners (V, 3) in camera axes, cm.
        triangles: indices (F, 3).
        albedo: reflectance (V, 3).
        gloss: strength (V,) of the highlight, 0 to 1; the glossier, the smaller it is.
        lights: in camera axes.
        picture: is changed.
    """
    normals = vertex_normals(points, triangles)
    _shade(cover, screen, points, normals, albedo, gloss, triangles, astuple(lights), picture)
