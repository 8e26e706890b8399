"""The measures of `studio-truth`: each finds what was put in, and nothing where nothing is."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from needed_assets import need_assets
from viseme.experiments import studio_truth
from viseme.experiments.experiment import Trial
from viseme.experiments.landmark_distance import INDEX, eye_distance_px, lip_gap
from viseme.experiments.lip_sync import closures, lag_frames, loudness
from viseme.experiments.stills import through_video
from viseme.experiments.studio_truth import MESH_POINTS, Size, tracking_errors
from viseme.experiments.unit_reader import (
    CROP_PX,
    READ_UNITS,
    face_crop,
    r_squared,
    read_units,
    train_reader,
    with_mirrored,
)
from viseme.face.tracker import Face
from viseme.studio.head import LANDMARKS
from viseme.studio.utterance import Phone

CPU = torch.device("cpu")


def face(eyes: tuple[tuple[float, float], tuple[float, float]], gap: float) -> NDArray[np.float32]:
    """Landmarks (P, 2) with these outer eye corners and a gap between the lips, px."""
    points = np.zeros((len(LANDMARKS), 2), np.float32)
    points[INDEX["eye_left_outer"]], points[INDEX["eye_right_outer"]] = eyes
    points[INDEX["lip_lower_inner"]] = (0, gap)
    return points


def test_gaps_are_told_in_eye_distances() -> None:
    landmarks = np.stack([face(((10, 20), (40, 60)), 5), face(((0, 0), (20, 0)), 5)])
    assert eye_distance_px(landmarks).tolist() == [50, 20]
    assert lip_gap(landmarks).tolist() == [0.1, 0.25]


@pytest.mark.parametrize("lag", [-8, -1, 0, 5, 8])
def test_the_lag_of_a_moved_sound_is_found(lag: int) -> None:
    lips = np.random.default_rng(0).random(60)
    assert lag_frames(lips, 3 * np.roll(lips, lag) + 1) == lag


def test_loudness_is_that_of_the_frame_in_which_the_sound_is_heard() -> None:
    sound = np.zeros(640 * 4 - 100, np.float32)
    sound[640:1280] = 0.5
    assert loudness(sound, 6).tolist() == [0, 0.5, 0, 0, 0, 0]
    assert loudness(sound, 2).tolist() == [0, 0.5]


def test_lips_close_in_phones_not_beside_them() -> None:
    gap = np.array([0.2, 0.2, 0.01, 0.2, 0.2, 0.2])  # frame 2 shows 0.10 s
    phones = [
        Phone("a", 0.0, 0.08),
        Phone("pʰ", 0.08, 0.12),
        Phone("a", 0.12, 0.13),
        Phone("b", 0.13, 0.135),  # between the middles of two frames
        Phone("", 0.135, 0.2),
        Phone("m", 0.2, 0.24),
    ]
    assert closures(gap, phones, ["bilabial"]) == [True, False, False]
    assert closures(gap, phones, ["open"]) == [False, False]


class Seen:
    """A tracker that has seen it all before."""

    def __init__(self, faces: list[list[NDArray[np.float32]]]) -> None:
        self.faces = faces

    def track(self, frames: Iterable[NDArray[np.uint8]]) -> Iterator[list[Face]]:
        for _, here in zip(frames, self.faces, strict=True):
            yield [Face(0, points, (0, 0, 1, 1), 1.0) for points in here]


def test_the_face_nearest_to_the_truth_counts() -> None:
    truth = np.stack([face(((10.5, 20.5), (40.5, 60.5)), 5)] * 3)
    right, far = np.zeros((2, 478, 3), np.float32)
    right[MESH_POINTS, :2] = truth[0] - 0.5  # trackers count from the first pixel's middle
    far[MESH_POINTS, :2] = truth[0] + 99.5
    frames = iter(np.zeros((3, 8, 8, 3), np.uint8))
    errors = tracking_errors(Seen([[right], [far, right], []]), frames, truth)
    assert errors[:2].max() == 0
    assert np.isinf(errors[2]).all()
    errors = tracking_errors(Seen([[far]]), iter(np.zeros((1, 8, 8, 3), np.uint8)), truth[:1])
    assert errors == pytest.approx(2**0.5 * 100 / 50)


def picture(landmarks: NDArray[np.float32]) -> NDArray[np.uint8]:
    """A dark picture with the pixel of every landmark lit, given in px from the picture's edge."""
    lit = np.zeros((128, 128, 3), np.uint8)
    for x, y in np.floor(landmarks).astype(int):
        lit[y, x] = 255
    return lit


def test_faces_are_cut_out_upright_and_of_one_size() -> None:
    level = face(((48.5, 40.5), (80.5, 40.5)), 0)[[INDEX["eye_left_outer"]] * len(LANDMARKS)]
    level[INDEX["eye_right_outer"]] = (80.5, 40.5)
    crop = face_crop(picture(level), level)
    assert crop.shape == (CROP_PX, CROP_PX, 3)
    # Two eye distances of 48 px wide: an eye distance apart, the eyes are in the middle above.
    light = crop[..., 0] / crop[..., 0].sum(dtype=float)
    assert light.sum(0) @ np.arange(CROP_PX) == pytest.approx((CROP_PX - 1) / 2, abs=0.05)
    assert light.sum(1) @ np.arange(CROP_PX) == pytest.approx(47.5 - 0.62 * 48, abs=0.05)
    seen = np.flatnonzero(light.sum(0))
    assert (seen[seen < 48].mean(), seen[seen > 48].mean()) == (23.5, 71.5)
    turned = level[:, ::-1] * (1, -1) + (0, 128)
    np.testing.assert_array_equal(
        face_crop(np.rot90(picture(level)).copy(), turned.astype(np.float32)), crop
    )


