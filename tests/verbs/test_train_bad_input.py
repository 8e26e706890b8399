"""Training on what is not as it should be: an error that names it, or a stated policy."""

import json
import logging
from dataclasses import replace
from pathlib import Path

import pytest

from tiny_corpus import write_clip, write_corpus
from viseme.data.manifest import read_manifest, write_manifest
from viseme.errors import ConfigError, ManifestError, ModelError
from viseme.text.tokenizer import CharacterTokenizer
from viseme.verbs.train import TrainReport, train

SETTINGS = {
    "model.modality": "audio",
    "training.max_frames": "40",
    "loop.epochs": "1",
}


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("corpus"))


def run(manifest: Path, out: Path, **settings: str) -> TrainReport:
    named = {key.replace("__", "."): value for key, value in settings.items()}
    return train("auto_avsr", manifest, out, preset="ci", settings=SETTINGS | named, device="cpu")


def test_letters_that_the_initial_model_lacks_are_named(manifest: Path, tmp_path: Path) -> None:
    initial = run(manifest, tmp_path / "first").model
    clips = read_manifest(manifest)
    clips[2].text = "señor"
    other = manifest.with_name("other.jsonl")
    write_manifest(other, clips)
    with pytest.raises(ManifestError, match=r"other\.jsonl: the text of clip 'clip2'.*'ñ'"):
        run(other, tmp_path / "second", training__initial=str(initial))


def test_capitals_are_brought_into_the_case_of_the_tokenizer(
    manifest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Texts of LRS2 and LRS3 are in capitals: what is read right counts as right."""
    clips = read_manifest(manifest)[:7]
    said = str(clips[6].text)
    shouted = [replace(clip, text=str(clip.text).upper()) for clip in clips]
    write_manifest(manifest.with_name("capitals.jsonl"), shouted)
    tokens = CharacterTokenizer(sorted("abcdefghijklmnopqrstuvwxyz' ")).encode(said)
    monkeypatch.setattr("viseme.kinds.recogniser.validation.greedy", lambda *_: [tokens])
    report = run(manifest.with_name("capitals.jsonl"), tmp_path / "run", training__word_weight="0")
    assert report.figures["wer"] == 0


def test_a_clip_beyond_the_frame_budget_is_a_batch_of_its_own(
    manifest: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clips = read_manifest(manifest)
    clips.append(write_clip(manifest.parent, "long", ["up", "down", "left", "right"], "train"))
    write_manifest(manifest.with_name("long.jsonl"), clips)
    with caplog.at_level(logging.WARNING):
        run(manifest.with_name("long.jsonl"), tmp_path / "run")
    assert "1 training clips are longer than max_frames 40" in caplog.text
    log = [json.loads(line) for line in (tmp_path / "run/log.jsonl").read_text().splitlines()]
    assert all(record.get("train/loss", 0.0) < 1e6 for record in log)


@pytest.mark.parametrize("text", [None, ""])
def test_clips_without_text_are_left_out(manifest: Path, tmp_path: Path, text: str | None) -> None:
    clips = read_manifest(manifest)
    untold = [replace(clip, text=text) for clip in clips[:5]]
    write_manifest(manifest.with_name("some.jsonl"), [*untold, *clips[5:]])
    run(manifest.with_name("some.jsonl"), tmp_path / "run")
    assert "1 clips of the splits train" in (tmp_path / "run/model/README.md").read_text()
    write_manifest(manifest.with_name("none.jsonl"), [replace(clip, text=text) for clip in clips])
    with pytest.raises(ManifestError, match="no transcribed clips of split train"):
        run(manifest.with_name("none.jsonl"), tmp_path / "none")


def test_a_text_too_long_for_its_clip_does_not_spoil_the_weights(
    manifest: Path, tmp_path: Path
) -> None:
    """CTC has no path for it; it counts as zero."""
    clips = read_manifest(manifest)
    clips[0].text = "up down left right " * 10
    write_manifest(manifest.with_name("wordy.jsonl"), clips)
    report = run(manifest.with_name("wordy.jsonl"), tmp_path / "run", training__word_weight="0")
    assert all(value < 1e6 for value in report.figures.values())


def test_a_start_that_failed_leaves_the_folder_free(manifest: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    with pytest.raises(ModelError, match="no model 'tyop'"):
        run(manifest, out, training__initial="tyop")
    units = {"training__tokenizer": "sentencepiece", "training__vocab_size": "3"}
    with pytest.raises(ConfigError, match="tokenizer character"):
        run(manifest, out, **units)
    silent = [replace(clip, audio=None) for clip in read_manifest(manifest)]
    write_manifest(manifest.with_name("silent.jsonl"), silent)
    with pytest.raises(ManifestError, match="has no audio"):
        run(manifest.with_name("silent.jsonl"), out)
    assert run(manifest, out).model == out / "model"


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("training.ctc_weight", "1.5", "not between 0 and 1"),
        ("training.average_last", "0", "at least 1"),
        ("training.average_last", "3", "more than keep_weights 1 keeps"),
        ("training.word_share", "0", "above 0"),
        ("training.max_frames", "0", "at least 1"),
        ("training.frozen_frontends", "true", "without initial"),
        ("augment.speed", "1.5", "below 1"),
        ("augment.mask_stride_frames", "0", "at least 1"),
        ("augment.mask_window_frames", "-1", "not be negative"),
    ],
)
def test_settings_are_checked_before_the_work(
    manifest: Path, tmp_path: Path, name: str, value: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        run(manifest, tmp_path / "run", **{name.replace(".", "__"): value})
    assert not (tmp_path / "run").exists()


def test_bad_lines_are_left_out_and_listed(manifest: Path, tmp_path: Path) -> None:
    other = manifest.with_name("bad_lines.jsonl")
    other.write_text(manifest.read_text() + "{\n")
    with pytest.raises(ManifestError, match="line 9 is not a clip"):
        run(other, tmp_path / "run")
    options = {"preset": "ci", "settings": SETTINGS, "device": "cpu"}
    train("auto_avsr", other, tmp_path / "run", skip_bad=True, **options)
    (line,) = (tmp_path / "run/rejects.jsonl").read_text().splitlines()
    assert json.loads(line)["source"] == "line 9"


def test_clips_without_a_split_are_an_error_with_a_way_out(manifest: Path, tmp_path: Path) -> None:
    clips = [replace(clip, split=None) for clip in read_manifest(manifest)]
    write_manifest(manifest.with_name("unsplit.jsonl"), clips)
    with pytest.raises(ManifestError, match="prepare SOURCE OUT --split 90,5,5"):
        run(manifest.with_name("unsplit.jsonl"), tmp_path / "run")
