"""`calibrate`: a model folder's confidences and word times, fitted in place."""

import shutil
from pathlib import Path

import pytest

from tiny_corpus import write_corpus
from viseme.data.manifest import read_manifest, write_manifest
from viseme.errors import ConfigError, ManifestError
from viseme.kinds.recogniser.folder import WORD_TIMES
from viseme.models import bundled
from viseme.systems import load_recognizer
from viseme.verbs.calibrate import calibrate_model
from viseme.verbs.train import train

SETTINGS = {"model.crop_size": "24", "loop.epochs": "1", "training.max_frames": "40"}


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny corpus whose train clips alone have word times."""
    path = write_corpus(tmp_path_factory.mktemp("corpus"))
    clips = read_manifest(path)
    for clip in clips:
        if clip.split != "train":
            clip.words = []
    write_manifest(path, clips)
    return path


@pytest.fixture(scope="module")
def trained(manifest: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("run")
    return train("auto_avsr", manifest, out, preset="ci", settings=SETTINGS, device="cpu").model


@pytest.fixture
def model(trained: Path, tmp_path: Path) -> Path:
    return shutil.copytree(trained, tmp_path / "model")


def contents(model: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in model.iterdir()}


def test_training_ends_with_word_times_where_clips_have_them(trained: Path) -> None:
    assert (trained / WORD_TIMES).stat().st_size < 20_000
    assert load_recognizer(trained, "cpu").timer is not None


def changed(model: Path, before: dict[str, bytes]) -> set[str]:
    after = contents(model)
    return {name for name in before | after if before.get(name) != after.get(name)}


def test_only_what_is_asked_for_changes(model: Path, manifest: Path) -> None:
    before = contents(model)
    calibrate_model(model, manifest, times_splits=["train"], device="cpu")
    assert changed(model, before) <= {WORD_TIMES, "sha256.txt"}
    times = contents(model)
    calibrate_model(model, manifest, times_splits=["train"], device="cpu")
    assert contents(model) == times, "the same clips teach the same"
    calibrate_model(model, manifest, confidence_splits=["train"], device="cpu")
    assert changed(model, times) <= {"config.json", "sha256.txt"}
    assert load_recognizer(model, "cpu").timer is not None


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({}, ConfigError, "nothing to fit"),
        ({"confidence_splits": ["dev"]}, ManifestError, "dev"),
        ({"times_splits": ["val"]}, ManifestError, "no clip of val has word times"),
    ],
)
def test_what_cannot_be_fitted_is_told_and_leaves_the_model(
    model: Path, manifest: Path, changes: dict, error: type, message: str
) -> None:
    before = contents(model)
    with pytest.raises(error, match=message):
        calibrate_model(model, manifest, device="cpu", **changes)
    assert contents(model) == before


def test_bundled_models_stay_as_they_are(manifest: Path) -> None:
    with pytest.raises(ConfigError, match="Copy its folder"):
        calibrate_model(next(iter(bundled())), manifest, times_splits=["train"])
