"""Mouth ROIs in blocks: the same however they are cut, honest about what was not seen."""

import weakref
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from numpy.typing import NDArray
from synthetic_faces import Frames, ScriptedTracker, face, mesh, noise_frames

from viseme.errors import ConfigError, NoFaceError
from viseme.face.align import (
    MEAN_FACE,
    FaceWindow,
    apply,
    mouth_roi_transforms,
    region_means,
    window_transforms,
)
from viseme.face.crop import MouthBlock, mouth_blocks, mouth_rois
from viseme.face.gaps import MAX_GAP_FRAMES
from viseme.face.mouth_track import CONTEXT_FRAMES
from viseme.face.tracker import Face, LandmarkTracker
from viseme.face.warp import GREY_WEIGHTS, invert, warp

GridFrames = Callable[[str], Frames]
FIELDS = ("rois", "visible", "scores", "boxes", "quads")


def walk(missing: Callable[[int], bool] = lambda t: False) -> ScriptedTracker:
    """One face that sways, turns and grows, and is missed in some frames."""

    def script(t: int) -> list[Face]:
        if missing(t):
            return []
        angle, shift = 0.2 * np.sin(t / 5), (40 + 20 * np.sin(t / 9), 10 + 15 * np.cos(t / 7))
        return [face(mesh(0.9 + 0.002 * t, angle, shift), track_id=7)]

    return ScriptedTracker(script)


def joined(blocks: list[MouthBlock]) -> dict[str, NDArray]:
    return {name: np.concatenate([getattr(b, name) for b in blocks]) for name in FIELDS}


def test_the_roi_is_the_grey_window_around_the_mouth() -> None:
    frames = noise_frames(30)
    block = mouth_rois(frames, tracker=walk())
    landmarks = np.stack([faces[0].landmarks for faces in walk().track(frames)])
    transforms = mouth_roi_transforms(region_means(landmarks.astype(float)))
    for t, (frame, transform) in enumerate(zip(frames, transforms, strict=True)):
        grey = np.repeat(frame.astype(np.float32) @ GREY_WEIGHTS[:, None], 3, axis=2)
        expected = warp(grey, invert(transform), 96)[..., 0]
        assert np.abs(block.rois[t] - expected).max() <= 0.51
        corners = np.concatenate([block.quads[t], np.ones((4, 1))], 1) @ transform.T
        expected_corners = [(-0.5, -0.5), (95.5, -0.5), (95.5, 95.5), (-0.5, 95.5)]
        np.testing.assert_allclose(corners, expected_corners, atol=0.01)
    assert block.rois.dtype == np.uint8
    assert (block.num_faces, block.track_id, block.start_frame, len(block)) == (1, 7, 0, 30)


WINDOWS = (FaceWindow((129.0, 133.0), 152.0, 48), FaceWindow((129.0, 110.0), 264.0, 66))


def test_further_windows_are_cut_in_colour_where_they_lie_in_the_mean_face() -> None:
    frames = noise_frames(30)
    block = mouth_rois(frames, tracker=walk(), windows=WINDOWS)
    plain = mouth_rois(frames, tracker=walk())
    assert (block.rois == plain.rois).all()
    regions = region_means(
        np.stack([faces[0].landmarks for faces in walk().track(frames)]).astype(float)
    )
    for window, cut in zip(WINDOWS, block.cuts, strict=True):
        assert cut.shape == (30, window.size_px, window.size_px, 3)
        transforms = window_transforms(regions, window)
        for t, frame in enumerate(frames):
            expected = warp(frame, invert(transforms[t]), window.size_px)
            assert np.abs(cut[t] - expected).max() <= 0.51
            # A point of the face that holds still in the mean face does so in the window.
            eyes = apply(transforms[t], regions[t])[:2].mean(0)
            scale = window.size_px / window.side_px
            corner = np.array(window.centre) - window.side_px / 2
            wanted = (MEAN_FACE[:2].mean(0) - corner + 0.5) * scale - 0.5
            np.testing.assert_allclose(eyes, wanted, atol=0.6)


@pytest.mark.parametrize("block_frames", [7, 1000])
def test_further_windows_do_not_show_where_blocks_end(block_frames: int) -> None:
    frames = noise_frames(40)
    missing = set(range(20, 38))
    whole = mouth_rois(frames, tracker=walk(missing.__contains__), windows=WINDOWS)
    tracker = walk(missing.__contains__)
    blocks = list(mouth_blocks(frames, tracker=tracker, block_frames=block_frames, windows=WINDOWS))
    for number in range(len(WINDOWS)):
        joined_cuts = np.concatenate([block.cuts[number] for block in blocks])
        assert (joined_cuts == whole.cuts[number]).all()
        assert not joined_cuts[~whole.visible].any()


@pytest.mark.parametrize("block_frames", [1, 7, 50, 1000])
def test_cuts_between_blocks_leave_no_trace(block_frames: int) -> None:
    gaps = {*range(20, 25), *range(48, 52), *range(60, 60 + MAX_GAP_FRAMES + 1), *range(98, 110)}
    frames = noise_frames(110)
    whole = joined([mouth_rois(frames, tracker=walk(gaps.__contains__))])
    blocks = list(mouth_blocks(frames, tracker=walk(gaps.__contains__), block_frames=block_frames))
    assert [block.start_frame for block in blocks] == list(range(0, 110, block_frames))
    for name, values in joined(blocks).items():
        np.testing.assert_array_equal(values, whole[name], err_msg=name)
    assert whole["visible"].sum() == 110 - MAX_GAP_FRAMES - 1


