"""Further cuts: offered by name, in one pass, as long as the picture, kept by the manifest."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from raw_corpus import BrightFaceTracker, tree, write_talk

from viseme.audio.mel import MELS, log_mel
from viseme.data.clip_content import PrepareConfig
from viseme.data.cuts import Cut, load_cut, parse_cut, parse_cuts
from viseme.data.manifest import Clip, read_manifest, write_manifest
from viseme.data.prepare import prepare
from viseme.errors import ConfigError, ManifestError
from viseme.face.tracker import Face
from viseme.media import read_audio

NAMES = ("face:64", "head:48", "sound:24000", "mel:16000", "mel:24000")
CUTS = tuple(map(parse_cut, NAMES))
FRAMES = 20


class CountingTracker(BrightFaceTracker):
    frames = 0

    def track(self, frames: Iterable[np.ndarray]) -> Iterator[list[Face]]:
        for faces in super().track(frames):
            CountingTracker.frames += 1
            yield faces


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("raw")
    write_talk(folder / "loud.mp4", FRAMES, sound_s=0.7)
    write_talk(folder / "mute.mp4", FRAMES)
    return folder


def prepared(raw: Path, out: Path, *cuts: Cut, tracker: Any = BrightFaceTracker) -> dict[str, Clip]:
    config = PrepareConfig(cuts=cuts)
    report = prepare(raw, out, workers=1, config=config, make_tracker=tracker)
    return {clip.id: clip for clip in read_manifest(report.out / "manifest.jsonl")}


@pytest.mark.parametrize("name", [*NAMES, "face:32", "head:512"])
def test_names_read_back(name: str) -> None:
    assert parse_cut(name).name == name


@pytest.mark.parametrize(
    "text",
    [
        "",
        "face",
        "face:",
        "face:0",
        "face:5000",
        "face:127",
        "face:12.5",
        "mouth:96",
        "head:-64",
        "sound:44100",
        "mel:80",
        "mel:22050",
        "nose:64",
        "face:64:64",
    ],
)
def test_what_cannot_be_cut_is_refused_with_what_can(text: str) -> None:
    with pytest.raises(ConfigError, match=r"cannot be cut\. Choose of: face:SIZE and head:SIZE"):
        parse_cut(text)


def test_what_is_always_cut_may_be_named_and_a_name_given_twice() -> None:
    assert parse_cuts(["mouth", "face:64", "sound:16000", "face:64"]) == (Cut("face", 64),)


def test_all_cuts_come_from_one_pass_and_are_as_long_as_the_picture(
    raw: Path, tmp_path: Path
) -> None:
    CountingTracker.frames = 0
    clips = prepared(raw, tmp_path, *CUTS, tracker=CountingTracker)
    assert CountingTracker.frames == 2 * FRAMES
    loud, mute = clips["loud"], clips["mute"]
    assert set(loud.cuts) == set(NAMES)
    assert set(mute.cuts) == {"face:64", "head:48"}
    assert load_cut(loud, "face:64").shape == (FRAMES, 64, 64, 3)
    assert load_cut(mute, "head:48").shape == (FRAMES, 48, 48, 3)
    sound = load_cut(loud, "sound:24000")
    assert sound.shape == (960 * FRAMES,)
    assert load_cut(loud, "mel:16000").shape == load_cut(loud, "mel:24000").shape == (80, 80)


def test_sound_and_spectrograms_are_those_of_the_file(raw: Path, tmp_path: Path) -> None:
    loud = prepared(raw, tmp_path, *CUTS)["loud"]
    samples = read_audio(raw / "loud.mp4", sample_rate_hz=24_000)
    sound = load_cut(loud, "sound:24000")
    np.testing.assert_allclose(sound[: len(samples)], samples[: len(sound)], atol=1e-4)
    np.testing.assert_array_equal(sound[len(samples) :], 0)
    expected = log_mel(np.pad(samples, (0, 960 * FRAMES))[: 960 * FRAMES], MELS[24_000])
    np.testing.assert_allclose(load_cut(loud, "mel:24000"), expected, atol=0.01)


def test_mouths_and_records_are_as_without_cuts(raw: Path, tmp_path: Path) -> None:
    prepared(raw, tmp_path / "plain")
    prepared(raw, tmp_path / "cut", *CUTS)
    plain, cut = tree(tmp_path / "plain"), tree(tmp_path / "cut")
    for name in plain:
        if name.startswith(("mouth/", "audio/")):
            assert cut[name] == plain[name]
    assert '"cuts"' not in (tmp_path / "plain" / "manifest.jsonl").read_text()


def test_a_cut_that_is_added_is_made_and_what_is_there_is_not_made_again(
    raw: Path, tmp_path: Path
) -> None:
    prepared(raw, tmp_path, CUTS[0])
    for cuts, frames in ((CUTS[:1], 0), (CUTS[:2], 2 * FRAMES), (CUTS[:2], 0)):
        CountingTracker.frames = 0
        clips = prepared(raw, tmp_path, *cuts, tracker=bright_counting)
        assert CountingTracker.frames == (frames if cuts != CUTS[:1] else 2 * FRAMES)
        assert set(clips["loud"].cuts) == {cut.name for cut in cuts}
    (tmp_path / "head-48" / "loud.mp4").unlink()
    CountingTracker.frames = 0
    prepared(raw, tmp_path, *CUTS[:2], tracker=bright_counting)
    assert CountingTracker.frames == FRAMES


def bright_counting() -> CountingTracker:
    return CountingTracker()


def test_a_clip_without_the_cut_says_how_to_make_it(raw: Path, tmp_path: Path) -> None:
    mute = prepared(raw, tmp_path)["mute"]
    with pytest.raises(ManifestError, match=r"'mute' has no face:64. Run `viseme prepare --cut fa"):
        load_cut(mute, "face:64")


def test_a_damaged_spectrogram_is_an_error_that_names_it(raw: Path, tmp_path: Path) -> None:
    loud = prepared(raw, tmp_path, CUTS[3])["loud"]
    loud.cuts["mel:16000"].write_bytes(b"nothing")
    with pytest.raises(ManifestError, match=r"loud\.npy: is no spectrogram"):
        load_cut(loud, "mel:16000")


def test_pictures_larger_than_the_face_are_remarked_on(raw: Path, tmp_path: Path) -> None:
    clips = prepared(raw, tmp_path, parse_cut("face:512"), parse_cut("face:32"))
    warnings = clips["mute"].extra["warnings"]
    assert any(warning.startswith("face:512 is enlarged") for warning in warnings)
    assert not any(warning.startswith("face:32") for warning in warnings)


def test_the_manifest_keeps_cuts_relative_and_strict(tmp_path: Path) -> None:
    clip = Clip("a", tmp_path / "a.mp4", cuts={"face:64": tmp_path / "face-64" / "a.mp4"})
    write_manifest(tmp_path / "m.jsonl", [clip])
    row = json.loads((tmp_path / "m.jsonl").read_text())
    assert row["cuts"] == {"face:64": "face-64/a.mp4"}
    assert read_manifest(tmp_path / "m.jsonl") == [clip]
    for wrong in (["a"], {"face:64": 3}, "face-64/a.mp4"):
        (tmp_path / "m.jsonl").write_text(json.dumps(row | {"cuts": wrong}))
        with pytest.raises(ManifestError, match=r"'cuts' is .* not an object of paths"):
            read_manifest(tmp_path / "m.jsonl")
