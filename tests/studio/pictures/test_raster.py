"""The rasteriser agrees with a slow one, leaves no holes, and survives what is not a picture."""

import numpy as np
import pytest
from numpy.typing import NDArray

from viseme.studio.pictures import raster

pytest.importorskip("numba")


def rasterise(
    points: NDArray, triangles: NDArray, height: int, width: int
) -> tuple[NDArray, NDArray]:
    """What a pinhole camera sees of corners (V, 3): x and y in px, depth in cm."""
    with np.errstate(divide="ignore"):
        nearness = 1 / points[:, 2]
    return raster.rasterise(points[:, :2], nearness, triangles, height, width)


def slow(
    points: NDArray, triangles: NDArray, height: int, width: int
) -> tuple[NDArray, NDArray, NDArray]:
    """Cover, nearness, and which pixels are too close to an edge or a tie to call."""
    y, x = np.mgrid[:height, :width] + 0.5
    cover, nearest = np.full((height, width), -1), np.zeros((height, width))
    unsure = np.zeros((height, width), bool)
    for index, corners in enumerate(points[triangles].astype(np.float64)):
        (ax, ay, az), (bx, by, bz), (cx, cy, cz) = corners
        area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
        if area == 0 or corners[:, 2].min() <= 0:
            continue
        weights = np.stack(
            [
                (cx - bx) * (y - by) - (cy - by) * (x - bx),
                (ax - cx) * (y - cy) - (ay - cy) * (x - cx),
                (bx - ax) * (y - ay) - (by - ay) * (x - ax),
            ]
        )
        weights = weights / area
        inside = (weights >= 0).all(axis=0)
        near = weights[0] / az + weights[1] / bz + weights[2] / cz
        # Snapping corners to a 256th of a pixel moves edges by as much.
        longest = np.sqrt(max(((corners - np.roll(corners, 1, 0))[:, :2] ** 2).sum(axis=1)))
        unsure |= (np.abs(weights) < 0.01 * longest / abs(area)).any(axis=0) & (
            weights > -0.02 * longest / abs(area)
        ).all(axis=0)
        unsure |= inside & (np.abs(near - nearest) < 1e-3 * near)
        nearer = inside & (near > nearest)
        cover[nearer], nearest[nearer] = index, near[nearer]
    return cover, nearest, unsure


def random_triangles(rng: np.random.Generator, count: int) -> tuple[NDArray, NDArray]:
    """Triangles of all sizes in, across and beyond a 40 x 30 picture, some behind the camera."""
    middle = rng.uniform((-10, -10, 20), (50, 40, 200), (count, 1, 3))
    points = middle + rng.normal(size=(count, 3, 3)) * rng.uniform(1, 20, (count, 1, 1))
    points[rng.random(count) < 0.1, 0, 2] *= -1
    return points.reshape(-1, 3), np.arange(3 * count, dtype=np.int32).reshape(-1, 3)


@pytest.mark.parametrize("seed", range(8))
def test_the_nearest_triangle_is_seen(seed: int) -> None:
    points, triangles = random_triangles(np.random.default_rng(seed), 40)
    cover, nearness = rasterise(points, triangles, 30, 40)
    expected, expected_nearness, unsure = slow(points, triangles, 30, 40)
    sure = ~unsure
    assert sure.mean() > 0.6
    assert (cover[sure] == expected[sure]).all()
    np.testing.assert_allclose(nearness[sure], expected_nearness[sure], rtol=0.05, atol=1e-5)
    assert len(np.unique(cover)) > 8


def test_neighbours_leave_no_holes_and_share_no_pixel() -> None:
    rng = np.random.default_rng(0)
    size = 13
    grid = np.stack(np.meshgrid(np.arange(size), np.arange(size)), -1).astype(np.float64) * 3 - 2
    inner = np.zeros((size, size, 1), bool)
    inner[1:-1, 1:-1] = True
    grid += np.where(inner, rng.uniform(-1, 1, grid.shape), 0)
    points = np.concatenate([grid.reshape(-1, 2), np.full((size * size, 1), 50.0)], axis=1)
    a = (np.arange(size - 1)[:, None] * size + np.arange(size - 1)).ravel()
    triangles = np.concatenate(
        [np.stack([a, a + 1, a + size], 1), np.stack([a + 1, a + size, a + size + 1], 1)]
    ).astype(np.int32)
    claims = np.zeros((32, 32), int)
    for triangle in triangles:
        claims += rasterise(points, triangle[None], 32, 32)[0] >= 0
    assert (claims == 1).all()


def test_corners_on_pixel_centres_are_claimed_once() -> None:
    square = np.array([[2.5, 2.5, 9], [8.5, 2.5, 9], [2.5, 8.5, 9], [8.5, 8.5, 9]])
    halves = np.array([[0, 1, 2], [1, 3, 2]], np.int32)
    claims = sum((rasterise(square, half[None], 12, 12)[0] >= 0).astype(int) for half in halves)
    assert claims.max() == 1
    assert claims.sum() == 36
    assert claims[2, 2] == 1
    assert claims[8, 8] == 0


@pytest.mark.parametrize("depth_cm", [8.0, 9.0, 19.0, 97.3, 101.7])
def test_of_two_equally_near_the_first_is_seen(depth_cm: float) -> None:
    points = np.array([[1.0, 1, depth_cm], [9, 1, depth_cm], [1, 9, depth_cm]])
    cover, _ = rasterise(points, np.array([[0, 1, 2], [0, 1, 2]], np.int32), 10, 10)
    assert set(np.unique(cover)) == {-1, 0}


def test_both_sides_are_seen() -> None:
    points = np.array([[1.0, 1, 9], [9, 1, 9], [1, 9, 9]])
    front, _ = rasterise(points, np.array([[0, 1, 2]], np.int32), 10, 10)
    back, _ = rasterise(points, np.array([[0, 2, 1]], np.int32), 10, 10)
    assert (front == back).all()
    assert (front == 0).any()


@pytest.mark.parametrize(
    "corners",
    [
        [[1, 1, 9], [5, 5, 9], [9, 9, 9]],
        [[3, 3, 9], [3, 3, 9], [3, 3, 9]],
        [[-90, 1, 9], [-80, 1, 9], [-90, 9, 9]],
        [[1, 1, -9], [9, 1, -9], [1, 9, -9]],
        [[1, 1, 9], [9, 1, 9], [1, 9, 0]],
        [[1, 1, 9], [np.nan, 1, 9], [1, 9, 9]],
        [[1, 1, 9], [np.inf, 1, 9], [1, 9, 9]],
        [[1, 1, 9], [1e30, 1, 9], [1, 9, 9]],
    ],
    ids=["line", "point", "off-screen", "behind", "at the eye", "nan", "inf", "far away"],
)
def test_what_cannot_be_seen_is_left_out(corners: list) -> None:
    cover, nearness = rasterise(np.array(corners, float), np.array([[0, 1, 2]], np.int32), 10, 10)
    assert (cover == -1).all()
    assert (nearness == 0).all()


def test_large_triangles_reach_across_the_picture() -> None:
    points = np.array([[-1e5, -1e5, 9], [3e5, -1e5, 9], [-1e5, 3e5, 9]])
    cover, nearness = rasterise(points, np.array([[0, 1, 2]], np.int32), 10, 10)
    assert (cover == 0).all()
    np.testing.assert_allclose(nearness, 1 / 9, rtol=1e-6)