def test_short_gaps_are_bridged_and_long_ones_are_black() -> None:
    gaps = {*range(10, 15), *range(30, 60)}
    block = mouth_rois(noise_frames(80), tracker=walk(gaps.__contains__))
    expected = np.array([not 30 <= t < 60 for t in range(80)])
    np.testing.assert_array_equal(block.visible, expected)
    np.testing.assert_array_equal(block.scores > 0, [t not in gaps for t in range(80)])
    assert not block.rois[~expected].any()
    assert block.rois[expected].any((1, 2)).all()
    for name in ("boxes", "quads"):
        values = getattr(block, name).reshape(80, -1)
        np.testing.assert_array_equal(np.isnan(values).any(1), ~expected)
    centres = block.quads.mean(1)
    line = np.linspace(centres[9], centres[15], 7)[1:-1]
    assert np.abs(centres[10:15] - line).max() < 1.5  # the corner is rounded to whole px


def test_memory_does_not_grow_with_the_video() -> None:
    alive, most = weakref.WeakSet(), 0

    class Frame(np.ndarray):
        """An array that a WeakSet can hold."""

        __hash__ = object.__hash__
        __eq__ = object.__eq__

    def frames() -> Iterator[NDArray[np.uint8]]:
        nonlocal most
        for _ in range(400):
            frame = np.zeros((120, 120, 3), np.uint8).view(Frame)
            alive.add(frame)
            most = max(most, len(alive))
            yield frame

    tracker = ScriptedTracker(lambda t: [face(mesh(0.5))])
    assert sum(len(block) for block in mouth_blocks(frames(), tracker=tracker)) == 400
    assert most <= CONTEXT_FRAMES + 8


def two_faces(speaking: int) -> ScriptedTracker:
    """A small face on the left and a big one on the right; one of them moves its lips."""

    def script(t: int) -> list[Face]:
        opening = [0.0, 0.0]
        opening[speaking] = 12 * abs(np.sin(t * 0.9))
        return [
            face(mesh(1.2, 0, (160, 0), opening[1]), track_id=0),
            face(mesh(0.7, 0, (-20, 20), opening[0]), track_id=1),
        ]

    return ScriptedTracker(script)


@pytest.mark.parametrize(
    ("select", "speaking", "expected"),
    [("largest", 0, 0), (0, 0, 1), (1, 0, 0), ("speaking", 0, 1), ("speaking", 1, 0)],
)
def test_one_of_several_faces(select: str | int, speaking: int, expected: int) -> None:
    block = mouth_rois(noise_frames(25), tracker=two_faces(speaking), select=select)
    assert (block.track_id, block.num_faces) == (expected, 2)


def test_no_face_names_what_was_looked_at() -> None:
    nobody = ScriptedTracker(lambda t: [])
    blocks = mouth_blocks(noise_frames(30), tracker=nobody, block_frames=20)
    seen = [next(blocks), next(blocks)]
    assert [len(block) for block in seen] == [20, 10]
    assert all(block.track_id == -1 and not block.visible.any() for block in seen)
    with pytest.raises(NoFaceError, match=r"30 frames \(1\.2 s\)") as caught:
        next(blocks)
    assert caught.value.todo


def test_a_face_number_that_nobody_has() -> None:
    with pytest.raises(NoFaceError, match=r"number 2: at most 2"):
        mouth_rois(noise_frames(5), tracker=two_faces(0), select=2)


def test_no_frames_is_no_face() -> None:
    with pytest.raises(NoFaceError, match="0 frames"):
        mouth_rois([], tracker=walk())


def test_an_unknown_selection_is_refused_before_any_work() -> None:
    with pytest.raises(ConfigError):
        mouth_rois([], tracker=walk(), select="tallest")  # type: ignore[arg-type]


@pytest.mark.parametrize("frame", [np.zeros((9, 9), np.uint8), np.zeros((9, 9, 3), np.float32)])
def test_frames_of_another_kind_are_refused(frame: NDArray) -> None:
    with pytest.raises(ValueError, match=str(frame.dtype)):
        mouth_rois([frame], tracker=walk())


def test_real_copies_give_the_same_roi(
    landmark_tracker: LandmarkTracker, grid_frames: GridFrames
) -> None:
    frames = grid_frames("s1")[:16]
    original = mouth_rois(frames, tracker=landmark_tracker)
    angle, scale = 0.25, 2.0
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    to_copy = np.array([(cos, -sin, 150.0), (sin, cos, 30.0)])
    copies = [np.rint(warp(f, invert(to_copy), 840)).astype(np.uint8) for f in frames]
    copy = mouth_rois(copies, tracker=landmark_tracker)
    error = ((original.rois.astype(float) - copy.rois) ** 2).mean((1, 2))
    psnr = 10 * np.log10(255**2 / error)
    # A corner that rounds to the next pixel costs 10 dB; blurring by the copy costs some too.
    assert psnr.min() > 26
    assert np.median(psnr) > 30


def test_real_faces_black_frames_and_choice(
    landmark_tracker: LandmarkTracker, grid_frames: GridFrames
) -> None:
    left, right = grid_frames("s3")[:60], grid_frames("s5")
    frozen = [np.concatenate([frame, right[0]], 1) for frame in left]
    frozen[20:25] = [np.zeros_like(frozen[0])] * 5
    speaking = mouth_rois(frozen, tracker=landmark_tracker, select="speaking")
    assert speaking.num_faces == 2
    assert speaking.visible.all()
    np.testing.assert_array_equal(np.flatnonzero(speaking.scores == 0), range(20, 25))
    first = mouth_rois(frozen[:20], tracker=landmark_tracker, select=0)
    assert np.nanmax(first.boxes[:, 2]) < left[0].shape[1]
    assert np.nanmax(speaking.boxes[:, 2]) < left[0].shape[1]
