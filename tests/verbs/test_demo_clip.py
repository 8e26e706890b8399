"""The drawn talking head: viseme's own tracker takes it for a face and sees its lips move."""

from itertools import islice

import numpy as np
import pytest

from viseme import assets
from viseme.errors import AssetError
from viseme.face.mesh import EYE_CORNERS
from viseme.face.tracker import LandmarkTracker
from viseme.studio.performance import UNIT_INDEX
from viseme.verbs.demo_clip import NUM_FRAMES, performance, talking_head

INNER_LIPS = (13, 14)


def test_the_head_is_the_same_every_time_and_never_still() -> None:
    first, again = (list(islice(talking_head(size_px=128), 4)) for _ in range(2))
    assert all(map(np.array_equal, first, again))
    assert not any(map(np.array_equal, first, first[1:]))
    assert {picture.shape for picture in first} == {(128, 128, 3)}


def test_it_has_as_many_pictures_as_it_should() -> None:
    assert len(list(talking_head(30, size_px=64))) == 30
    assert len(performance()) == NUM_FRAMES


def test_the_script_opens_the_mouth_and_shuts_it_for_b() -> None:
    opening = performance().units[:, UNIT_INDEX["jawOpen"]]
    start_of_blue = int(0.86 * 25)
    assert opening.max() > 0.3
    assert opening[:10].max() < 0.1
    assert opening[start_of_blue : start_of_blue + 2].min() < 0.5 * opening.max()


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
    assert seen == NUM_FRAMES
    units = performance().units
    scripted = units[:, UNIT_INDEX["jawOpen"]] - units[:, UNIT_INDEX["mouthClose"]]
    assert np.corrcoef(openings, scripted)[0, 1] > 0.9
