"""Rendering one clip from a text."""

import numpy as np
import pytest

from viseme import studio
from viseme.errors import ConfigError
from viseme.studio.camera import Camera
from viseme.studio.motion.perform import Manner
from viseme.studio.people import person
from viseme.studio.performance import UNIT_INDEX
from viseme.studio.scene import Scene

TEXT = "bin blue at f two now"
CAMERA = Camera(size_px=64)


@pytest.fixture(scope="module")
def clip() -> studio.RenderedClip:
    pytest.importorskip("espeakng_loader")
    return studio.render(TEXT, 3, camera=CAMERA, seed=1, head="drawn")


def test_a_clip_has_everything(clip: studio.RenderedClip) -> None:
    num_frames = len(clip.frames)
    assert clip.frames.shape == (num_frames, 64, 64, 3)
    assert clip.frames.dtype == np.uint8
    assert len(clip.performance) == len(clip.landmarks) == num_frames
    assert 0 <= num_frames / clip.fps - clip.utterance.duration_s < 1 / clip.fps
    assert [word.word for word in clip.utterance.words] == TEXT.split()
    assert clip.identity.id == person(3).id
    assert (clip.camera, clip.head, clip.scene) == (CAMERA, "drawn", Scene())


def test_the_mouth_is_shut_before_the_first_sound_and_opens_later(
    clip: studio.RenderedClip,
) -> None:
    jaw = clip.performance.units[:, UNIT_INDEX["jawOpen"]]
    assert jaw[0] < 0.1 < jaw.max()


def test_a_clip_is_a_function_of_its_arguments(clip: studio.RenderedClip) -> None:
    again = studio.render(TEXT, person(3), clip.utterance.voice, CAMERA, 1, head="drawn")
    np.testing.assert_array_equal(again.frames, clip.frames)
    np.testing.assert_array_equal(again.utterance.audio, clip.utterance.audio)
    other = studio.render(TEXT, 3, camera=CAMERA, seed=2, head="drawn")
    assert (other.performance.rotation != clip.performance.rotation).any()
    np.testing.assert_array_equal(other.utterance.audio, clip.utterance.audio)


def test_views_show_the_same_moment(clip: studio.RenderedClip) -> None:
    views = studio.render_views(TEXT, 3, cameras=studio.rig(64), seed=1, head="drawn")
    assert [view.camera.name for view in views] == ["centre", "left", "right"]
    np.testing.assert_array_equal(views[0].frames, clip.frames)
    for view in views:
        np.testing.assert_array_equal(view.performance.units, clip.performance.units)
    assert (views[1].frames != views[0].frames).any()


def test_voice_and_language(clip: studio.RenderedClip) -> None:
    german = studio.render("guten morgen", 2, language="de", camera=CAMERA, head="drawn")
    assert german.utterance.language == "de"
    assert german.utterance.voice.startswith("espeak-de-f")
    happy = studio.render(TEXT, 3, camera=CAMERA, seed=1, head="drawn", manner=Manner("happy", 0.8))
    smile = UNIT_INDEX["mouthSmileLeft"]
    assert happy.performance.units[0, smile] > clip.performance.units[0, smile] + 0.3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"head": "bust"}, "no head 'bust'"),
        ({"voice": "stentor"}, "unknown voice 'stentor'"),
        ({"language": "tlh"}, "nobody speaks 'tlh'"),
        ({"identity": -1}, "no person has the number -1"),
    ],
)
def test_what_is_refused(options: dict, message: str) -> None:
    pytest.importorskip("espeakng_loader")
    with pytest.raises(ConfigError, match=message):
        studio.render(TEXT, **{"head": "drawn", "camera": CAMERA} | options)


def test_public_names_are_there() -> None:
    assert {name for name in dir(studio) if getattr(studio, name, None) is None} == set()
    with pytest.raises(AttributeError, match="no attribute 'paint'"):
        studio.paint  # noqa: B018