def test_a_mirrored_face_has_the_units_of_the_other_side() -> None:
    faces = np.arange(CROP_PX, dtype=np.uint8)[None, None, :, None].repeat(CROP_PX, 1).repeat(3, 3)
    units = np.eye(len(READ_UNITS), dtype=np.float32)[[READ_UNITS.index("mouthSmileLeft")]]
    both, its_units = with_mirrored((faces, units))
    assert both[:, 0, 0, 0].tolist() == [0, CROP_PX - 1]
    assert [READ_UNITS[unit] for unit in its_units.argmax(1)] == [
        "mouthSmileLeft",
        "mouthSmileRight",
    ]
    twice, _ = with_mirrored((both[1:], its_units[1:]))
    np.testing.assert_array_equal(twice[1:], faces)


def test_stills_lose_what_videos_lose() -> None:
    number, y, x, _ = np.mgrid[:3, :64, :64, :3]
    drawn = (127 * (1 + np.sin(x / 5) * np.cos(y / (3 + number)))).astype(np.uint8)
    error = np.abs(through_video(drawn).astype(float) - drawn).mean((1, 2, 3))
    assert np.all((error > 0.1) & (error < 4))
    assert through_video(drawn[:0]).shape == (0, 64, 64, 3)


def test_r_squared_is_the_mean_over_units_weighted_by_their_variance() -> None:
    rng = np.random.default_rng(0)
    truth = rng.random((500, 3)) * (1.0, 0.4, 0.01)
    pooled, by_unit = r_squared(truth, truth, 0.05)
    assert (pooled, by_unit.tolist()) == (1, [1, 1])
    means = np.broadcast_to(truth.mean(0), truth.shape)
    assert r_squared(truth, means, 0.05)[0] == pytest.approx(0)
    read = truth + rng.normal(0, 0.1, truth.shape)
    pooled, by_unit = r_squared(truth, read, 0.05)
    assert pooled == pytest.approx(np.average(by_unit, weights=truth.var(0)[:2]))
    assert by_unit[1] < pooled < by_unit[0]


def test_a_reader_reads_the_same_whatever_else_is_in_the_batch() -> None:
    rng = np.random.default_rng(0)
    faces = rng.integers(0, 256, (8, CROP_PX, CROP_PX, 3), np.uint8)
    units = rng.random((8, len(READ_UNITS))).astype(np.float32)
    reader, again = (train_reader(faces, units, 1, 0, CPU) for _ in range(2))
    read = read_units(reader, faces, CPU)
    np.testing.assert_array_equal(read_units(again, faces, CPU), read)
    np.testing.assert_allclose(read_units(reader, faces[5:6], CPU), read[5:6], atol=1e-5)


def test_a_reader_reads_a_mirrored_face_as_the_mirror_image_of_its_reading() -> None:
    rng = np.random.default_rng(0)
    faces = rng.integers(0, 256, (8, CROP_PX, CROP_PX, 3), np.uint8)
    units = rng.random((8, len(READ_UNITS))).astype(np.float32)
    reader = train_reader(faces, units, 1, 0, CPU)
    seen, mirrored = (read_units(reader, x, CPU) for x in (faces, faces[:, :, ::-1].copy()))
    _, expected = with_mirrored((faces, seen))
    np.testing.assert_allclose(mirrored, expected[8:], atol=1e-6)
    assert np.abs(mirrored - seen).max() > 1e-5


@pytest.mark.slow
def test_a_reader_learns_what_is_to_be_seen_and_nothing_else() -> None:
    rng = np.random.default_rng(0)
    jaw, tongue = rng.random((2, 640)).astype(np.float32)
    units = np.zeros((640, len(READ_UNITS)), np.float32)
    units[:, READ_UNITS.index("jawOpen")] = jaw
    units[:, READ_UNITS.index("tongueOut")] = tongue
    faces = np.zeros((640, CROP_PX, CROP_PX, 3), np.uint8)
    faces[:, : CROP_PX // 2] = (jaw[:, None, None, None] * 200).astype(np.uint8)
    faces[:, CROP_PX // 2 :, :, 1] = (tongue[:, None, None] * 200).astype(np.uint8)
    taught, unseen = slice(0, 512), slice(512, None)
    scores = []
    for wanted in (units[taught], rng.permutation(units[taught])):
        reader = train_reader(faces[taught], wanted, 12, 0, CPU)
        scores.append(r_squared(units[unseen], read_units(reader, faces[unseen], CPU), 0.05)[0])
    assert scores[0] > 0.7
    assert scores[1] < 0.3


@pytest.mark.slow
def test_all_arms_run_on_a_few_clips(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("numba")
    pytest.importorskip("espeakng_loader")
    need_assets("head_mesh", "kokoro")
    tiny = Size(takes=1, redrawn=1, unit_takes=1, taught_takes=8, every=9, epochs=1)
    monkeypatch.setitem(studio_truth.SIZES, "ci", tiny)
    for arm in studio_truth.EXPERIMENT.arms:
        folder = tmp_path / arm.name
        folder.mkdir()
        figures = arm.run(Trial(arm.name, 1, "ci", folder, tmp_path, {}, "cpu"))
        assert all(np.isfinite(value) for value in figures.values())
        if arm.name.startswith("track"):
            assert figures["found"] == 1
        if arm.name == "redraw":
            assert figures["exact"] == 1
