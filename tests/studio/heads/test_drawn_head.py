"""The drawn head: its parts move as the units say, and viseme's tracker sees what it claims."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from viseme.face.tracker import LandmarkTracker
from viseme.studio.camera import Camera
from viseme.studio.head import LANDMARKS
from viseme.studio.heads.drawn_head import DrawnHead
from viseme.studio.people import people, person
from viseme.studio.performance import UNIT_INDEX, UNITS, Performance
from viseme.studio.scene import Scene

HEAD, CAMERA = DrawnHead(), Camera(size_px=128)
# Light from straight ahead, a plain wall and a plain face: everything that could differ by side.
EVEN = Scene(light_yaw=0.0, background_detail=0.0)
PLAIN = replace(person(0), skin_roughness=0.0, hair_style=0)
NAMES = list(LANDMARKS)


def moving(*frames: dict[str, float], rotation=(0, 0, 0), translation=(0, 0, 0)) -> Performance:
    """Units by name, sides together or apart, of one frame each; one pose for all."""
    units = np.zeros((len(frames), len(UNITS)), np.float32)
    for row, weights in zip(units, frames, strict=True):
        for name, weight in weights.items():
            for unit in (name,) if name in UNIT_INDEX else (f"{name}Left", f"{name}Right"):
                row[UNIT_INDEX[unit]] = weight
    pose = np.tile(np.float32([rotation, translation]), (len(frames), 1, 1))
    return Performance(units, pose[:, 0], pose[:, 1])


def places(performance: Performance, identity=PLAIN, camera=CAMERA) -> dict[str, NDArray]:
    landmarks = HEAD.landmarks(identity, performance, camera)
    return {name: landmarks[:, index] for index, name in enumerate(NAMES)}


def pictures(performance: Performance, identity=PLAIN, camera=CAMERA) -> NDArray[np.floating]:
    return HEAD.draw(identity, performance, camera, EVEN).astype(float)


def around(picture: NDArray, place: NDArray, half: int) -> NDArray:
    x, y = place.astype(int)
    return picture[y - half : y + half, x - half : x + half]


def test_shapes_and_types() -> None:
    still = moving({}, {})
    landmarks = HEAD.landmarks(PLAIN, still, CAMERA)
    drawn = HEAD.draw(PLAIN, still, CAMERA, Scene())
    assert (landmarks.shape, landmarks.dtype) == ((2, len(LANDMARKS), 2), np.float32)
    assert (drawn.shape, drawn.dtype) == ((2, 128, 128, 3), np.uint8)
    nothing = Performance(still.units[:0], still.rotation[:0], still.translation[:0])
    assert HEAD.draw(PLAIN, nothing, CAMERA, Scene()).shape == (0, 128, 128, 3)
    assert HEAD.landmarks(PLAIN, nothing, CAMERA).shape == (0, len(LANDMARKS), 2)


def test_the_same_arguments_give_the_same_bytes() -> None:
    motion = moving({"jawOpen": 0.4}, {"mouthSmile": 0.5}, rotation=(0.1, 0.2, 0.05))
    first, again = (DrawnHead().draw(person(3), motion, CAMERA, Scene()) for _ in range(2))
    assert np.array_equal(first, again)
    later = Performance(motion.units[1:], motion.rotation[1:], motion.translation[1:])
    assert np.array_equal(first[1:], HEAD.draw(person(3), later, CAMERA, Scene()))


def test_a_larger_picture_shows_the_same() -> None:
    motion = moving({"jawOpen": 0.4}, rotation=(0, 0.2, 0))
    small, large = (pictures(motion, camera=Camera(size_px=size))[0] for size in (128, 256))
    assert np.abs(large.reshape(128, 2, 128, 2, 3).mean((1, 3)) - small).mean() < 2


def test_people_look_different() -> None:
    faces = np.stack([pictures(moving({}), identity=someone)[0] for someone in people("train", 6)])
    for index, face in enumerate(faces):
        for other in faces[:index]:
            assert np.abs(face - other).mean() > 3


def test_the_face_is_symmetrical_and_so_are_its_units() -> None:
    (rest,) = pictures(moving({}))
    assert np.abs(rest - rest[:, ::-1]).mean() < 0.2
    for unit in (*("mouthSmile", "mouthStretch", "mouthLowerDown", "mouthUpperUp"), "eyeBlink"):
        left, right = pictures(moving({f"{unit}Left": 0.8}, {f"{unit}Right": 0.8})) - rest
        mirrored = np.abs(left - right[:, ::-1]).mean()
        assert mirrored < 0.3 * np.abs(left - right).mean(), unit
    motion = moving({"mouthSmileLeft": 0.8})
    moved = np.abs(pictures(motion)[0] - rest)
    assert moved[:, 64:].sum() > 3 * moved[:, :64].sum(), "the person's left is the image's right"


@pytest.mark.parametrize("unit", sorted({*UNITS} - {"jawForward"}))
def test_every_unit_is_seen(unit: str) -> None:
    context = {"jawOpen": 0.4} if unit in ("mouthClose", "tongueUp") else {}
    context |= {"mouthLowerDown": 0.5} if unit == "mouthShrugLower" else {}
    before, after = pictures(moving(context, context | {unit: 1.0}))
    assert np.abs(before - after).max() > 8


def test_puckered_lips_hide_the_teeth() -> None:
    motion = moving({"jawOpen": 0.14}, {"jawOpen": 0.14, "mouthPucker": 0.8})
    marks = places(motion, camera=Camera(size_px=256))
    middle = (marks["lip_upper_inner"] + marks["lip_lower_inner"]) / 2
    parted, puckered = (
        around(picture, place, 3).min(axis=2).max()
        for picture, place in zip(pictures(motion, camera=Camera(size_px=256)), middle, strict=True)
    )
    assert puckered < parted - 20


def test_a_blink_hides_the_iris() -> None:
    motion = moving({}, {"eyeBlinkLeft": 1.0})
    marks = places(motion)
    middle = (marks["eye_right_outer"][0] + marks["eye_right_inner"][0]) / 2
    opened, shut = (around(picture, middle, 2) for picture in pictures(motion))
    skin = np.array(PLAIN.skin)
    assert opened.mean() < 90, "the dark of the eye"
    assert shut.mean() > opened.mean() + 25
    assert shut.mean((0, 1))[0] > shut.mean((0, 1))[2], f"skin, as red as {skin}"


def test_opening_the_jaw_opens_the_mouth_and_lowers_the_chin() -> None:
    motion = moving(*({"jawOpen": weight} for weight in (0, 0.25, 0.5, 0.75, 1.0)))
    marks = places(motion)
    opening = (marks["lip_lower_inner"] - marks["lip_upper_inner"])[:, 1]
    assert np.all(np.diff(opening) > 1)
    assert np.all(np.diff(marks["chin"][:, 1]) > 1)
    mouth = (marks["lip_lower_inner"][2] + marks["lip_upper_inner"][2]) / 2
    dark = [(around(picture, mouth, 12).mean(-1) < 60).sum() for picture in pictures(motion)]
    assert np.all(np.diff(dark) > 0)


def test_lips_close_over_an_open_jaw() -> None:
    marks = places(moving({"jawOpen": 0.3}, {"jawOpen": 0.3, "mouthClose": 0.3}))
    opening = (marks["lip_lower_inner"] - marks["lip_upper_inner"])[:, 1]
    assert opening[0] > 2
    assert opening[1] == pytest.approx(0, abs=0.1)


def test_lips_round_and_spread() -> None:
    marks = places(moving({}, {"mouthPucker": 1.0}, {"mouthStretch": 1.0}))
    rest, round_, spread = (marks["mouth_right"] - marks["mouth_left"])[:, 0]
    assert round_ < 0.75 * rest
    assert spread > 1.15 * rest


@pytest.mark.parametrize(
    ("rotation", "direction"),
    [((0, 0.2, 0), (1, 0)), ((0, -0.2, 0), (-1, 0)), ((0.2, 0, 0), (0, 1)), ((0, 0, 0.2), (-1, 0))],
)
def test_the_head_turns_as_performances_say(rotation, direction) -> None:
    """Yaw to the image's right, pitch down; roll carries the eyes towards the image's left."""
    before, after = places(moving({})), places(moving({}, rotation=rotation))
    name = "eye_left_inner" if rotation[2] else "nose_tip"
    moved = (after[name] - before[name])[0]
    along = moved @ np.array(direction)
    assert along > (0.5 if rotation[2] else 5)


def test_a_camera_at_the_side_sees_a_head_that_is_turned_away() -> None:
    turned = places(moving({}, rotation=(0, -0.25, 0)))
    seen = places(moving({}), camera=replace(CAMERA, yaw=0.25))
    for name in NAMES:
        assert turned[name] == pytest.approx(seen[name], abs=0.02)


def test_moving_the_head_moves_everything() -> None:
    before, after = places(moving({})), places(moving({}, translation=(3, 2, 0)))
    for name in NAMES:
        dx, dy = (after[name] - before[name])[0]
        assert dx == pytest.approx(3 / 32 * 128, rel=0.15)
        assert dy == pytest.approx(-2 / 32 * 128, rel=0.15)


def test_a_head_out_of_the_picture_leaves_the_wall() -> None:
    (away,) = pictures(moving({}, translation=(80, 0, 0)))
    assert away[:40].std(axis=(0, 1)).max() < 10


def errors_of_tracker(number: int, num_frames: int) -> tuple[int, NDArray[np.floating]]:
    """Frames with the face tracked, and the distances (N, P) of truth and tracker there.

    In distances of the eyes' outer corners, which is how far apart those are in the truth.
    """
    times_s = np.arange(num_frames) / 25
    swing = np.sin(2 * np.pi * times_s + number)
    frames = [
        {
            "jawOpen": 0.25 + 0.25 * np.sin(4 * np.pi * time_s + number),
            "mouthSmile": 0.3 * abs(np.sin(3 * time_s)),
            "mouthPucker": 0.5 * max(0.0, np.sin(9 * time_s + number)),
        }
        for time_s in times_s
    ]
    still = moving(*frames)
    rotation = np.stack([0.08 * np.sin(5 * times_s), np.radians(15) * swing, 0.05 * swing], axis=1)
    motion = replace(still, rotation=rotation.astype(np.float32))
    someone = people("test", number + 1)[-1]
    truth = HEAD.landmarks(someone, motion, CAMERA)
    eyes = np.linalg.norm(
        truth[:, NAMES.index("eye_left_outer")] - truth[:, NAMES.index("eye_right_outer")], axis=1
    )
    errors = []
    drawn = HEAD.draw(someone, motion, CAMERA, Scene(seed=number))
    for place, scale, faces in zip(truth, eyes, LandmarkTracker().track(drawn), strict=True):
        if len(faces) == 1:
            seen = faces[0].landmarks[list(LANDMARKS.values()), :2]
            errors.append(np.linalg.norm(seen - place, axis=1) / scale)
    return len(errors), np.array(errors)


@pytest.mark.usefixtures("face_networks")
def test_the_tracker_sees_the_landmarks_where_they_are() -> None:
    seen, errors = errors_of_tracker(0, 6)
    assert seen == 6
    assert errors.mean() < 0.05


@pytest.mark.slow
@pytest.mark.usefixtures("face_networks")
def test_the_tracker_follows_ten_people() -> None:
    counts, errors = zip(*(errors_of_tracker(number, 25) for number in range(10)), strict=True)
    assert sum(counts) >= 0.99 * 250
    error = np.concatenate(errors).mean(0)
    assert error.mean() < 0.04
    mouth = [index for index, name in enumerate(NAMES) if name.startswith(("mouth", "lip"))]
    assert error[mouth].mean() < 0.035
