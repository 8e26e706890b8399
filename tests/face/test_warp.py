"""Patches sampled from pictures, against a slow sampler."""

import numpy as np
import pytest
from numpy.typing import NDArray

from viseme.face.warp import GREY_WEIGHTS, invert, warp


def slow_warp(image: NDArray[np.uint8], matrix: NDArray[np.float64], size: int) -> NDArray:
    """Bilinear sampling pixel by pixel, black outside."""

    def pixel(x: int, y: int) -> NDArray:
        inside = 0 <= x < image.shape[1] and 0 <= y < image.shape[0]
        return image[y, x].astype(float) if inside else np.zeros(3)

    patch = np.zeros((size, size, 3))
    for row in range(size):
        for column in range(size):
            x, y = matrix @ (column, row, 1)
            x0, y0 = int(np.floor(x)), int(np.floor(y))
            u, v = x - x0, y - y0
            top = (1 - u) * pixel(x0, y0) + u * pixel(x0 + 1, y0)
            bottom = (1 - u) * pixel(x0, y0 + 1) + u * pixel(x0 + 1, y0 + 1)
            patch[row, column] = (1 - v) * top + v * bottom
    return patch


def turned(scale: float, angle: float, x: float, y: float) -> NDArray[np.float64]:
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    return np.array([(cos, -sin, x), (sin, cos, y)])


IMAGE = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    "matrix",
    [
        turned(1, 0, 10, 12),
        turned(0.7, 0.5, 30.3, 7.8),
        turned(1.9, -1.0, 10.2, 40.1),
        turned(1.5, 0.2, -15.5, -9.25),  # over the upper left edge
        turned(1.2, 2.0, 75.5, 40.5),  # over the right edge
        turned(0.1, 0, 70, 50),
    ],
)
def test_sampling_is_bilinear_with_a_black_border(matrix: NDArray[np.float64]) -> None:
    expected = slow_warp(IMAGE, matrix, 24)
    np.testing.assert_allclose(warp(IMAGE, matrix, 24), expected, atol=0.02)
    grey = warp(IMAGE, matrix, 24, grey=True)
    np.testing.assert_allclose(grey[..., 0], expected @ GREY_WEIGHTS, atol=0.02)


@pytest.mark.parametrize(("colour", "luma"), [(0, 76), (1, 150), (2, 29)])
def test_grey_is_the_luma_of_red_green_and_blue(colour: int, luma: int) -> None:
    image = np.zeros((4, 4, 3), np.uint8)
    image[..., colour] = 255
    grey = warp(image, turned(1, 0, 0, 0), 4, grey=True)
    assert np.rint(grey).astype(int).tolist() == [[[luma]] * 4] * 4


@pytest.mark.parametrize("offset", [(-500, 0), (500, 0), (0, -500), (0, 500)])
def test_a_patch_beside_the_image_is_black(offset: tuple[int, int]) -> None:
    patch = warp(IMAGE, turned(1, 0, *offset), 16)
    assert patch.shape == (16, 16, 3)
    assert not patch.any()


@pytest.mark.parametrize("factor", [2, 3, 7])
def test_shrinking_averages_instead_of_skipping(factor: int) -> None:
    generator = np.random.default_rng(1)
    image = generator.integers(0, 256, (200, 200, 3), dtype=np.uint8)
    patch = warp(image, turned(factor, 0, (factor - 1) / 2, (factor - 1) / 2), 20)
    blocks = image[: 20 * factor, : 20 * factor].reshape(20, factor, 20, factor, 3)
    np.testing.assert_allclose(patch, blocks.mean((1, 3)), atol=0.02)


@pytest.mark.parametrize("scale", [1.0, 1.7, 2.0, 2.6, 3.9, 7.3])
def test_a_patch_is_the_corner_of_a_larger_one(scale: float) -> None:
    image = np.random.default_rng(1).integers(0, 256, (300, 300, 3), dtype=np.uint8)
    small, large = (warp(image, turned(scale, 0, 9.7, 14.2), size) for size in (17, 24))
    np.testing.assert_allclose(small, large[:17, :17], atol=0.02)


def test_shrinking_keeps_positions() -> None:
    y, x = np.mgrid[:240, :240]
    image = np.stack([x, y, x], -1).astype(np.uint8)
    matrix = turned(4.4, 0.3, 80.25, 10.75)
    columns, rows = np.meshgrid(np.arange(12, 20), np.arange(4, 12))
    expected = np.stack([columns, rows, np.ones_like(rows)], -1) @ matrix.T
    np.testing.assert_allclose(warp(image, matrix, 32)[4:12, 12:20, :2], expected, atol=0.02)


def test_a_picture_of_one_pixel() -> None:
    patch = warp(np.full((1, 1, 3), 200, np.uint8), turned(1, 0, 0, 0), 4)
    assert patch[0, 0].tolist() == [200, 200, 200]
    assert patch[1:, 1:].sum() == 0


def test_invert_undoes() -> None:
    matrices = np.stack([turned(1.7, 0.4, 3, 9), turned(0.2, -2, 50, -70)])
    point = np.array([12.5, -3.0])
    for matrix, inverse in zip(matrices, invert(matrices), strict=True):
        np.testing.assert_allclose(inverse @ (*(matrix @ (*point, 1)), 1), point)
