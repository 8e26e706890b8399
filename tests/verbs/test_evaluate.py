"""Scores of a model on a prepared manifest: splits, figures, calibration."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tiny_corpus import write_corpus
from viseme.data.manifest import Clip, read_manifest, write_manifest
from viseme.data.rejects import Reject
from viseme.data.roi_storage import write_rois
from viseme.errors import ManifestError
from viseme.kinds.recogniser.calibration import calibrate
from viseme.kinds.recogniser.clips import ReadClip, read_clips
from viseme.kinds.recogniser.conditions import Condition, conditions
from viseme.kinds.recogniser.modes import Mode
from viseme.kinds.recogniser.scores import summary, word_time_errors
from viseme.media import write_audio
from viseme.recognition.confidence import Abstention
from viseme.recognition.hypothesis import Hypothesis
from viseme.recognition.recognizer import Reading, ReadingConfig, Recognizer
from viseme.systems.auto_avsr import PRESETS, AutoAVSR
from viseme.text.tokenizer import CharacterTokenizer
from viseme.text.transcript import Word
from viseme.verbs.evaluate import evaluate

TOKENIZER = CharacterTokenizer.from_texts(["abcdefghijklmnopqrstuvwxyz "])


@pytest.fixture(scope="module")
def recognizer() -> Recognizer:
    torch.manual_seed(0)
    network = AutoAVSR(PRESETS["ci"].model, TOKENIZER.vocab_size)
    size = PRESETS["ci"].model.crop_size
    config = ReadingConfig("video", size, abstention=Abstention(0.0, 0.0))
    return Recognizer("random", network, TOKENIZER, config, "cpu")


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    rng = np.random.default_rng(0)
    clips = []
    for number in range(5):
        path = folder / f"{number}.mp4"
        write_rois(path, rng.integers(0, 255, (20 + number, 96, 96), dtype=np.uint8))
        split = "test" if number < 3 else "val"
        clips.append(Clip(f"clip{number}", video=path, text="bin blue", split=split))
    clips.append(Clip("untold", video=path, split="val"))
    write_manifest(folder / "manifest.jsonl", clips)
    return folder / "manifest.jsonl"


def read_clip(said: str, read: str, confidence: float = 0.5, withheld: str | None = None):
    words = [Word(w, i * 0.1, i * 0.1 + 0.1, confidence) for i, w in enumerate(read.split())]
    return ReadClip(Clip("a", text=said), Reading(words, Hypothesis([], 0.0), withheld), 75)


def test_figures_of_known_readings() -> None:
    read = [
        read_clip("bin blue at f two now", "bin blue at s two now"),
        read_clip("set red", "set red"),
        read_clip("lay white", "lay white", withheld="no readable lips here"),
    ]
    report = summary(read, seconds=3.0)
    assert report["clips"] == 3
    assert report["wer"]["edits"] == 3  # one wrong word, two withheld
    assert report["wer"]["reference_length"] == 10
    assert report["withheld"] == 1
    assert report["reading_rtf"] == pytest.approx(1 / 3)
    assert [text["read"] for text in report["texts"]][1:] == ["set red", ""]
    # Nine of the ten words that were read are right, each with confidence one half.
    assert report["calibration_error"] == pytest.approx(0.4)


def test_every_word_read_gets_a_verdict() -> None:
    read = read_clip("bin blue at", "bin at at by", 0.25)
    assert [right for _, right in read.verdicts()] == [True, False, True, False]
    assert {confidence for confidence, _ in read.verdicts()} == {0.25}


def test_verdicts_and_rates_are_of_the_same_form() -> None:
    """Texts of LRS3 are in capitals, and so are the words of models that learned from them."""
    for said, heard in (("BIN BLUE", "bin blue"), ("bin blue", "BIN BLUE"), ("Bin, blue!",) * 2):
        read = read_clip(said, heard, confidence=1.0)
        assert [right for _, right in read.verdicts()] == [True, True]
        assert summary([read], 1.0)["calibration_error"] == pytest.approx(0.0)
        assert summary([read], 1.0)["wer"]["rate"] == 0


def test_splits_are_scored_apart(recognizer: Recognizer, manifest: Path) -> None:
    seen: list[float] = []
    report = evaluate(
        recognizer, manifest, beam=1, batch_size=2, on_progress=lambda _, share: seen.append(share)
    )
    assert (report["test"]["clips"], report["val"]["clips"]) == (3, 2)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    json.dumps(report)
    only = evaluate(recognizer, manifest, splits=["test"], beam=1)
    assert "val" not in only
    assert only["test"]["texts"] == report["test"]["texts"]


def test_a_split_without_clips_is_an_error(recognizer: Recognizer, manifest: Path) -> None:
    with pytest.raises(ManifestError, match=r"of split dev\. It has the splits: test, val"):
        evaluate(recognizer, manifest, splits=["test", "dev"])


def test_bad_lines_are_left_out_of_clips_and_voices(recognizer: Recognizer, manifest: Path) -> None:
    other = manifest.with_name("bad_lines.jsonl")
    other.write_text(manifest.read_text() + "{\n")
    rejects: list[Reject] = []
    report = evaluate(recognizer, other, beam=1, rejects=rejects)
    assert report["val"]["texts"] == evaluate(recognizer, manifest, beam=1)["val"]["texts"]
    assert len(rejects) == 1
    with pytest.raises(ManifestError, match="is not a clip"):
        conditions(["babble"], [0.0], other)
    with pytest.raises(ManifestError, match="to mix babble of"):  # these clips are silent
        conditions(["babble"], [0.0], other, skip_bad=True)


def test_clips_of_no_split_are_scored(recognizer: Recognizer, manifest: Path) -> None:
    clips = [replace(clip, split=None) for clip in read_manifest(manifest)]
    write_manifest(manifest.with_name("flat.jsonl"), clips)
    report = evaluate(recognizer, manifest.with_name("flat.jsonl"), beam=1)
    assert report["None"]["clips"] == 5


def test_calibration_lowers_the_error(recognizer: Recognizer, manifest: Path) -> None:
    clips = [clip for clip in read_manifest(manifest) if clip.text]
    config = calibrate(recognizer, clips)
    # A random model is never right, whatever its scores say.
    assert all(config.calibration.apply(score) < 0.2 for score in (0.1, 0.5, 0.9))
    assert config.search == recognizer.config.search


def test_no_clip_of_the_calibration_is_withheld(recognizer: Recognizer, manifest: Path) -> None:
    clips = [clip for clip in read_manifest(manifest) if clip.text]
    config = calibrate(recognizer, clips)
    assert 0 < config.abstention.least_confidence < 1
    calibrated = Recognizer("calibrated", recognizer.network, TOKENIZER, config, "cpu")
    assert [item.reading.withheld for item in read_clips(calibrated, clips)] == [None] * len(clips)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Recognizer, Path]:
    """A model of lips and voice that knows nothing, and clips with both."""
    torch.manual_seed(0)
    network = AutoAVSR(replace(PRESETS["ci"].model, modality="av"), TOKENIZER.vocab_size)
    config = ReadingConfig("av", 64, abstention=Abstention(0.0, 0.0))
    manifest = write_corpus(tmp_path_factory.mktemp("both"), 1, 2)
    return Recognizer("random", network, TOKENIZER, config, "cpu"), manifest


def test_conditions_are_scored_apart(both: tuple[Recognizer, Path]) -> None:
    recognizer, manifest = both
    heard = conditions(("white", "babble"), (5, -20), manifest)
    report = evaluate(recognizer, manifest, splits=["val"], beam=1, mode="av", conditions=heard)
    titles = [f"val, {kind} {level} dB" for kind in ("white", "babble") for level in (5, -20)]
    assert [name for name in report if name.startswith("val")] == ["val", *titles]
    assert report["mode"] == "av"
    again = evaluate(recognizer, manifest, splits=["val"], beam=1, mode="av", conditions=heard)
    for name in ("val", *titles):
        assert again[name]["texts"] == report[name]["texts"]


def test_noise_reaches_ears_not_eyes(both: tuple[Recognizer, Path]) -> None:
    recognizer, manifest = both
    clips = [clip for clip in read_manifest(manifest) if clip.split == "val"]
    clean, noisy = conditions(("white",), (-20,), manifest)

    def scores(mode: Mode, condition: Condition) -> list[float]:
        read = read_clips(recognizer, clips, mode=mode, condition=condition)
        return [item.reading.hypothesis.score for item in read if item.reading.hypothesis]

    assert scores("video", clean) == scores("video", noisy)
    assert scores("audio", clean) != scores("audio", noisy)
    assert scores("av", clean) != scores("av", noisy)
    assert scores("auto", noisy) == scores("video", clean)


def test_calibration_reads_in_every_mode(
    both: tuple[Recognizer, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    recognizer, manifest = both
    seen: list[tuple[str, str]] = []

    def spied(*arguments, mode: Mode, condition: Condition):
        seen.append((mode, condition.name))
        return read_clips(*arguments, mode=mode, condition=condition)

    monkeypatch.setattr("viseme.kinds.recogniser.calibration.read_clips", spied)
    calibrate(recognizer, read_manifest(manifest))
    hiss = "white 5 dB"
    ways = [("video", "clean"), ("audio", "clean"), ("audio", hiss), ("av", "clean"), ("av", hiss)]
    assert seen == ways


def test_auto_reads_clips_that_lack_a_stream(both: tuple[Recognizer, Path]) -> None:
    recognizer, manifest = both
    clip = next(clip for clip in read_manifest(manifest) if clip.split == "val")
    lacking = [replace(clip, id="seen", audio=None), replace(clip, id="heard", video=None), clip]
    auto = list(read_clips(recognizer, lacking))
    for item, mode in zip(auto[:2], ("video", "audio"), strict=True):
        (alone,) = read_clips(recognizer, [item.clip], mode=mode)
        assert item.reading.text == alone.reading.text
    with pytest.raises(ManifestError, match="clip 'seen' has no audio"):
        list(read_clips(recognizer, lacking, mode="av"))


def test_a_clip_without_a_frame_reads_as_nothing(
    both: tuple[Recognizer, Path], tmp_path: Path
) -> None:
    recognizer, manifest = both
    clips = [clip for clip in read_manifest(manifest) if clip.split == "val"]
    write_audio(tmp_path / "click.wav", np.ones(100, np.float32), 16_000)
    short = replace(clips[0], id="click", audio=tmp_path / "click.wav")
    read = list(read_clips(recognizer, [short, *clips], mode="audio"))
    whole = list(read_clips(recognizer, clips, mode="audio"))
    assert [item.reading.text for item in read] == ["", *(item.reading.text for item in whole)]
    assert summary(read[:1], 1.0)["wer"]["rate"] == 1.0


def test_word_times_are_held_against_the_true_ones_of_clips_read_right() -> None:
    true = [Word("a", 0.4, 0.6), Word("b", 0.6, 1.0)]
    found = [Word("a", 0.5, 0.6), Word("b", 0.58, 1.2)]
    by_ctc = [Word("a", 0.1, 0.6), Word("b", 0.6, 1.0)]
    right = ReadClip(Clip("1", text="a b", words=true), Reading(found, None, None, by_ctc), 30)
    wrong = ReadClip(Clip("2", text="a c", words=true), Reading(found, None, None, by_ctc), 30)
    untimed = ReadClip(Clip("3", text="a b"), Reading(found, None, None, by_ctc), 30)
    figures = word_time_errors([right, wrong, untimed])
    assert figures is not None
    assert figures["clips"] == 1
    assert figures["starts"]["median_s"] == pytest.approx(0.06)
    assert figures["first_starts"]["mean_signed_s"] == pytest.approx(0.1)
    assert figures["other_starts"]["mean_signed_s"] == pytest.approx(-0.02)
    assert figures["ends"]["p95_s"] == pytest.approx(0.19)
    assert figures["by_ctc"]["first_starts"]["mean_signed_s"] == pytest.approx(-0.3)
    assert word_time_errors([wrong, untimed]) is None
