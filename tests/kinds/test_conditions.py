"""Noise for testing: decided by the clip, the same at all levels and for all models."""

from pathlib import Path

import numpy as np
import pytest

from tiny_corpus import write_corpus
from viseme.audio.noise import power
from viseme.data.manifest import read_manifest
from viseme.errors import ManifestError
from viseme.kinds.recogniser.conditions import CLEAN, Condition, conditions
from viseme.media import read_audio

AUDIO = np.random.default_rng(0).uniform(-0.1, 0.1, 16_000).astype(np.float32)


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("corpus"), 2, 2)


def test_clean_comes_first_then_every_noise_at_every_level(manifest: Path) -> None:
    made = conditions(("babble", "white"), (5, -5), manifest)
    names = ["clean", "babble 5 dB", "babble -5 dB", "white 5 dB", "white -5 dB"]
    assert [condition.name for condition in made] == names


def test_clean_leaves_the_clip_alone() -> None:
    assert CLEAN.heard("a", AUDIO) is AUDIO


def test_the_noise_is_the_clip_s_and_differs_in_level_alone() -> None:
    def added(clip_id: str, level: float, seed: int = 0) -> np.ndarray:
        return Condition("white", level, seed=seed).heard(clip_id, AUDIO) - AUDIO

    np.testing.assert_array_equal(added("a", 0), added("a", 0))
    assert 10 * np.log10(power(AUDIO) / power(added("a", 5))) == pytest.approx(5, abs=0.01)
    louder = added("a", -5) / np.float32(np.sqrt(10))
    np.testing.assert_allclose(louder, added("a", 5), atol=1e-5)
    for other in (added("b", 0), added("a", 0, seed=1)):
        assert not np.allclose(other, added("a", 0))


def test_babble_is_of_the_split_and_never_of_the_clip_itself(manifest: Path) -> None:
    *_, babble = conditions(("babble",), (0,), manifest, "val")
    clips = {clip.id: clip for clip in read_manifest(manifest)}
    assert set(babble.voices) == {id for id, clip in clips.items() if clip.split == "val"}
    own, other = babble.voices
    alone = Condition("babble", 0, {other: babble.voices[other]})
    audio = read_audio(clips[own].audio)
    np.testing.assert_array_equal(babble.heard(own, audio), alone.heard(own, audio))


def test_babble_needs_a_split_with_sound(manifest: Path) -> None:
    with pytest.raises(ManifestError, match="no clips of split 'dev'"):
        conditions(("babble",), (0,), manifest, "dev")
    assert len(conditions(("white",), (0,), manifest, "dev")) == 2


def test_babble_needs_a_voice_beside_the_clip_s_own(manifest: Path) -> None:
    alone = Condition("babble", 0, {"a": AUDIO})
    with pytest.raises(ManifestError, match="no voice but that of clip 'a' itself"):
        alone.heard("a", AUDIO)
