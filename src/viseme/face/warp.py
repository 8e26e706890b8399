"""Sampling a patch of an image under an affine map, without an image library."""

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

GREY_WEIGHTS = np.array([0.299, 0.587, 0.114], np.float32)
"""Luma weights of R, G, B (ITU-R BT.601)."""


def warp(
    image: NDArray[np.uint8], to_image: NDArray[np.floating], size_px: int, *, grey: bool = False
) -> NDArray[np.float32]:
    """Sample a square patch bilinearly; pixels outside the image are black.

    Only the part of the image that the patch covers is touched. Where the patch is smaller than
    that part by a factor of two or more, the part is first averaged over whole blocks of pixels,
    so that fine texture does not alias.

    Args:
        image: RGB picture (H, W, 3).
        to_image: matrix (2, 3) from patch px (x, y, 1) to image px; whole numbers are centres.
        size_px: width and height of the patch.
        grey: sample the luma instead of the three colours.

    Returns:
        The patch (size_px, size_px, C) with values 0 to 255, C being 1 if grey, else 3.
    """
    height, width = image.shape[:2]
    shrinking = np.sqrt(abs(np.linalg.det(to_image[:, :2])))
    factor = max(1, int(shrinking + 1e-6))
    end = size_px - 1
    corners = to_image @ np.array([(0, end, 0, end), (0, 0, end, end), (1, 1, 1, 1)])
    x0, y0 = np.maximum(np.floor(corners.min(1)).astype(int) - factor, 0)
    x1, y1 = np.minimum(np.ceil(corners.max(1)).astype(int) + 2 * factor, (width, height))
    if x1 <= x0 or y1 <= y0:
        return np.zeros((size_px, size_px, 1 if grey else 3), np.float32)
    part = image[y0:y1, x0:x1].astype(np.float32)
    part = part @ GREY_WEIGHTS[:, None] if grey else part
    source = torch.from_numpy(np.ascontiguousarray(part.transpose(2, 0, 1)))[None]
    to_source = to_image - np.array([(0, 0, x0), (0, 0, y0)])
    if factor > 1:
        source, to_source = _reduce(source, to_source, factor)
    grid = torch.from_numpy(_grid(to_source, source.shape[-1], source.shape[-2], size_px))[None]
    patch = F.grid_sample(source, grid, padding_mode="zeros", align_corners=False)
    return patch[0].permute(1, 2, 0).contiguous().numpy()


def invert(matrix: NDArray[np.floating]) -> NDArray[np.float64]:
    """The inverse (..., 2, 3) of affine maps (..., 2, 3)."""
    linear = np.linalg.inv(matrix[..., :2])
    return np.concatenate([linear, -linear @ matrix[..., 2:]], axis=-1)


def _reduce(
    source: torch.Tensor, to_source: NDArray[np.floating], factor: int
) -> tuple[torch.Tensor, NDArray[np.floating]]:
    """Average blocks of factor x factor px of (1, C, H, W), the last ones as far as they reach."""
    reduced = F.avg_pool2d(source, factor, ceil_mode=True)
    return reduced, (to_source - np.array([(0, 0, 1), (0, 0, 1)]) * (factor - 1) / 2) / factor


def _grid(
    to_source: NDArray[np.floating], width: int, height: int, size_px: int
) -> NDArray[np.float32]:
    """Sampling positions (size_px, size_px, 2) in the units of `grid_sample`: -1 to 1."""
    extent = np.array([[width], [height]])
    shift = np.array([(0, 0, 1), (0, 0, 1)]) * (1 / extent - 1)
    (a, b, c), (d, e, f) = (to_source * 2 / extent + shift).astype(np.float32)
    step = np.arange(size_px, dtype=np.float32)
    grid = np.empty((size_px, size_px, 2), np.float32)
    grid[..., 0] = (a * step + c) + (b * step)[:, None]
    grid[..., 1] = (d * step + f) + (e * step)[:, None]
    return grid
