"""A finer mesh where detail matters: edges are halved, and all that lies on vertices with them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Refinement:
    """Which edges get a vertex in their middle.

    Attributes:
        edges: vertex numbers (E, 2) of the halved edges.
        triangles: the new triangles; vertex V + e is the middle of edge e.
    """

    edges: NDArray[np.int32]
    triangles: NDArray[np.int32]

    def apply(self, values: NDArray) -> NDArray:
        """Values (..., V, C) of the old vertices to those (..., V + E, C) of the new ones."""
        middles = values[..., self.edges, :].mean(-2, dtype=np.float32)
        return np.concatenate([values, middles.astype(values.dtype)], axis=-2)


def refine(triangles: NDArray[np.int32], marked: NDArray[np.bool_]) -> Refinement:
    """Split the marked triangles into four, and their neighbours so that no gap opens.

    Args:
        triangles: vertex numbers (F, 3).
        marked: which triangles (F,) are to be split into four.
    """
    sides = np.sort(triangles[:, [[0, 1], [1, 2], [2, 0]]], axis=-1)
    edges = np.unique(sides[marked].reshape(-1, 2), axis=0).astype(np.int32)
    first_new = int(triangles.max()) + 1
    middle_of = {tuple(edge): first_new + i for i, edge in enumerate(edges.tolist())}
    new: list[tuple[int, int, int]] = []
    for corners, its_sides in zip(triangles.tolist(), sides.tolist(), strict=True):
        middles = [middle_of.get(tuple(side)) for side in its_sides]
        new += _split(corners, middles)
    return Refinement(edges, np.array(new, np.int32))


def _split(corners: list[int], middles: list[int | None]) -> list[tuple[int, int, int]]:
    """A triangle cut at the middles of its sides (side i goes from corner i to corner i + 1)."""
    count = sum(middle is not None for middle in middles)
    if count == 0:
        return [(corners[0], corners[1], corners[2])]
    # Turned so that the halved sides come first, and the whole ones last.
    turn = next(
        i
        for i in range(3)
        if all((middles[(i + k) % 3] is not None) == (k < count) for k in range(3))
    )
    a, b, c = (corners[(turn + k) % 3] for k in range(3))
    ab, bc, ca = (middles[(turn + k) % 3] or 0 for k in range(3))
    if count == 1:
        return [(a, ab, c), (ab, b, c)]
    if count == 2:
        return [(ab, b, bc), (a, ab, bc), (a, bc, c)]
    return [(a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)]
