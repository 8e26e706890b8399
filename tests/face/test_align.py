"""The geometry of the mouth ROI: figures of the mean face, least squares, smoothing, rounding."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from synthetic_faces import mesh

from viseme.face import align

floats = st.floats
moves = st.tuples(
    floats(0.2, 8.0),
    floats(-3.1, 3.1),
    st.tuples(floats(-500, 2000), floats(-500, 2000)),
)


@given(moves)
def test_a_mean_face_anywhere_lands_on_the_mean_face(
    move: tuple[float, float, tuple[float, float]],
) -> None:
    points = align.region_means(mesh(*move)[None])
    landed = align.apply(align.similarity(points, align.MEAN_FACE), points)
    expected = [(102.1, 94.3), (156.4, 93.6), (129.0, 135.9), (129.3, 157.8)]
    np.testing.assert_allclose(landed[0], expected, atol=0.02)  # float32 landmarks


@given(moves)
def test_the_mouth_is_in_the_middle_of_its_roi(
    move: tuple[float, float, tuple[float, float]],
) -> None:
    points = align.region_means(mesh(*move)[None])
    mouth = align.apply(align.mouth_roi_transforms(points), points)[0, 3]
    corner = np.array([129.3, 157.8]) - mouth
    np.testing.assert_allclose(corner, [129 - 48, 158 - 48], atol=0.02)
    assert np.abs(mouth - align.MOUTH_ROI_SIZE_PX / 2).max() <= 0.52


def test_the_corner_is_a_whole_pixel_of_the_mean_face_frame() -> None:
    points = np.random.default_rng(0).normal(0, 2, (20, 4, 2)) + align.MEAN_FACE * 1.3
    difference = align.similarity(align.smooth(points), align.MEAN_FACE) - (
        align.mouth_roi_transforms(points)
    )
    assert np.all(difference[..., :2] == 0)
    corner = difference[..., 2]
    np.testing.assert_allclose(corner, np.round(corner), atol=1e-9)
    assert len(np.unique(np.round(corner), axis=0)) > 1


def test_similarity_is_the_least_squares_one() -> None:
    generator = np.random.default_rng(1)
    source = generator.normal(0, 50, (30, 4, 2))
    for points, matrix in zip(source, align.similarity(source, align.MEAN_FACE), strict=True):
        (x, y), one, zero = points.T, np.ones(4), np.zeros(4)
        rows = np.concatenate([np.stack([x, -y, one, zero], 1), np.stack([y, x, zero, one], 1)])
        a, b, c, d = np.linalg.lstsq(rows, align.MEAN_FACE.T.ravel(), rcond=None)[0]
        np.testing.assert_allclose(matrix, [(a, -b, c), (b, a, d)], atol=1e-8)


def test_similarity_of_a_single_point_is_finite() -> None:
    assert np.isfinite(align.similarity(np.ones((1, 4, 2)), align.MEAN_FACE)).all()


@pytest.mark.parametrize("num_frames", [1, 2, 5, 13, 40])
def test_smoothing_keeps_centroids_and_even_motion(num_frames: int) -> None:
    generator = np.random.default_rng(2)
    points = generator.normal(0, 1, (num_frames, 4, 2))
    smoothed = align.smooth(points)
    np.testing.assert_allclose(smoothed.mean(1), points.mean(1), atol=1e-9)
    even = np.arange(num_frames)[:, None, None] * generator.normal(0, 1, (4, 2))
    np.testing.assert_allclose(align.smooth(even), even, atol=1e-9)


def test_smoothing_is_the_mean_of_a_window_that_shrinks_at_the_ends() -> None:
    points = np.random.default_rng(3).normal(0, 1, (30, 4, 2))
    smoothed = align.smooth(points, radius=6)
    for t in range(30):
        reach = min(6, t, 29 - t)
        mean = points[t - reach : t + reach + 1].mean(0)
        np.testing.assert_allclose(smoothed[t], mean - mean.mean(0) + points[t].mean(0), atol=1e-9)


@pytest.mark.parametrize(("distance", "felt"), [(6, True), (7, False)])
def test_a_frame_is_aligned_by_the_six_around_it_on_both_sides(distance: int, felt: bool) -> None:
    """The window of the published preprocessing."""
    points = np.tile(align.MEAN_FACE, (30, 1, 1))
    turned = points.copy()
    turned[15 + distance] += [(0, 5), (0, -5), (0, 0), (0, 0)]
    change = align.mouth_roi_transforms(turned)[15] - align.mouth_roi_transforms(points)[15]
    assert (np.abs(change[:, :2]).max() > 1e-3) == felt


def test_smoothing_takes_out_jitter() -> None:
    jitter = np.random.default_rng(4).normal(0, 1, (200, 4, 2))
    shape = align.smooth(jitter) - align.smooth(jitter).mean(1, keepdims=True)
    assert shape[10:-10].std() < 0.35 * (jitter - jitter.mean(1, keepdims=True)).std()
