"""The drawn talking head: viseme's own tracker takes it for a face and sees its lips move."""

from itertools import islice

import numpy as np
import pytest

from viseme import assets
from viseme.errors import AssetError
from viseme.face.mesh import EYE_CORNERS
from viseme.face.tracker import LandmarkTracker
from viseme.verbs.demo_clip import FPS, NUM_FRAMES, SPEECH, talking_head

INNER_LIPS = (13, 14)


def test_the_head_is_the_same_every_time_and_never_still() -> None:
    first, again = (list(islice(talking_head(), 4)) for _ in range(2))
    assert all(map(np.array_equal, first, again))
    assert not any(map(np.array_equal, first, first[1:]))
    assert {picture.shape for picture in first} == {(256, 256, 3)}


def test_a_larger_head_is_the_same_picture() -> None:
    small, large = (next(talking_head(size_px=size)).astype(float) for size in (128, 256))
    reduced = large.reshape(128, 2, 128, 2, 3).mean((1, 3))
    assert np.abs(reduced - small).mean() < 4


def test_the_tracker_sees_the_face_and_its_lips() -> None:
    try:
        assets.path("face_landmarker")
    except AssetError as error:
        pytest.skip(str(error))
    seen, openings = 0, np.zeros(NUM_FRAMES)
    for number, faces in enumerate(LandmarkTracker().track(talking_head())):
        seen += len(faces) == 1
        if faces:
            points = faces[0].landmarks[:, :2]
            eyes, lips = points[list(EYE_CORNERS)], points[list(INNER_LIPS)]
            openings[number] = np.linalg.norm(np.diff(lips, axis=0))
            openings[number] /= np.linalg.norm(np.diff(eyes, axis=0))
    assert seen >= 0.95 * NUM_FRAMES
    scripted = np.interp(np.arange(NUM_FRAMES) / FPS, SPEECH[:, 0], SPEECH[:, 1])
    assert np.corrcoef(openings, scripted)[0, 1] > 0.9
