"""The experiment braven: every arm differs from BRAVEn in what it says, and in nothing else."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tiny_corpus import write_corpus
from viseme.config import flatten
from viseme.data.manifest import read_manifest, write_manifest
from viseme.experiments import braven
from viseme.experiments.braven import EXPERIMENT, SIZES, Pretraining
from viseme.experiments.experiment import Trial
from viseme.verbs.train import configured

CHANGES: dict[str, dict[str, Any]] = {
    "random-teacher": {"pair.momentum": 1.0},
    "v2v": {"pair.weights.v2v": 1.0, "pair.weights.v2a": 0.0},
    "a2a": {"pair.weights.a2v": 0.0},
    "last": {"pair.targets": "last"},
    "mask-0.2": {"pair.audio_mask.probability": 0.2},
    "deeper": {"pair.predictor.video_layers": 2},
}


def made(arm: str) -> Pretraining | None:
    return EXPERIMENT.arm(arm).run.keywords["made"]  # type: ignore[attr-defined]


def settings(of: Pretraining) -> dict[str, Any]:
    return flatten(configured(of.system, "small", SIZES["ci"].settings | of.settings))


@pytest.mark.parametrize("arm", CHANGES)
def test_an_arm_changes_one_thing(arm: str) -> None:
    own, plain = made(arm), made("braven")
    assert own is not None
    assert plain is not None
    theirs, ours = settings(plain), settings(own)
    assert {name: ours[name] for name in ours if ours[name] != theirs[name]} == CHANGES[arm]


def trial(tmp_path: Path, arm: str) -> Trial:
    """A trial on 40 clips that all have sound, of which none is read."""
    manifest = write_corpus(tmp_path / "corpus", num_train=4, num_val=1)
    clips = read_manifest(manifest)
    many = [
        replace(clip, id=f"{clip.id}-{n}", extra=clip.extra | {"num_frames": 20})
        for n in range(10)
        for clip in clips
    ]
    write_manifest(manifest, many)
    folder = tmp_path / "trial"
    folder.mkdir()
    return Trial(arm, 1, "ci", folder, tmp_path, {"grid": manifest}, "cpu")


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What would be trained, instead of a training."""
    told: list[dict[str, Any]] = []

    def trained(
        of: Trial, manifest: Path, run: Path, given: dict[str, str], system: str, preset: str
    ) -> Path:
        told.append({"clips": read_manifest(manifest), "system": system, "name": run.name} | given)
        configured(system, preset, given)
        return run

    monkeypatch.setattr(braven, "trained", trained)
    monkeypatch.setattr(braven, "read_test", lambda *_: {"WER": 0.5})
    return told


def test_unlabelled_clips_have_no_texts_and_few_labelled_ones_do(
    tmp_path: Path, runs: list[dict[str, Any]]
) -> None:
    figures = braven.read(trial(tmp_path, "braven"), made("braven"))
    assert set(figures) == {"lips WER 25", "lips WER 50", "lips WER 100", "voice WER 25"}
    unlabelled, *readers = runs
    train = [clip for clip in unlabelled["clips"] if clip.split == "train"]
    assert len(train) == 40
    assert not any(clip.text or clip.words for clip in train)
    for run, count in zip(readers, (25, 40, 40, 25), strict=True):
        assert sum(clip.split == "train" for clip in run["clips"]) == count
        assert run["training.initial"].endswith("encoder")
    assert readers[3]["model.modality"] == "audio"


def test_without_pre_training_all_parts_learn_alike(
    tmp_path: Path, runs: list[dict[str, Any]]
) -> None:
    braven.read(trial(tmp_path, "scratch"), made("scratch"))
    assert len(runs) == 4
    for run in runs:
        assert "training.initial" not in run
        assert run["training.layer_decay"] == run["training.head_rate"] == "1"


def test_every_clip_gets_the_sound_of_another(tmp_path: Path, runs: list[dict[str, Any]]) -> None:
    plain = trial(tmp_path, "sound-of-others")
    braven._encoder(plain, made("sound-of-others"), braven._material(plain))
    own = {clip.id: clip.audio for clip in read_manifest(plain.corpora["grid"])}
    train = [clip for clip in runs[0]["clips"] if clip.split == "train"]
    assert {clip.audio for clip in train} == {own[clip.id] for clip in train}
    assert sum(clip.audio != own[clip.id] for clip in train) > len(train) / 2


@pytest.mark.parametrize(("arm", "clips"), [("x1", 5), ("x4", 20), ("x4-shorter", 20)])
def test_fewer_clips_with_as_many_updates_or_fewer(
    tmp_path: Path, runs: list[dict[str, Any]], arm: str, clips: int
) -> None:
    size, plain = SIZES["ci"], trial(tmp_path, arm)
    braven._encoder(plain, made(arm), braven._material(plain))
    assert sum(clip.split == "train" for clip in runs[0]["clips"]) == clips
    batches = -(-clips // (size.max_frames // 20))
    updates = size.updates // 2 if arm == "x4-shorter" else size.updates
    assert int(runs[0]["loop.epochs"]) == updates // batches
