"""Smooth normals of a mesh."""

import numpy as np
from numpy.typing import NDArray

from viseme.studio.pictures.compiled import compiled


@compiled
def _add_face_normals(points, triangles, normals) -> None:  # type: ignore[no-untyped-def]
    for index in range(len(triangles)):
        a, b, c = triangles[index]
        ax, ay, az = points[a, 0], points[a, 1], points[a, 2]
        ux, uy, uz = points[b, 0] - ax, points[b, 1] - ay, points[b, 2] - az
        vx, vy, vz = points[c, 0] - ax, points[c, 1] - ay, points[c, 2] - az
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
    _add_face_normals(points, triangles, normals)
    length = np.sqrt((normals**2).sum(axis=1, keepdims=True))
    return normals / np.maximum(length, 1e-12)
