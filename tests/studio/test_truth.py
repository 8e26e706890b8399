"""The ground truth of a clip renders the clip again, bit for bit."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from needed_assets import need_assets
from viseme.errors import ManifestError
from viseme.studio.camera import Camera
from viseme.studio.head import LANDMARKS
from viseme.studio.motion.acting import act
from viseme.studio.motion.expression import extreme_expressions
from viseme.studio.motion.perform import Manner
from viseme.studio.people import person
from viseme.studio.performance import UNITS
from viseme.studio.rendering import RenderedClip, Staging, film
from viseme.studio.scene import Occluder, Scene
from viseme.studio.truth import load_truth, redraw, save_truth
from viseme.studio.utterance import Laugh, Phone, Utterance
from viseme.text.transcript import Word

CAMERA = Camera("left", 64, view_cm=30.5, yaw=0.1234567890123456)
SCENE = Scene(
    light=(1.0, 0.9, 0.85),
    exposure=1.1,
    blur_px=0.7,
    noise=0.02,
    occluders=(Occluder("hand", 0.1, 0.5, 0.3, 0.8, 0.25),),
    seed=5,
)
SAID = Utterance(
    text="naïve",
    language="fr",
    voice="espeak-fr-f1-0",
    audio=np.zeros(16_000, np.float32),
    words=(Word("naïve", 0.1, 0.7),),
    phones=(Phone("", 0, 0.1), Phone("n", 0.1, 0.3), Phone("i\u02d0", 0.3, 1.0, stress=1)),
    laughs=(Laugh("voiced", 0.8, 0.9, 0.5),),
)


def clip_of(head: str) -> RenderedClip:
    performance = act(extreme_expressions(np.random.default_rng(0), 2), 0.5, seed=3)
    return film(Staging(SAID, performance, person(11), Manner("happy", 0.3), SCENE), CAMERA, head)


@pytest.fixture(scope="module")
def clip() -> RenderedClip:
    return clip_of("drawn")


@pytest.fixture
def path(clip: RenderedClip, tmp_path: Path) -> Path:
    save_truth(tmp_path / "clip.npz", clip)
    return tmp_path / "clip.npz"


def test_truth_renders_the_very_frames(clip: RenderedClip, path: Path) -> None:
    assert np.ptp(clip.frames) > 50
    np.testing.assert_array_equal(redraw(load_truth(path)), clip.frames)


def test_mesh_truth_renders_the_very_frames(tmp_path: Path) -> None:
    pytest.importorskip("numba")
    need_assets("head_mesh")
    clip = clip_of("mesh")
    save_truth(tmp_path / "clip.npz", clip)
    np.testing.assert_array_equal(redraw(load_truth(tmp_path / "clip.npz")), clip.frames)


def test_all_that_went_in_comes_out(clip: RenderedClip, path: Path) -> None:
    truth = load_truth(path)
    story = truth.story
    for name in ("text", "language", "voice", "words", "phones", "laughs"):
        assert getattr(story, name) == getattr(SAID, name)
    for name in ("camera", "scene", "manner", "head"):
        assert getattr(story, name) == getattr(clip, name)
    np.testing.assert_array_equal(truth.identity.shape, clip.identity.shape)
    same_shape = replace(truth.identity, shape=clip.identity.shape)
    assert same_shape == clip.identity
    for name in ("units", "rotation", "translation"):
        got, given = getattr(truth.performance, name), getattr(clip.performance, name)
        np.testing.assert_array_equal(got, given)
        assert got.dtype == given.dtype
    np.testing.assert_array_equal(truth.landmarks, clip.landmarks)


def test_learners_find_their_arrays_under_plain_names(clip: RenderedClip, path: Path) -> None:
    with np.load(path, allow_pickle=False) as file:
        assert file["units"].shape == (len(clip.frames), len(UNITS))
        assert tuple(file["unit_names"]) == UNITS
        assert file["landmarks"].shape == (len(clip.frames), len(LANDMARKS), 2)
        assert list(file["landmark_names"]) == list(LANDMARKS)
        assert list(file["phones"]) == ["", "n", "i\u02d0"]
        np.testing.assert_array_equal(file["phone_times_s"][:, 1], [0.1, 0.3, 1.0])


def test_the_same_clip_gives_the_same_bytes(clip: RenderedClip, path: Path) -> None:
    before = path.read_bytes()
    save_truth(path, clip)
    assert path.read_bytes() == before


def test_a_silent_clip_has_no_phones(clip: RenderedClip, tmp_path: Path) -> None:
    silent = Utterance("", "en", "", np.zeros(16_000, np.float32))
    save_truth(tmp_path / "clip.npz", replace(clip, utterance=silent))
    assert load_truth(tmp_path / "clip.npz").story.phones == ()


def changed(path: Path, **arrays: np.ndarray) -> None:
    with np.load(path) as file:
        kept = dict(file)
    np.savez(path, **kept | arrays)


def test_what_is_no_truth_is_refused(path: Path, tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="is no ground truth"):
        load_truth(tmp_path / "absent.npz")
    (tmp_path / "text.npz").write_text("text")
    with pytest.raises(ManifestError, match="is no ground truth"):
        load_truth(tmp_path / "text.npz")
    np.savez(tmp_path / "other.npz", x=np.zeros(3))
    with pytest.raises(ManifestError, match="is no ground truth"):
        load_truth(tmp_path / "other.npz")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ManifestError, match="is no ground truth"):
        load_truth(path)


def test_pickles_and_other_versions_are_refused(path: Path) -> None:
    with np.load(path) as file:
        story = json.loads(file["story"].item())
    changed(path, story=np.array(json.dumps(story | {"format": 99})))
    with pytest.raises(ManifestError, match="format 99"):
        load_truth(path)
    changed(path, story=np.array({"format": 1}, dtype=object))
    with pytest.raises(ManifestError, match="allow_pickle"):
        load_truth(path)
