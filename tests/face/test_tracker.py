"""Faces found and followed in real frames."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from synthetic_faces import Frames

from viseme.face import align, tracker
from viseme.face.detect import Detection, FaceDetector, _merge, _squares, iou
from viseme.face.mesh import FaceMesh, FaceRoi
from viseme.face.tracker import Face, LandmarkTracker
from viseme.face.warp import invert, warp

GridFrames = Callable[[str], Frames]


def tracks(following: LandmarkTracker, frames: Iterable[NDArray[np.uint8]]) -> list[list[Face]]:
    return list(following.track(frames))


def moved(frame: NDArray[np.uint8], to_canvas: NDArray, size: int) -> NDArray[np.uint8]:
    """The frame under an affine map, on a black square."""
    return np.rint(warp(frame, invert(to_canvas), size)).astype(np.uint8)


@pytest.mark.parametrize("speaker", ["s1", "s2", "s3", "s4", "s5"])
def test_one_face_in_every_frame_with_the_geometry_of_the_mean_face(
    landmark_tracker: LandmarkTracker, grid_frames: GridFrames, speaker: str
) -> None:
    frames = grid_frames(speaker)
    found = tracks(landmark_tracker, frames)
    assert [[face.track_id for face in faces] for faces in found] == [[0]] * len(frames)
    assert min(face.score for (face,) in found) > 0.9
    points = align.region_means(np.stack([face.landmarks for (face,) in found]).astype(float))
    aligned = align.apply(align.similarity(align.smooth(points), align.MEAN_FACE), points)
    # People differ from the mean face by up to 2.3 px of it.
    assert np.abs(aligned.mean(0) - align.MEAN_FACE).max() < 3


def test_the_result_does_not_depend_on_the_number_of_threads(
    landmark_tracker: LandmarkTracker, grid_frames: GridFrames
) -> None:
    frames = grid_frames("s1")[:14]
    for one, two in zip(
        tracks(LandmarkTracker(threads=1), frames), tracks(landmark_tracker, frames), strict=True
    ):
        np.testing.assert_array_equal(one[0].landmarks, two[0].landmarks)


def test_a_face_at_rest_keeps_its_landmarks(
    landmark_tracker: LandmarkTracker, grid_frames: GridFrames
) -> None:
    found = tracks(landmark_tracker, [grid_frames("s1")[0]] * 12)
    points = np.stack([faces[0].landmarks[:, :2] for faces in found[4:]])
    assert np.abs(points - points.mean(0)).mean() < 0.3


def test_frames_that_are_not_looked_at_are_where_they_would_be_seen(
    landmark_tracker: LandmarkTracker, grid_frames: GridFrames, monkeypatch: pytest.MonkeyPatch
) -> None:
    for speaker in ("s2", "s4"):
        frames = grid_frames(speaker)
        sparse = np.stack([face.landmarks for (face,) in tracks(landmark_tracker, frames)])
        monkeypatch.setattr(tracker, "MAX_MOVE", -1)
        dense = np.stack([face.landmarks for (face,) in tracks(landmark_tracker, frames)])
        monkeypatch.undo()
        error = np.linalg.norm(sparse[..., :2] - dense[..., :2], axis=-1)
        assert 0 < error.mean() < 0.06
        assert np.percentile(error, 95) < 0.25
        regions = align.region_means(sparse) - align.region_means(dense)
        assert np.linalg.norm(regions, axis=-1).max() < 1


class CountedMesh(FaceMesh):
    """Counts its looks."""

    def __init__(self) -> None:
        super().__init__()
        self.looks = 0

    def __call__(self, image: NDArray[np.uint8], roi: FaceRoi) -> tuple[NDArray[np.float32], float]:
        self.looks += 1
        return super().__call__(image, roi)


@pytest.mark.parametrize(
    ("step_px", "share"), [(0, 0.55), (5, 1.0)], ids=["a face at rest", "a face that moves"]
)
def test_a_frame_is_looked_at_where_the_face_moves(
    face_networks: Path, grid_frames: GridFrames, step_px: int, share: float
) -> None:
    frames = [np.roll(grid_frames("s1")[0], i * step_px, axis=1) for i in range(20)]
    counting = LandmarkTracker(threads=1)
    counting._mesh = mesh = CountedMesh()
    assert all(tracks(counting, frames))
    assert mesh.looks == pytest.approx(share * len(frames), abs=2)


def test_landmarks_follow_turned_scaled_and_shifted_copies(
    landmark_tracker: LandmarkTracker, grid_frames: GridFrames
) -> None:
    frame = grid_frames("s1")[0]
    reference = tracks(landmark_tracker, [frame] * 5)[4][0].landmarks[:, :2]
    for scale, angle, shift in ((1.6, 0.3, (60, 20)), (0.8, -0.35, (100, 260)), (2.0, 0, (0, 0))):
        cos, sin = scale * np.cos(angle), scale * np.sin(angle)
        matrix = np.array([(cos, -sin, shift[0]), (sin, cos, shift[1])])
        copy = moved(frame, matrix, 720)
        (face,) = tracks(landmark_tracker, [copy] * 5)[4]
        error = np.linalg.norm(face.landmarks[:, :2] - align.apply(matrix, reference), axis=1)
        assert error.mean() / scale < 1.0


def test_two_faces_keep_their_numbers(
    landmark_tracker: LandmarkTracker, grid_frames: GridFrames
) -> None:
    both = zip(grid_frames("s1")[:30], grid_frames("s2")[:30], strict=True)
    pair = [np.concatenate(frames, 1) for frames in both]
    found = tracks(landmark_tracker, pair)
    width = grid_frames("s1")[0].shape[1]
    assert all(sorted(face.track_id for face in faces) == [0, 1] for faces in found)
    side = [{f.track_id: f.box[0] > width * 0.9 for f in faces} for faces in found]
    assert all(sides == side[0] for sides in side)
    assert set(side[0].values()) == {False, True}


def test_a_face_that_returns_keeps_its_number_and_frames_without_it_are_empty(
    landmark_tracker: LandmarkTracker, grid_frames: GridFrames
) -> None:
    frames = list(grid_frames("s1")[:40])
    for t in range(10, 15):
        frames[t] = np.zeros_like(frames[t])
    found = tracks(landmark_tracker, frames)
    expected = [[] if 10 <= t < 15 else [0] for t in range(40)]
    assert [[face.track_id for face in faces] for faces in found] == expected


def test_a_small_face_is_found_by_enlarging(
    landmark_tracker: LandmarkTracker, grid_frames: GridFrames
) -> None:
    canvas = np.full((720, 1280, 3), 90, np.uint8)
    small = warp(grid_frames("s1")[0], np.array([(2.0, 0, 0.5), (0, 2.0, 0.5)]), 180)[:144]
    canvas[300:444, 800:980] = np.rint(small)
    detector = FaceDetector()
    assert detector(canvas, enlarge=False) == []
    (detection,) = detector(canvas)
    assert 800 < detection.box[0] < detection.box[2] < 980
    assert all(len(faces) == 1 for faces in tracks(landmark_tracker, [canvas] * 6))


def test_no_frames_and_no_faces(landmark_tracker: LandmarkTracker) -> None:
    assert tracks(landmark_tracker, []) == []
    grey = np.full((90, 160, 3), 128, np.uint8)
    assert tracks(landmark_tracker, [grey] * 5) == [[]] * 5


def test_abandoning_the_video_ends_cleanly(
    landmark_tracker: LandmarkTracker, grid_frames: GridFrames
) -> None:
    running = landmark_tracker.track(grid_frames("s1"))
    assert len(next(running)) == 1
    running.close()


def test_a_broken_video_raises_where_it_breaks(landmark_tracker: LandmarkTracker) -> None:
    def frames() -> Iterator[NDArray[np.uint8]]:
        yield from [np.zeros((90, 160, 3), np.uint8)] * 10
        raise OSError("broken")

    with pytest.raises(OSError, match="broken"):
        tracks(landmark_tracker, frames())


def detection(x0: float, score: float) -> Detection:
    box = np.array([x0, 0, x0 + 10, 10], np.float32)
    return Detection(box, np.full((6, 2), x0, np.float32), score)


def test_overlapping_detections_are_blended_and_others_kept() -> None:
    merged = _merge([detection(0, 0.6), detection(2, 0.9), detection(50, 0.7)])
    assert [d.score for d in merged] == [0.9, 0.7]
    assert merged[0].box[0] == pytest.approx((0 * 0.6 + 2 * 0.9) / 1.5)
    assert merged[0].keypoints[0, 0] == pytest.approx(merged[0].box[0])
    assert _merge([]) == []


def test_iou_of_known_boxes() -> None:
    boxes = np.array([(0, 0, 10, 10), (5, 0, 15, 10), (20, 20, 30, 30), (0, 0, 10, 5)], float)
    np.testing.assert_allclose(iou(boxes[0], boxes), [1, 1 / 3, 0, 0.5])


@pytest.mark.parametrize(("height", "width"), [(720, 1280), (1280, 720), (100, 100), (37, 400)])
def test_the_enlarged_squares_cover_the_picture(height: int, width: int) -> None:
    seen = np.zeros((height, width), bool)
    for x0, y0, side in _squares(height, width):
        assert x0 >= 0
        assert y0 >= 0
        assert x0 + side <= width + 1e-9
        assert y0 + side <= height + 1e-9
        seen[round(y0) : round(y0 + side), round(x0) : round(x0 + side)] = True
    assert seen.all()


def test_the_roi_of_landmarks_turns_with_the_face() -> None:
    generator = np.random.default_rng(0)
    points = generator.uniform(0, 100, (478, 3)) * (1, 1, 0)
    points[33, :2], points[263, :2] = (20, 50), (80, 50)
    upright = FaceRoi.of_landmarks(points)
    angle, scale = 0.7, 2.0
    turn = scale * np.array([(np.cos(angle), -np.sin(angle)), (np.sin(angle), np.cos(angle))])
    moved_points = np.pad(points[:, :2] @ turn.T, ((0, 0), (0, 1)))
    turned = FaceRoi.of_landmarks(moved_points)
    np.testing.assert_allclose((turned.x, turned.y), turn @ (upright.x, upright.y))
    assert turned.side == pytest.approx(upright.side * scale)
    assert turned.angle == pytest.approx(upright.angle + angle)
    np.testing.assert_allclose(turned.to_image() @ (128, 128, 1), (turned.x, turned.y))
