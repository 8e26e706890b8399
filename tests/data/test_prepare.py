"""Preparing a corpus: what is taken, what is rejected and why."""

import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from raw_corpus import bright_faces, tree, write_corpus, write_talk

from media_clips import Sound, click_times_s, write_clip
from viseme.data.clip_content import PrepareConfig
from viseme.data.manifest import Clip, read_manifest, write_manifest
from viseme.data.prepare import PrepareReport, Progress, prepare
from viseme.data.prepare_clip import is_safe_id
from viseme.data.roi_storage import read_rois
from viseme.data.splits import Shares, parse_shares
from viseme.errors import ConfigError, ManifestError, MediaError
from viseme.media import read_audio, write_audio, write_video

ACCEPTED = [
    "blinks",
    "leaves",
    "separate_sound",
    "train/silent",
    "train/with_text",
    "twice",
    "val/cues",
]
REASONS = {
    "blip": "too_short",
    "broken": "unreadable",
    "hides": "face_lost",
    "mismatch": "length_mismatch",
    "nobody": "no_face",
    "twice": "duplicate_id",
}

SHARES = Shares(40, 30, 30)


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("raw"))


@pytest.fixture(scope="module")
def report(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> PrepareReport:
    out = tmp_path_factory.mktemp("prepared")
    return prepare(raw, out, workers=1, make_tracker=bright_faces)


@pytest.fixture(scope="module")
def clips(report: PrepareReport) -> dict[str, Clip]:
    return {clip.id: clip for clip in read_manifest(report.out / "manifest.jsonl")}


def rejects(out: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in (out / "rejects.jsonl").read_text().splitlines()]


def test_good_clips_are_in_the_manifest_in_order(clips: dict[str, Clip]) -> None:
    assert list(clips) == ACCEPTED


def test_every_reject_has_its_reason(report: PrepareReport) -> None:
    rows = rejects(report.out)
    assert {row["id"]: row["code"] for row in rows} == REASONS
    assert all(row["reason"].endswith(".") for row in rows)
    assert {row["source"] for row in rows if row["id"] == "twice"} == {"twice.mp4"}


def test_reasons_are_sentences_without_this_machine(report: PrepareReport, raw: Path) -> None:
    written = "".join(
        (report.out / name).read_text()
        for name in ("rejects.jsonl", "summary.json", "manifest.jsonl")
    )
    assert str(raw) not in written
    assert str(report.out) not in written


def test_crops_are_as_long_as_the_clip_says(clips: dict[str, Clip]) -> None:
    for clip in clips.values():
        assert clip.video is not None
        assert read_rois(clip.video).shape == (clip.extra["num_frames"], 96, 96)


def test_short_gaps_are_bridged_and_long_ones_marked(clips: dict[str, Clip]) -> None:
    assert clips["blinks"].extra["visible_share"] == 1.0
    leaves = clips["leaves"]
    assert leaves.extra["visible_share"] == round(47 / 60, 4)
    assert leaves.video is not None
    seen = read_rois(leaves.video).any(axis=(1, 2))
    assert seen[:47].all()
    assert not seen[47:].any()


def test_sound_comes_from_the_track_or_from_beside(clips: dict[str, Clip]) -> None:
    with_sound = {name for name, clip in clips.items() if clip.audio is not None}
    assert with_sound == {"train/with_text", "separate_sound"}
    audio = clips["separate_sound"].audio
    assert audio is not None
    assert audio.suffix == ".flac"
    assert read_audio(audio).shape == (16_000,)


def test_text_and_split_are_kept(clips: dict[str, Clip]) -> None:
    assert clips["train/with_text"].text == "hello world"
    assert clips["val/cues"].text == "good 42"
    assert clips["train/silent"].text is None
    assert [clips[name].split for name in ("train/silent", "val/cues", "blinks")] == [
        "train",
        "val",
        None,
    ]


def test_the_report_is_the_summary(report: PrepareReport) -> None:
    summary = json.loads((report.out / "summary.json").read_text())
    assert (summary["accepted"], summary["rejected"]) == (len(ACCEPTED), len(REASONS))
    assert report.reasons == summary["reasons"]
    assert sum(report.reasons.values()) == report.rejected
    assert report.splits == {"train": 2, "val": 1}
    assert summary["acceptance_rate"] == pytest.approx(7 / 13, abs=1e-4)
    assert report.is_enough


def test_the_contact_sheet_has_a_row_per_clip(report: PrepareReport) -> None:
    from PIL import Image

    with Image.open(report.out / "contact_sheet.png") as sheet:
        pixels = np.asarray(sheet)
    rows = np.array_split(pixels, len(ACCEPTED))
    assert all(row.std() > 10 for row in rows)


def test_too_few_accepted_clips_are_reported(raw: Path, report: PrepareReport) -> None:
    again = prepare(raw, report.out, workers=1, make_tracker=bright_faces, min_acceptance=0.6)
    assert not again.is_enough


def test_the_number_of_workers_changes_nothing(
    raw: Path, tmp_path: Path, report: PrepareReport
) -> None:
    prepare(raw, report.out, workers=1, make_tracker=bright_faces)
    prepare(raw, tmp_path, workers=3, make_tracker=bright_faces)
    assert tree(tmp_path) == tree(report.out)


def test_progress_counts_up_to_the_end(raw: Path, tmp_path: Path) -> None:
    told: list[Progress] = []
    prepare(raw, tmp_path, workers=1, make_tracker=bright_faces, on_progress=told.append)
    assert [progress.done for progress in told] == list(range(1, 14))  # one has its id from another
    assert {progress.total for progress in told} == {13}
    assert (told[-1].accepted, told[-1].rejected) == (7, 6)


def test_a_manifest_keeps_what_it_says_and_its_windows(tmp_path: Path) -> None:
    write_talk(tmp_path / "raw" / "long.mp4", 75, sound_s=3.0)
    parts = [
        Clip(f"part{i}", tmp_path / "raw" / "long.mp4", start_s=i, end_s=i + 1.0, text=f"t {i}",
             speaker="me", split="test_unseen", corpus="mine", confidence=0.5, extra={"x": i})
        for i in range(3)
    ]  # fmt: skip
    write_manifest(tmp_path / "raw" / "manifest.jsonl", parts)
    report = prepare(tmp_path / "raw", tmp_path / "out", workers=1, make_tracker=bright_faces)
    for before, after in zip(parts, read_manifest(report.out / "manifest.jsonl"), strict=True):
        for name in ("id", "text", "speaker", "split", "corpus", "confidence"):
            assert getattr(after, name) == getattr(before, name)
        assert (after.start_s, after.end_s) == (0.0, None)
        assert after.extra["source_window_s"] == [before.start_s, before.end_s]
        assert after.extra["source"] == "long.mp4"
        assert after.extra["x"] == before.extra["x"]
        assert after.extra["num_frames"] == 25
        assert after.audio is not None
        assert len(read_audio(after.audio)) == 16_000


def test_a_part_after_the_end_of_its_sound_has_none(tmp_path: Path) -> None:
    write_talk(tmp_path / "raw" / "long.mp4", 50)
    write_audio(tmp_path / "raw" / "short.wav", np.full(16_000, 0.1), 16_000)
    files = {"video": tmp_path / "raw" / "long.mp4", "audio": tmp_path / "raw" / "short.wav"}
    part = Clip("part", start_s=1.2, end_s=1.64, **files)
    write_manifest(tmp_path / "raw" / "manifest.jsonl", [part])
    report = prepare(tmp_path / "raw", tmp_path / "out", workers=1, make_tracker=bright_faces)
    (clip,) = read_manifest(report.out / "manifest.jsonl")
    assert clip.audio is None
    assert not list((report.out / "audio").iterdir())


def test_long_clips_are_rejected_before_they_are_tracked(tmp_path: Path) -> None:
    write_talk(tmp_path / "raw" / "long.mp4", 75)
    config = PrepareConfig(max_s=2.0)
    report = prepare(tmp_path / "raw", tmp_path / "out", workers=1, config=config)
    assert report.reasons == {"too_long": 1}


def test_rows_without_video_and_files_without_picture_are_rejected(tmp_path: Path) -> None:
    write_audio(tmp_path / "sound.wav", np.zeros(16_000), 16_000)
    clips = [Clip("none"), Clip("sound", tmp_path / "sound.wav"), Clip("gone", tmp_path / "x.mp4")]
    write_manifest(tmp_path / "m.jsonl", clips)
    report = prepare(tmp_path / "m.jsonl", tmp_path / "out", workers=1, make_tracker=bright_faces)
    assert report.reasons == {"no_video": 2, "unreadable": 1}
    assert report.acceptance_rate == 0
    assert (report.out / "manifest.jsonl").read_text() == ""


@pytest.mark.parametrize(
    "clip_id", ["../evil", "/evil", "a/../../evil", "a\\b", ".x", "a//b", "a:"]
)
def test_an_id_cannot_leave_the_folder(tmp_path: Path, clip_id: str) -> None:
    assert not is_safe_id(clip_id)
    write_talk(tmp_path / "a.mp4", 12)
    fine = Clip("fine", tmp_path / "a.mp4")
    write_manifest(tmp_path / "m.jsonl", [Clip(clip_id, tmp_path / "a.mp4"), fine])
    report = prepare(tmp_path / "m.jsonl", tmp_path / "out", workers=1, make_tracker=bright_faces)
    assert report.reasons == {"bad_id": 1}
    assert {path.name for path in tmp_path.iterdir()} == {"a.mp4", "m.jsonl", "out"}


def test_ids_are_measured_in_bytes() -> None:
    assert is_safe_id("é" * 100)
    assert not is_safe_id("é" * 101)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere file names are Unicode")
def test_names_in_another_encoding_are_rejected_and_listed(tmp_path: Path) -> None:
    raw = Path(os.fsdecode(os.fsencode(tmp_path) + b"/stra\xdfe"))
    write_talk(tmp_path / "a.mp4", 12)
    raw.mkdir()
    (tmp_path / "a.mp4").rename(raw / os.fsdecode(b"caf\xe9.mp4"))
    report = prepare(raw, tmp_path / "out", workers=1, make_tracker=bright_faces)
    assert report.reasons == {"bad_id": 1}
    (row,) = rejects(report.out)
    assert (row["id"], row["source"]) == ("caf\\udce9", "caf\\udce9.mp4")
    write_talk(raw / "b.mp4", 12)
    report = prepare(raw, tmp_path / "out", workers=1, make_tracker=bright_faces)
    (clip,) = read_manifest(report.out / "manifest.jsonl")
    assert (clip.id, clip.corpus) == ("b", "stra\\udcdfe")


def test_sources_without_clips_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="holds no clips"):
        prepare(tmp_path, tmp_path / "out", workers=1)
    with pytest.raises(ManifestError, match="no such folder"):
        prepare(tmp_path / "nowhere", tmp_path / "out", workers=1)


@pytest.mark.parametrize("name", [".", "manifest.jsonl"])
def test_a_folder_is_not_prepared_into_itself(tmp_path: Path, name: str) -> None:
    write_talk(tmp_path / "a.mp4", 12)
    write_manifest(tmp_path / "manifest.jsonl", [Clip("a", tmp_path / "a.mp4")])
    before = tree(tmp_path)
    with pytest.raises(ConfigError, match="is the source itself"):
        prepare(tmp_path / name, tmp_path, workers=1, make_tracker=bright_faces)
    assert tree(tmp_path) == before


def test_what_is_prepared_is_never_replaced_by_crops_of_it(tmp_path: Path) -> None:
    write_talk(tmp_path / "raw" / "a.mp4", 12, sound_s=0.48)
    write_talk(tmp_path / "raw" / "b.mp4", 12)
    out = tmp_path / "out"
    prepare(tmp_path / "raw", out, workers=1, make_tracker=bright_faces)
    first, second = read_manifest(out / "manifest.jsonl")
    first.id, second.id = second.id, first.id
    write_manifest(out / "own.jsonl", [first, second])
    before = tree(out)
    for source in (out / "own.jsonl", out / "mouth"):
        with pytest.raises(ConfigError, match=r"mouth/.\.mp4: is a file of the source"):
            prepare(source, out, workers=1, make_tracker=bright_faces)
    assert tree(out) == before


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"workers": 0}, "workers"),
        ({"min_acceptance": 1.5}, "min_acceptance"),
        ({"corpus": "unknown"}, "unknown"),
        ({"config": PrepareConfig(select=-1)}, "-1"),
        ({"config": PrepareConfig(min_visible_share=2)}, "min_visible_share"),
    ],
)
def test_wrong_settings_are_refused(
    raw: Path, tmp_path: Path, settings: dict, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        prepare(raw, tmp_path, **settings)
    assert list(tmp_path.iterdir()) == []


def test_an_output_that_cannot_be_written_is_no_reject(tmp_path: Path, monkeypatch) -> None:
    write_talk(tmp_path / "raw" / "a.mp4")

    def refuse(*args: object) -> None:
        raise MediaError("cannot be written", path="a")

    monkeypatch.setattr("viseme.data.prepare_clip.write_rois", refuse)
    with pytest.raises(MediaError, match="cannot be written"):
        prepare(tmp_path / "raw", tmp_path / "out", workers=1, make_tracker=bright_faces)


def test_splits_are_dealt_without_doing_anything_again(tmp_path: Path) -> None:
    raw, out = tmp_path / "raw", tmp_path / "out"
    for number in range(8):
        write_talk(raw / f"clip{number}.mp4", 12)
    prepare(raw, out, workers=1, make_tracker=bright_faces)
    crops = tree(out / "mouth")
    seen: list[Progress] = []
    prepare(raw, out, workers=1, shares=SHARES, make_tracker=bright_faces, on_progress=seen.append)
    assert (seen[0].resumed, tree(out / "mouth")) == (8, crops)
    before = {clip.id: clip.split for clip in read_manifest(out / "manifest.jsonl")}
    assert set(before.values()) == {"train", "val", "test"}
    for number in range(8, 12):
        write_talk(raw / f"clip{number}.mp4", 12)
    report = prepare(raw, out, workers=1, shares=SHARES, make_tracker=bright_faces)
    after = {clip.id: clip.split for clip in read_manifest(out / "manifest.jsonl")}
    assert len(after) == 12
    assert {name: after[name] for name in before} == before
    assert sum(report.splits.values()) == 12


def test_splits_of_the_corpus_stay_and_that_is_said(
    raw: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shares = Shares(100, 0, 0, by="folder")
    report = prepare(raw, tmp_path, workers=1, shares=shares, make_tracker=bright_faces)
    split = {clip.id: clip.split for clip in read_manifest(report.out / "manifest.jsonl")}
    assert (split["val/cues"], split["twice"], split["leaves"]) == ("val", "train", "train")
    assert "3 clips keep the split that they have" in caplog.text


def test_a_split_that_lost_its_clips_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_talk(tmp_path / "raw" / "a" / "fine.mp4", 12)
    write_talk(tmp_path / "raw" / "b" / "dark.mp4", 12, dark=range(12))
    with pytest.raises(ConfigError) as caught:
        run_with(tmp_path, Shares(99, 1, 0, by="folder"))
    shares = parse_shares(caught.value.todo.split()[1], by="folder")
    run_with(tmp_path, shares)
    assert "is usable" in caplog.text


def run_with(folder: Path, shares: Shares) -> PrepareReport:
    return prepare(
        folder / "raw", folder / "out", workers=1, shares=shares, make_tracker=bright_faces
    )


def test_texts_are_written_for_a_model_without_doing_anything_again(tmp_path: Path) -> None:
    write_talk(tmp_path / "raw" / "a.mp4", 12)
    (tmp_path / "raw" / "a.txt").write_text("Well, 2 of them\u2026 don\u2019t!\n", "utf-8")
    write_talk(tmp_path / "raw" / "b.mp4", 12)
    (tmp_path / "raw" / "b.txt").write_text("...\n")
    texts = {}
    for writing in (None, "viseme", "auto_avsr"):
        seen: list[Progress] = []
        report = prepare(
            tmp_path / "raw",
            tmp_path / "out",
            writing=writing,
            workers=1,
            make_tracker=bright_faces,
            on_progress=seen.append,
        )
        first, second = read_manifest(report.out / "manifest.jsonl")
        texts[writing] = first.text, second.text
        assert seen[0].resumed == (2 if writing else 0)
    assert texts == {
        None: ("Well, 2 of them\u2026 don\u2019t!", "..."),
        "viseme": ("well two of them don't", None),
        "auto_avsr": ("WELL 2 OF THEM\u2026 DON'T", None),
    }
    with pytest.raises(ConfigError, match="no writing 'shouted'"):
        prepare(tmp_path / "raw", tmp_path / "out", writing="shouted")


def test_bad_lines_are_rejects_in_their_place(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_talk(tmp_path / f"{name}.mp4", 12)
    manifest = tmp_path / "raw.jsonl"
    rows = ['{"id": "a", "video": "a.mp4"}', '{"id": "x", "fps": 25}', "{"]
    lost = '{"id": "gone", "video": "gone.mp4"}'
    manifest.write_text("\n".join([lost, *rows, '{"id": "b", "video": "b.mp4"}']), "utf-8-sig")
    with pytest.raises(ManifestError, match="2 lines are not clips"):
        prepare(manifest, tmp_path / "out", workers=1, make_tracker=bright_faces)
    report = prepare(
        manifest, tmp_path / "out", skip_bad=True, workers=1, make_tracker=bright_faces
    )
    assert [clip.id for clip in read_manifest(report.out / "manifest.jsonl")] == ["a", "b"]
    assert [(r["id"], r["source"], r["code"]) for r in rejects(report.out)] == [
        ("gone", "gone.mp4", "unreadable"),
        ("x", "line 3", "bad_line"),
        ("", "line 4", "bad_line"),
    ]
    assert report.reasons == {"bad_line": 2, "unreadable": 1}


def test_lips_that_cannot_be_read_are_rejected_for_what_is_wrong(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    pictures = rng.integers(90, 200, (60, 96, 96, 3), dtype=np.uint8)
    (tmp_path / "raw").mkdir()
    for name, frames, fps in (
        ("fine", pictures, 25),
        ("slow", pictures[:6], 2),
        ("held", pictures[:6].repeat(10, axis=0), 25),
        ("small", pictures[:, :24, :24], 25),
    ):
        write_video(tmp_path / "raw" / f"{name}.mp4", frames, fps)
    report = prepare(tmp_path / "raw", tmp_path / "out", workers=1, make_tracker=bright_faces)
    assert [clip.id for clip in read_manifest(report.out / "manifest.jsonl")] == ["fine"]
    found = {row["id"]: (row["code"], row["reason"]) for row in rejects(report.out)}
    assert {name: code for name, (code, _) in found.items()} == {
        "slow": "few_pictures",
        "held": "few_pictures",
        "small": "small_face",
    }
    assert "2 a second, some 10 are needed" in found["slow"][1]
    assert "24 px wide, some 30 are needed" in found["small"][1]


def test_one_of_several_sound_tracks_is_kept(tmp_path: Path) -> None:
    sounds = [
        Sound(48_000, codec="flac", clicks_s=(click_s,), language=language)
        for click_s, language in ((0.2, "fra"), (0.8, "eng"))
    ]
    (tmp_path / "raw").mkdir()
    write_clip(tmp_path / "raw" / "film.mkv", num_frames=25, audio=sounds)
    for track, click_s in ((None, 0.2), ("en", 0.8)):
        config = PrepareConfig(audio_track=track)
        report = prepare(
            tmp_path / "raw", tmp_path / "out", workers=1, make_tracker=bright_faces, config=config
        )
        (clip,) = read_manifest(report.out / "manifest.jsonl")
        assert clip.audio is not None
        assert click_times_s(read_audio(clip.audio), 16_000) == pytest.approx([click_s], abs=0.01)
        remarks = clip.extra.get("warnings", [])
        assert sum("--audio-track" in remark for remark in remarks) == (track is None)
    config = PrepareConfig(audio_track=3)
    report = prepare(
        tmp_path / "raw", tmp_path / "out", workers=1, make_tracker=bright_faces, config=config
    )
    (row,) = rejects(report.out)
    assert row["code"] == "no_sound"
    assert "1 (fra) and 2 (eng)" in row["reason"]
